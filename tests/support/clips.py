"""Clips made in the test: every codec that is read, and two people whose places and times are known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

__all__ = ["counting_frames", "number_of", "paste", "write_clip"]

Rgb = NDArray[np.uint8]
CLOCK = 1000
"""Ticks per second of the clips' time stamps."""


def write_clip(
    path: Path,
    frames: Iterable[Rgb],
    codec: str = "libx264",
    *,
    fps: int = 10,
    pixels: str = "yuv420p",
    container: str | None = None,
    times_s: Sequence[float] | None = None,
    turned_deg: int = 0,
    options: dict[str, str] | None = None,
    sound: bool = False,
    pixel_ratio: Fraction | None = None,
) -> Path:
    """Encode frames, each (H, W, 3) uint8 RGB, as a clip.

    Args:
        path: of the clip.
        frames: all of one size.
        codec: FFmpeg's name of the encoder.
        fps: frames per second, where ``times_s`` does not say when each is shown.
        pixels: FFmpeg's name of the pixel format.
        container: FFmpeg's name of the container; by the path's ending by default.
        times_s: when each frame is shown, for a clip of variable rate.
        turned_deg: display rotation, degrees counter-clockwise.
        options: of the encoder.
        sound: whether a tone goes with it.
        pixel_ratio: width of a pixel over its height.
    """
    av.logging.set_level(None)
    with av.open(str(path), "w", format=container) as out:
        stream: Any = out.add_stream(codec, rate=fps, options=options or {})
        tone: Any = out.add_stream("aac", rate=48000) if sound else None
        if times_s is not None:
            stream.codec_context.time_base = Fraction(1, CLOCK)
        number = -1
        for number, rgb in enumerate(frames):
            if number == 0:
                stream.height, stream.width = rgb.shape[:2]
                stream.pix_fmt = pixels
                if turned_deg:
                    stream.set_display_rotation(turned_deg)
                if pixel_ratio:
                    stream.sample_aspect_ratio = pixel_ratio
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixels)
            frame.pts = number if times_s is None else round(times_s[number] * CLOCK)
            frame.time_base = Fraction(1, fps if times_s is None else CLOCK)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if tone is not None:
            _write_tone(out, tone, 48000 * (number + 1) // fps)
    return path


def _write_tone(out: Any, tone: Any, samples: int) -> None:
    wave = np.sin(np.arange(samples) * 0.06).astype(np.float32)[None, :] * np.float32(0.2)
    for start in range(0, samples, 1024):
        chunk = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(wave[:, start : start + 1024]), format="fltp", layout="mono"
        )
        chunk.sample_rate, chunk.pts, chunk.time_base = 48000, start, Fraction(1, 48000)
        out.mux(tone.encode(chunk))
    out.mux(tone.encode(None))


def counting_frames(count: int, size: tuple[int, int] = (96, 64)) -> Iterable[Rgb]:
    """Frames of (width, height) that carry their own number, in bars that survive any codec; see ``number_of``."""
    width, height = size
    for number in range(count):
        rgb = np.zeros((height, width, 3), np.uint8)
        for bit in range(8):
            if number >> bit & 1:
                rgb[height // 2 :, width * bit // 8 : width * (bit + 1) // 8] = 255
        rgb[: height // 2] = (200, 60, 40)
        yield rgb


def number_of(rgb: Rgb) -> int:
    """The number that ``counting_frames`` put into a frame."""
    height, width = rgb.shape[:2]
    row = rgb[height * 3 // 4, :, 1]
    return sum(1 << bit for bit in range(8) if row[(2 * bit + 1) * width // 16] > 127)


def paste(canvas: Rgb, picture: Rgb, left: int, top: int) -> None:
    """Put a picture on a canvas in place; what lies outside is cut off."""
    height, width = canvas.shape[:2]
    x0, y0, x1, y1 = max(0, left), max(0, top), min(width, left + picture.shape[1]), min(height, top + picture.shape[0])
    if x0 < x1 and y0 < y1:
        canvas[y0:y1, x0:x1] = picture[y0 - top : y1 - top, x0 - left : x1 - left]
