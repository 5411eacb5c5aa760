"""Clips: how good the shipped detector is on them, and the recurrent head of ``resnet_lstm`` trained on them.

    python -m train.clips evaluate --data DIR --subset dev [--out FILE] [--record]
    python -m train.clips calibrate --data DIR --subset train
    python -m train.clips fit --data DIR --cache DIR --out DIR [--cell lstm] [--attention] [--pseudo-fakes N]

``DIR`` holds ``clips.tsv``: path, label, source, method, group, subset. "Positive" means fake, and a clip's score is that of
its most suspicious person, as in a report. Sequences for training come through ``detector.video``, ``faces`` and ``tracks``,
so that they are cut as they are when a clip is analysed; of every crop only the frozen trunk's features are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from detector import Detector, DetectorError, load_detector
from detector.faces import FaceFinder, crop_face
from detector.models import load, resnet_lstm
from detector.records import Calibration, CropSpec, ErrorRate, FrameMean, Report, Verdict
from detector.sequences import VideoScorer
from detector.tracks import FrameFaces, link_faces
from detector.verdict import SEVERITY, judge_face
from detector.video import sample_video
from detector.weights import WeightStore, update_manifest
from train.calibrate import choose_bands, fit_platt
from train.metrics import auc, auc_interval
from train.samples import Sample, read_table

__all__ = ["HeadRecipe", "Sequences", "build_sequences", "calibrate", "evaluate", "fit_head", "main", "read_clips"]

ROOT = Path(__file__).resolve().parent.parent
Alter = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""(T, S, S, 3) uint8 crops of a genuine person -> the same, altered as a pseudo-fake."""


def read_clips(folder: Path, subset: str) -> list[Sample]:
    """The rows of one subset of ``folder/clips.tsv``, checked.

    Raises:
        ValueError: an unknown label or subset, or a group that stands in both subsets.
    """
    return [sample for sample in read_table(folder, "clips.tsv") if sample.subset == subset]


# Evaluation ----------------------------------------------------------------------------------------------------------


def evaluate(detector: Detector, data: Path, subset: str) -> dict[str, Any]:
    """Score every clip of a subset through ``Detector.analyze``.

    Returns:
        ``clips``, a row each (path, label, group, verdict, frames, scores by model, or why there are none), and ``models``,
        AUC with its 95 % interval over groups, pooled and by method, for every frame mean and video model.
    """
    rows = []
    for sample in read_clips(data, subset):
        row: dict[str, Any] = {"path": sample.path, "label": sample.label, "group": f"{sample.source}/{sample.group}"}
        row |= {"source": sample.source, "method": sample.method}
        try:
            report = detector.analyze(data / sample.path, heatmaps=False)
        except DetectorError as error:
            rows.append({**row, "verdict": Verdict.NOT_ANALYSED.value, "scores": {}, "why": str(error)})
            continue
        rows.append({**row, "verdict": report.verdict.value, "scores": _scores(report), "people": len(report.faces)})
        if not rows[-1]["scores"]:
            rows[-1]["why"] = report.reason
    names = sorted({name for row in rows for name in row["scores"]})
    return {
        "subset": subset,
        "decides": detector.manifest.default_video_model or detector.manifest.default_image_model,
        "models": {name: _measured(rows, name) for name in names},
        "clips": rows,
    }


def _scores(report: Report) -> dict[str, float]:
    """By model, the highest score of any person."""
    scores: dict[str, float] = {}
    for face in report.faces:
        for name, value in face.models.items():
            scores[name] = round(max(value, scores.get(name, 0.0)), 6)
    return scores


def _measured(rows: Sequence[dict[str, Any]], model: str) -> dict[str, Any]:
    scored = [row for row in rows if model in row["scores"]]
    fake = np.array([row["label"] == "fake" for row in scored])
    p_fake = np.array([row["scores"][model] for row in scored])
    group = np.array([row["group"] for row in scored])
    method = np.array([row["method"] for row in scored])

    def measure(keep: np.ndarray) -> dict[str, Any]:
        entry: dict[str, Any] = {"genuine": int((~fake[keep]).sum()), "fake": int(fake[keep].sum())}
        if entry["genuine"] and entry["fake"]:
            low, high = auc_interval(fake[keep], p_fake[keep], group[keep])
            entry |= {"auc": round(auc(fake[keep], p_fake[keep]), 4)}
            entry |= {"auc_low": round(low, 4), "auc_high": round(high, 4)}
        return entry

    everything = np.ones(len(scored), bool)
    same_source = np.isin(
        [row["source"] for row in scored], [row["source"] for row in scored if row["label"] == "fake"]
    )
    return {
        "pooled": measure(everything),
        "sources_with_fakes": measure(same_source),
        "by_method": {kind: measure((method == kind) | ~fake) for kind in sorted(set(method[fake]))},
    }


def record(detector: Detector, evaluation: dict[str, Any], weights: Path) -> None:
    """Put the verdicts that each frame mean gave on the evaluated clips into the manifest."""
    rules = detector.manifest.clips
    if rules is None:
        raise ValueError(f"{weights}/manifest.json has no section clips")
    means = {}
    for name, mean in rules.frame_mean.items():
        counts = {verdict: {"real": 0, "fake": 0} for verdict in SEVERITY}
        for row in evaluation["clips"]:
            if name in row["scores"]:
                counts[judge_face(row["scores"][name], mean.bands)[0]][row["label"]] += 1
        rates = tuple(ErrorRate(verdict, genuine=c["real"], fake=c["fake"]) for verdict, c in counts.items())
        means[name] = replace(mean, track_record=rates)
    update_manifest(weights, clips=replace(rules, frame_mean=means))


def calibrate(detector: Detector, data: Path, subset: str, weights: Path, command: str) -> dict[str, FrameMean]:
    """Fit calibration and bands of every frame mean on the clips of a subset and write them into the manifest.

    A model whose scores do not rise with the share of fakes keeps what it has: such a rule must not be shipped as if it were
    fitted.
    """
    rules = detector.manifest.clips
    if rules is None:
        raise ValueError(f"{weights}/manifest.json has no section clips")
    rows = [row for row in evaluate(detector, data, subset)["clips"] if row["scores"]]
    means = dict(rules.frame_mean)
    for name, mean in rules.frame_mean.items():
        known = [row for row in rows if name in row["scores"]]
        fake = np.array([row["label"] == "fake" for row in known])
        p_fake = np.clip(np.array([row["scores"][name] for row in known]), 1e-6, 1 - 1e-6)
        # Back to the mean logit from which the present calibration made the score.
        logits = (np.log(p_fake / (1 - p_fake)) - mean.calibration.offset) / mean.calibration.scale
        try:
            fitted = fit_platt(fake, logits)
        except ValueError as error:
            print(f"{name}: left as it is ({error})", file=sys.stderr)
            continue
        collection = np.array([row["source"] for row in known])
        means[name] = FrameMean(fitted, choose_bands(fake, _sigmoid(logits, fitted), collection), (), command)
    update_manifest(weights, clips=replace(rules, frame_mean=means))
    return means


def _sigmoid(logits: np.ndarray, calibration: Calibration) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-(calibration.scale * logits + calibration.offset))))


# Training ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sequences:
    """Features of people over time, padded to one length."""

    features: np.ndarray
    """(N, T, F) float32; zero where there is no face."""
    present: np.ndarray
    """(N, T) bool."""
    fake: np.ndarray
    """(N,) bool."""
    groups: np.ndarray
    """(N,) text: never cut by a split."""

    def __post_init__(self) -> None:
        count, steps = self.present.shape
        if self.features.shape[:2] != (count, steps) or self.fake.shape != (count,) or self.groups.shape != (count,):
            raise ValueError(f"Sequences: shapes do not fit: {self.features.shape}, {self.present.shape}")

    def pick(self, keep: np.ndarray) -> Sequences:
        """Those where ``keep``, (N,) bool, is True."""
        return Sequences(self.features[keep], self.present[keep], self.fake[keep], self.groups[keep])


def people_of(
    path: Path, finder: FaceFinder, spec: CropSpec, samples: int, stretch: int
) -> Iterator[dict[int, np.ndarray]]:
    """Crops, (S, S, 3) uint8 RGB, by sampled frame, of every person of a clip who is seen in at least half of the frames."""
    frames: list[FrameFaces] = []
    with sample_video(path, samples=samples, stretch=stretch) as clip:
        for group in clip:
            for frame in group:
                crops = [crop_face(frame, detection, spec) for detection in finder.find(frame)]
                frames.append(FrameFaces(len(frames), frame.time_s or 0.0, crops))
    for track in link_faces(frames):
        if 2 * len(track.sightings) >= len(frames):
            yield {sighting.sample: sighting.crop.rgb for sighting in track.sightings}


def build_sequences(
    data: Path,
    samples: Sequence[Sample],
    finder: FaceFinder,
    scorer: VideoScorer,
    spec: CropSpec,
    *,
    places: int = 32,
    stretch: int = 1,
    pseudo_fakes: int = 0,
    alter: Alter | None = None,
    seed: int = 7,
) -> Sequences:
    """Turn clips into sequences of the trunk's features.

    Args:
        data: folder of the clips.
        samples: rows of ``clips.tsv``.
        finder: finds the faces.
        scorer: of a model whose trunk is frozen.
        spec: crop of that model.
        places: places of a clip that are looked at.
        stretch: consecutive frames at each.
        pseudo_fakes: altered copies of every genuine person.
        alter: makes them.
        seed: of their draws.

    Clips that cannot be read are counted on stderr and left out.
    """
    if pseudo_fakes and alter is None:
        raise ValueError("build_sequences: pseudo-fakes need to be told how to alter a sequence")
    rng = np.random.default_rng(seed)
    steps = places * stretch
    features, present, fake, groups = [], [], [], []

    def add(crops: dict[int, np.ndarray], is_fake: bool, group: str) -> None:
        row, mask = np.zeros((steps, 0), np.float32), np.zeros(steps, bool)
        found = scorer.features(np.stack(list(crops.values())))
        row = np.zeros((steps, found.shape[1]), np.float32)
        at = list(crops)
        row[at], mask[at] = found, True
        features.append(row)
        present.append(mask)
        fake.append(is_fake)
        groups.append(group)

    for sample in samples:
        group = f"{sample.source}/{sample.group}"
        try:
            for crops in people_of(data / sample.path, finder, spec, places, stretch):
                add(crops, sample.label == "fake", group)
                if sample.label == "real" and alter is not None:
                    for _ in range(pseudo_fakes):
                        altered = alter(np.stack(list(crops.values())), rng)
                        add(dict(zip(crops, altered, strict=True)), True, group)
        except DetectorError as error:
            print(f"left out: {sample.path}: {error}", file=sys.stderr)
    if not features:
        raise ValueError("build_sequences: no clip shows a person in at least half of its frames")
    return Sequences(np.stack(features), np.stack(present), np.array(fake), np.array(groups))


def flicker(crops: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A pseudo-fake with temporal artifacts: the inner face changes brightness, place and sharpness from frame to frame.

    What frame-by-frame generators do, and what a single frame need not show: colour flicker, jitter of the pasted face, and
    frames in which it is softer.
    """
    count, side = crops.shape[:2]
    y, x = np.mgrid[0:side, 0:side] / (side - 1) - 0.5
    mask = np.clip(2.2 - 7.0 * np.sqrt((x / 0.9) ** 2 + (y / 1.1) ** 2), 0, 1)[..., None].astype(np.float32)
    strength = float(rng.uniform(0.4, 1.0))
    altered = np.empty_like(crops)
    for index in range(count):
        face = crops[index].astype(np.float32)
        shift = np.round(rng.normal(0, 0.01 * side * strength, 2)).astype(int)
        face = np.roll(face, tuple(shift), axis=(0, 1))
        if rng.random() < 0.3 * strength:
            face = (face + np.roll(face, 1, 0) + np.roll(face, 1, 1) + np.roll(face, (1, 1), (0, 1))) / 4
        face = face * rng.normal(1, 0.05 * strength) + rng.normal(0, 5 * strength, 3)
        mixed = crops[index] * (1 - mask) + face * mask
        altered[index] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return altered


@dataclass(frozen=True)
class HeadRecipe:
    """All that decides the head, apart from the sequences."""

    cell: str = "lstm"
    attention: bool = False
    size: int = 224
    epochs: int = 60
    batch: int = 16
    rate: float = 1e-3
    decay: float = 1e-3
    drop_frames: float = 0.2
    """Share of present frames that are hidden in every draw, so that no single frame is relied on."""
    patience: int = 10
    """Epochs without a better validation AUC after which training ends; the best weights are kept."""
    validation: float = 0.2
    """Share of the groups that are held out."""
    seed: int = 7


def with_trunk_of(image_model: keras.Model, recipe: HeadRecipe) -> keras.Model:
    """A video model whose trunk has the image model's weights; the head is random."""
    keras.utils.set_random_seed(recipe.seed)
    model = resnet_lstm(recipe.size, cell=recipe.cell, attention=recipe.attention)
    for layer in model.get_layer("frames").layer.layers:
        layer.set_weights(image_model.get_layer(layer.name).get_weights())
    return model


def fit_head(model: keras.Model, sequences: Sequences, recipe: HeadRecipe) -> list[dict[str, float]]:
    """Train the recurrent head on features; the trunk stays as it is.

    Args:
        model: as ``with_trunk_of`` made it; changed in place to the weights with the best validation AUC.
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


# Command line --------------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m train.clips", description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for name, what in (("evaluate", "measure"), ("calibrate", "calibrate the frame means"), ("fit", "train a head")):
        command = commands.add_parser(name, help=what)
        command.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with clips.tsv")
        command.add_argument("--subset", choices=("dev", "train"), default="dev" if name == "evaluate" else "train")
        command.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder with manifest.json")
        if name == "evaluate":
            command.add_argument("--out", type=Path, help="JSON file (default standard output)")
            command.add_argument("--record", action="store_true", help="write the verdict counts into the manifest")
        if name == "fit":
            command.add_argument("--out", type=Path, required=True, help="folder for weights, history and recipe")
            command.add_argument("--cell", choices=("lstm", "gru", "bilstm"), default="lstm")
            command.add_argument("--attention", action="store_true")
            command.add_argument("--pseudo-fakes", type=int, default=1, help="altered copies of each genuine person")
            command.add_argument("--stretch", type=int, default=1, help="consecutive frames at each place")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if options.command == "fit":
        return _fit(options)
    with load_detector(options.weights) as detector:
        if options.command == "calibrate":
            command_line = f"python -m train.clips calibrate --subset {options.subset}"
            for name, mean in calibrate(detector, options.data, options.subset, options.weights, command_line).items():
                print(f"{name}: {mean.calibration}, {mean.bands}")
            return 0
        evaluation = evaluate(detector, options.data, options.subset)
        if options.record:
            record(detector, evaluation, options.weights)
    text = json.dumps(evaluation, indent=1, allow_nan=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.write_text(text, encoding="utf-8")
        for name, result in evaluation["models"].items():
            print(f"{name}: {result['pooled']}")
    return 0


def _fit(options: argparse.Namespace) -> int:
    recipe = HeadRecipe(cell=options.cell, attention=options.attention)
    store = WeightStore(options.weights)
    spec = store.manifest.models["resnet"]
    image_model = load(spec.architecture, spec.crop.size, store.locate(spec.file).path)
    model = with_trunk_of(image_model, replace(recipe, size=spec.crop.size))
    detectors = [store.locate(store.manifest.face_detectors[key]).path for key in ("short_range", "full_range")]
    options.out.mkdir(parents=True, exist_ok=True)
    cache = options.out / "sequences.npz"
    if cache.exists():
        with np.load(cache) as arrays:
            sequences = Sequences(**arrays)
    else:
        with ExitStack() as stack:
            finder = stack.enter_context(FaceFinder(*detectors))
            sequences = build_sequences(
                options.data, read_clips(options.data, options.subset), finder, VideoScorer(model), spec.crop,
                stretch=options.stretch, pseudo_fakes=options.pseudo_fakes, alter=flicker,
            )  # fmt: skip
        np.savez(cache, **vars(sequences))
    history = fit_head(model, sequences, recipe)
    model.save_weights(options.out / f"{model.name}.weights.h5")
    (options.out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    (options.out / "history.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in history), encoding="utf-8")
    print(options.out / f"{model.name}.weights.h5", max(row["validation_auc"] for row in history))
    return 0


if __name__ == "__main__":
    sys.exit(main())
