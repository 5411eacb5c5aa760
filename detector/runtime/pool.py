"""A few copies of something that one thread at a time may use, and as many threads to use them: work on every core."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Generic, TypeVar

__all__ = ["Copies", "cores"]

T = TypeVar("T")
Item = TypeVar("Item")
Result = TypeVar("Result")

_MOST = 4
"""A copy takes some 15 MB, and a server has other things to do with a fifth core."""


class Copies(Generic[T]):
    """One copy for each core this process may use, up to ``_MOST``. May be shared between threads.

    Args:
        make: makes one of them.
        name: of the threads.
    """

    def __init__(self, make: Callable[[], T], name: str) -> None:
        self._all = [make() for _ in range(min(_MOST, cores()))]
        self._idle: SimpleQueue[T] = SimpleQueue()
        for copy in self._all:
            self._idle.put(copy)
        self._threads = ThreadPoolExecutor(len(self._all), thread_name_prefix=name)

    def map(self, function: Callable[[T, Item], Result], items: Iterable[Item]) -> list[Result]:
        """``function(copy, item)`` of every item, in their order, each on whichever copy is free; raises what one raises."""

        def lend(item: Item) -> Result:
            copy = self._idle.get()
            try:
                return function(copy, item)
            finally:
                self._idle.put(copy)

        return list(self._threads.map(lend, items))

    def close(self, free: Callable[[T], object]) -> None:
        """Wait for what is under way, then ``free`` every copy; no call of ``map`` may follow."""
        self._threads.shutdown()
        for copy in self._all:
            free(copy)


def cores() -> int:
    """Those that this process may use, where the system tells; else those that there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
