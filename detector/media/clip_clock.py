"""One running clock for a clip whose own clock restarts, repeats or goes back, as in recordings joined byte by byte.

Every frame then has a place of its own: without that, frames of a later part would be taken for repeats of the first,
and passed over.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RunningClock", "run_clock"]

_REORDER = 16
"""Frames by which decoding may run ahead of showing, in all codings (H.264 and HEVC allow so many)."""


@dataclass(frozen=True)
class RunningClock:
    """Time stamps that ascend over the whole file."""

    stamps: NDArray[np.int64]
    """One a packet, in the file's order; where nothing restarts, those of the file."""
    starts: tuple[int, ...] = ()
    """Stamps with which a part begins whose clock is another one, ascending; the first part's left out."""


def run_clock(stamps: NDArray[np.int64], keys: NDArray[np.bool_], most_ahead: int | None = None) -> RunningClock:
    """Let every part of a clip follow the one before.

    A key frame is shown after all that stands before it in the file, in every coding; one that is not begins a new part, and so
    does any frame that lies further back than decoding may run ahead.

    Args:
        stamps: presentation times of the packets, in the file's order, ticks.
        keys: which of them are key frames.
        most_ahead: ticks by which the clock may jump ahead before a new part is assumed; None for any number.
    """
    if len(stamps) < 2:
        return RunningClock(stamps)
    steps = np.diff(np.unique(stamps))
    step = max(1, int(np.median(steps))) if len(steps) else 1
    starts = _starts(stamps.tolist(), keys.tolist(), _REORDER * step, most_ahead)
    if not starts:
        return RunningClock(stamps)
    running = stamps.copy()
    end = int(running[: starts[0]].max())
    first = []
    for start, stop in zip(starts, [*starts[1:], len(running)], strict=True):
        part = running[start:stop]
        first.append(end + step)
        part += first[-1] - int(part.min())
        end = int(part.max())
    return RunningClock(running, tuple(first))


def _starts(stamps: list[int], keys: list[bool], back: int, most_ahead: int | None) -> list[int]:
    """Packets at which a new part begins, the first part's left out."""
    found = []
    latest = stamps[0]
    for at in range(1, len(stamps)):
        stamp = stamps[at]
        goes_back = stamp < latest - back or (keys[at] and stamp <= latest)
        jumps = most_ahead is not None and stamp > latest + most_ahead
        if goes_back or jumps:
            found.append(at)
            latest = stamp
        elif stamp > latest:
            latest = stamp
    return found
