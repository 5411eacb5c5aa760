"""One decoded frame of a clip -> upright 8-bit RGB pixels. Pure conversion: nothing is opened or decoded here.

``clips`` hands over what FFmpeg decoded. Sizes are made those of square pixels, the stored turn is applied, and what is
transparent stands on white, as in ``colour`` for pictures.
"""

from __future__ import annotations

import threading
from typing import Any

import av
import cv2
import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import VideoReformatter

from detector.media.pixel_shape import with_square_pixels
from detector.media.tone import is_hdr, is_wide, tone_mapped
from detector.records import UInt8Image

__all__ = ["KEPT_SIDE", "fitted", "has_hdr_curve", "scaled_to", "square_pixel_size", "upright_rgb"]

KEPT_SIDE = 4096
"""Longer side of the pixels that are made, at most: larger frames are scaled on the way."""


def has_hdr_curve(frame: av.VideoFrame) -> bool:
    """Whether the samples follow an HDR curve."""
    return is_hdr(int(frame.color_trc))


def square_pixel_size(frame: av.VideoFrame, pixel_ratio: float) -> tuple[int, int]:
    """(width, height) with square pixels, before the frame is turned: the side whose pixels are too long grows.

    Args:
        frame: as decoded.
        pixel_ratio: width of a pixel over its height, as the container has it.
    """
    return with_square_pixels((frame.width, frame.height), pixel_ratio)


_OWN = threading.local()


def _reformatter() -> VideoReformatter:
    """This thread's own. A frame's own ``reformat`` makes one for every frame, with threads that live until the garbage is
    collected: hundreds of them, each with its stack, and three times as slow."""
    if not hasattr(_OWN, "reformatter"):
        _OWN.reformatter = VideoReformatter()
    reformatter: VideoReformatter = _OWN.reformatter
    return reformatter


def upright_rgb(frame: av.VideoFrame, pixel_ratio: float = 1.0) -> UInt8Image:
    """(H, W, 3) uint8 RGB of a decoded frame, upright, with square pixels, on white where it is transparent."""
    width, height = fitted(square_pixel_size(frame, pixel_ratio), KEPT_SIDE)
    transfer, primaries = int(frame.color_trc), int(frame.color_primaries)
    if is_hdr(transfer) or is_wide(primaries):
        samples = _reformatter().reformat(
            frame, width=width, height=height, format="rgb48le", interpolation="BICUBIC", threads=2
        ).to_ndarray()  # fmt: skip
        return np.ascontiguousarray(_turned(tone_mapped(np.asarray(samples, np.uint16), transfer, primaries), frame))
    see_through = any(component.is_alpha for component in frame.format.components)
    pixels = _reformatter().reformat(
        frame, width=width, height=height, format="rgba" if see_through else "rgb24", interpolation="BICUBIC", threads=2
    ).to_ndarray()  # fmt: skip
    if see_through:
        alpha = pixels[..., 3:].astype(np.uint16)
        if alpha.max() > 0 and alpha.min() < 255:
            mixed = pixels[..., :3] * alpha + np.uint16(255) * (255 - alpha)
            pixels = ((mixed + 127) // 255).astype(np.uint8)
        pixels = pixels[..., :3]
    turned: UInt8Image = np.ascontiguousarray(_turned(pixels, frame))
    return turned


def fitted(size: tuple[int, int], most: int) -> tuple[int, int]:
    """(width, height) of the same shape whose longer side is at most ``most``."""
    share = min(1.0, most / max(size))
    return max(1, round(size[0] * share)), max(1, round(size[1] * share))


def scaled_to(rgb: UInt8Image, size: tuple[int, int]) -> UInt8Image:
    """(H, W, 3) uint8 RGB at another (width, height): averaged over areas where it shrinks, bicubic where it grows."""
    shrinks = size[0] * size[1] < rgb.shape[0] * rgb.shape[1]
    scaled: UInt8Image = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return scaled


def _turned(pixels: np.ndarray, frame: av.VideoFrame) -> np.ndarray:
    """Apply the display matrix (ISO/IEC 14496-12, 6.2.2): quarter turns and mirrors; other angles are rounded to one."""
    data: Any = frame.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]  # keyed by Type, whatever the stub says
    if data is None:
        return pixels
    matrix = np.frombuffer(bytes(data), "<i4")
    if matrix.size < 9:
        return pixels
    # The picture's right and down as they are to be shown, as (x, y).
    right, down = matrix[[0, 1]].astype(np.int64), matrix[[3, 4]].astype(np.int64)
    if right[0] * down[1] - right[1] * down[0] < 0:
        pixels, right = pixels[:, ::-1], -right
    clockwise = round(float(np.degrees(np.arctan2(right[1], right[0]))) / 90) % 4
    return np.rot90(pixels, -clockwise)
