"""Where an MPEG transport stream (ISO/IEC 13818-1, section 2.4.4) begins to carry its pictures under other numbers (PIDs) or in
another coding, as recordings do that were joined byte by byte.

FFmpeg shows only the tracks that it finds when it opens a file, so each such part has to be opened by itself. Tables are read
from the first packet of each, in which the video tracks are listed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from detector.media.clip_formats import MOST_JUNK, packets_begin

__all__ = ["MOST_PARTS", "parts_by_program_map"]

MOST_PARTS = 64
"""What follows is left in the last one."""
_BLOCK = 1 << 20
_MOST_LOST = 500
"""How often the packets may be lost and found again before the rest of the file is taken for one part."""
_VIDEO_TYPES = frozenset((0x01, 0x02, 0x10, 0x1B, 0x20, 0x24, 0x33, 0x42, 0xD1, 0xD2, 0xD4, 0xEA))
"""Types of streams that hold pictures."""
_PACKET = 188
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

_Videos = frozenset[tuple[int, int]]
"""(type, number) of video tracks."""


def parts_by_program_map(file: BinaryIO) -> list[tuple[int, int]]:
    """(first byte, end) of each part; the whole file where its pictures keep their numbers.

    A part ends with the map that names other tracks, and the next begins with the list of programmes before that map.
    """
    size = file.seek(0, 2)
    cuts = [(0, 0)]
    listed: dict[int, bytes] = {}
    known: set[tuple[int, int]] = set()
    seen: dict[int, _Videos] = {}
    first: frozenset[int] = frozenset()
    last_list = 0
    for place, number, table in _tables(file):
        if listed.get(number) == table:
            last_list = place if number == 0 else last_list
            continue
        if not _is_intact(table):
            continue
        listed[number] = table
        if number == 0:
            programs, last_list = _map_numbers(table), place
            listed = {0: table}
            first = first or programs
            continue
        if 0 not in listed or number not in _map_numbers(listed[0]):
            continue
        videos = _videos(table)
        if videos - known and (number in seen or number not in first):
            cuts.append((last_list, place))
            if len(cuts) == MOST_PARTS:
                break
            known, seen, first = set(), {}, _map_numbers(listed[0])
        known |= videos
        seen[number] = videos
    begins = [begin for begin, _ in cuts]
    ends = [*(end for _, end in cuts[1:]), size]
    return list(zip(begins, ends, strict=True))


def _tables(file: BinaryIO) -> Iterator[tuple[int, int, bytes]]:
    """(place, number, contents) of the packets with which a list of programmes or a map begins, in the file's order."""
    place, lost = 0, 0
    while lost < _MOST_LOST:
        file.seek(place)
        block = file.read(_BLOCK)
        begin, step = packets_begin(block)
        if not step:
            if len(block) < MOST_JUNK:
                return
            lost += 1
            place += MOST_JUNK
            continue
        count = (len(block) - begin - _PACKET) // step + 1
        rows = np.lib.stride_tricks.as_strided(
            np.frombuffer(block, np.uint8, offset=begin), (count, 8), (step, 1), writeable=False
        )
        # Behind a piece of another file the packets may stand elsewhere.
        if (stray := np.flatnonzero(rows[:, 0] != 0x47)).size:
            count = int(stray[0])
            lost += 1
        number = (rows[:, 1].astype(np.int64) & 0x1F) << 8 | rows[:, 2]
        starts = (rows[:, 1] & 0x40 != 0) & (rows[:, 3] & 0x30 == 0x10) & (rows[:, 4] == 0)
        wanted = starts & (rows[:, 5] == np.where(number == 0, 0, 2)) & (rows[:, 6] & 0x80 != 0)
        for at in np.flatnonzero(wanted[:count]).tolist():
            offset = begin + at * step
            yield place + offset, int(number[at]), block[offset + 5 : offset + _PACKET]
        place += begin + count * step


def _length(table: bytes) -> int:
    return 3 + ((table[1] & 0x0F) << 8 | table[2])


def _is_intact(table: bytes) -> bool:
    """Whether the checksum holds, which zlib computes of mirrored bits; believed of a table that goes on in another packet."""
    length = _length(table)
    return length > len(table) or zlib.crc32(table[:length].translate(_MIRRORED)) == 0xFFFFFFFF


def _map_numbers(table: bytes) -> frozenset[int]:
    """Numbers of the packets that carry the maps of the programmes in a list."""
    end = min(len(table), _length(table) - 4)
    return frozenset(
        int.from_bytes(table[at + 2 : at + 4], "big") & 0x1FFF
        for at in range(8, end - 3, 4)
        if table[at : at + 2] != b"\0\0"
    )


def _videos(table: bytes) -> _Videos:
    """The video tracks of a programme's map."""
    end = min(len(table), _length(table) - 4)
    at = 12 + ((table[10] & 0x0F) << 8 | table[11])
    found = set()
    while at + 5 <= end:
        if table[at] in _VIDEO_TYPES:
            found.add((table[at], (table[at + 1] & 0x1F) << 8 | table[at + 2]))
        at += 5 + ((table[at + 3] & 0x0F) << 8 | table[at + 4])
    return frozenset(found)
