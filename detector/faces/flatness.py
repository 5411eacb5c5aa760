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
    red, green, blue = rgb.reshape(-1, 3).T
    # Channel by channel: a minimum over three numbers a pixel takes ten times as long.
    lit = (red > _DARK) | (green > _DARK) | (blue > _DARK)
    kept = lit & ((red < _BRIGHT) | (green < _BRIGHT) | (blue < _BRIGHT))
    coarse = [(channel[kept] >> _SHIFT).astype(np.int64) for channel in (red, green, blue)]
    width = 8 - _SHIFT
    counts = np.bincount(coarse[0] << 2 * width | coarse[1] << width | coarse[2])
    return float(np.sort(counts[counts > 0])[-_COLOURS:].sum() / red.size)
