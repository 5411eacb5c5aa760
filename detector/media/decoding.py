"""The only decoder of pictures (``clips`` is that of clips): the bytes of a file in, upright sRGB pixels out.

A still picture goes through these steps, in this order, each able to refuse it:

1. The format's own module says whether its structure is whole.
2. Pillow (pillow-heif for HEIC) opens it as exactly that format; the size in the header is checked before pixels exist.
3. The pixels are decoded strictly, large ones at a part of their size. ``second_opinion`` says whether any are missing.
4. ``colour`` makes 8-bit sRGB of it, on white where it is transparent; the stored orientation is applied.

What cannot be seen: damage inside formats that carry no redundancy (raw pixels in BMP or TIFF, the arithmetic coding of
WebP, AVIF, HEIC and JPEG 2000, JPEG or fax coding inside TIFF) decodes to other pixels without an error.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass

import av
import av.error
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from detector.errors import MediaTooLarge, UnsupportedMedia
from detector.media import colour
from detector.media.decoder_errors import damaged, decoder_errors, quiet_decoders
from detector.media.gif import gif_for_decoder, scan_gif
from detector.media.image_notes import UNENDED, note_other_pictures
from detector.media.isobmff import isobmff_damage
from detector.media.jpeg import jpeg_damage, jpeg_scans
from detector.media.jpeg2000 import jpeg2000_damage
from detector.media.jpeg_check import check_passes, with_end_mark
from detector.media.pixel_shape import with_square_pixels
from detector.media.png import png_damage, png_damaged_extras, png_for_decoder, png_profile, png_with_end
from detector.media.second_opinion import check_blocks, check_strips, second_opinion
from detector.media.signalled import curve_of, pixel_ratio_of
from detector.media.smaller import loaded_smaller
from detector.media.structure import ENDS_EARLY, PARSER_ERRORS
from detector.media.tiff import NEW_SUBFILE_TYPE, tiff_pages
from detector.media.webp import webp_canvas, webp_damage
from detector.records import UInt8Image
from detector.sentences import Sentence

__all__ = [
    "KEPT_PIXELS",
    "MAX_FILE_BYTES",
    "MAX_PIXELS",
    "MAX_SIDE",
    "MIN_SIDE",
    "PILLOW_FORMAT",
    "Decoded",
    "check_size",
    "decode",
]

MAX_FILE_BYTES = 100 * 1024 * 1024
MAX_PIXELS = 200_000_000
_MOST_PIXELS = {"WebP": 100_000_000, "AVIF": 100_000_000, "JPEG 2000": 40_000_000}
"""Of formats whose decoders hold several copies of the picture, or are slow."""
KEPT_PIXELS = 40_000_000
"""Larger pictures are made smaller while they are read."""
MAX_SIDE = 32_767
"""Of what is kept: OpenCV's resampling counts pixels in 16 bits."""
MIN_SIDE = 16

_SQUARE = 0.02
"""How far the two sides of a pixel may differ."""

PILLOW_FORMAT = {"WebP": "WEBP", "HEIC": "HEIF", "JPEG 2000": "JPEG2000"}
"""Where Pillow's name of a format is another."""

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

pillow_heif.register_heif_opener(thumbnails=False)
# Pillow's own bound is lower, and warns; sizes are checked here before anything is decoded.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True, eq=False)
class Decoded:
    """A picture as pixels."""

    rgb: UInt8Image
    """(H, W, 3) uint8 RGB in sRGB, upright."""
    stored_size: tuple[int, int]
    """(width, height) in the file, upright; larger than ``rgb`` where that was made smaller."""


def decode(data: bytes, kind: str, notes: list[str], page: int | None = None) -> Decoded:
    """Decode a still picture.

    Args:
        data: the file.
        kind: its format, as ``identify`` names it.
        notes: sentences for the user are appended.
        page: which of several pictures; None for the first, with a note on the others.

    Raises:
        UnsupportedMedia, DamagedMedia, MediaTooLarge: as of ``images.read_image``.
    """
    stream = _check_structure(data, kind, notes)
    with decoder_errors(kind):
        image: Image.Image = Image.open(io.BytesIO(stream), formats=(PILLOW_FORMAT.get(kind, kind),))
        if page:
            image.seek(page)
    stored = image.size
    check_size(*stored, most=_MOST_PIXELS.get(kind, MAX_PIXELS))
    smaller = _reduction(*stored)
    if kind == "TIFF":
        if not page:
            _refuse_camera_raw(data, image)
        check_strips(image)
    if kind == "JPEG":
        check_passes(jpeg_scans(data), *stored)
    # Another library in the process may have asked for half pictures.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with second_opinion(stream, kind, smaller), decoder_errors(kind):
        # Pillow would count the pages of a TIFF one by one.
        frames = tiff_pages(data) if kind == "TIFF" else getattr(image, "n_frames", 1)
        if smaller > 1:
            orientation = _orientation(image, notes)
            image = loaded_smaller(image, data, kind, smaller, page or 0)
        else:
            image.load()
            orientation = _orientation(image, notes)
    if kind == "JPEG 2000":
        check_blocks(data, image)
    check_size(*image.size)
    if page is None:
        note_other_pictures(data, kind, image.format, frames, notes)
    if smaller > 1:
        notes.append(
            Sentence(
                "The picture has {megapixels:.0f} megapixels; it was read at 1/{smaller} of its width and height.",
                megapixels=stored[0] * stored[1] / 1e6,
                smaller=smaller,
            )
        )
    profile = png_profile(data) if kind == "PNG" else image.info.get("icc_profile")
    curve = curve_of(data, kind, image)
    with quiet_decoders(), decoder_errors(kind):
        deep = _deep_samples(stream, kind, image) if curve.is_special else None
        rgb = colour.to_srgb(image, profile, notes, curve, deep)
        rgb = _square_pixels(rgb, pixel_ratio_of(data, kind, image), notes)
    if orientation in _ORIENTATION:
        rgb = rgb.transpose(_ORIENTATION[orientation])
        stored = stored if orientation < 5 else stored[::-1]
    return Decoded(np.array(rgb), stored)


def _reduction(width: int, height: int) -> int:
    """By what whole number both sides are divided so that the picture is no larger than what is kept."""
    smaller = 1
    while width * height > KEPT_PIXELS * smaller**2 or max(width, height) > MAX_SIDE * smaller:
        smaller *= 2
    return smaller


def _deep_samples(stream: bytes, kind: str, image: Image.Image) -> NDArray[np.uint16] | None:
    """(H, W, 3) uint16 of a PNG of 16 bits, of which Pillow keeps 8: too few for the dark end of an unusual curve."""
    if kind != "PNG" or stream[24:26] != b"\x10\x02" or image.size != struct.unpack(">II", stream[16:24]):
        return None
    frames = av.CodecContext.create("png", "r").decode(av.Packet(stream))
    if not frames:
        return None
    return np.ascontiguousarray(frames[0].to_ndarray(format="rgb48le"))


def _square_pixels(rgb: Image.Image, ratio: float, notes: list[str]) -> Image.Image:
    """The picture stretched to square pixels; ``ratio`` is a pixel's width over its height."""
    size = rgb.size if abs(ratio - 1) < _SQUARE else with_square_pixels(rgb.size, ratio)
    if size == rgb.size or size[0] * size[1] > KEPT_PIXELS or max(size) > MAX_SIDE:
        return rgb
    notes.append(Sentence("The picture's pixels are not square; it was stretched to the shape in which it is shown."))
    return rgb.resize(size, Image.Resampling.BICUBIC)


def _check_structure(data: bytes, kind: str, notes: list[str]) -> bytes:
    """Refuse a file whose structure is not whole; return the bytes for the decoder."""
    damage = None
    if kind == "JPEG":
        damage = jpeg_damage(data)
        if damage == ENDS_EARLY and (ended := with_end_mark(data)) is not None:
            notes.append(UNENDED)
            return ended
    elif kind == "PNG":
        damage = png_damage(data)
        if damage == ENDS_EARLY and (ended := png_with_end(data)) is not None:
            damage, data = png_damage(ended), ended
            notes.append(UNENDED)
        if damage is None and png_damaged_extras(data):
            notes.append(Sentence("Data beside the picture are damaged in this file; the picture itself is whole."))
    elif kind == "WebP":
        damage = webp_damage(data)
        canvas = webp_canvas(data)
        if canvas:
            check_size(*canvas, most=_MOST_PIXELS[kind])
    elif kind in ("AVIF", "HEIC"):
        damage = isobmff_damage(data)
    elif kind == "JPEG 2000":
        damage = jpeg2000_damage(data)
    elif kind == "GIF":
        scan = scan_gif(data)
        if scan.damage is None:
            if scan.unended:
                notes.append(UNENDED)
            return gif_for_decoder(data, scan)
        damage = scan.damage
    if damage:
        raise damaged(kind, damage)
    return png_for_decoder(data) if kind == "PNG" else data


def _refuse_camera_raw(data: bytes, image: Image.Image) -> None:
    """Camera raw files are TIFF files whose first picture is a small preview."""
    tags = getattr(image, "tag_v2", {})
    subfile = tags.get(NEW_SUBFILE_TYPE, 0)
    if data[8:10] == b"CR" or _DNG_VERSION_TAG in tags or (isinstance(subfile, int) and subfile & 1):
        raise UnsupportedMedia(
            Sentence(
                "This looks like a camera raw file, of which only a small preview could be read. "
                "Export it as JPEG or TIFF and try again."
            )
        )


def _orientation(image: Image.Image, notes: list[str]) -> int:
    with quiet_decoders():
        try:
            value = image.getexif().get(ExifTags.Base.Orientation, 1)
        except PARSER_ERRORS:
            notes.append(Sentence("The EXIF data are damaged, so a stored orientation could not be applied."))
            return 1
    return value if isinstance(value, int) else 1


def check_size(width: int, height: int, most: int = MAX_PIXELS) -> None:
    """Refuse a picture that is too large or too small, by its sides in pixels and the most pixels."""
    if width * height > most:
        raise MediaTooLarge(
            Sentence(
                "The picture has {width} x {height} pixels; at most {most} megapixels are read. "
                "Save a smaller copy and try again.",
                width=width,
                height=height,
                most=most // 10**6,
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
