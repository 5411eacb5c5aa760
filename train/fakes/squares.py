"""The square around a face at the resolution of its picture, and the two ways in which a detector looks at it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from detector.faces.crops import crop_face
from detector.records import Box, CropSpec, FaceCrop
from train.data.cache import MOST_MARGIN, Cache

__all__ = ["native_side", "resized", "square_of", "whole_and_window"]

_LEAST_SIDE = 64


def native_side(cache: Cache, index: int, margin: float = MOST_MARGIN) -> int:
    """Pixels of the file along the square that ``crop_face`` cuts with this margin."""
    box, (height, width) = cache.detection(index).box, cache.frame(index).rgb.shape[:2]
    wanted = round(max(box.width, box.height) * (1 + 2 * margin))
    return max(_LEAST_SIDE, int(min(wanted, width, height)))


def square_of(
    cache: Cache, index: int, side: int | None = None, margin: float = MOST_MARGIN, shift: tuple[float, float] = (0.0, 0.0)
) -> FaceCrop:  # fmt: skip
    """The square around a face as ``crop_face`` cuts it.

    Args:
        cache: as built by ``data.build_cache``.
        index: of the sample.
        side: of the result, pixels; None for that in the file, so that upright faces are cut and not resampled.
        margin: context on each side, in face sides.
        shift: of the square's centre, in face sides.
    """
    detection = cache.detection(index)
    box = detection.box
    dx, dy = shift[0] * box.width, shift[1] * box.height
    moved = replace(detection, box=Box(box.left + dx, box.top + dy, box.right + dx, box.bottom + dy))
    size = native_side(cache, index, margin) if side is None else side
    return crop_face(cache.frame(index), moved, CropSpec(size=size, margin=margin))


def resized(rgb: np.ndarray, side: int) -> np.ndarray:
    """(S, S, 3) uint8 RGB -> (side, side, 3): the mean of areas when it shrinks, bicubic when it grows, as ``crop_face``."""
    if rgb.shape[0] == side:
        return np.ascontiguousarray(rgb)
    method = cv2.INTER_AREA if rgb.shape[0] > side else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(np.ascontiguousarray(rgb), (side, side), interpolation=method))


def whole_and_window(
    genuine: np.ndarray, fake: np.ndarray, size: int, rng: np.random.Generator, *, window: bool
) -> tuple[np.ndarray, np.ndarray]:
    """One draw of framing for both of a pair: the square as a whole, shrunk or grown, or a part of it pixel by pixel.

    Args:
        genuine: (S, S, 3) uint8 RGB.
        fake: the same shape and type.
        size: of what is returned, pixels.
        rng: source of the draw.
        window: a part of the square as it is; where the square is smaller, all of it is enlarged.

    Returns:
        Both, (size, size, 3) uint8 RGB.
    """
    side = genuine.shape[0]
    if window and side > size:
        left, top = (int(v) for v in rng.integers(side - size + 1, size=2))
        part = np.s_[top : top + size, left : left + size]
        return np.ascontiguousarray(genuine[part]), np.ascontiguousarray(fake[part])
    return resized(genuine, size), resized(fake, size)
