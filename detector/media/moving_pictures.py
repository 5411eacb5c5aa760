"""Picture formats that can move: APNG, WebP, AVIF and HEIC with a track. They are read as clips; here they are told apart.

FFmpeg reads all of them but WebP, of which Pillow makes the frames; these are written losslessly into a clip in memory.
"""

from __future__ import annotations

import io
from fractions import Fraction
from typing import Any, BinaryIO

import av
import numpy as np
from PIL import Image

from detector.errors import MediaTooLarge
from detector.media.clip_formats import ClipFormat
from detector.media.containers import identify
from detector.media.decoder_errors import decoder_errors
from detector.media.gif import gif_with_delays, scan_gif
from detector.media.isobmff import has_track
from detector.media.png import png_damage, png_frames
from detector.media.structure import ENDS_EARLY
from detector.media.webp import webp_canvas, webp_damage, webp_durations
from detector.sentences import Sentence

__all__ = ["MOST_PIXELS", "MOVING", "as_clip", "has_still_beside", "lacks_end", "moving_format"]

MOST_PIXELS = 600_000_000
"""Of all frames of a WebP together: what takes some ten seconds."""
_MOST_SIDE = 4096
_CLOCK = 1000
_UNKNOWN_MS = 100
"""How long a frame is shown that says 0, as in browsers."""

_FORMATS = {
    "GIF": ClipFormat("GIF", "gif", False),
    "PNG": ClipFormat("PNG", "apng", False),
    "WebP": ClipFormat("WebP", "matroska", True),
    "AVIF": ClipFormat("AVIF", "mov", True, track=True),
    "HEIC": ClipFormat("HEIC", "mov", True, track=True),
}

MOVING = frozenset(_FORMATS)
"""Formats, as ``identify`` names them, of which some files move."""


def moving_format(data: bytes) -> ClipFormat | None:
    """The format of a picture file that moves; None for a still picture and for whatever is none.

    Args:
        data: the whole file.
    """
    kind = identify(data)
    if kind == "GIF":
        scan = scan_gif(data)
        moves = scan.frames > 1 and scan.damage is None
    elif kind == "PNG":
        moves = png_frames(data)[0] > 1
    elif kind == "WebP":
        moves = len(webp_durations(data)) > 1 and webp_damage(data) is None
    else:
        moves = kind in ("AVIF", "HEIC") and has_track(data)
    return _FORMATS[kind] if kind and moves else None


def has_still_beside(file: BinaryIO, form: ClipFormat) -> bool:
    """Whether an APNG shows another picture to programs that know of no animation."""
    if form.name != "PNG":
        return False
    file.seek(0)
    return not png_frames(file.read())[1]


def lacks_end(file: BinaryIO, form: ClipFormat) -> bool:
    """Whether a moving GIF or PNG has no end mark, so that nobody can tell if frames are missing as well."""
    if form.name not in ("GIF", "PNG"):
        return False
    file.seek(0)
    data = file.read()
    return scan_gif(data).unended if form.name == "GIF" else png_damage(data) == ENDS_EARLY


def as_clip(file: BinaryIO, form: ClipFormat) -> BinaryIO:
    """The file as FFmpeg reads all of it: a moving WebP as another clip, a GIF with a time for every picture.

    Raises:
        MediaTooLarge, DamagedMedia: a WebP of more than ``MOST_PIXELS``, or one that does not decode.
    """
    if form.name == "WebP":
        return _webp_as_clip(file.read())
    if form.name == "GIF":
        data = file.read()
        scan = scan_gif(data)
        if scan.damage is None and scan.undelayed:
            return io.BytesIO(gif_with_delays(data, scan))
    return file


def _webp_as_clip(data: bytes) -> io.BytesIO:
    """The frames of a moving WebP as a Matroska clip without loss, on white, each at its own time.

    Raises:
        MediaTooLarge: more than ``MOST_PIXELS``.
        DamagedMedia: a frame does not decode.
    """
    durations = [duration or _UNKNOWN_MS for duration in webp_durations(data)]
    width, height = webp_canvas(data) or (0, 0)
    if max(width, height) > _MOST_SIDE or width * height * len(durations) > MOST_PIXELS:
        raise MediaTooLarge(
            Sentence(
                "The moving picture has {frames} frames of {width} x {height} pixels, more than are read of a WebP. Save it "
                "as MP4 (H.264) and try again.",
                frames=len(durations),
                width=width,
                height=height,
            )
        )
    clip = io.BytesIO()
    with (
        decoder_errors("WebP"),
        Image.open(io.BytesIO(data), formats=("WEBP",)) as image,
        av.open(clip, "w", format="matroska") as out,
    ):
        stream: Any = out.add_stream("ffv1", rate=_CLOCK)
        stream.width, stream.height, stream.pix_fmt = width, height, "bgr0"
        stream.codec_context.time_base = Fraction(1, _CLOCK)
        time_ms = 0
        for index, duration in enumerate(durations):
            image.seek(index)
            frame = av.VideoFrame.from_ndarray(_on_white(image), format="rgb24").reformat(format="bgr0")
            frame.pts, frame.time_base = time_ms, Fraction(1, _CLOCK)
            out.mux(stream.encode(frame))
            time_ms += duration
        out.mux(stream.encode(None))
    clip.seek(0)
    return clip


def _on_white(image: Image.Image) -> np.ndarray:
    clear = image.convert("RGBA")
    canvas = Image.new("RGB", clear.size, (255, 255, 255))
    canvas.paste(clear, mask=clear.getchannel("A"))
    return np.asarray(canvas)
