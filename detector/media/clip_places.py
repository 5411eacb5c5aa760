"""Which frames of a clip are wanted, chosen from its time stamps before any is decoded."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from detector.media.clip_scan import ClipScan

__all__ = ["EVERY_S", "FEW_FRAMES", "choose_stretches"]

EVERY_S = 2.0
"""Seconds between places that a long clip is given more of; the effect of the number was measured on clips of 3 to 35 s."""
FEW_FRAMES = 1500
"""As long as no more than this many frames are decoded on the way, every stretch stands at its exact place; beyond it, at a
key frame in its part of the clip, if there is one."""

_OF_A_PART = 8
"""Places in each part of a clip that was joined, on average, as long as these are no more than ..."""
_MOST_OF_PARTS = 64
"""... in all."""


def choose_stretches(
    scan: ClipScan, samples: int | None, most: int | None, stretch: int, *, seekable: bool
) -> list[tuple[int, int]]:
    """Spread stretches of consecutive frames evenly over a clip.

    Args:
        scan: of the clip's packets.
        samples: stretches; None for every frame alone.
        most: stretches of a long clip: more than ``samples``, and no further than ``EVERY_S`` apart, until there are so many.
        stretch: frames in each.
        seekable: whether decoding can begin at a key frame.

    Returns:
        (ordinal of the first frame, number of frames) of every stretch, ascending and without overlap.
    """
    total = len(scan.stamps)
    if samples is None:
        return [(index, 1) for index in range(total)]
    if scan.starts:
        samples = max(samples, min(_MOST_OF_PARTS, _OF_A_PART * (len(scan.starts) + 1)))
        most = None if most is None else max(most, samples)
    if most is not None:
        samples = min(most, max(samples, math.ceil(scan.duration_s / EVERY_S)))
    if total <= samples * stretch:
        return [(first, min(stretch, total - first)) for first in range(0, total, stretch)]
    slots = [(total * i // samples, total * (i + 1) // samples) for i in range(samples)]
    firsts = [(low + high - stretch) // 2 for low, high in slots]
    if seekable and _cost(scan, firsts, stretch) > FEW_FRAMES:
        firsts = [_key_in(scan, low, high - stretch, first) for (low, high), first in zip(slots, firsts, strict=True)]
    return [(first, stretch) for first in firsts]


def _cost(scan: ClipScan, firsts: list[int], stretch: int) -> int:
    """Frames that are decoded to reach all of them."""
    cost = reached = 0
    for first in firsts:
        cost += first + stretch - max(reached, scan.key_before(first))
        reached = first + stretch
    return cost


def _key_in(scan: ClipScan, low: int, high: int, otherwise: int) -> int:
    """The key frame in [low, high] that is nearest to ``otherwise``, else ``otherwise``."""
    inside = scan.keys[bisect_left(scan.keys, low) : bisect_right(scan.keys, high)]
    return min(inside, key=lambda key: abs(key - otherwise), default=otherwise)
