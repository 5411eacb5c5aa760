"""Gives memory back to the system. Like ``console``, this module knows no stage."""

from __future__ import annotations

import contextlib
import ctypes
import sys

__all__ = ["give_back"]


def give_back() -> None:
    """Return what is free to the system at once: glibc keeps hundreds of MB for this process otherwise, in pieces."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # a library of C other than glibc has no such function
            ctypes.CDLL(None).malloc_trim(0)
