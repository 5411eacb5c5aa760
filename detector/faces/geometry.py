"""Squares of a picture, possibly turned, and their pixels at any scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.records import UInt8Image

__all__ = ["Pyramid", "Square", "overlap", "roll_of", "sample_square"]

_SMALLEST_LEVEL = 256
"""Longer side, pixels, from which a pyramid is halved no further."""


@dataclass(frozen=True)
class Square:
    """A square of the frame, possibly turned: what a search window covers. Pixels; degrees clockwise."""

    x: float
    y: float
    side: float
    roll: float = 0.0

    def turn(self) -> NDArray[np.float64]:
        """(2, 2) float64: from the square's own axes to the frame's."""
        angle = math.radians(self.roll)
        return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])

    def to_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) points, 0 to 1 across the square, as (N, 2) frame pixels."""
        return (points - 0.5) * self.side @ self.turn().T + (self.x, self.y)

    def from_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of ``to_frame``."""
        return (points - (self.x, self.y)) @ self.turn() / self.side + 0.5


class Pyramid:
    """A picture at full, half, quarter... size, so that a square can be rendered fast and without aliasing."""

    def __init__(self, rgb: UInt8Image) -> None:
        self.levels = [rgb]
        while max(rgb.shape[:2]) > _SMALLEST_LEVEL:
            height, width = rgb.shape[:2]
            rgb = cv2.resize(rgb, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
            self.levels.append(rgb)

    def render(self, square: Square, size: int) -> UInt8Image:
        """(size, size, 3) RGB of the square; black where it leaves the picture."""
        wanted = math.floor(math.log2(max(1.0, square.side / size)))
        level = self.levels[min(wanted, len(self.levels) - 1)]
        height, width = self.levels[0].shape[:2]
        shrink = np.array([level.shape[1] / width, level.shape[0] / height])
        return sample_square(level, square, size, shrink, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)


def sample_square(
    image: UInt8Image, square: Square, size: int, shrink: NDArray[np.float64], interpolation: int, border: int
) -> UInt8Image:
    """(size, size, 3) pixels of a square given in frame pixels, from the frame shrunk by ``shrink`` (x, y)."""
    per_pixel = square.turn() * (square.side / size) * shrink[:, None]
    first = square.to_frame(np.full((1, 2), 0.5 / size))[0] * shrink - 0.5
    matrix = np.hstack([per_pixel, first[:, None]])
    flags = interpolation | cv2.WARP_INVERSE_MAP
    pixels: UInt8Image = cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=border)
    return pixels


def overlap(one: Square, other: Square) -> float:
    """Shared area over the smaller area, turns ignored: also catches a box within a box, which IoU does not."""
    reach = (one.side + other.side) / 2
    shared_w = min(reach - abs(one.x - other.x), one.side, other.side)
    shared_h = min(reach - abs(one.y - other.y), one.side, other.side)
    if shared_w <= 0 or shared_h <= 0:
        return 0.0
    return shared_w * shared_h / min(one.side, other.side) ** 2


def roll_of(keypoints: NDArray[np.floating]) -> float:
    """Tilt of the eye line in degrees, positive clockwise as seen."""
    dx, dy = keypoints[1] - keypoints[0]
    return math.degrees(math.atan2(dy, dx))
