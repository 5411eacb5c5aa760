"""Which kind of clip a file is, judged from its first bytes alone, and which FFmpeg demuxer may open it.

The demuxer is always named, never guessed by FFmpeg: some of the formats it would guess (playlists, HLS, DASH, concat)
consist of nothing but addresses of other files, and opening those is what a stranger's upload must not be able to ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

from detector.media.isobmff import STILL_BRANDS

__all__ = ["HEAD_BYTES", "MOST_JUNK", "ClipFormat", "identify_clip", "packets_begin"]

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
_TS_PACKETS = ((0, 188), (4, 192), (0, 204))
"""Offset of the first sync byte and distance of the next, for .ts, .m2ts and broadcasts with error correction."""
_TS_SYNCS = 5
MOST_JUNK = 3000
"""Bytes that may stand before the first packet."""
_MAGIC = (
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", ClipFormat("Windows Media", "asf", False)),
    (b"FLV\x01", ClipFormat("Flash video", "flv", False)),
    (b"OggS", ClipFormat("Ogg", "ogg", False)),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01\x02", ClipFormat("MXF", "mxf", False)),
    (b"YUV4MPEG2 ", ClipFormat("Y4M", "yuv4mpegpipe", False)),
    (b"DKIF\0\0", ClipFormat("IVF", "ivf", False)),
    (b"nut/multimedia container\0", ClipFormat("NUT", "nut", False)),
    (b"\0\0\1\xb0", ClipFormat("MPEG-4 without a container", "m4v", False)),
    (b".RMF", ClipFormat("RealMedia", "rm", False)),
    (b"\x1f\x07\0", ClipFormat("DV", "dv", False, counted=True)),
)
"""First bytes of the containers that have some of their own."""
_H264_FIRST, _HEVC_FIRST = {6, 7, 8, 9}, {32, 33, 34, 35, 39}
"""Types of the unit with which a bare stream begins: parameters, remarks, or the mark of a picture's beginning."""
_H264_PROFILES = {44, 66, 77, 83, 86, 88, 100, 110, 118, 122, 128, 244}


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
    for magic, form in _MAGIC:
        if head.startswith(magic):
            return form
    if (bare := _bare_stream(head)) is not None:
        return bare
    if packets_begin(head)[1]:
        return ClipFormat("MPEG transport stream", "mpegts", False, joins=True)
    return None


def _bare_stream(head: bytes) -> ClipFormat | None:
    """H.264 or HEVC without a container: units behind start codes, among the first of them the parameters of a sequence."""
    if not head.startswith((b"\0\0\0\1", b"\0\0\1")):
        return None
    units = [unit for unit in head.split(b"\0\0\1")[1:] if len(unit) > 2]
    if not units or any(unit[0] & 0x80 for unit in units):
        return None
    avc = [unit[0] & 0x1F for unit in units]
    if avc[0] in _H264_FIRST and any(
        kind == 7 and unit[1] in _H264_PROFILES for kind, unit in zip(avc, units, strict=True)
    ):
        return ClipFormat("H.264 without a container", "h264", False)
    # The second byte holds the layer, 0, and the temporal layer, 0.
    hevc = [unit[0] >> 1 for unit in units if unit[1] == 1]
    if hevc and hevc[0] in _HEVC_FIRST and 33 in hevc:
        return ClipFormat("HEVC without a container", "hevc", False)
    return None


def packets_begin(head: bytes) -> tuple[int, int]:
    """(place of the first, distance of the next) of the packets of a broadcast; (0, 0) where none follow each other.

    A tag, or the rest of a packet that was cut, may stand before them.
    """
    for offset, step in _TS_PACKETS:
        for first in range(offset, min(len(head) - (_TS_SYNCS - 1) * step, MOST_JUNK)):
            if head[first] == 0x47 and set(head[first : first + _TS_SYNCS * step : step]) == {0x47}:
                return first, step
    return 0, 0
