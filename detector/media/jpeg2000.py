"""JPEG 2000: a codestream (ITU-T T.800) by itself or in the boxes of JP2."""

from __future__ import annotations

from collections.abc import Iterator

from detector.media.structure import ENDS_EARLY, HOLLOW, counted, is_hollow
from detector.sentences import Sentence

__all__ = ["JP2_BOX", "JPEG2000_START", "jpeg2000_damage", "jpeg2000_halved"]

JP2_BOX = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
JPEG2000_START = b"\xff\x4f\xff\x51"
_END_MARK = b"\xff\xd9"
_TILE_PART, _TILE_DATA = b"\xff\x90", b"\xff\x93"
_LEAST_VALUES = 32
"""Different bytes in compressed picture data; the marks of empty packets are few and always the same."""
_OTHER_SIZE = Sentence("its header states another size than its data have")


def jpeg2000_damage(data: bytes) -> Sentence | None:
    """Check that the codestream has its end mark, which no picture data contain, and no hollow tail before it.

    There must be a part for every tile as well; what lies in the parts is the decoder's to check.
    """
    start = data.find(JPEG2000_START)
    end = data.rfind(_END_MARK, max(start, 0))
    if start < 0 or end < 0:
        return ENDS_EARLY
    if is_hollow(data, start, end):
        return HOLLOW
    if (box := data.find(b"ihdr", 0, start)) >= 0 and data[box + 4 : box + 12] != _sides(data, start):
        return _OTHER_SIZE
    tiles = {tile for tile, _, _ in _tile_parts(data, start, end)}
    return None if tiles == set(range(_tiles(data, start))) else _OTHER_SIZE


def jpeg2000_halved(data: bytes) -> bytes | None:
    """The file with half of the first tile part's data taken out, and its length stated accordingly.

    No decoder reads the same picture from it, unless it does not get so far in the data: as where a header claims a larger one.

    Args:
        data: a file without damage to its structure.

    Returns:
        The file, or None where that half says nothing, as of a picture of one colour.
    """
    start = data.find(JPEG2000_START)
    _, begin, end = next(_tile_parts(data, start, data.rfind(_END_MARK)))
    body = data.find(_TILE_DATA, begin, end) + 2
    kept = body + (end - body) // 2
    if len(set(data[kept:end])) < _LEAST_VALUES:
        return None
    length = (kept - begin).to_bytes(4, "big") if any(data[begin + 6 : begin + 10]) else bytes(4)
    return data[: begin + 6] + length + data[begin + 10 : kept] + data[end:]


def _sides(data: bytes, start: int) -> bytes:
    """Height and width by the codestream, as the box of JP2 has them."""
    right, bottom, left, top = (_number(data, start + at) for at in (8, 12, 16, 20))
    return b"".join(max(0, side).to_bytes(4, "big") for side in (bottom - top, right - left))


def _tiles(data: bytes, start: int) -> int:
    right, bottom, width, height, left, top = (_number(data, start + at) for at in (8, 12, 24, 28, 32, 36))
    return -(-(right - left) // max(1, width)) * -(-(bottom - top) // max(1, height))


def _tile_parts(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Yield (number of the tile, start, end) of the parts that follow each other behind the main header."""
    position = start + 2
    for _ in counted(Sentence("segments")):
        if position + 12 > end:
            return
        if data[position : position + 2] != _TILE_PART:
            position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
            continue
        stop = position + _number(data, position + 6)
        stop = min(stop, end) if stop > position else end
        yield int.from_bytes(data[position + 4 : position + 6], "big"), position, stop
        position = stop if stop > position + 12 else end


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")
