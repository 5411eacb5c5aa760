"""Finding faces in the frames of a clip in less time: where they were in the frame before, a whole search every few frames.

In a frame of 1080p a whole search takes 28 search windows, most of them small tiles for small faces; a face that is followed
takes 7. Followed faces get the same boxes as by a whole search, and so do others that a coarse window shows. What can be missed
is a small newcomer (in 1080p, below some 120 pixels), for the samples until the next whole search and for no longer than
``NEAR_S`` a sample.
"""

from __future__ import annotations

from collections.abc import Sequence

from detector.faces.finder import FindsFaces
from detector.records import Detection, Frame

__all__ = ["NEAR_S", "WHOLE_EVERY", "FaceFollower"]

WHOLE_EVERY = 4
"""Of so many frames one is searched whole: a small newcomer is missed in at most three."""
NEAR_S = 1.0
"""Seconds between two frames beyond which the later is searched whole: it may show another place."""


class FaceFollower:
    """Finds the faces of one clip.

    Args:
        finder: is given one frame at a time.
    """

    def __init__(self, finder: FindsFaces) -> None:
        self._finder = finder
        self._before: Sequence[Detection] = ()
        self._time_s = 0.0
        self._shape: tuple[int, ...] = ()
        self._narrow = 0
        """Frames since the last whole search."""

    def find(self, frame: Frame, whole: list[Detection] | None = None) -> list[Detection]:
        """The faces of the clip's next frame, in reading order.

        Args:
            frame: later than the one before; without a time it is searched whole.
            whole: what a whole search of it gave, where there was one already.
        """
        near = self._near(frame) if whole is None else None
        if near is None:
            found = self._finder.find(frame) if whole is None else whole
            self._narrow = 0
        else:
            found = near
            self._narrow += 1
        self._before, self._time_s, self._shape = found, frame.time_s or 0.0, frame.rgb.shape
        return found

    def _near(self, frame: Frame) -> list[Detection] | None:
        """The faces of the frame before, and whatever a coarse window shows; None if a whole search is due or one was lost."""
        if not self._before or frame.time_s is None or self._narrow + 1 >= WHOLE_EVERY:
            return None
        if frame.time_s - self._time_s > NEAR_S or frame.rgb.shape != self._shape:
            return None
        found = self._finder.find(frame, self._before)
        return found if len(found) >= len(self._before) else None
