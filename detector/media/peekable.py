"""Decoded frames one after the other, with a look at what comes next and what came before."""

from __future__ import annotations

from collections.abc import Generator

import av

__all__ = ["Peekable"]


class Peekable:
    """(ordinal, frame) pairs of which the next may be looked at before it is taken."""

    def __init__(self, frames: Generator[tuple[int, av.VideoFrame], None, None]) -> None:
        self._frames = frames
        self._next: tuple[int, av.VideoFrame] | None = None
        self._last: list[tuple[int, av.VideoFrame]] = []
        self.reached = -1
        """Ordinal of the last frame that came out of the decoder."""

    def peek(self) -> int | None:
        """Ordinal of the next frame; None at the end."""
        if self._next is None and (item := next(self._frames, None)) is not None:
            self._next, self.reached = item, item[0]
        return None if self._next is None else self._next[0]

    def pop(self) -> av.VideoFrame:
        """The frame whose ordinal ``peek`` has just given."""
        assert self._next is not None
        self._last = [*self._last[-1:], self._next]
        self._next = None
        return self._last[-1][1]

    def neighbours(self) -> tuple[av.VideoFrame | None, av.VideoFrame | None]:
        """The frames right before and right after the one that was taken last; None where the decoder gave others."""
        if len(self._last) < 2:
            return None, None
        (before, frame), (ordinal, _) = self._last[0], self._last[-1]
        after = self._next[1] if self.peek() == ordinal + 1 and self._next is not None else None
        return (frame if before == ordinal - 1 else None), after

    def close(self) -> None:
        """End the decoding."""
        self._frames.close()
