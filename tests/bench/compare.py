"""Side by side: rounds of A B B A in one process, wall and CPU time, the ratio of medians with a bootstrap interval."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Timing", "alternate", "in_turns", "ratio", "too_busy"]


@dataclass(frozen=True)
class Timing:
    """Seconds of each call of one side, in the order of the rounds."""

    wall: np.ndarray
    """(2 rounds,) float."""
    cpu: np.ndarray
    """(2 rounds,) float: this process and its children, all threads."""

    @property
    def median_s(self) -> float:
        """Median wall time, seconds."""
        return float(np.median(self.wall))


def alternate(
    first: Callable[[], object], second: Callable[[], object], rounds: int, warm_up: int = 1
) -> tuple[Timing, Timing]:
    """Time two sides in turns, so that a slow minute of the machine falls on both.

    Args:
        first: A.
        second: B.
        rounds: of A B B A.
        warm_up: untimed calls of each side before.
    """
    one, other = in_turns((first, second), rounds, warm_up)
    return one, other


def in_turns(sides: Sequence[Callable[[], object]], rounds: int, warm_up: int = 1) -> list[Timing]:
    """The same for any number of sides: A B C C B A.

    Args:
        sides: what is to be compared.
        rounds: in which each side is called twice.
        warm_up: untimed calls of each side before.
    """
    for _ in range(warm_up):
        for side in sides:
            side()
    times: list[list[tuple[float, float]]] = [[] for _ in sides]
    for _ in range(rounds):
        for index in (*range(len(sides)), *reversed(range(len(sides)))):
            times[index].append(_timed(sides[index]))
    return [Timing(*np.array(rows).T) for rows in times]


def ratio(slow: np.ndarray, fast: np.ndarray, draws: int = 2000) -> tuple[float, float, float]:
    """How many times longer ``slow`` took than ``fast``: ratio of medians and its 95 % bootstrap interval.

    Args:
        slow: (N,) seconds.
        fast: (M,) seconds.
        draws: of the bootstrap.
    """
    rng = np.random.default_rng(0)
    drawn = [
        float(np.median(rng.choice(slow, len(slow))) / np.median(rng.choice(fast, len(fast)))) for _ in range(draws)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(np.median(slow) / np.median(fast)), float(low), float(high)


def too_busy() -> str | None:
    """A sentence if other work is on this machine, which would make times worthless; None if it is quiet."""
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    if load > 0.5 * cores:
        return f"The load of this machine is {load:.1f} on {cores} cores; stop what else runs, or read the ratios only."
    return None


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    before, start = _cpu_s(), time.perf_counter()
    call()
    return time.perf_counter() - start, _cpu_s() - before


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)
