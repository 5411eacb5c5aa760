"""The recurrent head of a video model, trained on features of its frozen trunk, and how it compares with a plain mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from detector.models.networks import resnet_lstm
from train.fitting.recipes import HeadRecipe
from train.fitting.sequences import Sequences
from train.metrics import auc, auc_interval

__all__ = [
    "OutOfFold",
    "compare",
    "cross_validate",
    "fit_head",
    "frame_means",
    "has_trunk_of",
    "with_trunk_of",
]


def with_trunk_of(image_model: keras.Model, recipe: HeadRecipe) -> keras.Model:
    """A video model whose trunk has the image model's weights; the head is random."""
    model = _untrained(recipe, trunk=True)
    for layer in model.get_layer("frames").layer.layers:
        layer.set_weights(image_model.get_layer(layer.name).get_weights())
    return model


def _untrained(recipe: HeadRecipe, trunk: bool) -> keras.Model:
    keras.utils.set_random_seed(recipe.seed)
    return resnet_lstm(recipe.size, cell=recipe.cell, attention=recipe.attention, trunk=trunk)


def has_trunk_of(model: keras.Model, image_model: keras.Model) -> bool:
    """Whether a video model's trunk has the image model's weights, array for array."""
    return all(
        np.array_equal(mine, its)
        for layer in model.get_layer("frames").layer.layers
        for mine, its in zip(layer.get_weights(), image_model.get_layer(layer.name).get_weights(), strict=True)
    )


def fit_head(model: keras.Model, sequences: Sequences, recipe: HeadRecipe) -> list[dict[str, float]]:
    """Train the recurrent head on features; the trunk stays as it is.

    Args:
        model: of ``networks.resnet_lstm``, with or without the trunk; changed in place to the weights with the best
            validation AUC.
        sequences: of both classes, from at least two groups.
        recipe: how.

    Returns:
        Per epoch: loss, and AUC on the held-out groups.

    Raises:
        ValueError: training or validation would lack one of the classes.
    """
    head = model.get_layer("head")
    held_out = _held_out(sequences, recipe)
    train, validation = sequences.pick(~held_out), sequences.pick(held_out)
    for part in (train, validation):
        if part.fake.all() or not part.fake.any():
            raise ValueError("fit_head: training and validation groups must hold both genuine and fake sequences")
    keras.utils.set_random_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    head.compile(
        optimizer=keras.optimizers.AdamW(recipe.rate, weight_decay=recipe.decay),
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
    )
    real = ~train.fake
    weight = np.where(train.fake, 0.5 / train.fake.sum(), 0.5 / real.sum()).astype(np.float32) * len(real)
    history: list[dict[str, float]] = []
    best, kept = -1.0, head.get_weights()
    for epoch in range(recipe.epochs):
        present = _some_hidden(train.present, recipe.drop_frames, rng)
        inputs = [train.features, present]
        done = head.fit(inputs, real.astype(np.float32)[:, None], recipe.batch, 1, verbose=0, sample_weight=weight)
        logits = head.predict([validation.features, validation.present], verbose=0)[:, 0]
        score = auc(validation.fake, -logits)
        history.append({"epoch": epoch + 1, "loss": float(done.history["loss"][0]), "validation_auc": score})
        if score > best:
            best, kept = score, head.get_weights()
        elif epoch + 1 - max(h["epoch"] for h in history if h["validation_auc"] == best) >= recipe.patience:
            break
    head.set_weights(kept)
    return history


def frame_means(image_model: keras.Model, sequences: Sequences) -> np.ndarray:
    """(N,) float64: the mean over present frames of the image model's log-odds of "fake", from the same features.

    What the recurrent head must beat: it forgets the order of frames.
    """
    kernel, bias = image_model.get_layer("logit").get_weights()
    logits = -(sequences.features @ kernel + bias)[..., 0]
    return np.asarray((logits * sequences.present).sum(1) / sequences.present.sum(1), np.float64)


@dataclass(frozen=True)
class OutOfFold:
    """Scores of sequences by heads that saw nothing of their groups; pseudo-fakes are trained on, not measured."""

    fake: np.ndarray
    """(N,) bool."""
    groups: np.ndarray
    """(N,) text."""
    head: np.ndarray
    """(N,) float, log-odds of "fake" by the recurrent head."""
    mean: np.ndarray
    """(N,) float, the frame mean of the same trunk."""


def cross_validate(image_model: keras.Model, sequences: Sequences, recipe: HeadRecipe) -> OutOfFold:
    """Train one head for every group that has fakes, without that group and an equal share of the other groups.

    Args:
        image_model: whose trunk made the features.
        sequences: of at least three groups with fakes.
        recipe: of every head.

    Raises:
        ValueError: fewer than three groups have fakes.
    """
    groups = sequences.groups
    with_fakes = sorted(set(groups[sequences.fake & ~sequences.made]))
    if len(with_fakes) < 3:
        raise ValueError(f"cross_validate: expected at least 3 groups with fakes, found {len(with_fakes)}")
    others = np.random.default_rng(recipe.seed).permutation(sorted(set(groups) - set(with_fakes)))
    logits = np.full(len(groups), np.nan)
    for number, group in enumerate(with_fakes):
        fold = np.isin(groups, [group, *others[number :: len(with_fakes)]])
        # Features are all that a head is trained on: the trunk need not be built for it.
        model = _untrained(recipe, trunk=False)
        fit_head(model, sequences.pick(~fold), recipe)
        part = sequences.pick(fold)
        logits[fold] = -model.get_layer("head").predict([part.features, part.present], verbose=0)[:, 0]
    measured = ~sequences.made
    means = frame_means(image_model, sequences)
    return OutOfFold(sequences.fake[measured], groups[measured], logits[measured], means[measured])


def compare(scores: OutOfFold) -> dict[str, Any]:
    """AUC of head and mean with 95 % intervals over groups: on all sequences, and within the sources that hold fakes."""
    source = np.array([group.split("/")[0] for group in scores.groups])
    result: dict[str, Any] = {}
    for name, keep in (
        ("all", np.ones(len(source), bool)),
        ("sources_with_fakes", np.isin(source, source[scores.fake])),
    ):
        entry: dict[str, Any] = {"genuine": int((~scores.fake[keep]).sum()), "fake": int(scores.fake[keep].sum())}
        for kind, values in (("head", scores.head), ("mean", scores.mean)):
            low, high = auc_interval(scores.fake[keep], values[keep], scores.groups[keep])
            entry[kind] = {
                "auc": round(auc(scores.fake[keep], values[keep]), 4), "auc_low": round(low, 4),
                "auc_high": round(high, 4),
            }  # fmt: skip
        result[name] = entry
    return result


def _held_out(sequences: Sequences, recipe: HeadRecipe) -> np.ndarray:
    """(N,) bool: whole groups, drawn apart among those with fakes and those without, so that both sides have both."""
    rng = np.random.default_rng(recipe.seed)
    with_fakes = {group for group, fake in zip(sequences.groups, sequences.fake, strict=True) if fake}
    chosen: set[str] = set()
    for kind in (sorted(with_fakes), sorted(set(sequences.groups) - with_fakes)):
        count = max(1, round(recipe.validation * len(kind))) if len(kind) > 1 else 0
        chosen |= set(rng.permutation(kind)[:count].tolist())
    return np.isin(sequences.groups, sorted(chosen))


def _some_hidden(present: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    hidden = present & (rng.random(present.shape) >= share)
    # A sequence must keep at least one frame.
    return np.where(hidden.any(axis=1, keepdims=True), hidden, present)
