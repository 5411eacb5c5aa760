"""Gives memory back to the system, and says when to look for it. Like ``console``, this module knows no stage."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

__all__ = ["collected_later", "few_stores", "give_back"]

_ARENA_MAX = -8  # from malloc.h; see mallopt(3)


@contextlib.contextmanager
def collected_later() -> Iterator[None]:
    """Python does not look for garbage meanwhile, and then once: among the many objects that libraries and networks make
    while they are loaded, nearly all of which stay, it would look in vain again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
        # What has been loaded stays for good: later rounds need not go through it.
        gc.freeze()


def few_stores() -> None:
    """Let all threads of this process, those of its caller too, share two of glibc's stores of memory, before any has its own.

    Each would keep what it once freed, frames and feature maps of many MB, while the others ask the system for more. Measured
    with ``peak_memory_mib`` of tests/bench/speed.py; the time is the same.
    """
    _glibc("mallopt", _ARENA_MAX, 2)


def give_back() -> None:
    """Return what is free to the system at once: glibc keeps hundreds of MB for this process otherwise, in pieces."""
    _glibc("malloc_trim", 0)


def _glibc(function: str, *arguments: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another library of C has no such function
            getattr(ctypes.CDLL(None), function)(*arguments)
