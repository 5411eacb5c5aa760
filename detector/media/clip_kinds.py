"""Whether a file is read as a clip, and as which: the door between pictures and clips."""

from __future__ import annotations

import os
from typing import BinaryIO

from detector.errors import MediaTooLarge, UnsupportedMedia
from detector.media.clip_formats import HEAD_BYTES, ClipFormat, identify_clip
from detector.media.clip_scan import SAVE_AS
from detector.media.containers import identify
from detector.media.moving_pictures import MOVING, moving_format
from detector.sentences import Sentence

__all__ = ["MAX_FILE_BYTES", "format_of", "is_clip"]

MAX_FILE_BYTES = 200 * 1024 * 1024


def is_clip(path: str | os.PathLike[str]) -> bool:
    """Whether the bytes are those of a clip: a video container, or a picture that moves.

    Whatever cannot be opened is no clip; ``images.read_image`` then says what is wrong with it.
    """
    try:
        with open(path, "rb") as file:
            return _found_in(file) is not None
    except (OSError, ValueError):
        return False


def format_of(file: BinaryIO) -> ClipFormat:
    """The format of an open file that stands at its beginning.

    Raises:
        UnsupportedMedia: it is no clip that is read.
    """
    found = _found_in(file)
    if found is None:
        raise UnsupportedMedia(
            Sentence(
                "This is not a video that is read here (such as MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV or GIF). {cure}",
                cure=SAVE_AS,
            )
        )
    return found


def _found_in(file: BinaryIO) -> ClipFormat | None:
    head = file.read(HEAD_BYTES)
    found = identify_clip(head)
    small = os.fstat(file.fileno()).st_size <= MAX_FILE_BYTES
    if found is not None and (found.name != "GIF" or not small):
        return found
    if not small or identify(head) not in MOVING:
        return None
    file.seek(0)
    try:
        return moving_format(file.read())
    except MediaTooLarge:  # of so many parts that ``images`` refuses it
        return None
