"""Everything about a photo's faces that is scored a second time, in one batch: small changes, and hidden places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detector.loading import LoadedModel
from detector.records import FaceCrop, Frame, Heatmap, UInt8Image
from detector.regions import HiddenPlaces, hide_places
from detector.stability import CUT_VIEWS, view_scores, views
from detector.verdict import calibrate

__all__ = ["MOST_CHECKED", "SecondLook", "look_again"]

MOST_CHECKED = 6
"""Faces of one photo whose hottest region is checked, the largest: in a crowd nobody reads so many, and each costs five
scorings."""


@dataclass(frozen=True)
class SecondLook:
    """One face scored again."""

    views: Mapping[str, float] | None
    """p_fake by view; None if not asked for."""
    places: HiddenPlaces | None
    """What was hidden; None where there was nothing to check."""
    hidden: Sequence[float] = ()
    """p_fake with each place hidden."""


def look_again(
    selected: LoadedModel,
    frame: Frame,
    crops: Mapping[int, FaceCrop],
    maps: Mapping[int, Heatmap],
    stability: bool,
) -> dict[int, SecondLook]:
    """Score views and hidden places of every face in one batch.

    Args:
        selected: the model that decides.
        frame: the photo.
        crops: the faces that were scored, by a number.
        maps: their heatmaps; a face without one has no region to check.
        stability: whether the views are wanted.
    """
    spec = selected.spec
    large = sorted(maps, key=lambda index: (-crops[index].quality.size_px, index))[:MOST_CHECKED]
    places = {index: hide_places(crops[index], maps[index]) for index in large}
    batch: list[UInt8Image] = []
    starts: dict[int, int] = {}
    for index, crop in crops.items():
        starts[index] = len(batch)
        if stability:
            batch += [crop.rgb, *views(frame, crop.detection, spec.crop)]
        hidden = places.get(index)
        if hidden is not None:
            batch += list(hidden.crops)
    if not batch:
        return {}
    sides = selected.scorer.sides(np.stack(batch))
    means = sides.mean(axis=1)
    found = {}
    for index, start in starts.items():
        scores = None
        if stability:
            end = start + 1 + len(CUT_VIEWS)
            scores = view_scores(sides[start], means[start + 1 : end], spec.calibration)
            start = end
        hidden = places.get(index)
        count = 0 if hidden is None else len(hidden.crops)
        after = [calibrate(float(logit), spec.calibration) for logit in means[start : start + count]]
        found[index] = SecondLook(scores, hidden, after)
    return found
