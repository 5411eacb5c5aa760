"""GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from detector.media.structure import ENDS_EARLY, counted
from detector.sentences import Sentence

__all__ = ["GifScan", "gif_for_decoder", "gif_with_delays", "scan_gif"]

_DELAY = b"\x21\xf9\x04\0\x0a\0\0\0"
"""A graphic control block: 0.1 s, as browsers show a picture that has none."""
_MOST_SUB_BLOCKS = 1_000_000
"""Of at most 255 bytes each, in a GIF."""


@dataclass(frozen=True)
class GifScan:
    """The structure of a GIF file."""

    frames: int
    damage: str | None
    first_ends: int = 0
    """Offset behind the first picture."""
    undelayed: tuple[int, ...] = ()
    """Offsets of the pictures that do not say how long they are shown."""
    unended: bool = False
    """Whether it lacks its end mark, and nothing else as far as can be told."""


def scan_gif(data: bytes) -> GifScan:
    """Walk the blocks of a GIF up to its end mark, which may be missing behind a whole block."""

    def table_bytes(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    sub_blocks = counted(Sentence("blocks"), _MOST_SUB_BLOCKS)

    def after_sub_blocks(position: int) -> int:
        while data[position]:
            next(sub_blocks)
            position += data[position] + 1
        return position + 1

    frames = first_ends = 0
    undelayed, delayed = [], False
    parts = counted(Sentence("parts"), _MOST_SUB_BLOCKS)
    try:
        position = 13 + table_bytes(data[10])
        while position < len(data) and data[position] != 0x3B:
            next(parts)
            if data[position] == 0x21:
                delayed = delayed or data[position + 1] == 0xF9
                position = after_sub_blocks(position + 2)
            elif data[position] == 0x2C:
                if not delayed:
                    undelayed.append(position)
                delayed = False
                position = after_sub_blocks(position + 11 + table_bytes(data[position + 9]))
                frames += 1
                first_ends = first_ends or position
            elif data[position] == 0:  # padding that some encoders leave between blocks
                position += 1
            else:
                return GifScan(frames, Sentence("its blocks do not follow each other as they should"))
    except IndexError:
        return GifScan(frames, ENDS_EARLY)
    if not frames:
        return GifScan(frames, ENDS_EARLY if position >= len(data) else Sentence("it holds no picture"))
    return GifScan(frames, None, first_ends, tuple(undelayed), unended=position >= len(data))


def gif_with_delays(data: bytes, scan: GifScan) -> bytes:
    """The GIF with a time for every picture: FFmpeg takes those that follow each other without one for one picture."""
    cuts = [0, *scan.undelayed, len(data)]
    return _DELAY.join(data[start:end] for start, end in itertools.pairwise(cuts))


def gif_for_decoder(data: bytes, scan: GifScan) -> bytes:
    """The GIF up to its first picture, without comments, which Pillow would put together piece by piece.

    Args:
        data: a GIF without damage.
        scan: what ``scan_gif`` returned for it.
    """
    parts = [data[: 13 + (3 << ((data[10] & 7) + 1) if data[10] & 0x80 else 0)]]
    position = len(parts[0])
    while position < scan.first_ends:
        start = position
        if data[position] == 0x2C:
            parts.append(data[position : scan.first_ends])
            break
        position += 1
        if data[start] == 0x21:
            position += 1
            while data[position]:
                position += data[position] + 1
            position += 1
            if data[start + 1] == 0xF9:  # graphic control: says which colour is transparent
                parts.append(data[start:position])
    return b"".join([*parts, b";"])
