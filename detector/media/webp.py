"""WebP: https://developers.google.com/speed/webp/docs/riff_container"""

from __future__ import annotations

from collections.abc import Iterator

from detector.media.structure import ENDS_EARLY, HOLLOW, counted, is_hollow
from detector.sentences import Sentence

__all__ = ["webp_canvas", "webp_damage", "webp_durations"]


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of contents, end of contents); an end beyond the file is yielded too, and is the last."""
    limit = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    position = 12
    for _ in counted(Sentence("chunks")):
        if position + 8 > limit:
            return
        start = position + 8
        end = start + int.from_bytes(data[position + 4 : start], "little")
        yield data[position : position + 4], start, end
        position = end + end % 2


def webp_damage(data: bytes) -> str | None:
    """Check that every chunk is there to its end and that no picture chunk has a hollow tail."""
    pictures = 0
    for kind, start, end in _webp_chunks(data):
        if end > len(data):
            return ENDS_EARLY
        if kind in (b"VP8 ", b"VP8L", b"ANMF"):
            pictures += 1
            if is_hollow(data, start, end):
                return HOLLOW
    return None if pictures else ENDS_EARLY


def webp_canvas(data: bytes) -> tuple[int, int] | None:
    """(width, height) as the first chunk declares it, or None: the decoder sets memory aside before it can be asked."""
    for kind, start, _ in _webp_chunks(data):
        head = data[start : start + 10]
        if len(head) < 5:
            return None
        if kind == b"VP8X":
            return int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1
        if kind == b"VP8L":
            bits = int.from_bytes(head[1:5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if kind == b"VP8 ":
            return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    return None


def webp_durations(data: bytes) -> list[int]:
    """Milliseconds for which each frame of a moving WebP is shown; empty for a still one."""
    return [
        int.from_bytes(data[start + 12 : start + 15], "little")
        for kind, start, _ in _webp_chunks(data)
        if kind == b"ANMF"
    ]
