"""From which quality on a face is worth judging: measured, then written into the manifest as quality gates.

Faces of the validation groups, and copies of them made smaller, blurred, darker and brighter, are scored by the default
model. Where its AUC falls below a floor, a face is better not analysed. The rules lean towards analysing: a gate only rises
through values that fail, from the worst end inwards, and stays within bounds that no ordinary photograph reaches.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import cv2
import numpy as np

from detector import load_detector
from detector.faces.crops import crop_face, measure_quality
from detector.models.loading import LoadedModel
from detector.records import Box, Detection, FaceCrop, FaceQuality, Frame, QualityGates
from detector.verdict.calibration import calibrate
from detector.weights.store import load_manifest, update_manifest
from train.data.cache import Cache, Sample
from train.data.splits import carve_validation
from train.measuring.subsets import some_groups
from train.metrics import auc

__all__ = [
    "FLOOR",
    "choose_gate",
    "gates_of",
    "measure_gates",
    "ordinary_bounds",
    "relit",
    "sharpness_for_signs",
    "smaller",
]

FLOOR = 0.65
"""AUC below which a face is not analysed."""
_FILES = 400
_LEAST = 40
"""Genuine and fake faces each that a bin must hold to count."""
_SIDES = (16, 24, 32, 40, 48, 64, 80, 100, 140)
_BLURS = (0.01, 0.02, 0.04, 0.08)
"""Gaussian sigmas, in face sides."""
_LEVELS = (8.0, 16.0, 24.0, 36.0, 60.0)
"""Mean brightness of darkened faces, grey levels ..."""
_BRIGHT = (200.0, 220.0, 235.0, 245.0)
"""... and of brightened ones."""
_EDGES: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "size_px": (0, 20, 28, 36, 44, 56, 72, 90, 120, 1e9),
        "sharpness": (0, 2, 5, 10, 15, 20, 25, 30, 40, 60, 80, 160, 1e9),
        "brightness": (0, 12, 20, 30, 48, 80, 180, 210, 227, 240, 256),
        "abs_yaw": (0, 0.2, 0.4, 0.6, 0.8, 1.0, 1e9),
    }
)
_BOUNDS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "min_size_px": (40, 64),  # the face finder does not look for smaller ones
        "min_sharpness": (0, 20),
        "min_brightness": (20, 40),  # real darkness brings noise that the darkened copies lack, so no lower
        "max_brightness": (227, 240),
        "max_abs_yaw": (0.8, 1.0),
    }
)
"""Within which a gate may lie, whatever was measured."""
_FLAGGED = 0.1
"""Share of genuine faces, blurred copies among them, that may score as high as signs begin; where more do, the face is too
blurred for signs."""
_REFUSED = 0.01
"""Share of the unaltered genuine faces of any source that a gate may refuse."""
_LEAST_ORDINARY = 100
"""Genuine faces that a source must have to count as what ordinary pictures are like."""


@dataclass(frozen=True)
class _ScoredCopy:
    """One face or an altered copy of it: its quality and its score."""

    sample: Sample
    p_fake: float
    quality: dict[str, float]


def measure_gates(weights: Path, cache: Cache, floor: float = FLOOR) -> dict[str, Any]:
    """Measure, and write the gates into the manifest and the curves into ``weights/gates.json``.

    Args:
        weights: folder with the manifest.
        cache: as built by ``data.build_cache``.
        floor: AUC that a quality must allow.

    Returns:
        The content of ``gates.json``.
    """
    _, validation = carve_validation(cache)
    index_of = {cache.samples[i].path: i for i in validation.tolist()}
    chosen = [index_of[sample.path] for sample in some_groups([cache.samples[i] for i in validation], _FILES)]
    with load_detector(weights) as detector:
        loaded = detector.select()
        before = detector.manifest.gates
        makers = {
            "size_px": _smaller_copies,
            "sharpness": _blurred_copies,
            "brightness": _lit_copies,
            "abs_yaw": _as_is,
        }
        curves = {
            name: _curve(_score_copies(loaded, cache, chosen, make), name, loaded.spec.bands.some_signs_from)
            for name, make in makers.items()
        }
    bounds = ordinary_bounds(cache)
    gates = gates_of(curves, floor, bounds)
    update_manifest(weights, gates=gates)
    needed = sharpness_for_signs(curves["sharpness"])
    _put_into_bands(weights, loaded.spec.name, needed)
    content = {
        "model": loaded.spec.name,
        "weights": loaded.spec.file.sha256,
        "floor": floor,
        "words": f"AUC of `{loaded.spec.name}` by the qualities that the gates check, on {len(chosen)} faces of the validation "
        "groups and "
        f"on copies of them made smaller, blurred, darker and brighter (mean over the sources). A face is not analysed where "
        f"the AUC stays below {floor}, as far as no more than {_REFUSED:.0%} of any source's genuine faces are refused. Set: "
        + ", ".join(f"{key} {getattr(gates, key):g}" for key in _BOUNDS)
        + "."
        + _blur_words(needed),
        "before": {key: getattr(before, key) for key in _BOUNDS},
        "bounds": {key: list(pair) for key, pair in bounds.items()},
        "gates": {key: getattr(gates, key) for key in _BOUNDS},
        "signs_need_sharpness": needed,
        "curves": curves,
    }
    (weights / "gates.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return content


def sharpness_for_signs(rows: Sequence[Mapping[str, Any]], most: float = _FLAGGED) -> float:
    """The least sharpness from which on no bin has more than ``most`` of its genuine faces flagged.

    Args:
        rows: bins in rising order with ``from``, ``below``, ``auc`` and ``false_positive_rate``. A bin without an AUC holds too
            few faces to count.
        most: share.
    """
    failing = [row["below"] for row in rows if row["auc"] is not None and row["false_positive_rate"] > most]
    return float(max(failing, default=0.0))


def _blur_words(needed: float) -> str:
    """What the limit means; nothing where there is none."""
    if needed == 0:
        return ""
    return (
        f" Below a sharpness of {needed:g} more than {_FLAGGED:.0%} of the genuine faces, blurred copies among them, score as "
        "high as signs begin, so there a high score is inconclusive."
    )


def _put_into_bands(weights: Path, name: str, needed: float) -> None:
    """Into those of the model, and of its mean over a clip's frames."""
    manifest = load_manifest(weights)
    spec, clips = manifest.models[name], manifest.clips
    update_manifest(weights, model=replace(spec, bands=replace(spec.bands, signs_need_sharpness=needed)))
    if clips is not None and name in clips.frame_mean:
        mean = clips.frame_mean[name]
        mean = replace(mean, bands=replace(mean.bands, signs_need_sharpness=needed))
        update_manifest(weights, clips=replace(clips, frame_mean={**clips.frame_mean, name: mean}))


def ordinary_bounds(cache: Cache) -> dict[str, tuple[float, float]]:
    """``_BOUNDS``, narrowed so that no gate refuses more than ``_REFUSED`` of the genuine faces of any source."""
    qualities: dict[str, list[FaceQuality]] = defaultdict(list)
    for index in cache.where(label="real").tolist():
        found = measure_quality(cache.frame(index), cache.detection(index))
        qualities[cache.samples[index].source].append(found)
    bounds = dict(_BOUNDS)
    for key, (low, high) in _BOUNDS.items():
        field = key.removeprefix("min_").removeprefix("max_").removeprefix("abs_")
        for faces in qualities.values():
            if len(faces) >= _LEAST_ORDINARY:
                values = np.abs([getattr(face, field) for face in faces])
                if key.startswith("min_"):
                    high = min(high, math.floor(10 * float(np.quantile(values, _REFUSED))) / 10)
                else:
                    low = max(low, math.ceil(10 * float(np.quantile(values, 1 - _REFUSED))) / 10)
        # The outer end wins: it is the gate that refuses least.
        bounds[key] = (low, max(low, high)) if key.startswith("min_") else (min(low, high), high)
    return bounds


def gates_of(
    curves: Mapping[str, Sequence[Mapping[str, Any]]], floor: float, bounds: Mapping[str, tuple[float, float]]
) -> QualityGates:
    """The gates that the curves ask for, kept within the bounds; where they ask for none, the gate that refuses least."""
    brightness = curves["brightness"]
    wanted = {
        "min_size_px": choose_gate(curves["size_px"], floor),
        "min_sharpness": choose_gate(curves["sharpness"], floor),
        "min_brightness": choose_gate([row for row in brightness if row["below"] <= 128], floor),
        "max_brightness": choose_gate([row for row in brightness if row["from"] >= 128], floor, from_above=True),
        "max_abs_yaw": choose_gate(curves["abs_yaw"], floor, from_above=True),
    }

    def kept(key: str) -> float:
        low, high = bounds[key]
        value = wanted[key]
        if value is None:
            return high if key.startswith("max_") else low
        return min(max(value, low), high)

    return QualityGates(**{key: float(kept(key)) for key in wanted})


def choose_gate(rows: Sequence[Mapping[str, Any]], floor: float, *, from_above: bool = False) -> float | None:
    """The inner edge of the run of failing bins at the worst end; None where the worst bin passes.

    Args:
        rows: bins in rising order with ``from``, ``below`` and ``auc`` (None where there were too few faces, which decides
            nothing: such a bin neither fails nor ends the run).
        floor: AUC that passes.
        from_above: whether high values are the bad ones.
    """
    gate = None
    for row in reversed(rows) if from_above else rows:
        if row["auc"] is None:
            continue
        if row["auc"] >= floor:
            break
        gate = row["from"] if from_above else row["below"]
    return gate


def _curve(scored: Iterable[_ScoredCopy], name: str, flagged_from: float) -> list[dict[str, Any]]:
    found = list(scored)
    values = np.array([one.quality[name] for one in found])
    rows = []
    for low, high in zip(_EDGES[name], _EDGES[name][1:], strict=False):
        inside = [one for one, value in zip(found, values, strict=True) if low <= value < high]
        genuine = [one.p_fake for one in inside if one.sample.label == "real"]
        if genuine:
            rows.append(
                {
                    "from": float(low),
                    "below": float(min(high, max(low + 1, values.max() + 1))),
                    "faces": len(inside),
                    "auc": _auc_within_sources(inside),
                    "false_positive_rate": round(float(np.mean(np.array(genuine) >= flagged_from)), 4),
                }
            )
    return rows


def _auc_within_sources(scored: Sequence[_ScoredCopy]) -> float | None:
    """AUC within each source, averaged by its number of faces: what sets sources apart must not count as skill."""
    total, weight, least = 0.0, 0, [0, 0]
    for source in {one.sample.source for one in scored}:
        of_source = [one for one in scored if one.sample.source == source]
        fake = np.array([one.sample.label == "fake" for one in of_source])
        least = [least[0] + int((~fake).sum()), least[1] + int(fake.sum())]
        if 0 < fake.sum() < len(fake):
            total += len(fake) * auc(fake, np.array([one.p_fake for one in of_source]))
            weight += len(fake)
    return round(total / weight, 4) if weight and min(least) >= _LEAST else None


def _score_copies(loaded: LoadedModel, cache: Cache, indices: Sequence[int], make: Any) -> Iterator[_ScoredCopy]:
    for index in indices:
        spec = loaded.spec.crop
        crops: list[FaceCrop] = [
            crop_face(frame, detection, spec) for frame, detection in make(cache.frame(index), cache.detection(index))
        ]
        if not crops:
            continue
        logits = loaded.scorer.fake_logits(np.stack([crop.rgb for crop in crops]))
        for crop, logit in zip(crops, logits, strict=True):
            q = crop.quality
            measured = {
                "size_px": q.size_px,
                "sharpness": q.sharpness,
                "brightness": q.brightness,
                "abs_yaw": abs(q.yaw),
            }
            yield _ScoredCopy(cache.samples[index], calibrate(float(logit), loaded.spec.calibration), measured)


Copies = Iterator[tuple[Frame, Detection]]


def _as_is(frame: Frame, detection: Detection) -> Copies:
    yield frame, detection


def _smaller_copies(frame: Frame, detection: Detection) -> Copies:
    yield frame, detection
    for side in _SIDES:
        if side < 0.95 * detection.box.width:
            yield smaller(frame, detection, side)


def _blurred_copies(frame: Frame, detection: Detection) -> Copies:
    yield frame, detection
    for share in _BLURS:
        yield Frame(np.asarray(cv2.GaussianBlur(frame.rgb, (0, 0), share * detection.box.width))), detection


def _lit_copies(frame: Frame, detection: Detection) -> Copies:
    yield frame, detection
    for level in (*_LEVELS, *_BRIGHT):
        yield relit(frame, detection, level), detection


def smaller(frame: Frame, detection: Detection, side: float) -> tuple[Frame, Detection]:
    """The picture shrunk by pixel-area averaging until the face box is ``side`` pixels wide, and the face in it."""
    height, width = frame.rgb.shape[:2]
    factor = side / detection.box.width
    size = max(2, round(width * factor)), max(2, round(height * factor))
    box = detection.box
    moved = Box(box.left * factor, box.top * factor, box.right * factor, box.bottom * factor)
    shrunk = np.asarray(cv2.resize(frame.rgb, size, interpolation=cv2.INTER_AREA))
    return Frame(shrunk), replace(detection, box=moved, keypoints=detection.keypoints * np.float32(factor))


def relit(frame: Frame, detection: Detection, level: float) -> Frame:
    """Every pixel multiplied so that the face's mean grey is about ``level``; rounded and clipped as a camera would."""
    box = detection.box
    left, top = max(0, int(box.left)), max(0, int(box.top))
    mean = float(frame.rgb[top : int(box.bottom) + 1, left : int(box.right) + 1].mean())
    scaled = np.rint(frame.rgb.astype(np.float32) * np.float32(level / max(1.0, mean)))
    return Frame(np.clip(scaled, 0, 255).astype(np.uint8))
