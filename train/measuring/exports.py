"""What a model loses as an exported file: AUC on the evaluated faces, scores, size and time, for every format and precision."""

from __future__ import annotations

import importlib.metadata
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import keras
import numpy as np

from detector.models.exports import ExportFormat, Precision, export, exportable, runner
from detector.models.networks import load
from detector.records import ModelSpec
from detector.verdict.calibration import calibrate
from detector.weights.store import WeightStore
from train.data.cache import Cache, crops_of
from train.lineage import machine
from train.metrics import auc

__all__ = ["ExportRow", "measure_exports", "render"]

_RANGED = 200
"""Training faces that int8 measures its ranges on."""


@dataclass(frozen=True)
class ExportRow:
    """One exported file beside the original in float32, on the same faces, one at a time and on one thread."""

    model: str
    form: ExportFormat
    precision: Precision
    bytes: int
    auc: float | None
    """Of the exported file; None for a trunk, which gives no score."""
    auc_change: float | None
    largest_change: float
    """Of P(fake) as the page shows it; for a trunk of its features, as a share of their largest."""
    time_ratio: float
    """Of the medians, exported to original."""


def measure_exports(weights: Path, cache_folder: Path, faces: int, seed: int = 0) -> Iterator[ExportRow]:
    """Export every model of the manifest in every way, and measure each file.

    Args:
        weights: folder with the manifest.
        cache_folder: as built by ``data.build_cache``.
        faces: most faces of ``dev`` that are scored, half of them fake.
        seed: of their choice.
    """
    store, cache = WeightStore(weights), Cache(cache_folder)
    rng = np.random.default_rng(seed)
    dev = np.concatenate([
        _some(rng, cache.where(subset="dev", label=label), faces // 2) for label in ("real", "fake")
    ])  # fmt: skip
    ranged = _some(rng, cache.where(subset="train"), _RANGED)
    fake = cache.fakes(dev)
    for spec in store.manifest.models.values():
        model = exportable(load(spec.architecture, spec.crop.size, store.locate(spec.file).path))
        yield from _of_model(model, spec, crops_of(cache, dev, spec.crop), fake, crops_of(cache, ranged, spec.crop))


def _some(rng: np.random.Generator, indices: np.ndarray, most: int) -> np.ndarray:
    return np.sort(rng.permutation(indices)[:most])


def _of_model(
    model: keras.Model, spec: ModelSpec, crops: np.ndarray, fake: np.ndarray, ranged: np.ndarray
) -> Iterator[ExportRow]:
    original = runner(export(model, ExportFormat.LITERT), ExportFormat.LITERT)
    expected, usual = _timed(original, crops)
    for form in ExportFormat:
        for precision in Precision:
            content = export(model, form, precision, ranged)
            found, seconds = _timed(runner(content, form), crops)
            if expected.ndim == 2:
                before = after = None
                largest = float(np.abs(found - expected).max() / np.abs(expected).max())
            else:
                before, after = auc(fake, -expected), auc(fake, -found)
                largest = float(np.abs(_p_fake(found, spec) - _p_fake(expected, spec)).max())
            change = None if before is None or after is None else after - before
            yield ExportRow(spec.name, form, precision, len(content), after, change, largest, seconds / usual)


def _timed(run, crops: np.ndarray) -> tuple[np.ndarray, float]:  # type: ignore[no-untyped-def]
    """What it gives for all crops, and the median of the seconds for one."""
    run(crops[:1])
    outputs, seconds = [], []
    for i in range(len(crops)):
        began = time.perf_counter()
        outputs.append(run(crops[i : i + 1]))
        seconds.append(time.perf_counter() - began)
    return np.concatenate(outputs), float(np.median(seconds))


def _p_fake(logits: np.ndarray, spec: ModelSpec) -> np.ndarray:
    return np.array([calibrate(-float(logit), spec.calibration) for logit in logits])


def render(rows: Sequence[ExportRow], faces: int) -> str:
    """``docs/exports.md``: how to export, and the rows as a table."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in ("tensorflow", "keras", "tf2onnx", "onnxruntime")
    )
    lines = [
        "# Exports",
        "",
        "```bash",
        'pip install ".[export]"        # only for ONNX',
        "photo-check export             # the default image model as LiteRT, float32",
        "photo-check export efficientnet --format onnx --precision int8 --photos FOLDER   # 100 faces or more",
        "photo-check export resnet_lstm # the part of the video model that looks at single faces",
        "```",
        "",
        "Each file takes one crop of a face, (1, size, size, 3) uint8 RGB, and gives the logit that it is genuine, before "
        "calibration; the part of a video model gives features. `weights/manifest.json` has the crop's margin and the "
        "calibration.",
        "",
        f"Measured on {date.today().isoformat()} on {machine()}, with {versions}, on {faces} faces of `dev`, one at a time, "
        f"on one thread: `python -m train exports --faces {faces}`. Beside the original in float32 on LiteRT; of a video model "
        "the largest change is one of its features, as a share of the largest.",
        "",
        "| model | format | precision | MB | AUC | change of AUC | largest change of a score | time |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        scores = ("", "") if row.auc is None else (f"{row.auc:.3f}", f"{row.auc_change:+.3f}")
        lines.append(
            f"| `{row.model}` | {row.form} | {row.precision} | {row.bytes / 1e6:.1f} | {scores[0]} | {scores[1]} "
            f"| {row.largest_change:.3f} | {row.time_ratio:.2f} |"
        )
    return "\n".join([*lines, ""])
