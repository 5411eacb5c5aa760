"""mediapipe's short-range model without mediapipe: what it would see in a window, in a fraction of the time.

A look of mediapipe takes about twice as long as the model's arithmetic, and nearly all windows of a picture show no face. So
the model is run by LiteRT, and its answers are read as mediapipe reads them: anchors, boxes averaged by score, whole pixels.
This decides where mediapipe need not look; the boxes that are reported are mediapipe's own. ``tests/bench/screening.py``
measures how close both are, and that a search without screening gives the same faces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.records import UInt8Image
from detector.runtime.litert import open_interpreter

__all__ = ["MIN_SUPPRESSION", "SIDE", "Screen", "Seen"]

SIDE = 128
"""Of the pictures that the model takes, pixels."""
_GRIDS = ((16, 2), (8, 6))
"""Cells a side of the model's two layers of anchors, and anchors a cell."""
MIN_SUPPRESSION = 0.3
"""Intersection over union from which mediapipe takes two boxes of one picture for one face."""
_LARGEST_LOGIT = 80.0
"""Its exponential is a float32, and a score beyond it is 0 or 1 as well."""

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Seen:
    """A face as the model sees it, in the terms of mediapipe's detections."""

    left: int
    top: int
    width: int
    height: int
    """Pixels of the picture that the model was given."""
    keypoints: Float32
    """(6, 2) x and y, 0 to 1 across the picture."""
    score: float


class Screen:
    """The model alone. One thread at a time.

    Args:
        content: of ``blaze_face_short_range.tflite``.
        threshold: least score of a face.

    Raises:
        ValueError: it is not that model.
    """

    def __init__(self, content: bytes, threshold: float) -> None:
        self._model = open_interpreter(content)
        self._anchors = _anchor_centers()
        self._threshold = threshold
        self._hopeless = math.log(threshold / (1 - threshold)) - 0.01
        """A logit that is surely below the threshold: most windows need no more than a glance at the largest."""
        count = len(self._anchors)
        given = {tuple(each["shape"]): each["index"] for each in self._model.get_input_details()}
        wanted = {tuple(each["shape"]): each["index"] for each in self._model.get_output_details()}
        if set(given) != {(1, SIDE, SIDE, 3)} or set(wanted) != {(1, count, 16), (1, count, 1)}:
            raise ValueError("This is not mediapipe's short-range face detector; restore the file of this release.")
        self._input, self._places, self._logits = given[1, SIDE, SIDE, 3], wanted[1, count, 16], wanted[1, count, 1]

    def look(self, rgb: UInt8Image) -> list[Seen]:
        """Every face that the model sees, the surest first.

        Args:
            rgb: (128, 128, 3) uint8 RGB; of a larger square mediapipe takes every second pixel, or every n-th.
        """
        self._model.set_tensor(self._input, (rgb * np.float32(2 / 255) - np.float32(1))[np.newaxis])
        self._model.invoke()
        logits = self._model.get_tensor(self._logits)[0, :, 0]
        if logits.max() < self._hopeless:
            return []
        scores = 1 / (1 + np.exp(-logits.clip(-_LARGEST_LOGIT, _LARGEST_LOGIT)))
        passing = np.flatnonzero(scores >= self._threshold)
        if not len(passing):
            return []
        # Surest first; in float32 throughout, like mediapipe, so that the same pixel is the nearest one.
        passing = passing[np.argsort(-scores[passing], kind="stable")]
        raw = self._model.get_tensor(self._places)[0, passing] / np.float32(SIDE)
        centers = raw[:, :2] + self._anchors[passing]
        corners = np.concatenate([centers - raw[:, 2:4] / 2, centers + raw[:, 2:4] / 2], axis=1)
        keypoints = raw[:, 4:].reshape(-1, 6, 2) + self._anchors[passing, np.newaxis]
        solid = (raw[:, 2:4] >= 0).all(axis=1)
        return _faces(corners[solid], keypoints[solid], scores[passing][solid])


def _anchor_centers() -> Float32:
    """(896, 2) x and y of every anchor, 0 to 1, in the model's order."""
    layers = []
    for cells, anchors in _GRIDS:
        y, x = np.divmod(np.arange(cells * cells), cells)
        layers.append(np.repeat((np.stack([x, y], axis=1) + 0.5) / cells, anchors, axis=0))
    return np.concatenate(layers).astype(np.float32)


def _faces(corners: Float32, keypoints: Float32, scores: Float32) -> list[Seen]:
    """Boxes that overlap their surest become one, its parts averaged by score.

    Args:
        corners: (N, 4) left, top, right, bottom, 0 to 1, the surest first.
        keypoints: (N, 6, 2), the same.
        scores: (N,).
    """
    found = []
    left = np.arange(len(scores))
    while len(left):
        overlapping = _iou(corners[left[0]], corners[left]) > MIN_SUPPRESSION
        # A box without area overlaps nothing, itself included.
        overlapping[0] = True
        together = left[overlapping]
        box = _mean(corners[together], scores[together])
        x, y = (max(0, int(value * SIDE)) for value in box[:2])
        width, height = (min(SIDE, max(0, int(value * SIDE))) for value in box[2:] - box[:2])
        found.append(Seen(x, y, width, height, _mean(keypoints[together], scores[together]), float(scores[left[0]])))
        left = left[~overlapping]
    return found


def _mean(values: Float32, weights: Float32) -> Float32:
    """Weighted mean over the first axis. A running sum in the given order, since others round differently."""
    weighted = values * weights.reshape(-1, *(1,) * (values.ndim - 1))
    mean: Float32 = np.cumsum(weighted, axis=0)[-1] / np.cumsum(weights)[-1]
    return mean


def _iou(one: Float32, others: Float32) -> Float32:
    """Intersection over union of a box with each of (N, 4)."""
    shared = (np.minimum(one[2:], others[:, 2:]) - np.maximum(one[:2], others[:, :2])).clip(0).prod(axis=1)
    union = (one[2:] - one[:2]).prod() + (others[:, 2:] - others[:, :2]).prod(axis=1) - shared
    shares: Float32 = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return shares
