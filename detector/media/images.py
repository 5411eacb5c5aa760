"""Pictures: a file in, upright RGB pixels and the file's facts out; and pixels in, a file out. ``decoding`` is the way between.

The file is read once, after its size was checked; everything else happens in memory. ``containers`` says from the bytes, never
from the name, which format it is.
"""

from __future__ import annotations

import hashlib
import io
import os

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from detector.errors import DamagedMedia, MediaError, UnsupportedMedia
from detector.media import files
from detector.media.containers import describe_foreign, identify
from detector.media.decoding import MAX_FILE_BYTES, MAX_PIXELS, MAX_SIDE, MIN_SIDE, PILLOW_FORMAT, decode
from detector.records import Frame, InputInfo, LoadedImage
from detector.sentences import Sentence

__all__ = [
    "FORMATS",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "MIN_SIDE",
    "decode_image",
    "encode_jpeg",
    "encode_png",
    "read_file",
    "read_image",
    "through_jpeg",
    "unreadable_formats",
]

_SMALLER = Sentence("Save it smaller, for example as JPEG, and try again.")

FORMATS = Sentence("JPEG, PNG, WebP, BMP, TIFF, AVIF, GIF, HEIC and JPEG 2000")


def read_image(path: str | os.PathLike[str], name: str | None = None) -> LoadedImage:
    """Read a still picture.

    Args:
        path: The file. Its name and ending say nothing about its format.
        name: What the user calls it, where ``path`` is a temporary copy; the path's own name by default.

    Returns:
        The upright picture, (H, W, 3) uint8 RGB in sRGB, with the facts of its file.

    Raises:
        UnsupportedMedia: Not a picture format that is read, or too small to hold a face.
        DamagedMedia: Empty, cut short, or not decodable as a whole.
        MediaTooLarge: More than ``MAX_FILE_BYTES``, ``MAX_PIXELS`` or ``MAX_SIDE``.
        MediaError: The file cannot be opened.
    """
    return decode_image(read_file(path), os.fspath(path) if name is None else name)


def decode_image(data: bytes, name: str = "", page: int | None = None) -> LoadedImage:
    """Decode a still picture from the bytes of its file. See ``read_image``.

    Args:
        data: the file.
        name: what the user calls it.
        page: which of several pictures; None for the first, with a note on the others.
    """
    if not data:
        raise DamagedMedia(Sentence("The file is empty: copy or download it again."))
    if len(data) > MAX_FILE_BYTES:
        raise files.file_too_large(len(data), MAX_FILE_BYTES, _SMALLER)
    kind = identify(data)
    if kind is None:
        raise _unsupported(data)
    notes: list[str] = []
    picture = decode(data, kind, notes, page)
    height, width, _ = picture.rgb.shape
    info = InputInfo(
        name=files.safe_name(name),
        sha256=hashlib.sha256(data).hexdigest(),
        kind="image",
        format=kind,
        bytes=len(data),
        width=width,
        height=height,
        notes=tuple(notes),
    )
    return LoadedImage(Frame(picture.rgb), info, picture.stored_size)


def encode_png(rgb: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3) uint8 RGB without loss."""
    return _encode(rgb, "PNG")


def encode_jpeg(rgb: NDArray[np.uint8], quality: int) -> bytes:
    """Encode (H, W, 3) uint8 RGB as baseline JPEG with 4:2:0 chroma, ``quality`` in [1, 95] on libjpeg's scale."""
    if not 1 <= quality <= 95:
        raise ValueError(f"encode_jpeg: expected quality in [1, 95], got {quality}")
    return _encode(rgb, "JPEG", quality=quality, subsampling="4:2:0")


def through_jpeg(rgb: NDArray[np.uint8], quality: int) -> NDArray[np.uint8]:
    """The pixels as they are after being saved as JPEG once: (H, W, 3) uint8 RGB, arguments as for ``encode_jpeg``."""
    with Image.open(io.BytesIO(encode_jpeg(rgb, quality)), formats=("JPEG",)) as image:
        return np.array(image.convert("RGB"))


def unreadable_formats() -> list[str]:
    """Formats of those that are read which this installation cannot read, found by writing and reading a picture in each."""
    made = Image.fromarray(np.linspace(0, 255, 64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8))
    bad = []
    for name in FORMATS.replace(" and ", ", ").split(", "):
        out = io.BytesIO()
        try:
            made.save(out, PILLOW_FORMAT.get(name, name))
            decode_image(out.getvalue())
        except (OSError, KeyError, ValueError, MediaError):
            bad.append(name)
    return bad


def _encode(rgb: NDArray[np.uint8], pillow_format: str, **options: object) -> bytes:
    channels = (3, 4) if pillow_format == "PNG" else (3,)
    if rgb.ndim != 3 or rgb.shape[2] not in channels or rgb.dtype != np.uint8 or 0 in rgb.shape:
        raise ValueError(f"expected a non-empty (H, W, 3) uint8 RGB array, got {rgb.shape} {rgb.dtype}")
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, pillow_format, **options)
    return buffer.getvalue()


# The file


def read_file(path: str | os.PathLike[str]) -> bytes:
    with files.open_file(path, MAX_FILE_BYTES, Sentence("a picture"), _SMALLER) as file:
        try:
            return file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise MediaError(Sentence("The file cannot be read ({reason}): copy it again.", reason=reason)) from error


def _unsupported(data: bytes) -> MediaError:
    if data.count(0) == len(data):
        return DamagedMedia(
            Sentence("The file holds nothing but zeros, so the copy failed: copy or download it again.")
        )
    foreign = describe_foreign(data)
    if foreign is None:
        return UnsupportedMedia(
            Sentence(
                "This is neither a photo ({formats}) nor a video that is read here. Save a photo as JPEG or PNG, a video as "
                "MP4 (H.264).",
                formats=FORMATS,
            )
        )
    what, cure = foreign
    return UnsupportedMedia(
        Sentence("This looks like {what}, which cannot be checked here. {cure}", what=what, cure=cure)
    )
