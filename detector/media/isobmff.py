"""AVIF and HEIC: boxes of the ISO base media file format, ISO/IEC 14496-12."""

from __future__ import annotations

from detector.media.structure import ENDS_EARLY, HOLLOW, counted, is_hollow
from detector.sentences import Sentence

__all__ = ["AVIF_BRANDS", "HEIC_BRANDS", "STILL_BRANDS", "has_track", "isobmff_damage"]

AVIF_BRANDS = {b"avif", b"avis"}
HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
STILL_BRANDS = AVIF_BRANDS | HEIC_BRANDS | {b"mif1", b"msf1"}
"""Major brands of pictures, which lie in the same boxes as MP4."""


def isobmff_damage(data: bytes) -> str | None:
    """Check that the top-level boxes lie inside the file and that no media data box has a hollow tail."""
    position = 0
    for _ in counted(Sentence("boxes")):
        if position + 8 > len(data):
            return None
        size, kind, start = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8], 8
        if not (kind.isalnum() and kind.isascii()):  # what some phones append after the last box is not a box
            return None
        if size == 1:
            size, start = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        end = len(data) if size == 0 else position + size
        if end > len(data) or (size != 0 and size < start):
            return ENDS_EARLY
        if kind == b"mdat" and is_hollow(data, position + start, end):
            return HOLLOW
        position = end
    return None


def has_track(data: bytes) -> bool:
    """Whether the file holds a sequence of pictures with times, beside or in place of a still one."""
    position = 0
    for _ in counted(Sentence("boxes")):
        size, kind = int.from_bytes(data[position : position + 4], "big"), data[position + 4 : position + 8]
        if kind == b"moov":
            return True
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
        if size < 8:
            return False
        position += size
        if position + 8 > len(data):
            return False
    return False
