"""Frames of a clip for the cache of faces."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from detector.media.clips import sample_video
from detector.records import Frame

__all__ = ["CLIP_SUFFIXES", "FramesOf", "frames_of_clip"]

FramesOf = Callable[[Path, int], Iterable[Frame]]
"""(clip, number) -> about that many frames from all over it, with their index and time; raises ``DetectorError``."""

CLIP_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})
"""Which rows of a table are clips. The reader itself goes by the bytes."""


def frames_of_clip(path: Path, number: int) -> Iterable[Frame]:
    """``number`` frames spread evenly over a clip.

    Raises:
        DetectorError: the clip cannot be read.
    """
    with sample_video(path, samples=number) as clip:
        for stretch in clip:
            yield from stretch
