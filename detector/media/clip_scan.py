"""The first pass over a clip: all of its packets, none of them decoded.

It costs about 1 us a packet and yields what a header only claims: every time stamp, every key frame, the true length, rate
and number of frames.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from detector.errors import Cancelled, DamagedMedia, MediaError, MediaTooLarge, UnsupportedMedia
from detector.media.clip_clock import run_clock
from detector.media.clip_formats import ClipFormat
from detector.media.clip_parts import ClipParts
from detector.sentences import Sentence

__all__ = [
    "MAX_SECONDS",
    "MAX_SIDE",
    "SAVE_AS",
    "SMALLER",
    "ClipScan",
    "Stop",
    "check_size",
    "missing_decoders",
    "none_decodes",
    "other_tracks",
    "packets_of",
]

MAX_SIDE = 8192
"""Pixels; the decoder's own pictures of an 8K clip fill 600 MB."""
MIN_SIDE = 16
MAX_SECONDS = 4 * 3600.0
MAX_FRAMES = 1_000_000
SMALLER = Sentence("Cut out the part that matters, or save it at a lower resolution.")
SAVE_AS = Sentence("Save it as MP4 (H.264) and try again.")
_STRAY = 0.1
"""Share of packets that may lack a time stamp before all are ignored."""
_REPEATED = 0.01
"""Share of frames that may claim another's time before all times are ignored."""
_MOST_AHEAD_S = 10.0
"""Seconds by which the clock of a broadcast format may jump ahead before it is taken for another clock."""
_MOST_ERRORS = 100
"""Packets in a row that may be unreadable before the rest of the file is given up."""
_MOST_ROUNDED = 16
"""Frames, as many as decoding runs ahead of showing, that an edit list may leave out without being meant to."""
_LEAST_BEYOND = 1 << 15
"""Bytes behind the last frame of a joined file that are more than the end of its sound."""

Stop = Callable[[], bool]


class ClipScan:
    """What all packets of a clip's video stream say: time stamps, key frames, true length."""

    def __init__(self, parts: ClipParts, form: ClipFormat, cancelled: Stop) -> None:
        self.notes: list[str] = []
        self._in_order, self._cancelled = form.counted, cancelled
        refused = self._scan_parts(parts, form)
        if form.demuxer == "mov" and not self._in_file_order():
            shown = self._places
            parts.as_edited = False
            self._scan_parts(parts, form)
            if not self._is_about(shown):
                self.notes.append(
                    Sentence(
                        "An edit list in the file leaves out frames, repeats them or changes their order; every frame was "
                        "looked at once, as it was filmed, so times may differ from those of a player."
                    )
                )
        if not self.parts:
            raise refused or _no_frame(form)
        stamps, keys = np.array(self._stamps, np.int64), np.array(self._keys, np.bool_)
        self._place(stamps, keys, self._packets, form)
        self._measure(None if self.starts or len(parts) > 1 else self._announced)

    def _scan_parts(self, parts: ClipParts, form: ClipFormat) -> MediaError | None:
        """Note the packets of all parts; why the first part that could not be opened was refused."""
        self.parts: list[int] = []
        """Those that hold pictures."""
        self.codecs: list[str] = []
        """FFmpeg's names of their codings."""
        self.beside = 0
        """Frames of further tracks."""
        self._packets = self._announced_frames = 0
        self._stamps, self._keys, self._places = array("q"), array("b"), array("q")
        refused: MediaError | None = None
        whole = elsewhere = 0
        for part in range(len(parts)):
            whole += parts.bytes_of(part)
            try:
                with parts.open(part) as container:
                    reached = self._scan_part(part, container, form, whole - parts.bytes_of(part))
            except MediaError as error:
                if self._packets > MAX_FRAMES:
                    raise
                refused, reached = refused or error, 0
            left = parts.bytes_of(part) - reached
            if (form.joins or len(parts) > 1) and (not reached or (left > _LEAST_BEYOND and not self.beside)):
                elsewhere += left
        self.beyond = elsewhere / whole
        """Share of a joined file in parts, or behind a part's last frame, whose tracks FFmpeg cannot read with the others."""
        return refused

    def _in_file_order(self) -> bool:
        """Whether every frame that the file announces comes once, in the order in which they are stored."""
        if not self._announced_frames:
            return self._packets > 0
        places = np.array(self._places, np.int64)
        return len(places) == self._announced_frames and bool((np.diff(places) > 0).all())

    def _is_about(self, places: array[int]) -> bool:
        """Whether frames at other places in the file are those that were found, in their order, but for a few."""
        missing = len(self._places) - len(places)
        ascending = bool((np.diff(np.array(places, np.int64)) > 0).all())
        return (ascending and 0 <= missing <= min(_MOST_ROUNDED, len(self._places) // 10)) or places == self._places

    def _scan_part(self, part: int, container: Any, form: ClipFormat, begin: int) -> int:
        """Note the packets of a part; the number of the byte that follows the last of them, 0 without any."""
        stream = self.stream_of(container)
        check_size(stream.codec_context.width, stream.codec_context.height, header=True)
        if not self.parts:
            self.size = stream.codec_context.width, stream.codec_context.height
            self.pixel_ratio = float(stream.sample_aspect_ratio or 1)
            self._base = Fraction(stream.time_base or 1)
            self._rate = stream.average_rate
            self._announced = container.duration / av.time_base if container.duration else None
        self._announced_frames += stream.frames
        faster = Fraction(stream.time_base or 1) / self._base
        before, reached = self._packets, 0
        beside = [] if form.track else other_tracks(container, stream)
        for packet in packets_of(container, stream, *beside):
            if packet.size == 0 or packet.is_discard:
                continue
            if packet.stream_index != stream.index:
                self.beside += 1
                continue
            self._packets += 1
            self._places.append(begin + (packet.pos or 0))
            reached = max(reached, (packet.pos or 0) + packet.size)
            if self._packets % 64 == 0 and self._cancelled():
                raise Cancelled(Sentence("The analysis was stopped."))
            if self._packets > MAX_FRAMES:
                raise MediaTooLarge(
                    Sentence("The clip has more than {most} frames. {cure}", most=MAX_FRAMES, cure=SMALLER)
                )
            stamp = packet.dts if self._in_order else packet.pts
            if stamp is not None:
                self._stamps.append(stamp if faster == 1 else round(stamp * faster))
                # With a part the clock may go back by less than frames are shown later than they are stored.
                self._keys.append(packet.is_keyframe or self._packets == before + 1)
        if self._packets > before:
            self.parts.append(part)
            self.codecs.append(_codec_name(stream))
        return reached

    def _place(self, stamps: NDArray[np.int64], keys: NDArray[np.bool_], packets: int, form: ClipFormat) -> None:
        """Give every frame its place, by its time or, where times are of no use, by its number."""
        ahead = round(_MOST_AHEAD_S / self._base) if form.joins else None
        clock = run_clock(stamps, keys, ahead)
        self.starts: list[int] = []
        """Ordinals of the frames with which the clock begins anew, ascending."""
        self.running: NDArray[np.int64] | None = clock.stamps if clock.starts or len(self.parts) > 1 else None
        """Time stamps to be given to the packets that have one, in the file's order; None where they have them already."""
        unique = np.unique(clock.stamps)
        self.timed = len(stamps) >= (1 - _STRAY) * packets and len(unique) >= (1 - _REPEATED) * len(stamps)
        if self.timed:
            self.stamps: list[int] = unique.tolist()
            self.keys: list[int] = np.unique(np.searchsorted(unique, clock.stamps[keys])).tolist()
            self.starts = np.searchsorted(unique, clock.starts).tolist()
            if self.starts:
                self.notes.append(
                    Sentence.plural(
                        "The clip's clock begins anew once in the file, as in clips that were joined; the times given here "
                        "run through.",
                        "The clip's clock begins anew {count} times in the file, as in clips that were joined; the times "
                        "given here run through.",
                        len(self.starts),
                    )
                )
            return
        # A frame's place is all there is to go by.
        rate = self._rate if self._rate and 1 <= self._rate <= 240 else Fraction(25)
        self._base, self.running = 1 / Fraction(rate), None
        self.stamps, self.keys = list(range(packets)), [0]
        self.notes.append(
            Sentence("The file carries no usable time stamps, so times were counted from the number of frames.")
        )

    def _measure(self, announced: float | None) -> None:
        """Rate and length from the time stamps, compared with what the header says."""
        seconds = float((self.stamps[-1] - self.stamps[0]) * self._base)
        count = len(self.stamps)
        self.fps = (count - 1) / seconds if seconds > 0 else None
        self.duration_s = seconds * count / (count - 1) if count > 1 else 0.0
        if self.duration_s > MAX_SECONDS:
            raise MediaTooLarge(
                Sentence(
                    "The clip is {hours:.1f} hours long; at most {most:.0f} are read. {cure}",
                    hours=self.duration_s / 3600,
                    most=MAX_SECONDS / 3600,
                    cure=SMALLER,
                )
            )
        if announced and count > 1 and self.duration_s < 0.9 * announced - 1:
            self.notes.append(
                Sentence(
                    "The file announces {announced:.0f} seconds, but holds pictures for {held:.0f}: it may have been cut "
                    "short.",
                    announced=float(announced),
                    held=self.duration_s,
                )
            )

    @staticmethod
    def stream_of(container: av.container.InputContainer) -> av.VideoStream:
        """The video stream, cover pictures of sound recordings left aside.

        Raises:
            UnsupportedMedia: there is none.
        """
        cover = av.stream.Disposition.attached_pic
        streams = [stream for stream in container.streams.video if not stream.disposition & cover]
        # A stream whose coding is not even known has no decoder.
        streams = [stream for stream in streams if stream.codec_context is not None]
        if streams:
            # Of a moving AVIF or HEIC the still picture is a stream as well, of one frame.
            return max(
                streams,
                key=lambda stream: (
                    stream.frames != 1,
                    (stream.codec_context.width or 0) * (stream.codec_context.height or 0),
                ),
            )
        if container.streams.audio:
            raise UnsupportedMedia(
                Sentence(
                    "This file holds sound without moving pictures, and only faces are analysed. Use a photo or a video."
                )
            )
        raise UnsupportedMedia(Sentence("No video that can be decoded was found in this file. {cure}", cure=SAVE_AS))

    def key_before(self, ordinal: int) -> int:
        """Ordinal of the last key frame at or before a frame; 0 where none is marked."""
        position = bisect_right(self.keys, ordinal)
        return self.keys[position - 1] if position else 0

    def ordinal(self, frame: av.VideoFrame, otherwise: int) -> int:
        """A decoded frame's place in the clip."""
        last = len(self.stamps) - 1
        if self._in_order or not self.timed or frame.pts is None:
            return min(otherwise, last)
        return min(bisect_left(self.stamps, frame.pts), last)

    @property
    def start_s(self) -> float:
        """The first frame's time by the container's own clock."""
        return float(self.stamps[0] * self._base) if self.timed else 0.0

    def time_s(self, ordinal: int) -> float:
        """Seconds from the first frame, by the container's clock."""
        return float((self.stamps[ordinal] - self.stamps[0]) * self._base)


def _no_frame(form: ClipFormat) -> DamagedMedia:
    return DamagedMedia(
        Sentence(
            "This {kind} file holds no frame: it is cut short or empty. Copy or download it again.",
            kind=form.name,
        )
    )


def none_decodes(form: ClipFormat) -> DamagedMedia:
    """The error for a clip of whose frames none decodes."""
    return DamagedMedia(
        Sentence(
            "No frame of this {kind} file could be decoded, so it is damaged or uses a rare coding. "
            "Copy or download it again. {cure}",
            kind=form.name,
            cure=SAVE_AS,
        )
    )


def missing_decoders(names: Iterable[str]) -> list[str]:
    """Those of FFmpeg's names of codings for which this installation has no decoder."""
    missing = []
    for name in names:
        try:
            av.Codec(name, "r")
        except ValueError:  # what PyAV raises for a name it does not know
            missing.append(name)
    return missing


def other_tracks(container: Any, stream: Any) -> list[Any]:
    """Further video tracks that a player may show in place of this one; pictures of sound and helper tracks left aside."""
    cover = av.stream.Disposition.attached_pic
    default = av.stream.Disposition.default
    videos = [
        each for each in container.streams.video if not each.disposition & cover and each.codec_context is not None
    ]
    marked = [each for each in videos if each.disposition & default]
    return [each for each in marked or videos if each.index != stream.index]


def packets_of(container: Any, *streams: Any) -> Iterator[Any]:
    """The streams' packets; after a proper end, one more of each, which empties its decoder. What is unreadable is left out."""
    errors = 0
    packets = container.demux(*streams)
    while errors < _MOST_ERRORS:
        try:
            packet = next(packets)
        except (StopIteration, av.error.EOFError):
            return
        except IndexError:  # PyAV, at the end, of a track that FFmpeg found while it read; the others are at theirs
            return
        except (av.error.FFmpegError, OSError):
            errors += 1
            packets = container.demux(*streams)
            continue
        errors = 0
        yield packet


def _codec_name(stream: Any) -> str:
    """FFmpeg's name of the coding, whichever library decodes it."""
    return str(getattr(stream.codec_context.codec, "canonical_name", None) or stream.codec_context.name)


def check_size(width: int, height: int, *, header: bool = False) -> None:
    """Refuse frames that are too large or too small; a header that does not say is believed until a frame does."""
    if header and not (width and height):
        return
    if max(width, height) > MAX_SIDE:
        raise MediaTooLarge(
            Sentence(
                "The clip has {width} x {height} pixels; at most {most} a side are read. "
                "Save it at a lower resolution, for example 1920 x 1080, and try again.",
                width=width,
                height=height,
                most=MAX_SIDE,
            )
        )
    if min(width, height) < MIN_SIDE:
        raise UnsupportedMedia(
            Sentence(
                "The clip has only {width} x {height} pixels; at least {least} a side are needed. "
                "Give a larger version of it.",
                width=width,
                height=height,
                least=MIN_SIDE,
            )
        )
