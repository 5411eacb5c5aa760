"""The only decoder of clips (``images`` is that of pictures): a file in, upright RGB frames spread over the whole of it out.

A clip is read twice, and what its header claims is believed in neither pass:

1. ``clip_scan`` looks at all packets without decoding any.
2. The wanted frames are chosen from those time stamps, and only the way to each is decoded, from the last key frame before
   it where the container can be trusted to find that one, else from where the decoder stands. Of H.264, frames on the way
   that no other frame is predicted from are passed over. Only wanted frames become pixels, one stretch at a time, so that
   memory does not grow with the clip.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Any, BinaryIO, Self

import av
import av.error

from detector.errors import Cancelled, MediaError
from detector.media import files
from detector.media.clip_kinds import MAX_FILE_BYTES, format_of
from detector.media.clip_notes import COMBED, HDR, MOST_BEYOND, SCALED, STRETCHED, UNENDED, LostFrames, notes_on
from detector.media.clip_parts import ClipParts
from detector.media.clip_places import choose_stretches
from detector.media.clip_scan import (
    SMALLER,
    ClipScan,
    Stop,
    check_size,
    none_decodes,
    packets_of,
)
from detector.media.frames import KEPT_SIDE, has_hdr_curve, scaled_to, square_pixel_size, upright_rgb
from detector.media.interlace import is_combed, without_combs
from detector.media.moving_pictures import as_clip, has_still_beside, lacks_end
from detector.media.peekable import Peekable
from detector.records import ClipCounts, ClipRules, Frame, InputInfo
from detector.sentences import Sentence

__all__ = [
    "VideoSamples",
    "sample_by_rules",
    "sample_video",
]

_PASSABLE = "h264"
"""The coding whose unreferenced frames (``nal_ref_idc`` of 0, H.264 section 7.4.1) may be left undecoded without a trace in any
other. Those that HEVC marks may still be needed by a higher temporal layer."""


def sample_video(
    path: str | os.PathLike[str],
    *,
    samples: int | None = 32,
    most: int | None = None,
    stretch: int = 1,
    name: str | None = None,
    cancelled: Stop | None = None,
    size: tuple[int, int] | None = None,
) -> VideoSamples:
    """Open a clip for reading frames from all over it.

    Args:
        path: the file. Its name and ending say nothing about its format.
        samples: places, spread evenly over the frames; None for every frame of the clip.
        most: places of a long clip: more than ``samples``, and no further than ``clip_places.EVERY_S`` apart, until there are
            so many.
        stretch: consecutive frames at each place.
        name: what the user calls it, where ``path`` is a temporary copy; the path's own name by default.
        cancelled: asked often; once it says True, ``Cancelled`` is raised.
        size: (width, height) in pixels to which every frame is scaled; None for each frame's own size, which may change within
            a clip.

    Returns:
        A context manager, to be iterated once.

    Raises:
        UnsupportedMedia: not a container that is read, sound only, or too small to hold a face.
        DamagedMedia: empty, or no frame of it decodes.
        MediaTooLarge: more than ``MAX_FILE_BYTES``, ``MAX_SIDE`` or ``MAX_SECONDS``.
        MediaError: the file cannot be opened.
        Cancelled: ``cancelled`` returned True.
    """
    if (samples is not None and samples < 1) or stretch < 1:
        raise ValueError(f"sample_video: expected samples and stretch of at least 1, got {samples} and {stretch}")
    if most is not None and (samples is None or most < samples):
        raise ValueError(f"sample_video: expected most to be no less than samples, got {most} and {samples}")
    shown = files.safe_name(os.fspath(path) if name is None else name)
    file = files.open_file(path, MAX_FILE_BYTES, Sentence("a video"), SMALLER)
    try:
        return VideoSamples(file, shown, samples, most, stretch, cancelled or (lambda: False), size)
    except BaseException:
        file.close()
        raise


def sample_by_rules(
    path: str | os.PathLike[str], rules: ClipRules, name: str | None = None, cancelled: Stop | None = None
) -> VideoSamples:
    """``sample_video`` as the detector does it for an analysis."""
    return sample_video(
        path, samples=rules.samples, most=rules.most_samples, stretch=rules.stretch, name=name, cancelled=cancelled
    )


class VideoSamples:
    """A clip that is being read: iterate it once for its stretches, each a tuple of consecutive frames.

    ``Frame.index`` is the frame's place in the clip, ``Frame.time_s`` seconds from the clip's beginning. Iterating raises
    ``DamagedMedia`` at the end if no frame was given: a damaged frame may decode once and not again. Made by ``sample_video``.
    """

    def __init__(
        self, file: BinaryIO, name: str, samples: int | None, most: int | None, stretch: int, cancelled: Stop,
        size: tuple[int, int] | None = None,
    ) -> None:  # fmt: skip
        self._given, self._cancelled, self._fixed = file, cancelled, size
        self._format = format_of(file)
        sha256 = files.sha256_of(file)
        self._file: BinaryIO = as_clip(file, self._format)
        self._notes: dict[str, None] = {}
        self._parts = ClipParts(self._file, self._format)
        self._scan = ClipScan(self._parts, self._format, cancelled)
        self._stills = 0
        if has_still_beside(file, self._format):
            self._stills = 1
            self._notes[Sentence("The still picture beside the animation was not looked at.")] = None
        if lacks_end(file, self._format):
            self._notes[UNENDED] = None
        self._decoded = self._undecodable = self._too_large = self._sampled = 0
        self._sizes: set[tuple[int, int]] = set()
        self._unseen: list[int] = []
        # A seek says nothing about which of several clocks a packet's time belongs to.
        self._seekable = self._format.seekable and self._scan.running is None
        self._wanted = choose_stretches(self._scan, samples, most, stretch, seekable=self._seekable)
        self._needed: frozenset[int] | None = None
        self._interlaced = False
        self._container: av.container.InputContainer | None = None
        self._read_first_frame()
        self._decoded = self._undecodable = 0
        self._needed = self._needed_stamps()
        self._info = InputInfo(
            name=name,
            sha256=sha256,
            kind="video",
            format=self._format.name,
            bytes=os.fstat(file.fileno()).st_size,
            width=self.size[0],
            height=self.size[1],
            duration_s=self._scan.duration_s,
            fps=self._scan.fps,
            codec="webp" if self._format.name == "WebP" else self._scan.codecs[0],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._end()
        self._file.close()
        self._given.close()

    def __len__(self) -> int:
        """Stretches that are tried; fewer are given where frames do not decode."""
        return len(self._wanted)

    @property
    def start_s(self) -> float:
        """The first frame's time by the container's own clock, where ``Frame.time_s`` is 0."""
        return self._scan.start_s

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the largest frame so far, to whose pixels those of all others can be scaled."""
        return self._fixed or max(self._sizes, key=lambda size: (size[0] * size[1], size))

    @property
    def as_edited(self) -> bool:
        """Whether the edit list of an MP4, if there is one, is followed; else every frame is given as it was filmed."""
        return self._parts.as_edited

    @property
    def joins(self) -> list[int]:
        """Places of the frames with which the container's clock begins anew, ascending; times are its own only without any."""
        return self._scan.starts

    @property
    def unseen(self) -> tuple[tuple[float, float], ...]:
        """(from, to) in seconds of which no frame could be looked at, complete once the clip was iterated."""
        spans = []
        for position in self._unseen:
            at_end = position + 1 == len(self._wanted)
            end = self._scan.duration_s if at_end else self._scan.time_s(self._wanted[position + 1][0])
            spans.append((0.0 if position == 0 else self._scan.time_s(self._wanted[position][0]), end))
        return tuple(spans)

    @property
    def unseen_share(self) -> float:
        """Share of the file's moving pictures that could not be looked at, in [0, 1]; complete once the clip was iterated."""
        seen = 1.0 - len(self._unseen) / len(self._wanted)
        of_tracks = len(self._scan.stamps) / (len(self._scan.stamps) + self._scan.beside + self._stills)
        return 1.0 - seen * of_tracks * (1.0 - (self._scan.beyond if self._scan.beyond > MOST_BEYOND else 0.0))

    @property
    def info(self) -> InputInfo:
        """Facts of the file; its notes are complete once the clip was iterated."""
        lost = LostFrames(self._decoded, self._undecodable, self._too_large, self._scan.beside, self._scan.beyond)
        notes = dict.fromkeys((*self._scan.notes, *self._notes, *notes_on(lost, sizes=len(self._sizes))))
        width, height = self.size
        return replace(self._info, width=width, height=height, notes=tuple(notes))

    @property
    def counts(self) -> ClipCounts:
        """How many frames there are, and what became of them so far."""
        return ClipCounts(
            in_file=len(self._scan.stamps),
            decoded=self._decoded,
            undecodable=self._undecodable,
            sampled=self._sampled,
        )

    def __iter__(self) -> Iterator[tuple[Frame, ...]]:
        # Places are ascending, and so are the frames that come out: each frame is passed at most once.
        frames = Peekable(self._frames(0))
        try:
            for position, (first, length) in enumerate(self._wanted):
                beyond = self._wanted[position + 1][0] if position + 1 < len(self._wanted) else sys.maxsize
                if self._seekable and self._scan.key_before(first) > frames.reached + 1:
                    frames.close()
                    frames = Peekable(self._frames(first))
                found: list[Frame] = []
                # Where a frame does not decode, the next one that does stands in for it.
                while len(found) < length and (index := frames.peek()) is not None and index < beyond:
                    raw = frames.pop()
                    if index < first:
                        continue
                    if is_combed(raw):
                        raw = without_combs(raw, *frames.neighbours())
                        self._notes[COMBED] = None
                    if (frame := self._upright(raw, index)) is not None:
                        found.append(frame)
                if found:
                    self._sampled += len(found)
                    yield tuple(found)
                else:
                    self._unseen.append(position)
        finally:
            frames.close()
            self._end()
        if not self._sampled:
            raise none_decodes(self._format)

    # Decoding ------------------------------------------------------------------------------------------------------

    def _needed_stamps(self) -> frozenset[int] | None:
        """Time stamps of the wanted frames, where others may be passed over; None where all on the way are decoded."""
        # Of interlaced frames the neighbours are needed as well.
        if self._interlaced or set(self._scan.codecs) != {_PASSABLE} or self._format.counted or not self._scan.timed:
            return None
        return frozenset(
            self._scan.stamps[index] for first, length in self._wanted for index in range(first, first + length)
        )

    def _read_first_frame(self) -> None:
        """Read the first frame that decodes, which says how large the clip is.

        Raises:
            DamagedMedia: none does.
        """
        try:
            with contextlib.closing(self._frames(0)) as frames:
                for index, raw in frames:
                    check_size(*square_pixel_size(raw, self._scan.pixel_ratio))
                    if self._upright(raw, index) is not None:
                        self._interlaced = raw.interlaced_frame
                        return
        finally:
            self._end()
        raise none_decodes(self._format)

    def _frames(self, first: int) -> Generator[tuple[int, av.VideoFrame], None, None]:
        """(ordinal, decoded frame) from the key frame before ``first`` on, or from the beginning; one such at a time."""
        if self._seekable and self._scan.key_before(first):
            try:
                yield from self._decode(self._container or self._reopened(), first)
                return
            except _WrongEntry:
                # This file's index cannot be trusted, so it is read from its beginning from now on.
                self._seekable = False
        yield from self._decode(self._reopened(), 0)

    def _reopened(self, part: int = 0) -> av.container.InputContainer:
        """A part at its beginning. A seek does without: to open a clip FFmpeg decodes its first frames."""
        self._end()
        self._container = self._parts.open(self._scan.parts[part])
        stream = self._scan.stream_of(self._container)
        stream.thread_type = "AUTO"
        # Each thread holds frames of its own, of which those of an 8K clip fill 50 MB.
        stream.thread_count = 1 if max(self._scan.size) > KEPT_SIDE else min(4, os.cpu_count() or 1)
        return self._container

    def _packets(self, container: Any) -> Iterator[Any]:
        """The packets from where a container stands, and those of the parts after it, each with the running clock's time."""
        running = None if self._scan.running is None else iter(self._scan.running.tolist())
        for part in range(len(self._scan.parts)):
            if part:
                container = self._reopened(part)
            for packet in packets_of(container, self._scan.stream_of(container)):
                if running is not None and packet.pts is not None and packet.size and not packet.is_discard:
                    packet.pts = next(running, packet.pts)
                    packet.dts = None  # else some decoders would correct the one by the other
                yield packet

    def _end(self) -> None:
        """Free the decoder and its threads."""
        if self._container is not None:
            self._container.close()
            self._container = None

    def _decode(self, container: Any, first: int) -> Iterator[tuple[int, av.VideoFrame]]:
        """(ordinal, frame) of what decodes, in order of presentation; what does not is counted.

        Raises:
            _WrongEntry: the seek led beyond ``first``, or to a frame that needs earlier ones to be decoded, as many of the
                frames that are marked as key frames do: what comes out is then not what was filmed. Nothing was given.
        """
        stream = self._scan.stream_of(container)
        stream.codec_context.skip_frame = "DEFAULT"
        ordinal = entry = self._scan.key_before(first)
        if entry:
            try:
                container.seek(self._scan.stamps[entry], stream=stream)
            except (av.error.FFmpegError, OSError) as error:
                raise _WrongEntry from error
        last = -1
        for packet in self._packets(container):
            if self._cancelled():
                raise Cancelled(Sentence("The analysis was stopped."))
            if self._needed is not None and (last >= 0 or not entry):  # what follows a seek tells whether it went wrong
                passed = "DEFAULT" if packet.pts in self._needed else "NONREF"
                packet.stream.codec_context.skip_frame = passed
            try:
                decoded = packet.decode()
            except av.error.EOFError:
                continue
            except av.error.FFmpegError as error:
                if entry and last < 0:
                    raise _WrongEntry from error
                self._undecodable += 1
                ordinal += 1
                continue
            for frame in decoded:
                index = self._scan.ordinal(frame, ordinal)
                ordinal += 1
                if entry and last < 0 and (frame.is_corrupt or index > first):
                    raise _WrongEntry
                if index <= last:  # repeats and time stamps that go back
                    continue
                last = index
                if frame.is_corrupt:
                    self._undecodable += 1
                    continue
                self._decoded += 1
                yield index, frame

    def _upright(self, raw: av.VideoFrame, index: int) -> Frame | None:
        """The frame as pixels; None if it is of no size that is read."""
        try:
            check_size(*square_pixel_size(raw, self._scan.pixel_ratio))
        except MediaError:
            self._too_large += 1
            return None
        if has_hdr_curve(raw):
            self._notes[HDR] = None
        if square_pixel_size(raw, self._scan.pixel_ratio) != (raw.width, raw.height):
            self._notes[STRETCHED] = None
        if max(raw.width, raw.height) > KEPT_SIDE:
            self._notes[SCALED] = None
        rgb = upright_rgb(raw, self._scan.pixel_ratio)
        self._sizes.add((rgb.shape[1], rgb.shape[0]))
        if self._fixed is not None and (rgb.shape[1], rgb.shape[0]) != self._fixed:
            rgb = scaled_to(rgb, self._fixed)
        return Frame(rgb, index, self._scan.time_s(index))


class _WrongEntry(Exception):
    """A seek did not lead where decoding can begin."""
