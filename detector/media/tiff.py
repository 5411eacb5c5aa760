"""TIFF: directories that each name the next, TIFF 6.0 section 2; BigTIFF has wider numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from detector.media.structure import counted
from detector.sentences import Sentence

__all__ = ["NEW_SUBFILE_TYPE", "tiff_lacks_rows", "tiff_pages"]

NEW_SUBFILE_TYPE = 254
"""Tag that says whether a directory holds a preview or a mask of another."""
_BITS, _COMPRESSION, _COLOURS, _SAMPLES, _PLANES = 258, 259, 262, 277, 284
_STRIPS, _STRIP_ROWS, _STRIP_BYTES = 273, 278, 279
_TILE_WIDTH, _TILE_HEIGHT, _TILES, _TILE_BYTES = 322, 323, 324, 325
_UNCOMPRESSED, _SEPARATE = 1, 2
_SUBSAMPLED = 6
"""YCbCr, whose chroma takes less room than the directory's bits say."""


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


def tiff_lacks_rows(tags: Any, size: tuple[int, int]) -> bool:
    """Whether a directory names fewer strips or tiles than its picture has, or uncompressed ones of too few bytes.

    Args:
        tags: of the directory: value by number.
        size: (width, height) in pixels that it claims.
    """
    width, height = size
    samples = _number(tags, _SAMPLES, 1)
    tiled = _TILES in tags
    across = _number(tags, _TILE_WIDTH, width) if tiled else width
    down = (
        min(_number(tags, _TILE_HEIGHT, height), 1 << 20) if tiled else min(_number(tags, _STRIP_ROWS, height), height)
    )
    if min(across, down, samples) < 1:
        return False
    planes = samples if _number(tags, _PLANES, 1) == _SEPARATE else 1
    named = _numbers(tags, _TILES if tiled else _STRIPS)
    if len(named) < -(-width // across) * -(-height // down) * planes:
        return True
    held = _numbers(tags, _TILE_BYTES if tiled else _STRIP_BYTES)
    plain = _number(tags, _COMPRESSION, 1) == _UNCOMPRESSED and _number(tags, _COLOURS, 0) != _SUBSAMPLED
    if not plain or 0 in held or len(held) != len(named):
        return False
    row = -(-across * sum((_numbers(tags, _BITS) or [1])[: samples // planes]) // 8)
    last = down if tiled else height - (-(-height // down) - 1) * down
    return held[0] < row * down or held[-1] < row * last


def _numbers(tags: Any, tag: int) -> Sequence[int]:
    value = tags.get(tag, ())
    return value if isinstance(value, tuple) else (value,)


def _number(tags: Any, tag: int, otherwise: int) -> int:
    found = _numbers(tags, tag)
    return found[0] if found and isinstance(found[0], int) else otherwise
