"""The only decoder of pictures (``clips`` is that of clips): a file in, upright RGB pixels and the file's facts out.

A still picture goes through these steps, in this order, each able to refuse it:

1. The file is read once, after its size was checked; everything else happens in memory.
2. ``containers`` says from the bytes, never from the name, which format it is, and the format's own module whether its
   structure is whole.
3. Pillow (pillow-heif for HEIC) opens it as exactly that format; the size in the header is checked before pixels exist.
4. The pixels are decoded strictly. A JPEG gets a second opinion, since libjpeg fills missing parts in silence.
5. ``colour`` makes 8-bit sRGB of it, on white where it is transparent; the stored orientation is applied.

What cannot be seen: damage inside formats that carry no redundancy (raw pixels in BMP or TIFF, the arithmetic coding of
WebP, AVIF and HEIC, JPEG or fax coding inside TIFF) decodes to other pixels without an error.
"""

from __future__ import annotations

import hashlib
import io
import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import av
import av.error
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from detector.errors import DamagedMedia, MediaError, MediaTooLarge, UnsupportedMedia
from detector.media import colour, files
from detector.media.containers import describe_foreign, identify
from detector.media.gif import gif_for_decoder, scan_gif
from detector.media.image_notes import note_hdr, note_other_pictures
from detector.media.isobmff import isobmff_damage
from detector.media.jpeg import jpeg_damage, jpeg_for_second_opinion, jpeg_scans
from detector.media.png import png_damage, png_for_decoder, png_profile
from detector.media.structure import PARSER_ERRORS
from detector.media.tiff import tiff_pages
from detector.media.webp import webp_canvas, webp_damage
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
    "read_image",
    "through_jpeg",
    "unreadable_formats",
]

MAX_FILE_BYTES = 50 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_SIDE = 32_767
"""OpenCV's resampling counts pixels in 16 bits."""
MIN_SIDE = 16

MAX_SCANNED = 1_500_000_000
"""Pixels times passes of a progressive JPEG: programs write some ten passes, a hostile file thousands."""

_SMALLER = Sentence("Save it smaller, for example as JPEG, and try again.")

FORMATS = Sentence("JPEG, PNG, WebP, BMP, TIFF, AVIF, GIF and HEIC")
_PILLOW_FORMAT = {"WebP": "WEBP", "HEIC": "HEIF"}

_ORIENTATION = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation -> what turns the picture upright. 1 is upright; other values are not defined and are ignored."""

_DNG_VERSION_TAG = 50706
_NEW_SUBFILE_TYPE_TAG = 254

pillow_heif.register_heif_opener(thumbnails=False)


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
    return decode_image(_read_file(path), os.fspath(path) if name is None else name)


def decode_image(data: bytes, name: str = "") -> LoadedImage:
    """Decode a still picture from the bytes of its file. See ``read_image``."""
    if not data:
        raise DamagedMedia(Sentence("The file is empty: copy or download it again."))
    if len(data) > MAX_FILE_BYTES:
        raise files.file_too_large(len(data), MAX_FILE_BYTES, _SMALLER)
    kind = identify(data)
    if kind is None:
        raise _unsupported(data)
    notes: list[str] = []
    rgb = np.array(_decode(data, kind, notes))
    height, width, _ = rgb.shape
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
    return LoadedImage(Frame(rgb), info)


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
            made.save(out, _PILLOW_FORMAT.get(name, name))
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


def _read_file(path: str | os.PathLike[str]) -> bytes:
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
                "This is not a picture file that is read here ({formats}). Save it as JPEG or PNG.", formats=FORMATS
            )
        )
    what, cure = foreign
    return UnsupportedMedia(Sentence("This looks like {what}, which is not read here. {cure}", what=what, cure=cure))


def _damaged(kind: str, detail: str) -> DamagedMedia:
    return DamagedMedia(
        Sentence(
            "This {kind} file is damaged or incomplete ({detail}), so it was not read. "
            "Copy or download it again, or export it anew from the original.",
            kind=kind,
            detail=detail,
        )
    )


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise MediaTooLarge(
            Sentence(
                "The picture has {width} x {height} pixels; at most {most} megapixels and {side} pixels a side are read. "
                "Save a smaller copy and try again.",
                width=width,
                height=height,
                most=MAX_PIXELS // 10**6,
                side=MAX_SIDE,
            )
        )
    if min(width, height) < MIN_SIDE:
        raise UnsupportedMedia(
            Sentence(
                "The picture has only {width} x {height} pixels; at least {least} a side are needed. "
                "Give a larger version of it.",
                width=width,
                height=height,
                least=MIN_SIDE,
            )
        )


# Decoding


def _decode(data: bytes, kind: str, notes: list[str]) -> Image.Image:
    """Decode to an upright 8-bit sRGB picture; sentences for the user are appended to ``notes``."""
    stream = _check_structure(data, kind)
    with _decoder_errors(kind):
        image = Image.open(io.BytesIO(stream), formats=(_PILLOW_FORMAT.get(kind, kind),))
    _check_size(*image.size)
    if kind == "TIFF":
        _refuse_camera_raw(data, image)
    if kind == "JPEG":
        _check_passes(jpeg_scans(data), *image.size)
    # Another library in the process may have asked for half pictures.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with _second_opinion(data, kind), _decoder_errors(kind):
        # Pillow would count the pages of a TIFF one by one.
        frames = tiff_pages(data) if kind == "TIFF" else getattr(image, "n_frames", 1)
        image.load()
    _check_size(*image.size)
    note_other_pictures(data, kind, image.format, frames, notes)
    note_hdr(data, kind, image, notes)
    profile = png_profile(data) if kind == "PNG" else image.info.get("icc_profile")
    orientation = _orientation(image, notes)
    with _quiet_decoders():
        rgb = colour.to_srgb(image, profile, notes)
    return rgb.transpose(_ORIENTATION[orientation]) if orientation in _ORIENTATION else rgb


@contextmanager
def _quiet_decoders() -> Iterator[None]:
    """Keep the decoders' warnings off the terminal: what a user should know is in an error or a note."""
    with warnings.catch_warnings():
        # The filter names its modules, so that a race with another thread's filters can at worst hide these.
        warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif)\.")
        yield


@contextmanager
def _decoder_errors(kind: str) -> Iterator[None]:
    """Turn what a decoder lets out on damaged bytes into a ``MediaError``."""
    with _quiet_decoders():
        try:
            yield
        except Image.DecompressionBombError as error:
            raise MediaTooLarge(
                Sentence(
                    "The picture has more than {most} megapixels. Save a smaller copy and try again.",
                    most=MAX_PIXELS // 10**6,
                )
            ) from error
        except MemoryError as error:
            raise MediaTooLarge(
                Sentence("Reading this picture needs more memory than there is. Save a smaller copy.")
            ) from error
        except PARSER_ERRORS as error:
            raise _damaged(kind, Sentence("its contents do not decode, or use a rare variant of the format")) from error


def _check_structure(data: bytes, kind: str) -> bytes:
    """Refuse a file whose structure is not whole; return the bytes for the decoder."""
    damage = None
    if kind == "JPEG":
        damage = jpeg_damage(data)
    elif kind == "PNG":
        damage = png_damage(data)
    elif kind == "WebP":
        damage = webp_damage(data)
        canvas = webp_canvas(data)
        if canvas:
            _check_size(*canvas)
    elif kind in ("AVIF", "HEIC"):
        damage = isobmff_damage(data)
    elif kind == "GIF":
        scan = scan_gif(data)
        if scan.damage is None:
            return gif_for_decoder(data, scan)
        damage = scan.damage
    if damage:
        raise _damaged(kind, damage)
    return png_for_decoder(data) if kind == "PNG" else data


def _check_passes(passes: int, width: int, height: int) -> None:
    if passes * width * height > MAX_SCANNED:
        raise MediaTooLarge(
            Sentence(
                "The picture has {width} x {height} pixels and is stored in up to {passes} passes, which would take "
                "too long to read. Save it anew as an ordinary JPEG and try again.",
                width=width,
                height=height,
                passes=passes,
            )
        )


@contextmanager
def _second_opinion(data: bytes, kind: str) -> Iterator[None]:
    """``_check_jpeg_scans`` of a JPEG, in a thread beside what is done meanwhile; an error of that goes first."""
    if kind != "JPEG":
        yield
        return
    with ThreadPoolExecutor(1, "second opinion") as pool:
        checked = pool.submit(_check_jpeg_scans, data)
        yield
    checked.result()


def _check_jpeg_scans(data: bytes) -> None:
    """Refuse a JPEG with damaged scans, in which libjpeg paints grey or stray blocks and Pillow cannot tell.

    FFmpeg's decoder can be told to give up on the first error; on a picture without one it agrees with libjpeg.
    """
    stream = jpeg_for_second_opinion(data)
    if stream is None:
        return
    decoder = av.CodecContext.create("mjpeg", "r")
    decoder.thread_count = 1
    decoder.options = {"err_detect": "explode+bitstream+buffer"}
    try:
        decoder.decode(av.Packet(stream))
    except av.error.InvalidDataError as error:
        raise _damaged("JPEG", Sentence("part of the picture is missing or garbled")) from error
    except av.error.FFmpegError:
        return  # a variant that this decoder does not know: libjpeg's result stands


def _refuse_camera_raw(data: bytes, image: Image.Image) -> None:
    """Camera raw files are TIFF files whose first picture is a small preview."""
    tags = getattr(image, "tag_v2", {})
    subfile = tags.get(_NEW_SUBFILE_TYPE_TAG, 0)
    if data[8:10] == b"CR" or _DNG_VERSION_TAG in tags or (isinstance(subfile, int) and subfile & 1):
        raise UnsupportedMedia(
            Sentence(
                "This looks like a camera raw file, of which only a small preview could be read. "
                "Export it as JPEG or TIFF and try again."
            )
        )


def _orientation(image: Image.Image, notes: list[str]) -> int:
    with _quiet_decoders():
        try:
            value = image.getexif().get(ExifTags.Base.Orientation, 1)
        except PARSER_ERRORS:
            notes.append(Sentence("The EXIF data are damaged, so a stored orientation could not be applied."))
            return 1
    return value if isinstance(value, int) else 1
