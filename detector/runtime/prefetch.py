"""Items made in a thread of their own while the earlier ones are used: reading a clip beside scoring it."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

__all__ = ["read_ahead"]

T = TypeVar("T")

_POLL_S = 0.05
"""Seconds between two checks whether anybody still wants what waits."""


def read_ahead(items: Iterator[T], most: int) -> Generator[T, None, None]:
    """The same items in the same order; what making them raises is raised here, after the items before it.

    Close it (``contextlib.closing``) where it may be left early: when it is closed the thread has ended, and with it
    ``items``.

    Args:
        items: used by the other thread alone until this ends.
        most: items that may wait, at least 1; one more is being made.
    """
    waiting: queue.Queue[tuple[T] | BaseException | None] = queue.Queue(most)
    unwanted = threading.Event()

    def put(what: tuple[T] | BaseException | None) -> bool:
        while not unwanted.is_set():
            with contextlib.suppress(queue.Full):
                waiting.put(what, timeout=_POLL_S)
                return True
        return False

    def fill() -> None:
        try:
            for item in items:
                if not put((item,)):
                    break
            else:
                put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the items are used
            put(error)
        finally:
            if isinstance(items, Generator):
                items.close()

    thread = threading.Thread(target=fill, name="read-ahead", daemon=True)
    thread.start()
    try:
        while (given := waiting.get()) is not None:
            if isinstance(given, BaseException):
                raise given
            yield given[0]
    finally:
        unwanted.set()
        thread.join()
