"""What the deciding model finds in a photo's faces: every face with its mirror image in one batch, which gives scores and
heatmaps; then everything that is changed about them in a second, since where to hide something is read from the heatmaps, and
which views could change a verdict from the scores.

No crop goes through the model twice, and a changed crop goes without its mirror image.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.models.loading import LoadedModel, heatmaps_of
from detector.probes.regions import HiddenPlaces, hide_places
from detector.probes.spread import telling_views
from detector.probes.stability import CUT_VIEWS, changed_logits, face_logit, view_scores, views
from detector.records import AnalysisOptions, FaceCrop, Frame, Heatmap, ModelSpec, UInt8Image
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_face

__all__ = ["MOST_CHECKED", "FaceEvidence", "gather_evidence"]

MOST_CHECKED = 6
"""Faces of one photo whose hottest region is checked, the largest: in a crowd nobody reads so many, and each costs five
passes."""
_CUTTERS = 2
"""Threads that cut faces anew; each holds a part of the photo."""


@dataclass(frozen=True)
class FaceEvidence:
    """What the deciding model finds in one face."""

    p_fake: float
    """Calibrated, 0 to 1."""
    heatmap: Heatmap | None
    """None if not asked for."""
    views: Mapping[str, float] | None
    """p_fake by view; None if not asked for."""
    skipped: tuple[str, ...] = ()
    """Views that could not change the verdict."""
    places: HiddenPlaces | None = None
    """What was hidden; None where there was nothing to check."""
    hidden: Sequence[float] = ()
    """p_fake with each place hidden."""


def gather_evidence(
    deciding: LoadedModel, frame: Frame, crops: Mapping[int, FaceCrop], options: AnalysisOptions
) -> dict[int, FaceEvidence]:
    """Score every face, explain it, and score its views and its hidden places.

    Args:
        deciding: the model that decides.
        frame: the photo.
        crops: the faces to be scored, by their index.
        options: whether heatmaps and views are wanted; hidden places are left out with ``verdict_only``.

    Returns:
        The evidence by the same indices.
    """
    if not crops:
        return {}
    spec = deciding.spec
    explained = deciding.explainer.explain(np.stack([crop.rgb for crop in crops.values()]))
    sides_of = dict(zip(crops, explained.sides, strict=True))
    names = _wanted(sides_of, crops, spec) if options.stability else {}
    heatmap_of: dict[int, Heatmap] = {}
    if options.heatmaps:
        heatmap_of = dict(
            zip(crops, heatmaps_of(deciding, explained.towards_fake, explained.towards_real), strict=True)
        )
    places = {} if options.verdict_only else _places(crops, heatmap_of)
    with ThreadPoolExecutor(_CUTTERS, "views") as pool:
        changed = {i: pool.submit(views, frame, crops[i].detection, spec.crop, wanted) for i, wanted in names.items()}
    cut = {index: list(of_face.result().values()) for index, of_face in changed.items()}
    of_views, of_places = _unmirrored(deciding, cut, {index: list(hidden.crops) for index, hidden in places.items()})
    found = {}
    for index, sides in sides_of.items():
        scored = dict(zip(names.get(index, ()), map(float, of_views.get(index, ())), strict=True))
        hidden_logits = changed_logits(sides, of_places[index]) if index in places else ()
        found[index] = FaceEvidence(
            calibrate(face_logit(sides), spec.calibration),
            heatmap_of.get(index),
            view_scores(sides, scored, spec.calibration) if options.stability else None,
            tuple(view for view in CUT_VIEWS if view not in scored) if options.stability else (),
            places.get(index),
            [calibrate(float(logit), spec.calibration) for logit in hidden_logits],
        )
    return found


def _wanted(
    sides_of: Mapping[int, NDArray[np.float32]], crops: Mapping[int, FaceCrop], spec: ModelSpec
) -> dict[int, tuple[str, ...]]:
    """The views of each face that could change its verdict; a face without any is absent."""
    found = {}
    for index, sides in sides_of.items():
        logit = face_logit(sides)
        verdict, _ = judge_face(calibrate(logit, spec.calibration), spec.bands, crops[index].quality.sharpness)
        found[index] = telling_views(verdict, logit, sides, spec.calibration, spec.bands, spec.spread)
    return {index: names for index, names in found.items() if names}


def _places(crops: Mapping[int, FaceCrop], heatmap_of: Mapping[int, Heatmap]) -> dict[int, HiddenPlaces]:
    """What to hide, in the largest faces that have a hottest region."""
    large = sorted(heatmap_of, key=lambda index: (-crops[index].quality.size_px, index))[:MOST_CHECKED]
    found = {index: hide_places(crops[index], heatmap_of[index]) for index in large}
    return {index: hidden for index, hidden in found.items() if hidden is not None}


def _unmirrored(
    deciding: LoadedModel, *parts: Mapping[int, Sequence[UInt8Image]]
) -> list[dict[int, NDArray[np.float32]]]:
    """Fake logits of changed crops, by part and face, from one batch."""
    batch = [crop for part in parts for of_face in part.values() for crop in of_face]
    logits = iter(deciding.scorer.unmirrored(np.stack(batch)) if batch else ())
    return [
        {index: np.array([next(logits) for _ in of_face], np.float32) for index, of_face in part.items()}
        for part in parts
    ]
