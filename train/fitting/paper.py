"""The paper's recipe as it stands (seed, sections III.A, III.C and III.D.3): the baseline that stands beside ours.

Keras and TensorFlow only. What the paper leaves open is filled in as its tools would have: the edge is repeated where a
transformation uncovers it (``ImageDataGenerator``'s default), both axes zoom independently, and brightness, which it names
without a figure, moves by 10 % like the rest. Two things differ on purpose: the split is by group, since its own random one
would measure memory, and the crops are those of ``detector.faces.finder``, since other crops could not be shipped.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from detector.models.networks import build
from train.data.cache import Cache, crops_of
from train.data.leakage import safe_split
from train.data.splits import Split
from train.fitting.curves import draw_confusion, draw_learning_curves
from train.fitting.half import store_half
from train.fitting.recipes import PaperRecipe
from train.lineage import write_lineage

__all__ = ["augmentation", "augmented_batches", "compiled", "fit_paper"]

_ROTATION_DEG = 5.0
"""III.A.3; the 10 degrees of III.C.2.b contradict it, and the section that describes the training was followed."""
_SHARE = 0.1
"""Shift, zoom, shear (III.A.3) and brightness (III.C.2.b)."""


class FakePrecision(keras.metrics.Precision):
    """Precision of "fake", as the paper's section IV.C means it, though its labels call fake 0."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().update_state(1 - y_true, 1 - y_pred, sample_weight)


class FakeRecall(keras.metrics.Recall):
    """Recall of "fake"."""

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        return super().update_state(1 - y_true, 1 - y_pred, sample_weight)


def augmentation(seed: int) -> keras.Sequential:
    """The paper's random transformations of a batch: (N, S, S, 3) float32 in [0, 255] -> the same."""
    edge = {"fill_mode": "nearest"}
    return keras.Sequential(
        [
            layers.RandomRotation(_ROTATION_DEG / 360, seed=seed, **edge),
            layers.RandomTranslation(_SHARE, _SHARE, seed=seed + 1, **edge),
            layers.RandomZoom(_SHARE, _SHARE, seed=seed + 2, **edge),
            layers.RandomShear(_SHARE, _SHARE, seed=seed + 3, **edge),
            layers.RandomFlip("horizontal", seed=seed + 4),
            layers.RandomBrightness(_SHARE, value_range=(0, 255), seed=seed + 5),
        ],
        name="augmentation",
    )


def compiled(recipe: PaperRecipe) -> keras.Model:
    """The paper's network with its optimizer, loss and metrics (III.A.5); precision and recall are those of "fake"."""
    model = build(recipe.architecture, recipe.size)
    model.compile(
        optimizer="adam",
        loss="binary_crossentropy",
        metrics=["accuracy", FakePrecision(name="precision"), FakeRecall(name="recall"), keras.metrics.AUC(name="auc")],
    )
    return model


def fit_paper(
    recipe: PaperRecipe, cache_folder: Path, out: Path, *, minutes: float | None = None, command: str | None = None
) -> Path:
    """Train, or go on where ``out`` was left after its last whole epoch, and write everything that ``ship`` needs.

    Written to ``out``: ``cnn.weights.h5`` (float16), ``final2.h5`` (the paper's export, without the optimizer),
    ``recipe.json``, ``lineage.json``, ``history.jsonl`` (a row an epoch), ``history.json`` (the same by column), ``test.json``
    (accuracy, precision, recall, AUC and confusion matrix of the test part), ``learning_curves.png``,
    ``confusion_matrix.png`` and the checkpoint (weights, Adam's state, epoch).

    Args:
        recipe: what to train; must equal that of the checkpoint in ``out``, if there is one.
        cache_folder: as built by ``data.build_cache``.
        out: folder for all that is written.
        minutes: start no further epoch after this long.
        command: that this run is repeated with, for its lineage; None for the command line of this process.

    Returns:
        The weights file.

    Raises:
        ValueError: ``out`` holds a checkpoint of another recipe, or a part of the split lacks one of the labels.
    """
    keras.utils.set_random_seed(recipe.seed)
    cache = Cache(cache_folder)
    parts = _chosen(cache, safe_split(cache, recipe.split), recipe)
    crops, labels = crops_of(cache, parts.train, recipe.spec), _labels(cache, parts.train)
    held_out = (crops_of(cache, parts.validation, recipe.spec), _labels(cache, parts.validation))
    model = compiled(recipe)
    checkpoint = _Checkpoint(out, recipe, model)
    rows = checkpoint.resume()
    write_lineage(out, command)
    started = time.monotonic()
    while len(rows) < recipe.epochs and (minutes is None or not rows or time.monotonic() - started < minutes * 60):
        epoch = len(rows)
        began = time.monotonic()
        # A draw of its own for each epoch, so that a resumed run sees what an unbroken one would have seen.
        order = np.random.default_rng((recipe.seed, epoch)).permutation(len(crops))[: recipe.examples]
        batches = augmented_batches(crops, labels, order, recipe.batch, augmentation(recipe.seed + 100 * epoch))
        _seed_dropout(model, recipe.seed + epoch)
        seen = model.fit(batches, epochs=1, shuffle=False, verbose=0).history
        rate = len(order) / (time.monotonic() - began)
        unseen = model.evaluate(*held_out, batch_size=recipe.batch, verbose=0, return_dict=True)
        row = {"epoch": epoch + 1, "crops": (rows[-1]["crops"] if rows else 0) + len(order)}
        row |= {key: round(float(values[0]), 4) for key, values in seen.items()}
        row |= {f"validation_{key}": round(float(value), 4) for key, value in unseen.items()}
        row["crops_per_s"] = round(rate, 1)
        print(json.dumps(row), flush=True)
        rows.append(row)
        checkpoint.save(rows)
    _export(out, recipe, model, rows)
    _test(out, recipe, cache, parts.test, model)
    return out / f"{recipe.architecture}.weights.h5"


def _seed_dropout(model: keras.Model, seed: int) -> None:
    """Keras does not keep a dropout layer's random state in a weights file, so each epoch sets its own."""
    for place, layer in enumerate(model.layers):
        if isinstance(layer, layers.Dropout):
            layer.seed_generator.state.assign([seed, place])


def _chosen(cache: Cache, parts: Split, recipe: PaperRecipe) -> Split:
    """The parts, less the sources that are not asked for; "dev" is the test where the split has none."""
    rows = cache.where(subset="train").tolist()
    labels: dict[str, set[str]] = {}
    for index in rows:
        labels.setdefault(cache.samples[index].source, set()).add(cache.samples[index].label)
    wanted = recipe.sources or tuple(source for source, found in labels.items() if len(found) == 2)
    if unknown := sorted(set(wanted) - set(labels)):
        raise ValueError(f"--sources: the data has no {', '.join(unknown)}; it has {', '.join(sorted(labels))}")
    test = parts.test if len(parts.test) else cache.where(subset="dev")
    chosen = [
        np.array([i for i in part.tolist() if cache.samples[i].source in wanted], np.int64)
        for part in (parts.train, parts.validation, test)
    ]
    for name, part in zip(("training", "validation"), chosen, strict=False):
        if len({cache.samples[i].label for i in part.tolist()}) < 2:
            raise ValueError(
                f"the {name} part of {', '.join(wanted) or 'the data'} lacks real or fake faces; add a source"
            )
    return Split(*chosen)


def _labels(cache: Cache, indices: np.ndarray) -> np.ndarray:
    """(N, 1) float32, the paper's labels: Real = 1, Fake = 0."""
    return np.array([[cache.samples[i].label == "real"] for i in indices.tolist()], np.float32).reshape(-1, 1)


def augmented_batches(
    crops: np.ndarray, labels: np.ndarray, order: np.ndarray, batch: int, augment: keras.Sequential
) -> tf.data.Dataset:
    """Augmented batches in the given order.

    The crops stay in memory as bytes, a batch is copied out at a time, and the Keras layers transform it inside ``map`` while
    the network learns from the one before. One at a time, since their random state would otherwise depend on which batch is
    made first; two at once were 4 % faster. On two cores the layers alone make 180 crops a second and the network alone
    takes in 65 to 78 (``tests/bench/paper_speed.py``), so that they are the lesser cost.
    """

    def rows() -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(order), batch):
            chosen = order[start : start + batch]
            yield crops[chosen], labels[chosen]

    def transform(x: tf.Tensor, y: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        moved = augment(tf.cast(x, tf.float32), training=True)
        # Back to bytes: the network is fed in training what it is fed when it scores.
        return tf.cast(tf.clip_by_value(tf.round(moved), 0, 255), tf.uint8), y

    signature = (
        tf.TensorSpec((None, *crops.shape[1:]), tf.uint8),
        tf.TensorSpec((None, 1), tf.float32),
    )
    made = tf.data.Dataset.from_generator(rows, output_signature=signature)
    counted = made.apply(tf.data.experimental.assert_cardinality(-(-len(order) // batch)))
    return counted.map(transform).prefetch(2)


def _export(out: Path, recipe: PaperRecipe, model: keras.Model, rows: list[dict[str, Any]]) -> None:
    store_half(model, out / f"{recipe.architecture}.weights.h5")
    # Without the optimizer and the metrics, whose classes a reader of the file would have to have.
    model.save(out / "final2.h5", include_optimizer=False)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    columns = {key: [row[key] for row in rows] for key in rows[-1]}
    (out / "history.json").write_text(json.dumps(columns, indent=1) + "\n", encoding="utf-8")
    draw_learning_curves(rows, out / "learning_curves.png")


def _test(out: Path, recipe: PaperRecipe, cache: Cache, indices: np.ndarray, model: keras.Model) -> None:
    """The paper's own evaluation (III.A, "Model Evaluation"): its test part, cut at 0.5; nothing where there is none."""
    if not len(indices):
        print("no test part: the split has none and the data no dev subset of these sources", file=sys.stderr)
        return
    labels = _labels(cache, indices)
    crops = crops_of(cache, indices, recipe.spec)
    measured = model.evaluate(crops, labels, batch_size=recipe.batch, verbose=0, return_dict=True)
    called_real = model.predict(crops, batch_size=recipe.batch, verbose=0) > 0.5
    counts = np.zeros((2, 2), int)
    np.add.at(counts, (labels[:, 0].astype(int), called_real[:, 0].astype(int)), 1)
    result: dict[str, Any] = {key: round(float(value), 4) for key, value in measured.items()}
    result |= {"crops": len(indices), "confusion": counts.tolist(), "confusion_order": ["fake", "real"]}
    (out / "test.json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    draw_confusion(counts, out / "confusion_matrix.png", f"{len(indices)} test crops, unseen groups, cut at 0.5")


class _Checkpoint:
    """Weights, Adam's state and the epochs done. The name of the weights file carries the epoch, and it appears at once,
    so that a kill at any moment leaves the last whole epoch."""

    def __init__(self, out: Path, recipe: PaperRecipe, model: keras.Model) -> None:
        self._out, self._model = out, model
        # Not the number of epochs: Adam's rate is constant, so that more of them may be asked for later.
        content = {key: value for key, value in asdict(recipe).items() if key != "epochs"}
        self._recipe = json.dumps(content, sort_keys=True)
        self._note = out / "checkpoint.json"

    def resume(self) -> list[dict[str, Any]]:
        """Load what is there; returns the rows of the epochs done."""
        if not self._note.exists():
            return []
        note = json.loads(self._note.read_text(encoding="utf-8"))
        if note["recipe"] != self._recipe:
            raise ValueError(
                f"{self._note} belongs to another recipe; choose another folder or delete it: {note['recipe']}"
            )
        self._model.optimizer.build(self._model.trainable_variables)
        self._model.load_weights(self._weights(len(note["rows"])))
        rows: list[dict[str, Any]] = note["rows"]
        return rows

    def save(self, rows: list[dict[str, Any]]) -> None:
        """Keep the model as it is after the last of ``rows``."""
        self._model.save_weights(self._weights(len(rows)))
        history = "".join(json.dumps(row) + "\n" for row in rows)
        (self._out / "history.jsonl").write_text(history, encoding="utf-8")
        side = self._note.with_suffix(".part")
        side.write_text(json.dumps({"recipe": self._recipe, "rows": rows}), encoding="utf-8")
        os.replace(side, self._note)
        self._weights(len(rows) - 1).unlink(missing_ok=True)

    def _weights(self, epochs: int) -> Path:
        return self._out / f"checkpoint{epochs:04}.weights.h5"
