"""What a file carries beside its pixels or frames: EXIF, XMP, text chunks and tags of the container, as plain entries.

Only what speaks of the origin is read: no place, no serial number, no name of a person. Everything is bounded, because a
stranger may have written it: number and length of entries, bytes of XML, no entity of it expanded, no address followed.
Nothing is decoded. What the entries mean is said in ``provenance``.
"""

from __future__ import annotations

import io
import unicodedata
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

import av
import av.error
import defusedxml.ElementTree
import pillow_heif
from defusedxml import DefusedXmlException
from PIL import ExifTags, Image

from detector.errors import MediaError
from detector.media.clip_formats import HEAD_BYTES, identify_clip
from detector.media.clip_parts import open_clip
from detector.media.containers import identify
from detector.media.png import png_texts
from detector.media.structure import PARSER_ERRORS

__all__ = ["MAX_ENTRIES", "MAX_TEXT", "Entry", "Metadata", "printable", "read_metadata"]

MAX_ENTRIES = 200
"""Entries that are read of one file, at most."""
MAX_TEXT = 4000
"""Characters that are kept of an entry, at most."""
_MAX_XML_BYTES = 1 << 20
_MAX_PICTURE_BYTES = 64 << 20
_XML_NODES = 20_000

_EXIF_BASE = (
    ExifTags.Base.Make,
    ExifTags.Base.Model,
    ExifTags.Base.Software,
    ExifTags.Base.ImageDescription,
    ExifTags.Base.DateTime,
)
_EXIF_IFD = (
    ExifTags.Base.DateTimeOriginal,
    ExifTags.Base.UserComment,
    ExifTags.Base.ExifImageWidth,
    ExifTags.Base.ExifImageHeight,
)
_XMP_NAMES = {
    "{http://ns.adobe.com/xap/1.0/}CreatorTool": "XMP CreatorTool",
    "{http://ns.adobe.com/tiff/1.0/}Make": "XMP Make",
    "{http://ns.adobe.com/tiff/1.0/}Model": "XMP Model",
    "{http://ns.adobe.com/tiff/1.0/}Software": "XMP Software",
    "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}softwareAgent": "XMP history",
    "{http://ns.adobe.com/photoshop/1.0/}Credit": "XMP Credit",
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType": "XMP DigitalSourceType",
    "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}AISystemUsed": "XMP AISystemUsed",
    "{http://purl.org/dc/terms/}provenance": "XMP provenance",
    "{http://purl.org/dc/elements/1.1/}description": "XMP description",
}
"""Properties that speak of the origin, by their full names (XMP part 1 and 2; IPTC Photo Metadata 2025.1; C2PA 2.2)."""
_CLIP_TAGS = (
    "encoder",
    "encoding_tool",
    "software",
    "comment",
    "description",
    "title",
    "make",
    "model",
    "creation_time",
    "com.apple.quicktime.make",
    "com.apple.quicktime.model",
    "com.apple.quicktime.software",
    "com.apple.quicktime.creationdate",
    "com.android.manufacturer",
    "com.android.model",
    "com.android.version",
)
_XMP_BOX = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
"""Identifier of the box that holds XMP in MP4 and QuickTime (XMP part 3, section 1.1.3)."""

_UNREADABLE: tuple[type[Exception], ...] = (
    *PARSER_ERRORS,
    MemoryError,
    Image.DecompressionBombError,
    MediaError,
    av.error.FFmpegError,
)
"""What reading an entry may end with; the entry is then missing, and the file's other entries are not."""

pillow_heif.register_heif_opener(thumbnails=False)


@dataclass(frozen=True)
class Entry:
    """One entry as it stands in the file."""

    where: str
    """Such as "EXIF Software", "PNG text parameters" or "tag encoder"."""
    text: str
    """Printable, at most ``MAX_TEXT`` characters."""


@dataclass(frozen=True)
class Metadata:
    """The entries of a file."""

    entries: tuple[Entry, ...] = ()
    mime: str | None = None
    """Of the container, where it is one that may hold Content Credentials."""
    damaged: bool = False
    """Whether something could not be read, or was too much."""


_MIME = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WebP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "GIF": "image/gif",
    "HEIC": "image/heic",
    "MP4": "video/mp4",
    "QuickTime": "video/quicktime",
    "AVI": "video/avi",
}


def read_metadata(file: BinaryIO) -> Metadata:
    """Read the entries of a picture or clip that was read before; leaves the file at its beginning.

    Args:
        file: open for reading; anything may be in it.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    form = identify_clip(head)
    kind = form.name if form else identify(head)
    reader = _Reader()
    if form is not None:
        with reader.attempt():
            file.seek(0)
            with open_clip(file, form) as clip:
                reader.clip(clip)
        with reader.attempt():
            reader.xml(_xmp_of_boxes(file) if form.demuxer == "mov" else b"")
    elif kind is not None:
        file.seek(0)
        with reader.attempt():
            reader.picture(file.read(_MAX_PICTURE_BYTES), kind)
    file.seek(0)
    return Metadata(tuple(reader.entries), _MIME.get(kind or ""), reader.damaged)


class _Reader:
    """Gathers the entries of one file."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.damaged = False

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Turn a parser's failure into a mark, so that the other places of the file are still read."""
        with warnings.catch_warnings():
            # The filter names its modules, so that a race with another thread's filters can at worst hide these.
            warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
            try:
                yield
            except _UNREADABLE:
                self.damaged = True

    def add(self, where: str, value: Any) -> None:
        """Keep one entry, if it says anything."""
        if isinstance(value, bytes):
            value = _decoded(value)
        text = printable(str(value)[: MAX_TEXT + 1], MAX_TEXT)
        if not text:
            return
        if len(self.entries) >= MAX_ENTRIES:
            self.damaged = True
            return
        self.entries.append(Entry(printable(where, 80), text))

    def picture(self, data: bytes, kind: str) -> None:
        """EXIF, XMP, text chunks and comments of a picture."""
        if kind == "PNG":
            # Pillow stops at its own limits of texts, and reads those behind the pixels only with them.
            for keyword, text in png_texts(data, _MAX_XML_BYTES):
                with self.attempt():
                    if keyword == "eXIf":
                        self._exif(Image.Exif(), text)
                    elif keyword == "XML:com.adobe.xmp":
                        self.xml(text)
                    else:
                        self.add(f"PNG text {keyword}", text[: 4 * MAX_TEXT])
            return
        formats = ({"WebP": "WEBP", "HEIC": "HEIF"}.get(kind, kind),)
        with Image.open(io.BytesIO(data), formats=formats) as picture:
            info = dict(picture.info)
            with self.attempt():
                self._exif(picture.getexif(), None)
        with self.attempt():
            self.xml(info.get("xmp") or b"")
        if "comment" in info:
            self.add(f"{kind} comment", info["comment"])

    def _exif(self, exif: Image.Exif, data: bytes | None) -> None:
        if data is not None:
            exif.load(b"Exif\0\0" + data)
        for tag in _EXIF_BASE:
            if tag in exif:
                self.add(f"EXIF {tag.name}", exif[tag])
        inner = exif.get_ifd(ExifTags.IFD.Exif)
        for tag in _EXIF_IFD:
            if tag in inner:
                self.add(f"EXIF {tag.name}", inner[tag])
        xmp = exif.get(ExifTags.Base.XMLPacket)
        if isinstance(xmp, bytes):
            self.xml(xmp)

    def xml(self, data: bytes | str) -> None:
        """The properties of an XMP packet that speak of the origin."""
        packet = data.encode() if isinstance(data, str) else data
        packet = packet.strip(b"\0 \t\r\n")
        if not packet:
            return
        if len(packet) > _MAX_XML_BYTES:
            self.damaged = True
            return
        try:
            root = defusedxml.ElementTree.fromstring(packet, forbid_dtd=True)
        except (ET.ParseError, DefusedXmlException, ValueError, LookupError):
            self.damaged = True
            return
        for number, node in enumerate(root.iter()):
            if number > _XML_NODES:
                self.damaged = True
                return
            for name, value in node.attrib.items():
                if name in _XMP_NAMES:
                    self.add(_XMP_NAMES[name], value)
            if node.tag in _XMP_NAMES:
                # Plain text, an address as an attribute, or a list of alternatives.
                resource = node.attrib.get("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}resource", "")
                text = " ".join(part.strip() for part in node.itertext() if part.strip())
                self.add(_XMP_NAMES[node.tag], resource or text)

    def clip(self, clip: Any) -> None:
        """The tags of a clip's container and of its streams."""
        tags: list[tuple[str, str]] = list(clip.metadata.items())
        for stream in list(clip.streams)[:8]:
            tags += stream.metadata.items()
        seen = set()
        for name, value in tags:
            if name.lower() in _CLIP_TAGS and (name, value) not in seen:
                seen.add((name, value))
                self.add(f"tag {name.lower()}", value)
        # ComfyUI's and other programs' own keys hold what the clip was made from.
        for name, value in tags:
            if name.lower() in ("prompt", "workflow", "parameters"):
                self.add(f"tag {name.lower()}", value)


def _xmp_of_boxes(file: BinaryIO) -> bytes:
    """The XMP packet of an MP4 or QuickTime file, from its top-level boxes; empty if there is none."""
    size = file.seek(0, io.SEEK_END)
    position = 0
    for _ in range(1000):
        if position + 24 > size:
            break
        file.seek(position)
        head = file.read(24)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if head[4:8] == b"uuid" and head[8:24] == _XMP_BOX:
            return file.read(min(max(length - 24, 0), _MAX_XML_BYTES + 1))
        if length < 8:
            break
        position += length
    return b""


def _decoded(value: bytes) -> str:
    """A text of unknown coding; EXIF's comments begin with the name of theirs."""
    value = value[: 4 * MAX_TEXT]
    if value[:8] == b"UNICODE\0":
        body = value[8:]
        # The byte order is that of the file, which is not known here: Latin letters show it.
        return body.decode("utf-16-be" if body[:1] == b"\0" else "utf-16-le", "replace")
    if value[:8] in (b"ASCII\0\0\0", b"\0" * 8):
        value = value[8:]
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def printable(text: str, most: int) -> str:
    """The text without what controls a terminal or turns the reading direction, in one line, cut to so many characters."""
    flat = " ".join("".join(" " if c in "\t\r\n" else c for c in text.replace("\0", " ")).split())
    safe = "".join("\N{REPLACEMENT CHARACTER}" if unicodedata.category(c)[0] == "C" else c for c in flat)
    return safe if len(safe) <= most else safe[: most - 1] + "…"
