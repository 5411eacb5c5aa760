"""A case of the corpus, and how all of them are written."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["CASES", "Case", "Expect", "Rgb", "add_clip", "add_image", "flipped", "write"]

Rgb = NDArray[np.uint8]
Expect = Literal["face", "report", "refused", "limit", "either"]
"""face: a report in which the portrait's face is scored. report: a report, whatever it says. refused: a sentence of a
``MediaError``. limit: the sentence of ``MediaTooLarge``, before anything is decoded. either: a report or a sentence."""


@dataclass(frozen=True)
class Case:
    """One file: its name, what it is, what must come of it, and how it is made."""

    name: str
    kind: Literal["image", "video"]
    expect: Expect
    make: Callable[[Path], None]


CASES: list[Case] = []
"""All of them; ``clips`` and ``images`` add theirs when they are imported."""


def add_image(name: str, expect: Expect, make: Callable[[], bytes]) -> None:
    """A picture, made as bytes."""
    CASES.append(Case(name, "image", expect, lambda path: _put(path, make())))


def add_clip(name: str, expect: Expect, make: Callable[[Path], Any]) -> None:
    """A clip, made as bytes or written to the path."""
    CASES.append(Case(name, "video", expect, lambda path: _kept(path, make(path))))


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _kept(path: Path, made: Any) -> None:
    if isinstance(made, bytes):
        path.write_bytes(made)


def write(folder: Path, cases: Sequence[Case] = CASES) -> Iterator[tuple[Case, Path]]:
    """Make the files one by one in a folder; a name that the file system cannot hold is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        path = folder / case.name
        try:
            case.make(path)
        except OSError:  # a name with a line feed, on a file system that has none
            continue
        yield case, path


def flipped(data: bytes, seed: int, count: int, start: int = 0) -> bytes:
    """The bytes with ``count`` of them replaced, none before ``start``."""
    dice = random.Random(seed)
    out = bytearray(data)
    for _ in range(count):
        out[dice.randrange(min(start, len(out) - 1), len(out))] = dice.randrange(256)
    return bytes(out)
