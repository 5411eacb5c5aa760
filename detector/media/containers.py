"""Which picture format a file is, or what else, judged from its first bytes alone."""

from __future__ import annotations

import codecs

from detector.media.isobmff import AVIF_BRANDS, HEIC_BRANDS, STILL_BRANDS
from detector.media.jpeg2000 import JP2_BOX, JPEG2000_START
from detector.sentences import Sentence

__all__ = ["describe_foreign", "identify"]

_BMP_HEADER_SIZES = {12, 16, 40, 52, 56, 64, 108, 124}


_AS_PICTURE = Sentence("Save it as JPEG or PNG and try again.")
_AS_VIDEO = Sentence("Save it as MP4 (H.264) and try again.")
_UNPACK = Sentence("Unpack it and give the photo or video inside.")
_OTHERWISE = Sentence("Use a photo, such as JPEG or PNG, or a video, such as MP4.")


_FOREIGN: tuple[tuple[int, bytes, str, str], ...] = (
    (0, b"%PDF-", Sentence("a PDF document"), Sentence("Save the picture in it as JPEG or PNG and try again.")),
    (0, b"%!PS", Sentence("a PostScript (EPS) drawing"), _AS_PICTURE),
    (0, b"\xc5\xd0\xd3\xc6", Sentence("a PostScript (EPS) drawing"), _AS_PICTURE),
    (0, b"\x00\x00\x00\x0cJXL \r\n", Sentence("a JPEG XL picture"), _AS_PICTURE),
    (0, b"\xff\x0a", Sentence("a JPEG XL picture"), _AS_PICTURE),
    (0, b"8BPS", Sentence("a Photoshop document"), _AS_PICTURE),
    (0, b"\x00\x00\x01\x00", Sentence("a Windows icon"), _AS_PICTURE),
    (0, b"\x00\x00\x02\x00", Sentence("a Windows cursor"), _AS_PICTURE),
    (0, b"\x8aMNG\r\n", Sentence("an MNG animation"), _AS_VIDEO),
    (0, b"BPG\xfb", Sentence("a BPG picture"), _AS_PICTURE),
    (0, b"qoif", Sentence("a QOI picture"), _AS_PICTURE),
    (0, b"DDS ", Sentence("a game texture (DDS)"), _AS_PICTURE),
    (0, b"v/1\x01", Sentence("an OpenEXR picture"), _AS_PICTURE),
    (0, b"#?RADIANCE", Sentence("a Radiance HDR picture"), _AS_PICTURE),
    (0, b"FWS", Sentence("a Flash animation"), _AS_VIDEO),
    (0, b"CWS", Sentence("a Flash animation"), _AS_VIDEO),
    (0, b"\xb7\xd8\x00\x20", Sentence("a recording of Windows Media Center"), _AS_VIDEO),
    (0, b"GXF", Sentence("a GXF video"), _AS_VIDEO),
    (0, b"BLENDER", Sentence("a Blender document"), _AS_PICTURE),
    (0, b"gimp xcf", Sentence("a GIMP document"), _AS_PICTURE),
    (0, b"II\xbc", Sentence("a JPEG XR picture"), _AS_PICTURE),
    (0, b"SIMPLE  =", Sentence("a FITS picture"), _AS_PICTURE),
    (128, b"DICM", Sentence("a medical picture (DICOM)"), _AS_PICTURE),
    (257, b"ustar", Sentence("a tar archive"), _UNPACK),
    (0, b"BZh", Sentence("a bzip2 archive"), _UNPACK),
    (0, b"\xfd7zXZ\0", Sentence("an xz archive"), _UNPACK),
    (0, b"\x28\xb5\x2f\xfd", Sentence("a Zstandard archive"), _UNPACK),
    (0, b"#!AMR", Sentence("a sound recording"), _OTHERWISE),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Sentence("an older office document"), _OTHERWISE),
    (0, b"SQLite format 3\0", Sentence("a database"), _OTHERWISE),
    (0, b"bplist00", Sentence("a property list"), _OTHERWISE),
    (0, b"FUJIFILMCCD-RAW", Sentence("a camera raw file"), Sentence("Export it as JPEG or TIFF and try again.")),
    (0, b"\x1aE\xdf\xa3", Sentence("a Matroska or WebM video"), _AS_VIDEO),
    (8, b"AVI ", Sentence("an AVI video"), _AS_VIDEO),
    (8, b"WAVE", Sentence("a sound recording"), _OTHERWISE),
    (0, b"\x00\x00\x01\xba", Sentence("an MPEG video"), _AS_VIDEO),
    (0, b"\x00\x00\x01\xb3", Sentence("an MPEG video"), _AS_VIDEO),
    (0, b"FLV\x01", Sentence("a Flash video"), _AS_VIDEO),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Sentence("a Windows Media file"), _AS_VIDEO),
    (0, b"OggS", Sentence("an Ogg video or sound file"), _AS_VIDEO),
    (4, b"ftypM4A", Sentence("a sound recording"), _OTHERWISE),
    (4, b"ftypcrx", Sentence("a camera raw file"), Sentence("Export it as JPEG or TIFF and try again.")),
    (4, b"ftyp", Sentence("an MP4 or QuickTime video"), _AS_VIDEO),
    (4, b"moov", Sentence("an MP4 or QuickTime video"), _AS_VIDEO),
    (4, b"mdat", Sentence("an MP4 or QuickTime video"), _AS_VIDEO),
    (0, b"ID3", Sentence("a sound recording"), _OTHERWISE),
    (0, b"fLaC", Sentence("a sound recording"), _OTHERWISE),
    (0, b"PK\x03\x04", Sentence("a ZIP archive or an office document"), _UNPACK),
    (0, b"Rar!\x1a\x07", Sentence("a RAR archive"), _UNPACK),
    (0, b"7z\xbc\xaf\x27\x1c", Sentence("a 7z archive"), _UNPACK),
    (0, b"\x1f\x8b", Sentence("a gzip archive"), _UNPACK),
    (0, b"MZ", Sentence("a Windows program"), _OTHERWISE),
    (0, b"\x7fELF", Sentence("a program"), _OTHERWISE),
    (0, b"\x89HDF\r\n\x1a\n", Sentence("an HDF5 data file"), _OTHERWISE),
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
        "JPEG", "PNG", "WebP", "BMP", "TIFF", "AVIF", "GIF", "HEIC" or "JPEG 2000"; None for everything that is not read.
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
    if data.startswith((JP2_BOX, JPEG2000_START)):
        return "JPEG 2000"
    if data[4:8] == b"ftyp":
        end = min(int.from_bytes(data[:4], "big"), 64)
        brands = {data[8:12], *(data[i : i + 4] for i in range(16, end, 4))}
        if data[8:12] in STILL_BRANDS:
            if data[8:12] in AVIF_BRANDS or (data[8:12] not in HEIC_BRANDS and brands & AVIF_BRANDS):
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
    if data[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf1", b"\xff\xf9"):
        return Sentence("a sound recording"), _OTHERWISE
    if len(data) > 188 and data[0] == data[188] == 0x47:
        return Sentence("an MPEG transport stream"), _AS_VIDEO
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Sentence("a text file"), _OTHERWISE
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
        return Sentence("an XML document"), _OTHERWISE
    return (Sentence("a text file"), _OTHERWISE) if text else None
