"""How the deciding model looks at a photo's faces: every face with its views in one batch, then what it looks like with places
hidden in a second, since where to hide something is read from the first one's heatmaps.

No crop goes through the model twice: scores, views and heatmaps come from the same forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detector.loading import LoadedModel, heatmaps_of
from detector.records import FaceCrop, Frame, Heatmap, UInt8Image
from detector.regions import HiddenPlaces, hide_places
from detector.stability import CUT_VIEWS, face_logit, view_scores, views
from detector.verdict import calibrate

__all__ = ["MOST_CHECKED", "FaceLook", "look"]

MOST_CHECKED = 6
"""Faces of one photo whose hottest region is checked, the largest: in a crowd nobody reads so many, and each costs five
scorings."""


@dataclass(frozen=True)
class FaceLook:
    """What the deciding model makes of one face."""

    p_fake: float
    """Calibrated, 0 to 1."""
    heatmap: Heatmap | None
    """None if not asked for."""
    views: Mapping[str, float] | None
    """p_fake by view; None if not asked for."""
    places: HiddenPlaces | None = None
    """What was hidden; None where there was nothing to check."""
    hidden: Sequence[float] = ()
    """p_fake with each place hidden."""


def look(
    selected: LoadedModel, frame: Frame, crops: Mapping[int, FaceCrop], heatmaps: bool, stability: bool
) -> dict[int, FaceLook]:
    """Score every face, explain it, and score its views and its hidden places.

    Args:
        selected: the model that decides.
        frame: the photo.
        crops: the faces to be scored, by a number.
        heatmaps: whether they are wanted, and with them the check of the hottest region.
        stability: whether the views are wanted.
    """
    if not crops:
        return {}
    spec = selected.spec
    batch: list[UInt8Image] = [crop.rgb for crop in crops.values()]
    if stability:
        batch += [view for crop in crops.values() for view in views(frame, crop.detection, spec.crop)]
    count = len(crops)
    looked = selected.explainer.look(np.stack(batch))
    sides, cut = looked.sides, looked.sides[count:].reshape(count, -1, 2)
    maps: list[Heatmap | None] = [None] * count
    if heatmaps:
        maps = [*heatmaps_of(selected, looked.towards_fake[:count], looked.towards_real[:count])]
    found = {}
    for place, index in enumerate(crops):
        of_face = np.concatenate([sides[place : place + 1], cut[place]])
        assert len(of_face) == 1 + stability * len(CUT_VIEWS)
        seen = view_scores(of_face[0], of_face[1:].mean(axis=1), spec.calibration) if stability else None
        found[index] = FaceLook(calibrate(face_logit(of_face), spec.calibration), maps[place], seen)
    return found | _with_places_hidden(selected, crops, found)


def _with_places_hidden(
    selected: LoadedModel, crops: Mapping[int, FaceCrop], found: Mapping[int, FaceLook]
) -> dict[int, FaceLook]:
    """The largest faces that have a hottest region, with what hiding it and other places does."""
    large = sorted(found, key=lambda index: (-crops[index].quality.size_px, index))[:MOST_CHECKED]
    places: dict[int, HiddenPlaces] = {}
    for index in large:
        heatmap = found[index].heatmap
        hidden = None if heatmap is None else hide_places(crops[index], heatmap)
        if hidden is not None:
            places[index] = hidden
    if not places:
        return {}
    sides = selected.scorer.sides(np.concatenate([hidden.crops for hidden in places.values()]))
    # Nothing but the scored crop can be hidden in, so each of these is a face without further views.
    after = [calibrate(face_logit(each[np.newaxis]), selected.spec.calibration) for each in sides]
    checked, start = {}, 0
    for index, hidden in places.items():
        end = start + len(hidden.crops)
        seen = found[index]
        checked[index] = FaceLook(seen.p_fake, seen.heatmap, seen.views, hidden, after[start:end])
        start = end
    return checked
