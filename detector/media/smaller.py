"""Large pictures at a part of their size, with as few copies of the whole in memory as their decoders allow."""

from __future__ import annotations

import io

import av
import av.error
import cv2
import numpy as np
import pillow_heif
from PIL import Image

__all__ = ["loaded_smaller"]


def loaded_smaller(image: Image.Image, data: bytes, kind: str, smaller: int, page: int) -> Image.Image:
    """The picture's pixels at a part of its size.

    Args:
        image: opened by Pillow, and not decoded yet.
        data: its file.
        kind: the file's format.
        smaller: by what both sides are divided.
        page: which of several pictures.

    Raises:
        OSError: it does not decode.
    """
    width, height = max(1, image.width // smaller), max(1, image.height // smaller)
    info = image.info
    if kind == "HEIC":
        whole = np.asarray(pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)[page])
        small = Image.fromarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA))
    elif kind == "WebP":
        small = _webp_smaller(data, (width, height))
    else:
        image.draft(None, (width, height))  # JPEG alone: decoded smaller from the start
        image.load()
        left = round(max(image.size) / max(width, height))
        small = image if left <= 1 else _averaged(image, left)
    small.info = info
    return small


def _averaged(image: Image.Image, smaller: int) -> Image.Image:
    if image.mode in ("1", "P", "PA"):
        image = image.convert("L" if image.mode == "1" else "RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I;16"):
        return Image.fromarray(np.ascontiguousarray(np.asarray(image)[::smaller, ::smaller]))
    return image.reduce(smaller)


def _webp_smaller(data: bytes, size: tuple[int, int]) -> Image.Image:
    """Of the first picture. Pillow would hold it four times, at four bytes a pixel; FFmpeg holds it once, as it was coded."""
    decoder = av.CodecContext.create("webp", "r")
    decoder.thread_count = 1
    try:
        frames = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
        see_through = any(component.is_alpha for component in frames[0].format.components)
        form = "rgba" if see_through else "rgb24"
        small = frames[0].reformat(width=size[0], height=size[1], format=form, interpolation="AREA", threads=1)
        return Image.fromarray(small.to_ndarray())
    except (av.error.FFmpegError, IndexError) as error:
        raise OSError("no picture in this WebP decodes") from error
