"""What a file is, and whether it is whole, judged from its bytes alone. No decoder is involved and no pixel is made.

``media`` asks here before it decodes, because decoders are forgiving where a detector must not be: Pillow skips the
checksum of a PNG's pixels, and no decoder of JPEG, WebP, AVIF or HEIC notices that the end of a file was never written
and holds only zeros. A picture that lacks a part must not be scored as if it were whole.

The ``*_damage`` functions return a phrase that completes "This file is damaged (...)", or None where nothing is wrong.
They check structure; damage inside well-formed structure is left to the decoder.

A stranger can also make a whole file of millions of empty parts, over which decoders and this module would think for
minutes. So every walk ends after ``MOST_PARTS``, far more than any program writes, with ``MediaTooLarge``.
"""

from __future__ import annotations

import codecs
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from detector.errors import MediaTooLarge
from detector.sentences import Sentence

__all__ = [
    "MOST_PARTS",
    "PARSER_ERRORS",
    "GifScan",
    "describe_foreign",
    "gif_for_decoder",
    "identify",
    "isobmff_damage",
    "jpeg_damage",
    "jpeg_for_second_opinion",
    "jpeg_scans",
    "png_damage",
    "png_for_decoder",
    "png_frames",
    "png_profile",
    "png_texts",
    "scan_gif",
    "tiff_pages",
    "webp_canvas",
    "webp_damage",
]

ENDS_EARLY = Sentence("it ends too early")
HOLLOW = Sentence("its end was never written and holds only zeros")
HOLLOW_TAIL_BYTES = 512
"""Compressed picture data do not end in this many zero bytes; a copy that broke off after space was set aside does."""

MOST_PARTS = 100_000
"""Chunks, segments, boxes, frames or pages in a file; the largest files that are read have some ten thousand."""

PARSER_ERRORS: tuple[type[Exception], ...] = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    AssertionError,
    struct.error,
    zlib.error,
)
"""What Pillow and its plugins let out on hostile bytes: much of their parsing is plain Python."""
_MOST_SUB_BLOCKS = 1_000_000
"""Of at most 255 bytes each, in a GIF."""

_MAX_PROFILE_BYTES = 16 * 1024 * 1024
_AVIF_BRANDS = {b"avif", b"avis"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}

_AS_PICTURE = Sentence("Save it as JPEG or PNG and try again.")
_AS_STILL = Sentence("Only still pictures are read here: save one picture of it as JPEG or PNG.")
_UNPACK = Sentence("Unpack it and give the picture inside.")
_NOT_A_PICTURE = Sentence("Give a photo, for example a JPEG or PNG file.")

_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF-", Sentence("a PDF document"), Sentence("Save the picture in it as JPEG or PNG and try again.")),
    (0, b"%!PS", Sentence("a PostScript (EPS) drawing"), _AS_PICTURE),
    (0, b"\xc5\xd0\xd3\xc6", Sentence("a PostScript (EPS) drawing"), _AS_PICTURE),
    (0, b"\x00\x00\x00\x0cjP  \r\n", Sentence("a JPEG 2000 picture"), _AS_PICTURE),
    (0, b"\xff\x4f\xff\x51", Sentence("a JPEG 2000 picture"), _AS_PICTURE),
    (0, b"\x00\x00\x00\x0cJXL \r\n", Sentence("a JPEG XL picture"), _AS_PICTURE),
    (0, b"\xff\x0a", Sentence("a JPEG XL picture"), _AS_PICTURE),
    (0, b"8BPS", Sentence("a Photoshop document"), _AS_PICTURE),
    (0, b"\x00\x00\x01\x00", Sentence("a Windows icon"), _AS_PICTURE),
    (0, b"\x00\x00\x02\x00", Sentence("a Windows cursor"), _AS_PICTURE),
    (0, b"\x8aMNG\r\n", Sentence("an MNG animation"), _AS_STILL),
    (0, b"FUJIFILMCCD-RAW", Sentence("a camera raw file"), Sentence("Export it as JPEG or TIFF and try again.")),
    (0, b"\x1aE\xdf\xa3", Sentence("a Matroska or WebM video"), _AS_STILL),
    (8, b"AVI ", Sentence("an AVI video"), _AS_STILL),
    (8, b"WAVE", Sentence("a sound recording"), _NOT_A_PICTURE),
    (0, b"\x00\x00\x01\xba", Sentence("an MPEG video"), _AS_STILL),
    (0, b"\x00\x00\x01\xb3", Sentence("an MPEG video"), _AS_STILL),
    (0, b"FLV\x01", Sentence("a Flash video"), _AS_STILL),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Sentence("a Windows Media file"), _AS_STILL),
    (0, b"OggS", Sentence("an Ogg video or sound file"), _AS_STILL),
    (4, b"ftypM4A", Sentence("a sound recording"), _NOT_A_PICTURE),
    (4, b"ftypcrx", Sentence("a camera raw file"), Sentence("Export it as JPEG or TIFF and try again.")),
    (4, b"ftyp", Sentence("an MP4 or QuickTime video"), _AS_STILL),
    (4, b"moov", Sentence("an MP4 or QuickTime video"), _AS_STILL),
    (4, b"mdat", Sentence("an MP4 or QuickTime video"), _AS_STILL),
    (0, b"ID3", Sentence("a sound recording"), _NOT_A_PICTURE),
    (0, b"fLaC", Sentence("a sound recording"), _NOT_A_PICTURE),
    (0, b"PK\x03\x04", Sentence("a ZIP archive or an office document"), _UNPACK),
    (0, b"Rar!\x1a\x07", Sentence("a RAR archive"), _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", Sentence("a 7z archive"), _UNPACK),
    (0, b"\x1f\x8b", Sentence("a gzip archive"), _UNPACK),
    (0, b"MZ", Sentence("a Windows program"), _NOT_A_PICTURE),
    (0, b"\x7fELF", Sentence("a program"), _NOT_A_PICTURE),
    (0, b"\x89HDF\r\n\x1a\n", Sentence("an HDF5 data file"), _NOT_A_PICTURE),
    (0, b"#EXTM3U", Sentence("a playlist, which only names other files"), Sentence("Give the video itself.")),
    (0, b"ffconcat version", Sentence("a playlist, which only names other files"), Sentence("Give the video itself.")),
    (
        0,
        b"version https://git-lfs",
        Sentence("a Git LFS pointer, not the picture itself"),
        Sentence("Fetch it with: git lfs pull"),
    ),
)


def identify(data: bytes) -> str | None:
    """Name the picture format that the first bytes declare.

    Args:
        data: The file, or at least its first 64 bytes.

    Returns:
        "JPEG", "PNG", "WebP", "BMP", "TIFF", "AVIF", "GIF" or "HEIC"; None for everything that is not read.
    """
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WebP"
    if data[:2] == b"BM" and int.from_bytes(data[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return "TIFF"
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), 64)
        brands = {data[8:12], *(data[i : i + 4] for i in range(16, end, 4))}
        if data[8:12] in _AVIF_BRANDS | _HEIC_BRANDS | {b"mif1", b"msf1"}:
            if data[8:12] in _AVIF_BRANDS or (data[8:12] not in _HEIC_BRANDS and brands & _AVIF_BRANDS):
                return "AVIF"
            return "HEIC"
    return None


def describe_foreign(data: bytes) -> tuple[str, str] | None:
    """Say what a file that is not read seems to be.

    Args:
        data: The file, or at least its first 4 KiB.

    Returns:
        A noun phrase and a sentence with the cure, or None where the bytes tell nothing.
    """
    if data[:4] == b"RIFF" and data[8:12] not in (b"AVI ", b"WAVE"):
        return None
    for offset, magic, what, cure in _FOREIGN:
        if data[offset : offset + len(magic)] == magic:
            return what, cure
    if len(data) > 188 and data[0] == data[188] == 0x47:
        return Sentence("an MPEG transport stream"), _AS_STILL
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a text file", _NOT_A_PICTURE
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head).lstrip("\ufeff \t\r\n").lower()
    except UnicodeDecodeError:
        return None
    if any(ord(c) < 32 and c not in "\t\n\r\f" for c in text):
        return None
    if "<svg" in text:
        return Sentence("an SVG drawing"), _AS_PICTURE
    if text.startswith("<!doctype html") or "<html" in text:
        return (
            Sentence("a web page, as is often saved in place of a picture"),
            Sentence("Save the picture itself and try again."),
        )
    if text.startswith("<?xml"):
        return Sentence("an XML document"), _NOT_A_PICTURE
    return (Sentence("a text file"), _NOT_A_PICTURE) if text else None


def _counted(what: Sentence, most: int = MOST_PARTS) -> Iterator[int]:
    """Count the parts of a file.

    Raises:
        MediaTooLarge: more than anybody needs.
    """
    yield from range(most)
    raise MediaTooLarge(
        Sentence(
            "The file consists of more than {most} {what}, which no camera or program writes. "
            "Save the picture anew, for example as JPEG, and try again.",
            most=most,
            what=what,
        )
    )


# PNG: http://www.w3.org/TR/png-3/ ; every chunk carries its length and a CRC-32.


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of contents, end of contents) as long as whole chunks follow, up to and including IEND."""
    position = 8
    for _ in _counted(Sentence("chunks")):
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


def png_damage(data: bytes) -> str | None:
    """Check that every chunk up to IEND is there and that its CRC-32 holds."""
    kinds = set()
    for kind, start, end in _png_chunks(data):
        if zlib.crc32(memoryview(data)[start - 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            return Sentence("a checksum does not match")
        kinds.add(kind)
    return None if {b"IHDR", b"IDAT", b"IEND"} <= kinds else ENDS_EARLY


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
    parts += [data[start - 8 : end + 4] for kind, start, end in _png_chunks(data) if kind in keep]
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


# JPEG: ITU-T T.81; segments of a marker and a length up to the first scan.


def _jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, start, end) of the segments up to the first scan, whose end is that of the data."""
    position = 2
    for _ in _counted(Sentence("segments")):
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


def jpeg_scans(data: bytes) -> int:
    """How often, at most, a decoder passes over the picture; those of a preview or a second picture count as well."""
    return data.count(b"\xff\xda")


def jpeg_for_second_opinion(data: bytes) -> bytes | None:
    """The JPEG without its application data and comments, for a decoder that reports damaged scans.

    Returns:
        The stripped stream, or None for a coding that such a decoder need not know (arithmetic, lossless, 12 bit); the
        caller then has to do with one opinion.
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


# GIF: https://www.w3.org/Graphics/GIF/spec-gif89a.txt


@dataclass(frozen=True)
class GifScan:
    """The structure of a GIF file."""

    frames: int
    damage: str | None
    first_ends: int = 0
    """Offset behind the first picture."""


def scan_gif(data: bytes) -> GifScan:
    """Walk the blocks of a GIF up to its trailer."""

    def table_bytes(flags: int) -> int:
        return 3 << ((flags & 7) + 1) if flags & 0x80 else 0

    sub_blocks = _counted(Sentence("blocks"), _MOST_SUB_BLOCKS)

    def after_sub_blocks(position: int) -> int:
        while data[position]:
            next(sub_blocks)
            position += data[position] + 1
        return position + 1

    frames = first_ends = 0
    parts = _counted(Sentence("parts"), _MOST_SUB_BLOCKS)
    try:
        position = 13 + table_bytes(data[10])
        while data[position] != 0x3B:
            next(parts)
            if data[position] == 0x21:
                position = after_sub_blocks(position + 2)
            elif data[position] == 0x2C:
                position = after_sub_blocks(position + 11 + table_bytes(data[position + 9]))
                frames += 1
                first_ends = first_ends or position
            elif data[position] == 0:  # padding that some encoders leave between blocks
                position += 1
            else:
                return GifScan(frames, Sentence("its blocks do not follow each other as they should"))
    except IndexError:
        return GifScan(frames, ENDS_EARLY)
    return GifScan(frames, None if frames else Sentence("it holds no picture"), first_ends)


def gif_for_decoder(data: bytes, scan: GifScan) -> bytes:
    """The GIF up to its first picture, without comments, which Pillow would put together piece by piece.

    Args:
        data: a GIF without damage.
        scan: what ``scan_gif`` said of it.
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


# WebP: https://developers.google.com/speed/webp/docs/riff_container


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, start of contents, end of contents); an end beyond the file is yielded too, and is the last."""
    limit = min(8 + int.from_bytes(data[4:8], "little"), len(data))
    position = 12
    for _ in _counted(Sentence("chunks")):
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
            if _is_hollow(data, start, end):
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


# AVIF and HEIC: boxes of the ISO base media file format, ISO/IEC 14496-12


def isobmff_damage(data: bytes) -> str | None:
    """Check that the top-level boxes lie inside the file and that no media data box has a hollow tail."""
    position = 0
    for _ in _counted(Sentence("boxes")):
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
        if kind == b"mdat" and _is_hollow(data, position + start, end):
            return HOLLOW
        position = end
    return None


# TIFF: directories that each name the next, TIFF 6.0 section 2; BigTIFF has wider numbers


def tiff_pages(data: bytes) -> int:
    """How many directories follow each other, up to one that lies outside the file or was seen before."""
    order: Literal["little", "big"] = "little" if data[:2] == b"II" else "big"
    big = data[2:4] in (b"+\0", b"\0+")
    wide, head, entry = (8, 8, 20) if big else (4, 2, 12)

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], order)

    seen: set[int] = set()
    at = number(8 if big else 4, wide)
    for _ in _counted(Sentence("pages")):
        if not at or at in seen or at + head > len(data):
            break
        seen.add(at)
        at = number(at + head + entry * number(at, head), wide)
    return len(seen)


def _is_hollow(data: bytes, start: int, end: int) -> bool:
    """Whether the span ends in zeros where compressed data cannot."""
    tail = data[max(start, end - HOLLOW_TAIL_BYTES) : end]
    return len(tail) == HOLLOW_TAIL_BYTES and not any(tail)
