"""JPEG: ITU-T T.81; segments of a marker and a length up to the first scan."""

from __future__ import annotations

from collections.abc import Iterator

from detector.media.structure import ENDS_EARLY, counted
from detector.sentences import Sentence

__all__ = ["jpeg_damage", "jpeg_for_second_opinion", "jpeg_is_progressive", "jpeg_scans"]


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of the segments up to the first scan, whose end is that of the data."""
    position = 2
    for _ in counted(Sentence("segments")):
        if position + 4 > len(data) or data[position] != 0xFF:
            return
        marker = data[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        end = len(data) if marker == 0xDA else position + 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        yield marker, position, end
        position = end


def jpeg_damage(data: bytes) -> str | None:
    """Check that an end marker follows the first scan: zeros in place of the rest may decode as a flat picture."""
    for marker, start, _ in _jpeg_segments(data):
        if marker == 0xDA:
            return None if data.find(b"\xff\xd9", start) >= 0 else ENDS_EARLY
    return ENDS_EARLY


def jpeg_is_progressive(data: bytes) -> bool:
    """Whether the picture is stored in passes, each of which refines it."""
    return any(marker == 0xC2 for marker, _, _ in _jpeg_segments(data))


def jpeg_scans(data: bytes) -> int:
    """How often, at most, a decoder passes over the picture; those of a preview or a second picture count as well."""
    return data.count(b"\xff\xda")


def jpeg_for_second_opinion(data: bytes) -> bytes | None:
    """The JPEG without its application data and comments, for a decoder that reports damaged scans.

    Returns:
        The stripped stream, or None for a coding that such a decoder need not know (arithmetic, lossless, 12 bit); the
        caller then relies on the other decoder alone.
    """
    parts = [data[:2]]
    for marker, start, end in _jpeg_segments(data):
        is_frame = 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)
        if is_frame and (marker > 0xC2 or data[start + 4 : start + 5] != b"\x08"):
            return None
        is_adobe = marker == 0xEE
        if is_adobe or not (0xE0 <= marker <= 0xEF or marker == 0xFE):
            parts.append(data[start:end])
    return b"".join(parts)
