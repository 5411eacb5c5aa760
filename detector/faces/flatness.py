"""How much of a face consists of a few flat colours, as in drawings; in a photograph light and skin vary everywhere."""

from __future__ import annotations

import numpy as np

from detector.records import UInt8Image

__all__ = ["flat_share"]

_COLOURS = 3
_SHIFT = 2
"""Bits of each channel that are left out: colours so close count as one."""
_DARK, _BRIGHT = 6, 250
"""Levels beyond which light is cut off, in photographs as well."""


def flat_share(rgb: UInt8Image) -> float:
    """Share of the pixels that have one of the three most frequent colours, in [0, 1]; cut-off black and white left aside.

    Portraits have 0.02 to 0.2, JPEG of the lowest quality included; drawings and cartoons 0.5 and more.

    Args:
        rgb: (H, W, 3) uint8 RGB.
    """
    pixels = rgb.reshape(-1, 3)
    pixels = pixels[(pixels.min(axis=1) < _BRIGHT) & (pixels.max(axis=1) > _DARK)]
    if not len(pixels):
        return 0.0
    coarse = (pixels >> _SHIFT).astype(np.int64)
    width = 8 - _SHIFT
    codes = coarse[:, 0] << 2 * width | coarse[:, 1] << width | coarse[:, 2]
    counts = np.bincount(codes, minlength=_COLOURS)
    return float(np.partition(counts, -_COLOURS)[-_COLOURS:].sum() / (rgb.size // 3))
