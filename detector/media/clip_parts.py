"""A clip's file as the parts of it that FFmpeg can open: one, but for a broadcast whose tracks change on the way, and
for several files that were joined.

FFmpeg gets an open file, the name of the demuxer and an empty list of protocols, so that it can open nothing else.
"""

from __future__ import annotations

import io
from typing import BinaryIO

import av
import av.error

from detector.errors import DamagedMedia
from detector.media.clip_formats import ClipFormat
from detector.media.joined_files import parts_by_header
from detector.media.program_maps import parts_by_program_map
from detector.sentences import Sentence

__all__ = ["ClipParts", "open_clip"]

_BUFFER = 1 << 18


class ClipParts:
    """The parts of an open file, each to be opened as often as it is needed."""

    def __init__(self, file: BinaryIO, form: ClipFormat) -> None:
        self._file, self._form = file, form
        self.as_edited = True
        """Whether the edit list of an MP4 decides which frames are read."""
        self._spans = parts_by_program_map(file) if form.demuxer == "mpegts" else parts_by_header(file, form)

    def __len__(self) -> int:
        return len(self._spans)

    def bytes_of(self, part: int) -> int:
        """Length of a part."""
        begin, end = self._spans[part]
        return end - begin

    def open(self, part: int) -> av.container.InputContainer:
        """A part at its beginning; ``DamagedMedia`` as of ``open_clip``. Only one can be read at a time."""
        self._file.seek(0)
        file = self._file if len(self) == 1 else _Span(self._file, *self._spans[part])
        return open_clip(file, self._form, as_edited=self.as_edited)


class _Span:
    """Bytes of an open file, as a file."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file, self._begin, self._end, self._at = file, begin, end, begin

    def read(self, size: int) -> bytes:
        self._file.seek(self._at)
        data = self._file.read(max(0, min(size, self._end - self._at)))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = (self._begin, self._at, self._end)[whence]
        self._at = max(self._begin, start + offset)
        return self.tell()

    def tell(self) -> int:
        return self._at - self._begin


def open_clip(file: BinaryIO | _Span, form: ClipFormat, *, as_edited: bool = True) -> av.container.InputContainer:
    """Open a clip with the demuxer of its format, from a file that stands at its beginning; nothing else may be opened.

    Args:
        file: of the clip.
        form: its format.
        as_edited: whether the edit list of an MP4 decides which frames are read, and when.

    Raises:
        DamagedMedia: its table of contents cannot be read.
    """

    def refuse(*_: object) -> None:
        raise PermissionError("a clip may not open other files")

    options = {"protocol_whitelist": "none"}
    if not as_edited:
        options["ignore_editlist"] = "1"
    try:
        return av.open(
            file,
            "r",
            format=form.demuxer,
            container_options=options,
            metadata_errors="replace",
            buffer_size=_BUFFER,
            io_open=refuse,
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:  # OSError: a seek to where no file has anything
        raise DamagedMedia(
            Sentence(
                "This {kind} file is damaged or incomplete ({detail}), so it was not read. "
                "Copy or download it again, or export it anew from the original.",
                kind=form.name,
                detail=Sentence("its table of contents cannot be read"),
            )
        ) from error
