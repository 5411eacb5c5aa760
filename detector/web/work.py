"""A piece of work in a thread of its own, whose progress is watched and which can be stopped, whatever the web server does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

from detector.records import Progress

__all__ = ["IsCancelled", "Work"]

T = TypeVar("T")
IsCancelled = Callable[[], bool]
"""Whether the work is to stop."""

_INTERVAL_S = 0.25
"""Seconds between two reports of progress, at least."""
_ESTIMATE_S = 2.0
"""Seconds of work before the time left is estimated."""


class Work(Generic[T]):
    """One piece of work in a thread of its own.

    Args:
        run: does it; called with a callable for its progress and one that returns whether it is to stop.
    """

    def __init__(self, run: Callable[[Progress, IsCancelled], T]) -> None:
        self._stop = threading.Event()
        self._step: tuple[str, int, int] | None = None
        self._stage_began = time.monotonic()
        self._value: list[T] = []
        self._error: BaseException | None = None

        def work() -> None:
            try:
                self._value.append(run(self._report, self._stop.is_set))
            except BaseException as error:  # noqa: BLE001 - raised again by result(), in the thread that asks
                self._error = error

        self._thread = threading.Thread(target=work, name="video-check", daemon=True)
        self._thread.start()

    def _report(self, stage: str, done: int, total: int) -> None:
        if self._step is None or self._step[0] != stage:
            self._stage_began = time.monotonic()
        self._step = (stage, done, total)

    def stop(self) -> None:
        """Ask it to stop; ``result`` then raises ``Cancelled``, unless it was done already."""
        self._stop.set()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._thread.is_alive()

    def now(self) -> tuple[str, int, int, float | None] | None:
        """Stage, done, total and seconds left of the stage; None before the first of them is known."""
        step = self._step
        return None if step is None else (*step, self._left_s(*step))

    def watch(self) -> Iterator[tuple[str, int, int, float | None]]:
        """Stage, done, total and seconds left of the stage, whenever they change, until the work ends."""
        shown: object = None
        while self._thread.is_alive():
            self._thread.join(_INTERVAL_S)
            step = self._step
            if step is not None and step != shown:
                shown = step
                yield (*step, self._left_s(*step))

    def _left_s(self, _: str, done: int, total: int) -> float | None:
        spent = time.monotonic() - self._stage_began
        return spent / done * (total - done) if done and spent >= _ESTIMATE_S else None

    def result(self) -> T:
        """What the work gave, or its error."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value[0]
