"""Who is who across the sampled frames of a clip: detections of one person are linked to one track.

Two things speak for two detections being one person: their boxes overlap, and their crops are alike. Frames within a
stretch are 1/25 s apart, where place says nearly all; samples are seconds apart and may lie in different shots, where only
appearance remains. So the cost of a link is a sum of both, in which place weighs less the more time has passed. In every frame
the cheapest assignment as a whole is taken, so that two people who cross keep their tracks.

Appearance is a small descriptor (colours of the crop's cells and the directions of its edges), not a face recognition model:
enough to tell the two or ten people of one clip apart in their clothes and light, and nothing that could identify anyone.
"""

from __future__ import annotations

import itertools
import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.records import Box, FaceCrop, FaceTrack, Sighting, UInt8Image

__all__ = ["FrameFaces", "OneFace", "describe", "link_faces"]

Descriptor = NDArray[np.float32]

_SIDE = 48
"""Pixels to which a crop is brought before it is described."""
_CELLS = 4
"""Cells a side."""
_BINS = 8
"""Edge directions over half a turn."""
PLACE_TRUST = 0.5
"""Weight of place against appearance between frames that follow each other at once ..."""
PLACE_FORGOTTEN_S = 0.7
"""... and the seconds after which it is half as much."""
UNLIKE = 0.3
"""Distance of descriptors that counts as entirely unlike. Measured on 26 talking clips, ten frames each: 95 % of the distances
between neighbouring frames of one person lie below 0.16, 95 % of those between two people above 0.12 and half above 0.45."""
MAX_COST = 0.45
"""Links that cost more are not made; 0 is the same face in the same place, 1 another face elsewhere."""
APPEARANCE_ONLY = 0.1
"""Greatest distance of descriptors where the boxes are nowhere near each other."""
SAME = 0.04
"""Distance of the two most similar descriptors below which two tracks are one person who was out of sight or turned away."""

_LOOKS_KEPT = 100
"""Descriptors of a face that is followed live: those of the last ten seconds or so."""


@dataclass(frozen=True)
class FrameFaces:
    """The faces of one sampled frame."""

    sample: int
    """Running number of the sampled frame, 0, 1, ..."""
    time_s: float
    crops: Sequence[FaceCrop]


@dataclass
class _Open:
    """A track that is being built."""

    descriptors: list[Descriptor] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)

    def add(self, faces: FrameFaces, position: int, descriptor: Descriptor) -> None:
        self.descriptors.append(descriptor)
        self.sightings.append(Sighting(faces.sample, faces.time_s, position, faces.crops[position]))

    @property
    def box(self) -> Box:
        """Where the face was last."""
        return self.sightings[-1].crop.detection.box

    @property
    def time_s(self) -> float:
        return self.sightings[-1].time_s

    def unlike(self, descriptors: Sequence[Descriptor]) -> float:
        """Distance of the two most similar descriptors: a head that turns away and back resembles one of its earlier selves."""
        return float(1 - (np.stack(self.descriptors) @ np.stack(descriptors).T).max())


class OneFace:
    """One person among the faces of frames that come one by one, told by the same costs as in ``link_faces``.

    Of what was seen only the last place and a few descriptors are kept.

    Args:
        crop: the face to be followed.
        time_s: when it was seen.
    """

    def __init__(self, crop: FaceCrop, time_s: float) -> None:
        self._box, self._time_s = crop.detection.box, time_s
        self._looks: deque[Descriptor] = deque([describe(crop.rgb)], maxlen=_LOOKS_KEPT)

    @property
    def seen_s(self) -> float:
        """When it was seen last."""
        return self._time_s

    def among(self, crops: Sequence[FaceCrop], time_s: float) -> int | None:
        """Position of the person among the faces of a later frame; None where it is not among them."""
        looks = [describe(crop.rgb) for crop in crops]
        costs = [
            _cost(self._box, crop.detection.box, self._unlike(look), time_s - self._time_s)
            for crop, look in zip(crops, looks, strict=True)
        ]
        best = min(range(len(costs)), key=costs.__getitem__, default=None)
        if best is None or not math.isfinite(costs[best]):
            return None
        self._box, self._time_s = crops[best].detection.box, time_s
        self._looks.append(looks[best])
        return best

    def _unlike(self, look: Descriptor) -> float:
        return float(1 - (np.stack(self._looks) @ look).max())


def describe(rgb: UInt8Image) -> Descriptor:
    """Appearance of a crop as a unit vector: per cell, two colour differences, brightness, and edge directions.

    Args:
        rgb: (S, S, 3) uint8 RGB.
    """
    small = cv2.resize(rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    luma = small @ np.array([0.299, 0.587, 0.114], np.float32)
    colour = np.stack([small[..., 0] - luma, small[..., 2] - luma, luma - luma.mean()], axis=-1)
    dx, dy = cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)
    strength = np.hypot(dx, dy)
    direction = np.floor((np.arctan2(dy, dx) % math.pi) / math.pi * _BINS).astype(int) % _BINS
    edges = np.eye(_BINS, dtype=np.float32)[direction] * strength[..., None]
    cell = _SIDE // _CELLS

    def pooled(values: NDArray[np.float32]) -> Descriptor:
        cells = values.reshape(_CELLS, cell, _CELLS, cell, -1).mean(axis=(1, 3)).reshape(-1)
        return np.asarray(cells / max(float(np.linalg.norm(cells)), 1e-6), np.float32)

    descriptor = np.concatenate([pooled(colour), 0.7 * pooled(edges)])
    return np.asarray(descriptor / np.linalg.norm(descriptor), np.float32)


def link_faces(frames: Sequence[FrameFaces]) -> tuple[FaceTrack, ...]:
    """Give every face of every frame to exactly one track.

    Args:
        frames: in order of time.

    Returns:
        Tracks by the time of their first sighting, then from left to right; their ids are 1, 2, ...
    """
    tracks: list[_Open] = []
    for faces in frames:
        descriptors = [describe(crop.rgb) for crop in faces.crops]
        costs = np.array(
            [
                [
                    _cost(track.box, crop.detection.box, track.unlike([descriptor]), faces.time_s - track.time_s)
                    for crop, descriptor in zip(faces.crops, descriptors, strict=True)
                ]
                for track in tracks
            ],
            np.float64,
        ).reshape(len(tracks), len(descriptors))
        linked = dict(_assignment(costs))
        for position in sorted(range(len(descriptors)), key=lambda p: faces.crops[p].detection.box.center[0]):
            if position not in linked:
                tracks.append(_Open())
            track = tracks[linked[position]] if position in linked else tracks[-1]
            track.add(faces, position, descriptors[position])
    total = [(faces.sample, faces.time_s) for faces in frames]
    return tuple(
        FaceTrack(number, tuple(track.sightings), _gaps(track.sightings, total))
        for number, track in enumerate(_merged(tracks), start=1)
    )


def _merged(tracks: list[_Open]) -> list[_Open]:
    """Join tracks of one person: never seen in the same frame, and somewhere of nearly the same appearance."""
    merged: list[_Open] = []
    for track in tracks:
        samples = {sighting.sample for sighting in track.sightings}
        free = [other for other in merged if samples.isdisjoint(s.sample for s in other.sightings)]
        best = min(free, key=lambda other: other.unlike(track.descriptors), default=None)
        if best is None or best.unlike(track.descriptors) > SAME:
            merged.append(track)
            continue
        both = sorted(
            zip((*best.sightings, *track.sightings), (*best.descriptors, *track.descriptors), strict=True),
            key=lambda pair: pair[0].sample,
        )
        best.sightings, best.descriptors = [sighting for sighting, _ in both], [descriptor for _, descriptor in both]
    return merged


def _cost(last: Box, box: Box, distance: float, passed_s: float) -> float:
    """0 for the same face in the same place, about 1 for another face elsewhere; infinite where a link is out of question.

    Args:
        last: where the face was last.
        box: where it may be now.
        distance: of the descriptors.
        passed_s: seconds in between.
    """
    unlike = min(1.0, distance / UNLIKE)
    trust = PLACE_TRUST * 0.5 ** (passed_s / PLACE_FORGOTTEN_S)
    near = last.iou(box)
    if near == 0.0:
        # Close by, as after a quick move of a small face.
        reach = max(last.width, box.width)
        apart = math.dist(last.center, box.center) / reach
        near = max(0.0, 0.3 * (1 - (apart - 1)))
        if near == 0.0 and distance > APPEARANCE_ONLY:
            return math.inf
    ratio = min(last.width, box.width) / max(last.width, box.width)
    cost = trust * (1 - near) + (1 - trust) * unlike + 0.1 * (1 - ratio)
    return cost if cost <= MAX_COST else math.inf


def _assignment(costs: NDArray[np.float64]) -> list[tuple[int, int]]:
    """(column, row) pairs of the assignment with the most links and then the least cost, for a few rows and columns.

    Exact up to six people (every order is tried), greedy beyond.
    """
    columns = costs.shape[1]
    possible = np.isfinite(costs)
    if not possible.any():
        return []
    useful_rows = np.flatnonzero(possible.any(axis=1))
    useful_columns = np.flatnonzero(possible.any(axis=0))
    if max(len(useful_rows), len(useful_columns)) <= 6:
        # A link that cannot be made costs so much that as few as possible are chosen; they are dropped afterwards.
        padded = np.where(possible, costs, 1e3)[np.ix_(useful_rows, useful_columns)]
        turned = padded.shape[0] > padded.shape[1]
        table = padded.T if turned else padded
        best = min(
            itertools.permutations(range(table.shape[1]), table.shape[0]),
            key=lambda order: sum(table[row, column] for row, column in enumerate(order)),
        )
        pairs = [(row, column) for row, column in enumerate(best) if table[row, column] < 1e3]
        if turned:
            pairs = [(column, row) for row, column in pairs]
        return [(int(useful_columns[column]), int(useful_rows[row])) for row, column in pairs]
    found, taken = [], set()
    for flat in np.argsort(costs, axis=None, kind="stable"):
        row, column = divmod(int(flat), columns)
        if possible[row, column] and ("row", row) not in taken and ("column", column) not in taken:
            found.append((column, row))
            taken |= {("row", row), ("column", column)}
    return found


def _gaps(sightings: Sequence[Sighting], total: Sequence[tuple[int, float]]) -> tuple[tuple[float, float], ...]:
    """(from, to) in seconds of every run of sampled frames between two sightings in which the face was not found."""
    times = dict(total)
    samples = sorted(times)
    place = {sample: index for index, sample in enumerate(samples)}
    return tuple(
        (before.time_s, after.time_s)
        for before, after in itertools.pairwise(sightings)
        if place[after.sample] - place[before.sample] > 1
    )
