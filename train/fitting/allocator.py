"""Keeps freed memory for the next step of a training.

A step frees and asks for the same hundreds of MB again and again. glibc hands blocks of that size back to the system each
time, which then clears every page anew. The crops a second in a run's history show what that costs.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys

__all__ = ["keep_freed_memory"]

# From malloc.h; their meaning is in mallopt(3).
_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX, _ARENA_MAX = -1, -2, -4, -8
_MOST = 2**31 - 1


def keep_freed_memory() -> None:
    """Let this process keep what it frees; for the beginning of a training, since threads that run already keep their own
    stores."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # a library of C other than glibc has no such function
            mallopt = ctypes.CDLL(None).mallopt
            # One store for all threads: that of a thread is too small for such blocks.
            for parameter, value in ((_ARENA_MAX, 1), (_MMAP_MAX, 0), (_TRIM_THRESHOLD, _MOST), (_TOP_PAD, 1 << 28)):
                mallopt(parameter, value)
