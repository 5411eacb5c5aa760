"""Where in a file another one of its kind begins, as in clips that were joined byte by byte. FFmpeg reads the first alone."""

from __future__ import annotations

from typing import BinaryIO

from detector.media.clip_formats import ClipFormat

__all__ = ["MOST_JOINED", "parts_by_header"]

MOST_JOINED = 64
"""What follows is left in the last one."""
_HEADER_BYTES = {"flv": 13, "asf": 16, "ivf": 12, "nut": 25, "rm": 8}
"""As many bytes of a container's beginning, by FFmpeg's name, are the same in every file and come nowhere else in one."""
_BLOCK = 1 << 22
_MOST_BOXES = 100_000


def parts_by_header(file: BinaryIO, form: ClipFormat) -> list[tuple[int, int]]:
    """(first byte, end) of each file in a file; the whole of it where there is one only."""
    size = file.seek(0, 2)
    begins = [0]
    if form.demuxer == "mov":
        begins += _later_films(file, size)
    elif count := _HEADER_BYTES.get(form.demuxer):
        begins += _later_headers(file, count)
    begins = begins[:MOST_JOINED]
    return list(zip(begins, [*begins[1:], size], strict=True))


def _later_films(file: BinaryIO, size: int) -> list[int]:
    """Places of the boxes with which MP4 or QuickTime begins anew, behind a table of contents."""
    found: list[int] = []
    position, whole = 0, False
    for _ in range(_MOST_BOXES):
        file.seek(position)
        head = file.read(16)
        length, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if kind == b"ftyp" and whole:
            found.append(position)
            whole = False
        whole = whole or kind == b"moov"
        position += length
        if length < 8 or position >= size:
            break
    return found


def _later_headers(file: BinaryIO, count: int) -> list[int]:
    file.seek(0)
    header = file.read(count)
    found: list[int] = []
    place, kept = 0, b""
    file.seek(0)
    while len(found) < MOST_JOINED and (block := file.read(_BLOCK)):
        text, start = kept + block, place - len(kept)
        at = text.find(header)
        while at >= 0:
            if start + at:
                found.append(start + at)
            at = text.find(header, at + 1)
        place += len(block)
        kept = text[-(count - 1) :]
    return found
