"""Endless batches from background processes, in an order that depends on nothing but their numbers."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import queue
from collections.abc import Callable, Generator
from typing import TypeAlias, TypeVar

import cv2
import numpy as np

__all__ = ["BatchMaker", "pair_rng", "stream"]

B = TypeVar("B")
BatchMaker: TypeAlias = Callable[[int], B]
"""Number of a batch, from 0 -> the batch. What is drawn depends on that number alone."""

_AHEAD = 6
"""Batches that may wait, over all workers."""
_PATIENCE_S = 120


def pair_rng(seed: int, number: int, pair: int) -> np.random.Generator:
    """The draws of one pair of one batch: the same whichever worker or machine makes it, and after an interruption."""
    # From 1, since NumPy takes (seed, number, 0) and (seed, number) for one seed.
    return np.random.default_rng((seed, number, pair + 1))


def stream(start: Callable[[], BatchMaker[B]], first: int, workers: int) -> Generator[B, None, None]:
    """Batches ``first``, ``first + 1`` and so on, without end.

    Args:
        start: called once in every worker for its maker; must be a function of a module or a ``partial`` of one.
        first: number of the first batch: the steps done.
        workers: processes; they make the batches in turn. With 0 this one makes each when it is asked for.

    Raises:
        ChildProcessError: a worker died.
    """
    if workers == 0:
        make = start()
        for number in itertools.count(first):
            yield make(number)
    context = multiprocessing.get_context("spawn")
    ready = [context.Queue(maxsize=max(2, _AHEAD // workers)) for _ in range(workers)]
    jobs = [
        context.Process(target=_work, args=(ready[i], start, first + i, workers), daemon=True) for i in range(workers)
    ]
    for job in jobs:
        job.start()
    turn = 0
    try:
        while True:
            try:
                yield ready[turn].get(timeout=_PATIENCE_S)
                turn = (turn + 1) % workers
            except queue.Empty:
                if not jobs[turn].is_alive():
                    raise ChildProcessError("A process that makes batches has died; its error stands above.") from None
    finally:
        for job in jobs:
            job.terminate()


def _work(ready, start, number, stride) -> None:  # type: ignore[no-untyped-def]
    cv2.setNumThreads(1)
    make = start()
    parent = os.getppid()
    # A training run that is killed cannot stop its workers, so they check whether it still lives.
    while os.getppid() == parent:
        made = make(number)
        number += stride
        while os.getppid() == parent:
            try:
                ready.put(made, timeout=5)
                break
            except queue.Full:
                continue
    ready.cancel_join_thread()
