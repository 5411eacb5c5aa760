"""PNG: http://www.w3.org/TR/png-3/ ; every chunk carries its length and a CRC-32."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from detector.media.structure import ENDS_EARLY, counted
from detector.sentences import Sentence

__all__ = [
    "png_cicp",
    "png_damage",
    "png_damaged_extras",
    "png_for_decoder",
    "png_frames",
    "png_gamma",
    "png_lacks_rows",
    "png_pixel_ratio",
    "png_profile",
    "png_texts",
    "png_with_end",
]

_MAX_PROFILE_BYTES = 16 * 1024 * 1024
_END = b"\0\0\0\0IEND\xae\x42\x60\x82"
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""In a pixel, by colour type."""
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""First column and row, and steps to the next ones, of the passes of an interlaced picture."""
_BLOCK = 1 << 20


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of contents, end of contents) as long as whole chunks follow, up to and including IEND."""
    position = 8
    for _ in counted(Sentence("chunks")):
        if position + 12 > len(data):
            return
        kind = data[position + 4 : position + 8]
        start = position + 8
        end = start + int.from_bytes(data[position : position + 4], "big")
        if end + 4 > len(data):
            return
        yield kind, start, end
        if kind == b"IEND":
            return
        position = end + 4


def _is_intact(data: bytes, start: int, end: int) -> bool:
    return zlib.crc32(memoryview(data)[start - 4 : end]) == int.from_bytes(data[end : end + 4], "big")


def _is_extra(kind: bytes) -> bool:
    """Whether a chunk is ancillary, that is not needed for the pixels; transparency is."""
    return bool(kind[0] & 0x20) and kind != b"tRNS"


def png_damage(data: bytes) -> str | None:
    """Check that every chunk up to IEND is there and that its CRC-32 holds, but for chunks beside the picture."""
    kinds = set()
    for kind, start, end in _png_chunks(data):
        if not _is_extra(kind) and not _is_intact(data, start, end):
            return Sentence("a checksum does not match")
        kinds.add(kind)
    return None if {b"IHDR", b"IDAT", b"IEND"} <= kinds else ENDS_EARLY


def png_with_end(data: bytes) -> bytes | None:
    """A PNG that ends behind a whole chunk or within its end mark, with that mark; None for any other file.

    Whether the chunks hold all rows is for ``png_lacks_rows`` to say.
    """
    end = 8
    for kind, _, chunk_end in _png_chunks(data):
        if kind == b"IEND":
            return None
        end = chunk_end + 4
    return data[:end] + _END if _END.startswith(data[end:]) else None


def png_lacks_rows(data: bytes) -> bool:
    """Whether the compressed rows end before the last one that the header announces: decoders leave those black.

    Args:
        data: a PNG without damage to its structure.
    """
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    bits = data[24] * _SAMPLES.get(data[25], 1)
    passes = _PASSES if data[28] else ((0, 0, 1, 1),)
    sizes = [(-(-(width - left) // across), -(-(height - top) // down)) for left, top, across, down in passes]
    missing = sum(rows * (1 + -(-columns * bits // 8)) for columns, rows in sizes if columns > 0 and rows > 0)
    unpacker = zlib.decompressobj()
    try:
        for kind, start, end in _png_chunks(data):
            packed = data[start:end] if kind == b"IDAT" else b""
            while packed and missing > 0:
                missing -= len(unpacker.decompress(packed, _BLOCK))
                packed = unpacker.unconsumed_tail
    except zlib.error:  # which the decoder will say as well
        return False
    return missing > 0


def png_damaged_extras(data: bytes) -> bool:
    """Whether the CRC-32 of a chunk beside the picture, such as a text, does not hold."""
    return any(_is_extra(kind) and not _is_intact(data, start, end) for kind, start, end in _png_chunks(data))


def _extra(data: bytes, wanted: bytes, least: int) -> bytes | None:
    """Contents of the first intact chunk of a type, of at least so many bytes; None without one."""
    for kind, start, end in _png_chunks(data):
        if kind == wanted and end - start >= least and _is_intact(data, start, end):
            return data[start:end]
    return None


def png_cicp(data: bytes) -> tuple[int, int, bool] | None:
    """(primaries, transfer, whether samples fill their range) by ITU-T H.273 where a cICP chunk says so."""
    body = _extra(data, b"cICP", 4)
    return None if body is None else (body[0], body[1], body[3] != 0)


def png_gamma(data: bytes) -> float | None:
    """The exponent of the gAMA chunk; None without one, and where sRGB or a profile goes before it."""
    body = _extra(data, b"gAMA", 4)
    if body is None or any(kind in (b"sRGB", b"iCCP", b"cICP") for kind, _, _ in _png_chunks(data)):
        return None
    gamma = int.from_bytes(body[:4], "big") / 100_000
    return gamma if 0.1 <= gamma <= 10 else None


def png_pixel_ratio(data: bytes) -> float:
    """Width of a pixel over its height, by the pHYs chunk; 1 without one."""
    body = _extra(data, b"pHYs", 9)
    across, down = (int.from_bytes(body[at : at + 4], "big") for at in (0, 4)) if body else (1, 1)
    return down / across if across and down else 1.0


def png_for_decoder(data: bytes) -> bytes:
    """Keep only the chunks that make the still picture and its orientation.

    Text, colour profile and animation chunks have limits and errors of their own in the decoder, which would fail the
    read of an intact picture. The one transparent colour of a 16-bit RGB picture is dropped, because Pillow compares it
    with samples that it has already cut to 8 bits, and would clear others.
    """
    depth, colour_type = data[24], data[25]
    keep = {b"IHDR", b"PLTE", b"IDAT", b"eXIf", b"IEND"}
    if (depth, colour_type) != (16, 2):
        keep.add(b"tRNS")
    parts = [data[:8]]
    parts += [
        data[start - 8 : end + 4]
        for kind, start, end in _png_chunks(data)
        if kind in keep and (kind != b"eXIf" or _is_intact(data, start, end))
    ]
    return b"".join(parts)


def png_profile(data: bytes) -> bytes | None:
    """The ICC profile of a PNG: None where it has none, empty bytes where the chunk is not readable."""
    for kind, start, end in _png_chunks(data):
        if kind == b"iCCP":
            _, _, rest = data[start:end].partition(b"\0")
            try:
                return zlib.decompressobj().decompress(rest[1:], _MAX_PROFILE_BYTES)
            except zlib.error:
                return b""
    return None


def png_texts(data: bytes, most_bytes: int) -> Iterator[tuple[str, bytes]]:
    """Yield (keyword, contents) of the text chunks and of the EXIF chunk, whose keyword is "eXIf", wherever they stand.

    Args:
        data: the file.
        most_bytes: of each text, decompressed; the rest of a longer one is left out.
    """
    for kind, start, end in _png_chunks(data):
        if kind == b"eXIf":
            yield "eXIf", data[start:end]
        if kind not in (b"tEXt", b"zTXt", b"iTXt"):
            continue
        keyword, _, rest = data[start : min(end, start + most_bytes + 200)].partition(b"\0")
        packed = kind == b"zTXt"
        if kind == b"zTXt":
            rest = rest[1:]
        elif kind == b"iTXt":
            packed = rest[:1] == b"\1"
            # Language and translated keyword, each up to a zero.
            rest = rest[2:].partition(b"\0")[2].partition(b"\0")[2]
        if packed:
            try:
                rest = zlib.decompressobj().decompress(rest, most_bytes)
            except zlib.error:
                rest = b""
        yield keyword.decode("latin-1"), rest[:most_bytes]


def png_frames(data: bytes) -> tuple[int, bool]:
    """(number of animation frames, whether the still picture is the first of them); (0, True) without animation."""
    frames, still_is_first, seen_idat = 0, False, False
    for kind, start, _ in _png_chunks(data):
        if kind == b"acTL":
            frames = int.from_bytes(data[start : start + 4], "big")
        elif kind == b"fcTL" and not seen_idat:
            still_is_first = True
        elif kind == b"IDAT":
            seen_idat = True
    return (frames, still_is_first) if frames else (0, True)
