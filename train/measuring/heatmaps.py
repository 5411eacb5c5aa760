"""Whether the heatmaps point to the altered region, on pseudo-fakes whose masks are known.

The faces are genuine ones of the validation groups, which no model was trained on. Two questions are asked:

* pointing: what share of the heat towards "fake" lies in the altered region, against that region's share of the crop (the
  energy-based pointing game of Wang et al., "Score-CAM", CVPR workshops 2020, with a mask in place of a box);
* deletion: how far the score falls when the hottest region is replaced, against random regions of the same size within the
  face (after Petsiuk et al., "RISE", BMVC 2018). Once with a strong blur, which may itself pass for an alteration, and
  once with the genuine pixels that were there before the altering, which cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from detector import Detector
from detector.faces.crops import crop_face
from detector.models.loading import LoadedModel
from detector.records import CropSpec
from detector.verdict.calibration import calibrate
from train.data.cache import Cache
from train.data.landmarks import mesh_in_crop
from train.data.splits import carve_validation
from train.fakes.blend import self_blend, swap
from train.metrics import bootstrap_interval

__all__ = ["KINDS", "alter", "faces_of", "measure", "measure_heatmaps"]

KINDS = ("self_blend", "swap", "mouth", "eyes", "nose", "lower")
"""Whole self-blends and swaps with regions drawn as in training, and parts of the face taken from another person."""
_FACES = 80
"""Faces altered in each way."""
_ALTERED = 0.1
"""A place counts as altered where the mask reaches this share of its maximum."""
_DELETED_SHARE = 0.1
"""Share of the crop that is replaced in the deletion test."""
_RANDOM_REGIONS = 3
_SEED = 11


@dataclass(frozen=True)
class _Face:
    """A genuine crop with its landmarks in the crop's own pixels."""

    rgb: np.ndarray
    mesh: np.ndarray
    group: str
    source: str
    face: tuple[int, int, int, int]
    """Left, top, right and bottom of the face box, pixels of the crop."""


@dataclass(frozen=True)
class _Altered:
    """A pseudo-fake with its truth."""

    rgb: np.ndarray
    mask: np.ndarray
    """(S, S) bool."""
    origin: _Face


def measure_heatmaps(detector: Detector, cache: Cache) -> dict[str, Any]:
    """Both tests for every image model.

    Args:
        detector: the shipped one.
        cache: built with a landmarker.

    Returns:
        By model and kind: ``faces``, ``heat_share``, ``area_share``, ``ratio`` with its interval, ``most_possible`` (the
        ratio if all heat lay inside), ``without_heat``, ``flagged``; and for "self_blend" and "swap" the falls of the logit
        with their intervals, for both ways of filling.

    Raises:
        ValueError: the validation groups hold no genuine face with a mesh.
    """
    _, validation = carve_validation(cache)
    loaded = {name: detector.select(name) for name in detector.models}
    results: dict[str, Any] = {name: {} for name in loaded}
    for spec in {one.spec.crop for one in loaded.values()}:
        faces = faces_of(cache, validation, spec)
        if not faces:
            raise ValueError(
                "measure_heatmaps: the validation groups hold no upright genuine face with landmarks; build the cache with "
                "--landmarker"
            )
        for kind in KINDS:
            altered = alter(faces, kind)
            for name, one in loaded.items():
                if one.spec.crop == spec and altered:
                    results[name][kind] = measure(one, altered, kind)
    return {"faces": _FACES, "altered_from": _ALTERED, "deleted_share": _DELETED_SHARE, "models": results}


def faces_of(cache: Cache, indices: np.ndarray, spec: CropSpec) -> list[_Face]:
    """Upright genuine faces with a mesh, evenly over the indices."""
    found = []
    for index in indices.tolist():
        sample = cache.samples[index]
        if sample.label != "real" or cache.mesh(index) is None:
            continue
        crop = crop_face(cache.frame(index), cache.detection(index), spec)
        mesh = mesh_in_crop(cache.mesh(index), crop, spec.upright_above_deg)
        if mesh is None:
            continue
        corner, scale = np.array([crop.source.left, crop.source.top]), spec.size / crop.source.width
        box = (np.array(_corners(crop.detection.box)) - np.tile(corner, 2)) * scale
        left, top, right, bottom = (int(v) for v in np.clip(box, 0, spec.size))
        found.append(
            _Face(crop.rgb, mesh, f"{sample.source}/{sample.group}", sample.source, (left, top, right, bottom))
        )
    step = max(1, len(found) // _FACES)
    return found[::step][:_FACES]


def _corners(box: Any) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom


def alter(faces: Sequence[_Face], kind: str) -> list[_Altered]:
    """Every face once, the other face of a swap being one of the same source."""
    rng = np.random.default_rng([_SEED, KINDS.index(kind)])
    made = []
    for face in faces:
        others = [other for other in faces if other.source == face.source and other.group != face.group]
        if kind == "self_blend":
            rgb, mask = self_blend(face.rgb, face.mesh, rng)
        elif others:
            other = others[int(rng.integers(len(others)))]
            part = None if kind == "swap" else kind
            rgb, mask = swap(face.rgb, face.mesh, other.rgb, other.mesh, rng, part)
        else:
            continue
        if mask.max() > 0:
            made.append(_Altered(rgb, mask > _ALTERED * mask.max(), face))
    return made


def measure(loaded: LoadedModel, altered: Sequence[_Altered], kind: str) -> dict[str, Any]:
    crops = np.stack([one.rgb for one in altered])
    towards_fake, _ = loaded.explainer.evidence(crops)
    logits = loaded.scorer.fake_logits(crops)
    result = _pointing(altered, towards_fake)
    flagged = np.array(
        [calibrate(float(v), loaded.spec.calibration) >= loaded.spec.bands.some_signs_from for v in logits]
    )
    result["flagged"] = int(flagged.sum())
    if kind in ("self_blend", "swap"):
        result["deletion"] = _deletion(loaded, altered, towards_fake, logits)
    return result


def _pointing(altered: Sequence[_Altered], heat: np.ndarray) -> dict[str, Any]:
    """Mean share of heat in the region over mean share of area; faces without any heat towards fake are counted apart."""
    shares, areas, groups = [], [], []
    for one, small in zip(altered, heat, strict=True):
        shown = _enlarged(small, one.rgb.shape[0])
        if shown.sum() > 0:
            shares.append(float(shown[one.mask].sum() / shown.sum()))
            areas.append(float(one.mask.mean()))
            groups.append(one.origin.group)
    result: dict[str, Any] = {"faces": len(altered), "without_heat": len(altered) - len(shares)}
    if shares:
        share, area = np.array(shares), np.array(areas)
        low, high = bootstrap_interval(lambda drawn: float(share[drawn].mean() / area[drawn].mean()), np.array(groups))
        result |= {
            "heat_share": round(float(share.mean()), 4),
            "area_share": round(float(area.mean()), 4),
            "ratio": round(float(share.mean() / area.mean()), 3),
            "ratio_low": round(low, 3),
            "ratio_high": round(high, 3),
            "most_possible": round(float(1 / area.mean()), 3),
        }
    return result


def _enlarged(heat: np.ndarray, size: int) -> np.ndarray:
    """(h, w) float32 as ``detector.drawing.overlay`` draws it: bilinear, (size, size)."""
    return np.asarray(cv2.resize(heat, (size, size), interpolation=cv2.INTER_LINEAR))


def _deletion(
    loaded: LoadedModel, altered: Sequence[_Altered], heat: np.ndarray, logits: np.ndarray
) -> dict[str, dict[str, float]]:
    return {
        "blurred": _falls(loaded, altered, heat, logits, [_blurred(one.rgb) for one in altered]),
        "genuine": _falls(loaded, altered, heat, logits, [one.origin.rgb for one in altered]),
    }


def _falls(
    loaded: LoadedModel, altered: Sequence[_Altered], heat: np.ndarray, logits: np.ndarray, fill: Sequence[np.ndarray]
) -> dict[str, float]:
    """Falls of the logit of "fake", with the pixels of ``fill`` in the hottest region and in random ones."""
    rng = np.random.default_rng(_SEED)

    def fall(regions: Sequence[np.ndarray]) -> np.ndarray:
        crops = [_filled(one.rgb, other, region) for one, other, region in zip(altered, fill, regions, strict=True)]
        return logits - loaded.scorer.fake_logits(np.stack(crops))

    shape = heat.shape[1:]
    hottest = fall([_top(_enlarged(small, one.rgb.shape[0])) for one, small in zip(altered, heat, strict=True)])
    random = np.mean([fall([_anywhere(one, shape, rng) for one in altered]) for _ in range(_RANDOM_REGIONS)], axis=0)
    more = hottest - random
    low, high = bootstrap_interval(
        lambda drawn: float(more[drawn].mean()), np.array([one.origin.group for one in altered])
    )
    return {
        "hottest": round(float(hottest.mean()), 3),
        "random": round(float(random.mean()), 3),
        "difference": round(float(more.mean()), 3),
        "difference_low": round(low, 3),
        "difference_high": round(high, 3),
    }


def _anywhere(one: _Altered, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """A region as blotchy as a heatmap's, anywhere within the face box: on the background it would change nothing."""
    noise = _enlarged(rng.random(shape).astype(np.float32), one.rgb.shape[0])
    left, top, right, bottom = one.origin.face
    inside = np.zeros_like(noise)
    inside[top:bottom, left:right] = 1.0
    return _top(noise * inside)


def _top(values: np.ndarray) -> np.ndarray:
    """(S, S) bool: the places with the highest values, ``_DELETED_SHARE`` of all."""
    count = max(1, round(_DELETED_SHARE * values.size))
    chosen = np.zeros(values.size, bool)
    chosen[np.argsort(-values, axis=None, kind="stable")[:count]] = True
    return chosen.reshape(values.shape)


def _blurred(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), rgb.shape[0] * 0.06))


def _filled(rgb: np.ndarray, fill: np.ndarray, region: np.ndarray) -> np.ndarray:
    """The region with other pixels, its edge softened so that the edge itself is no sign."""
    soft = cv2.GaussianBlur(region.astype(np.float32), (0, 0), rgb.shape[0] * 0.015)[..., None]
    return np.asarray(np.clip(np.rint(rgb * (1 - soft) + fill * soft), 0, 255).astype(np.uint8))
