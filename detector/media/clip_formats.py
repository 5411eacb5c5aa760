"""Which kind of clip a file is, judged from its first bytes alone, and which FFmpeg demuxer may open it.

The demuxer is always named, never guessed by FFmpeg: some of the formats it would guess (playlists, HLS, DASH, concat)
consist of nothing but addresses of other files, and opening those is what a stranger's upload must not be able to ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

from detector.media.isobmff import STILL_BRANDS

__all__ = ["HEAD_BYTES", "ClipFormat", "identify_clip"]

HEAD_BYTES = 4096
"""Bytes that ``identify_clip`` needs."""


@dataclass(frozen=True)
class ClipFormat:
    """A container of video."""

    name: str
    """As shown to the user."""
    demuxer: str
    """FFmpeg's name."""
    seekable: bool
    """Whether its index or its time stamps can be trusted to lead to a key frame."""
    counted: bool = False
    """Whether frames come out in the order of the packets' times without carrying times of their own (AVI knows only the
    order of decoding)."""
    track: bool = False
    """Whether a still picture lies beside the track, of which FFmpeg makes a stream of one frame."""
    joins: bool = False
    """Whether it is made for broadcasts, whose parts may be joined although each has a clock of its own."""


_MP4 = ClipFormat("MP4", "mov", True)
_QUICKTIME = ClipFormat("QuickTime", "mov", True)
_OTHER_BRANDS = {b"crx ", b"jp2 ", b"jpx ", b"jxl "}
_OLD_QUICKTIME = {b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"}
_TS_PACKETS = ((0, 188), (4, 192))
"""Offset of the first sync byte and distance of the next, for .ts and .m2ts."""


def identify_clip(head: bytes) -> ClipFormat | None:
    """Name the container that the first bytes declare.

    Args:
        head: the file's first ``HEAD_BYTES``, or all of a shorter file.

    Returns:
        The format, or None for everything that is not read as a clip. A GIF is named whether it moves or not.
    """
    box, brand = head[4:8], head[8:12]
    if box == b"ftyp":
        if brand in STILL_BRANDS | _OTHER_BRANDS:
            return None
        return _QUICKTIME if brand == b"qt  " else _MP4
    if box in _OLD_QUICKTIME and int.from_bytes(head[:4], "big") >= 8:
        return _QUICKTIME
    if head.startswith(b"\x1aE\xdf\xa3"):
        return ClipFormat("WebM" if b"webm" in head[:64] else "Matroska", "matroska", True)
    if head[:4] == b"RIFF" and brand == b"AVI ":
        return ClipFormat("AVI", "avi", False, counted=True)
    if head.startswith((b"GIF87a", b"GIF89a")):
        return ClipFormat("GIF", "gif", False)
    if head.startswith(b"\x00\x00\x01\xba"):
        return ClipFormat("MPEG", "mpeg", False, joins=True)
    if head.startswith(b"\x00\x00\x01\xb3"):
        return ClipFormat("MPEG", "mpegvideo", False)
    for first, step in _TS_PACKETS:
        syncs = head[first : first + 5 * step : step]
        if len(syncs) == 5 and set(syncs) == {0x47}:
            return ClipFormat("MPEG transport stream", "mpegts", False, joins=True)
    return None
