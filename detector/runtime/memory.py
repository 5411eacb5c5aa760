"""How this process holds memory: glibc's arenas, what is freed, and when Python collects garbage.

Like ``console``, it depends on no stage of the analysis. It starts no thread: a training imports it before its own
threads run.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator

__all__ = ["collected_later", "give_back", "keep_freed_memory", "limit_arenas"]

# From malloc.h; their meaning is in mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_MOST = 2**31 - 1


@contextlib.contextmanager
def collected_later() -> Iterator[None]:
    """Python collects no garbage meanwhile, and then once: among the many objects that libraries and networks make
    while they are loaded, nearly all of which stay, it would search in vain again and again."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.collect()
        # What has been loaded stays for good: later rounds need not go through it.
        gc.freeze()


def limit_arenas() -> None:
    """Let all threads of this process, those of its caller too, share two of glibc's arenas, before any has its own.

    Each arena would keep what it once freed, frames and feature maps of many MB, while the others ask the system for more.
    Measured with ``peak_memory_mib`` of tests/bench/speed.py; the time is the same.
    """
    _glibc("mallopt", _ARENA_MAX, 2)


def keep_freed_memory() -> None:
    """Let this process keep what it frees; for the beginning of a training, since threads that run keep their arenas.

    A training step frees and asks for the same hundreds of MB again and again. glibc hands blocks of that size back to the
    system each time, which then clears every page anew. The crops per second in a run's history show what that costs.
    """
    # One arena for all threads: that of a thread is too small for such blocks.
    for parameter, value in ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, _MOST), (_TOP_PAD, 1 << 28)):
        _glibc("mallopt", parameter, value)


def give_back() -> None:
    """Return what is free to the system at once: glibc keeps hundreds of MB for this process otherwise, in pieces."""
    _glibc("malloc_trim", 0)


def _glibc(function: str, *arguments: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another library of C has no such function
            getattr(ctypes.CDLL(None), function)(*arguments)
