"""TIFF: directories that each name the next, TIFF 6.0 section 2; BigTIFF has wider numbers."""

from __future__ import annotations

from typing import Literal

from detector.media.structure import counted
from detector.sentences import Sentence

__all__ = ["NEW_SUBFILE_TYPE", "tiff_pages"]

NEW_SUBFILE_TYPE = 254
"""Tag that says whether a directory holds a preview or a mask of another."""


def tiff_pages(data: bytes) -> int:
    """How many directories follow each other, up to one that lies outside the file or was seen before."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    big = data[2:4] in (b"+\0", b"\0+")
    wide, head, entry = (8, 8, 20) if big else (4, 2, 12)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    seen: set[int] = set()
    at = number(8 if big else 4, wide)
    for _ in counted(Sentence("pages")):
        if not at or at in seen or at + head > len(data):
            break
        seen.add(at)
        at = number(at + head + entry * number(at, head), wide)
    return len(seen)
