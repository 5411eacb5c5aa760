"""Values on the command line: each function is the ``type`` of an option and refuses what the option cannot mean.

``argparse`` prints the sentence after the option's name and ends the program with exit status 2.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Callable

__all__ = ["host_name", "number", "positive_number", "seed_number", "sub_path", "whole_number"]

_HOST_NAME = re.compile(r"(\*\.)?[\w-]+(\.[\w-]+)*\.?|\[?[0-9a-fA-F:]+\]?")
_SUB_PATH = re.compile(r"(/[\w.~-]+)+/?")


def whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number from ``least`` to ``most``, both included; None for no upper bound."""
    wanted = f"a whole number of at least {least}" if most is None else f"a whole number from {least} to {most}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"expected {wanted}, got {text!r}")
        return value

    return parse


seed_number = whole_number(0, 2**32 - 1)
"""A seed, as numpy's generators take it."""


def number(least: float, most: float = math.inf) -> Callable[[str], float]:
    """A finite number from ``least`` to ``most``, both included."""
    wanted = f"a number of at least {least:g}" if most == math.inf else f"a number from {least:g} to {most:g}"

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and least <= value <= most):
            raise argparse.ArgumentTypeError(f"expected {wanted}, got {text!r}")
        return value

    return parse


def positive_number(text: str) -> float:
    """A finite number above 0."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"expected a number above 0, got {text!r}")
    return value


def host_name(text: str) -> str:
    """A host name such as ``check.example.org`` or ``*.example.org``, or an address; without scheme, port or path."""
    if not _HOST_NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"expected a host name such as check.example.org, without scheme, port or path, got {text!r}"
        )
    return text


def sub_path(text: str) -> str:
    """The path below which a reverse proxy shows the page, such as ``/photo-check``; a slash at its end is left out."""
    if not _SUB_PATH.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"expected a path such as /photo-check, without scheme and host name, got {text!r}"
        )
    return text.rstrip("/")
