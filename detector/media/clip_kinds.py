"""Whether a file is read as a clip, and as which: the door between pictures and clips."""

from __future__ import annotations

import os
from typing import BinaryIO

from detector.errors import UnsupportedMedia
from detector.media.clip_formats import HEAD_BYTES, ClipFormat, identify_clip
from detector.media.clip_scan import SAVE_AS
from detector.media.gif import scan_gif
from detector.sentences import Sentence

__all__ = ["MAX_FILE_BYTES", "format_of", "is_clip"]

MAX_FILE_BYTES = 200 * 1024 * 1024


def is_clip(path: str | os.PathLike[str]) -> bool:
    """Whether the bytes are those of a clip: a video container, or a GIF of more than one frame.

    Whatever cannot be opened is no clip; ``images.read_image`` then says what is wrong with it.
    """
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_size > MAX_FILE_BYTES:
                return identify_clip(file.read(HEAD_BYTES)) is not None
            found = identify_clip(file.read(HEAD_BYTES))
            if found is None or found.name != "GIF":
                return found is not None
            file.seek(0)
            scan = scan_gif(file.read())
            return scan.frames > 1 and scan.damage is None
    except (OSError, ValueError):
        return False


def format_of(file: BinaryIO) -> ClipFormat:
    """The format of an open file that stands at its beginning.

    Raises:
        UnsupportedMedia: it is no clip that is read.
    """
    found = identify_clip(file.read(HEAD_BYTES))
    if found is None:
        raise UnsupportedMedia(
            Sentence(
                "This is not a video that is read here (MP4, MOV, MKV, WebM, AVI, MPEG or GIF). {cure}", cure=SAVE_AS
            )
        )
    return found
