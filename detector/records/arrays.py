"""Types of the arrays in records, and the checks that records share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["FloatMap", "UInt8Image", "check_rgb", "check_unit"]

UInt8Image = NDArray[np.uint8]
"""A picture, (H, W, 3) uint8 RGB unless said otherwise."""
FloatMap = NDArray[np.float32]
"""(h, w) float32."""


def check_rgb(array: np.ndarray, name: str) -> None:
    """Raise ``ValueError`` unless the array is a non-empty (H, W, 3) uint8 picture."""
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError(f"{name}: expected a non-empty (H, W, 3) uint8 RGB array, got {array.shape} {array.dtype}")


def check_unit(value: float, name: str) -> None:
    """Raise ``ValueError`` unless the number is finite and in [0, 1]."""
    if not (math.isfinite(value) and 0.0 <= value <= 1.0):
        raise ValueError(f"{name}: expected a number in [0, 1], got {value!r}")
