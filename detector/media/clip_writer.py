"""Writes a clip that plays in a browser: H.264 in MP4, 4:2:0, even sides, with the sound of another clip.

The only encoder of clips. Sound that is AAC already is copied packet by packet; any other is encoded as AAC, and one that
cannot be decoded is left out (see ``sound``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import numpy as np

from detector.media.clip_formats import HEAD_BYTES, identify_clip
from detector.media.clip_parts import open_clip
from detector.records import UInt8Image

__all__ = ["ClipWriter"]

_CLOCK = 90_000
"""Ticks of a second in the file's time stamps: exact for every usual frame rate."""
_SOUND_RATE = 48_000


class ClipWriter:
    """A clip being written, frame by frame. A context manager: a clip that was not finished is removed.

    Args:
        target: the file; replaced if it exists.
        fps: frames per second on average, for the encoder's planning; each frame has its own time.
        sound_of: a clip whose sound is to go with it; None for silence.
        sound_from_s: time of that clip's sound at which the first frame is shown, seconds of its container's clock.
        quality: x264's constant rate factor; lower is better.
        as_edited: whether an edit list of that clip decides when its sound is heard.
    """

    def __init__(
        self,
        target: str | os.PathLike[str],
        fps: float,
        sound_of: str | os.PathLike[str] | None = None,
        sound_from_s: float = 0.0,
        quality: int = 23,
        *,
        as_edited: bool = True,
    ) -> None:
        self._target = Path(target)
        self._out: Any = av.open(os.fspath(target), "w", format="mp4", options={"movflags": "+faststart"})
        rate = Fraction(min(max(fps, 1.0), 120.0)).limit_denominator(1001)
        self._video: Any = self._out.add_stream(
            "libx264", rate=rate, options={"crf": str(quality), "preset": "veryfast"}
        )
        self._video.pix_fmt = "yuv420p"
        self._video.codec_context.time_base = Fraction(1, _CLOCK)
        self._size: tuple[int, int] | None = None
        self._last = -1
        self._sound: _Sound | None = None
        if sound_of is not None:
            self._sound = _Sound.of(sound_of, self._out, sound_from_s, as_edited)

    @property
    def sound(self) -> bool:
        """Whether sound goes with it."""
        return self._sound is not None

    def add(self, rgb: UInt8Image, time_s: float) -> None:
        """Append a frame.

        Args:
            rgb: (H, W, 3) uint8 RGB, all of one size; an odd side loses its last row or column.
            time_s: when it is shown, ascending.
        """
        height, width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
        if self._size is None:
            self._size = self._video.width, self._video.height = width, height
        if (width, height) != self._size:
            raise ValueError(f"ClipWriter.add: expected frames of {self._size}, got {(width, height)}")
        if self._sound is not None:
            self._sound.up_to(time_s)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb[:height, :width]), format="rgb24")
        frame.pts = self._last = max(self._last + 1, round(time_s * _CLOCK))
        frame.time_base = Fraction(1, _CLOCK)
        self._out.mux(self._video.encode(frame))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        finished = kind is None and self._size is not None
        try:
            if finished:
                self._out.mux(self._video.encode(None))
                if self._sound is not None:
                    self._sound.up_to(self._last / _CLOCK + 1.0)
        finally:
            if self._sound is not None:
                self._sound.close()
            self._out.close()
            if not finished:
                self._target.unlink(missing_ok=True)


class _Sound:
    """The sound of a clip on its way into another."""

    def __init__(self, file: Any, source: Any, stream: Any, out: Any, from_s: float) -> None:
        self._file, self._source, self._out, self._from_s = file, source, out, from_s
        self._copied = stream.codec_context.name == "aac" and bool(stream.codec_context.extradata)
        if self._copied:
            self._made = out.add_stream_from_template(stream)
        else:
            self._made = out.add_stream("aac", rate=_SOUND_RATE)
            self._made.layout = "stereo"
        self._pieces = self._copies(stream) if self._copied else self._encoded(stream)
        self._waiting: tuple[float, list[Any]] | None = None

    @classmethod
    def of(cls, path: str | os.PathLike[str], out: Any, from_s: float, as_edited: bool) -> _Sound | None:
        """None where there is no sound that can be decoded."""
        file = open(path, "rb")  # noqa: SIM115 - open as long as the writer
        form = identify_clip(file.read(HEAD_BYTES))
        if form is not None:
            file.seek(0)
            source = open_clip(file, form, as_edited=as_edited)
            for stream in source.streams.audio:
                if stream.codec_context is not None:
                    return cls(file, source, stream, out, from_s)
            source.close()
        file.close()
        return None

    def up_to(self, time_s: float) -> None:
        """Write what sounds until then, so that picture and sound lie side by side in the file."""
        while True:
            if self._waiting is None:
                self._waiting = next(self._pieces, None)
            if self._waiting is None or self._waiting[0] > time_s:
                return
            self._out.mux(self._waiting[1])
            self._waiting = None

    def close(self) -> None:
        self._source.close()
        self._file.close()

    def _copies(self, stream: Any) -> Iterator[tuple[float, list[Any]]]:
        shift = round(self._from_s / stream.time_base)
        for packet in self._read(self._source.demux(stream)):
            if packet.dts is None or packet.dts < shift:
                continue
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            packet.stream = self._made
            yield float(packet.dts * stream.time_base), [packet]

    def _encoded(self, stream: Any) -> Iterator[tuple[float, list[Any]]]:
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=_SOUND_RATE)
        written = 0
        for frame in self._read(self._source.decode(stream)):
            if frame.pts is None or frame.time is None or frame.time < self._from_s - 1e-6:
                continue
            frame.pts = None  # the encoder counts samples
            packets = []
            for piece in resampler.resample(frame):
                piece.pts, piece.time_base = written, Fraction(1, _SOUND_RATE)
                written += piece.samples
                packets += self._made.encode(piece)
            yield written / _SOUND_RATE, packets
        yield written / _SOUND_RATE, self._made.encode(None)

    @staticmethod
    def _read(items: Iterator[Any]) -> Iterator[Any]:
        """As far as it can be read: damaged sound ends early, and the pictures go on."""
        while True:
            try:
                item = next(items)
            except (StopIteration, av.error.FFmpegError):
                return
            yield item
