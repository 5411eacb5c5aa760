"""Frames of a clip for the cache: the one place where training asks ``detector`` to read a video."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from detector.records import Frame

__all__ = ["CLIP_SUFFIXES", "FramesOf", "frames_of_clip"]

FramesOf = Callable[[Path, int], Iterable[Frame]]
"""(clip, number) -> about that many frames from all over it, with their index and time; raises ``DetectorError``."""

CLIP_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"})
"""Which rows of a table are clips. The reader itself goes by the bytes."""


def frames_of_clip(path: Path, number: int) -> Iterable[Frame]:
    """``number`` frames spread evenly over a clip.

    Raises:
        DetectorError: the clip cannot be read.
        NotImplementedError: this version of ``detector`` reads no videos.
    """
    # SEAM: with the video reader merged as it stands on wip-video (``detector.video.sample_video``), all of this becomes
    #     with sample_video(path, samples=number) as clip:
    #         for stretch in clip:
    #             yield from stretch
    from detector import media

    sample_video = getattr(media, "sample_video", None)
    if sample_video is None:
        raise NotImplementedError(
            "detector.media has no sample_video, so clips cannot be cached; merge the video reader, or hand build_cache "
            "another frames_of"
        )
    frames: Iterable[Frame] = sample_video(path, samples=number, stretch=1).frames
    return frames
