"""Which way up a clip is, from its first frames that show a face; all frames are then turned alike."""

from __future__ import annotations

from collections import Counter

from detector.faces.direction import find_upright, turned
from detector.faces.finder import FindsFaces
from detector.records import Detection, Frame

__all__ = ["Ready", "Upright"]

Ready = tuple[Frame, list[Detection] | None]
"""A frame that is turned as the clip is, and its faces where they were searched for already."""

_HELD = 4
"""Frames that wait until it is clear; without a face in them the oldest goes on as it is."""
_AGREE = 2
"""Frames that must say the same before a clip is turned, as long as it has so many: one may show a false find."""


class Upright:
    """Turns the frames of a clip so that its faces stand upright.

    Args:
        finder: looks for faces in the frames before it is clear, and in none after.
    """

    def __init__(self, finder: FindsFaces) -> None:
        self._finder = finder
        self._held: list[tuple[Frame, list[Detection], int]] = []
        """Frames as they are, the faces that were found in each, and the quarters by which it was turned for these."""
        self._votes: Counter[int] = Counter()
        self._settled = False
        self.quarters = 0
        """Counter-clockwise quarters by which frames are turned, as far as it is clear."""

    def after(self, frame: Frame) -> list[Ready]:
        """The frames that can go on now that the next has come."""
        if self._settled:
            return [(turned(frame, self.quarters), None)]
        _, found, quarters = find_upright(self._finder, frame)
        self._held.append((frame, found, quarters))
        if found:
            self._votes[quarters] += 1
            if quarters == 0 or self._votes[quarters] >= _AGREE:
                return self._settle(quarters)
        if len(self._held) <= _HELD:
            return []
        if self._votes:
            return self._settle(self._votes.most_common(1)[0][0])
        return [self._held.pop(0)[:2]]

    def rest(self) -> list[Ready]:
        """The frames that still waited at the clip's end."""
        if self._settled:
            return []
        return self._settle(self._votes.most_common(1)[0][0] if self._votes else 0)

    def _settle(self, quarters: int) -> list[Ready]:
        self._settled, self.quarters = True, quarters
        held, self._held = self._held, []
        return [(turned(frame, quarters), found if by == quarters else None) for frame, found, by in held]
