"""How far the views of the stability test move a score: measured on held-out faces, then written into the manifest.

With it the detector scores only the views that could change a verdict (``detector.probes.spread``). Held-out means the
validation groups, as for the calibration. What the rule does to verdicts is measured on other faces: on each quarter of the
validation groups with the spread of the rest, and on ``dev``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from detector.faces.crops import crop_face
from detector.models.loading import LoadedModel, load_models
from detector.probes.spread import telling_views
from detector.probes.stability import CUT_VIEWS, face_logit, view_scores, views
from detector.records import ModelSpec, QualityGates, Verdict, ViewSpread
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_face, judge_quality, judge_stability
from detector.weights.store import WeightStore, update_manifest
from train.data.cache import Cache
from train.data.leakage import safe_split

__all__ = ["BEYOND", "Effect", "TooFewFaces", "Viewed", "effect_of", "fit_spread", "measure_spread"]

BEYOND = 1e-3
"""Share of faces whose views may lie beyond the fitted reach."""
_NEAREST = 300
"""Faces of about the same score from which the reach there is estimated."""
_TAIL = 0.1
"""Share of them, the farthest moved, that the tail is fitted to."""
_KNOTS = 25
_PARTS = 4
"""Of the validation groups, each measured with the spread of the others."""


class TooFewFaces(ValueError):
    """The spread cannot be fitted, so all views stay scored."""


@dataclass(frozen=True)
class Viewed:
    """One face with all its views."""

    group: str
    sides: NDArray[np.float32]
    """(2,) fake logits of the crop and of its mirror image."""
    cut: NDArray[np.float32]
    """(3,) fake logits of ``CUT_VIEWS``."""
    sharpness: float

    @property
    def logit(self) -> float:
        return face_logit(self.sides)


@dataclass(frozen=True)
class Effect:
    """What leaving out views does to verdicts."""

    faces: int
    left_out: float
    """Share of the views."""
    changed: int
    """Faces with another verdict."""

    def __str__(self) -> str:
        return f"{self.left_out:.1%} of the views left out, {self.changed} of {self.faces} verdicts changed"


def measure_spread(weights: Path, cache: Cache, model: str | None, command: str, dev: bool = True) -> dict[str, Effect]:
    """Fit the spread of one image model, write it into the manifest, and measure its effect.

    Args:
        weights: folder with the manifest.
        cache: as built by ``data.build_cache``.
        model: its name; None for the one that decides.
        command: as it is kept in the manifest.
        dev: whether the effect is measured on ``dev`` as well, which takes as long as all the rest.

    Returns:
        The effect by name of the faces that it was measured on.

    Raises:
        TooFewFaces: there are too few held-out faces; the manifest is left as it was.
        ValueError: there is no such image model.
    """
    store = WeightStore(weights)
    name = model or store.manifest.default_image_model
    spec = store.manifest.models.get(name)
    if spec is None or spec.kind != "image":
        raise ValueError(f"{name!r} is no image model of this manifest; choose one with --model")
    loaded = load_models([spec], store)[0][name]
    held_out = list(_viewed(loaded, cache, safe_split(cache).validation, store.manifest.gates))
    spread = fit_spread(held_out, command)
    effects = {"validation, fitted on the rest": _out_of_fold(held_out, spec, command)}
    if dev:
        effects["dev"] = effect_of(
            list(_viewed(loaded, cache, cache.where(subset="dev"), store.manifest.gates)), spec, spread
        )
    update_manifest(weights, model=replace(spec, spread=spread))
    return effects


def fit_spread(faces: Sequence[Viewed], command: str) -> ViewSpread:
    """For scores from lowest to highest, what all but ``BEYOND`` of the faces of about that score stay within.

    That share is rarer than one of the faces at hand, so the tail beyond the farthest tenth is taken to be exponential, as
    extremes of most distributions are (Pickands 1975, with shape 0).

    Raises:
        TooFewFaces: fewer than that needs.
    """
    if len(faces) < 2 * _NEAREST:
        raise TooFewFaces(
            f"{len(faces)} held-out faces are too few to fit the spread of views; {2 * _NEAREST} are needed"
        )
    scores = np.array([face.logit for face in faces])
    moves = np.array([face.cut - face.sides[0] for face in faces], np.float64)
    knots = np.unique(np.quantile(scores, np.linspace(0, 1, _KNOTS)).round(4))
    near = [np.argsort(np.abs(scores - knot), kind="stable")[:_NEAREST] for knot in knots]

    def reaches(view: int, sign: int) -> tuple[float, ...]:
        return tuple(round(_reach(sign * moves[nearest, view]), 4) for nearest in near)

    return ViewSpread(
        logits=tuple(knots.tolist()),
        falls={view: reaches(number, -1) for number, view in enumerate(CUT_VIEWS)},
        rises={view: reaches(number, 1) for number, view in enumerate(CUT_VIEWS)},
        faces=len(faces),
        fitted_with=command,
    )


def effect_of(faces: Sequence[Viewed], spec: ModelSpec, spread: ViewSpread) -> Effect:
    """What the rule changes about these faces, against scoring all of their views."""
    kept = changed = 0
    for face in faces:
        verdict, _ = judge_face(calibrate(face.logit, spec.calibration), spec.bands, face.sharpness)
        names = telling_views(verdict, face.logit, face.sides, spec.calibration, spec.bands, spread)
        kept += len(names)
        changed += _verdict(face, spec, names) is not _verdict(face, spec, CUT_VIEWS)
    return Effect(len(faces), 1 - kept / max(1, len(faces) * len(CUT_VIEWS)), changed)


def _viewed(loaded: LoadedModel, cache: Cache, indices: NDArray[np.int64], gates: QualityGates) -> Iterator[Viewed]:
    """The faces that would be analysed."""
    spec = loaded.spec.crop
    for index in indices.tolist():
        frame, detection = cache.frame(index), cache.detection(index)
        crop = crop_face(frame, detection, spec)
        if judge_quality(crop.quality, gates) is None:
            changed = views(frame, detection, spec).values()
            logits = loaded.scorer.unmirrored(np.stack([crop.rgb, crop.rgb[:, ::-1], *changed]))
            yield Viewed(cache.samples[index].group, logits[:2], logits[2:], crop.quality.sharpness)


def _out_of_fold(faces: Sequence[Viewed], spec: ModelSpec, command: str) -> Effect:
    groups = sorted({face.group for face in faces})
    part = dict(zip(groups, np.random.default_rng(0).integers(_PARTS, size=len(groups)).tolist(), strict=True))
    effects = [
        effect_of(
            [face for face in faces if part[face.group] == held],
            spec,
            fit_spread([face for face in faces if part[face.group] != held], command),
        )
        for held in range(_PARTS)
    ]
    count = sum(effect.faces for effect in effects)
    left_out = sum(effect.left_out * effect.faces for effect in effects) / max(1, count)
    return Effect(count, left_out, sum(effect.changed for effect in effects))


def _reach(moves: NDArray[np.float64]) -> float:
    """What all but ``BEYOND`` of such moves stay below; at least 0."""
    start = float(np.quantile(moves, 1 - _TAIL))
    beyond = moves[moves > start] - start
    return max(0.0, start + (float(beyond.mean()) * math.log(_TAIL / BEYOND) if len(beyond) else 0.0))


def _verdict(face: Viewed, spec: ModelSpec, names: Sequence[str]) -> Verdict:
    """With these views scored."""
    p_fake = calibrate(face.logit, spec.calibration)
    verdict, reason = judge_face(p_fake, spec.bands, face.sharpness)
    cut = {name: float(logit) for name, logit in zip(CUT_VIEWS, face.cut, strict=True) if name in names}
    return judge_stability(verdict, reason, p_fake, view_scores(face.sides, cut, spec.calibration), spec.bands)[0]
