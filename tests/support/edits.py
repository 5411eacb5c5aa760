"""Edit lists of MP4 (``elst``, ISO/IEC 14496-12, 8.6.6): which frames of a track are shown, in which order and for how long."""

from __future__ import annotations

import struct
from collections.abc import Sequence

__all__ = ["Edit", "with_edits"]

Edit = tuple[float, float | None]
"""(frames for which it is shown, first frame of the track); None where nothing is shown."""


def with_edits(data: bytes, edits: Sequence[Edit], fps: int) -> bytes:
    """An MP4 of one track, whose tables stand at its end, with another edit list.

    Args:
        data: the file.
        edits: its entries.
        fps: frames per second.
    """
    movie, track = (_timescale(data, box) for box in (b"mvhd", b"mdhd"))
    body = struct.pack(">II", 0, len(edits))
    for count, first in edits:
        media = -1 if first is None else round(first * track / fps)
        body += struct.pack(">IiHH", round(count * movie / fps), media, 1, 0)
    edts = _box(b"edts", _box(b"elst", body))
    moov = data.index(b"moov") - 4
    trak = data.index(b"trak", moov) - 4
    header_end = trak + 8 + int.from_bytes(data[trak + 8 : trak + 12], "big")
    rest = header_end
    if data[rest + 4 : rest + 8] == b"edts":
        rest += int.from_bytes(data[rest : rest + 4], "big")
    grown = len(edts) - (rest - header_end)
    out = bytearray(data[:header_end] + edts + data[rest:])
    for at in (moov, trak):
        struct.pack_into(">I", out, at, int.from_bytes(data[at : at + 4], "big") + grown)
    return bytes(out)


def _timescale(data: bytes, box: bytes) -> int:
    at = data.index(box) + 4
    return int.from_bytes(data[at + (20 if data[at] else 12) :][:4], "big")


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", 8 + len(body)) + kind + body
