"""Interlaced frames of a clip made whole: the rows of two moments in one picture are combs along every edge that moves.

Whether a frame is combed is measured, since many files say nothing or the wrong thing about it; what they say only lowers the
measure from which it is believed.
"""

from __future__ import annotations

from fractions import Fraction

import av
import av.error
import numpy as np
from numpy.typing import NDArray

__all__ = ["combed_share", "is_combed", "without_combs"]

_SAID, _UNSAID = 0.0005, 0.004
"""Combed share from which a frame is deinterlaced, of those marked as interlaced and of all others. Portraits and textures that
were shot at once have at most 0.0015, moving combs 0.004 to 0.04."""
_LESS_ACROSS = 4.0
"""Noise and fabric have as many combs across as down; interlaced frames so many times fewer."""
_STEP = 4
"""Of so many columns one is measured."""
_EDGE = 225
"""Product of the steps to the rows above and below from which a row stands out."""


def combed_share(grey: NDArray[np.uint8]) -> float:
    """Share of pixels in whose column three rows in a row each stand out against both their neighbours, which are alike.

    Args:
        grey: (H, W) uint8.
    """
    rows = grey.astype(np.int32)
    if rows.shape[0] < 8 or not rows.shape[1]:
        return 0.0
    up, down = rows[1:-1] - rows[:-2], rows[1:-1] - rows[2:]
    out = (up * down > _EDGE) & (4 * np.abs(rows[:-2] - rows[2:]) < np.abs(up + down))
    return float((out[:-2] & out[1:-1] & out[2:]).mean())


def is_combed(frame: av.VideoFrame) -> bool:
    """Whether the frame shows two moments in alternate rows."""
    grey = _grey(frame)
    share = combed_share(grey[:, ::_STEP])
    if share < (_SAID if frame.interlaced_frame else _UNSAID):
        return False
    return share > _LESS_ACROSS * combed_share(np.ascontiguousarray(grey[::_STEP].T))


def without_combs(frame: av.VideoFrame, before: av.VideoFrame | None, after: av.VideoFrame | None) -> av.VideoFrame:
    """The frame with the rows of its first moment, and others made from these and from its neighbours in time. Of all three the
    time stamps are lost.

    Args:
        frame: as decoded.
        before: the frame right before it, of the same size; None where it is not there.
        after: the frame right after it, likewise.
    """
    if before is not None and after is not None and _alike(before, frame) and _alike(frame, after):
        made = _filtered([before, frame, after], "yadif", "mode=send_frame:deint=all")
        if len(made) >= 2:
            return _as_before(made[1], frame)
    made = _filtered([frame], "estdif", "mode=frame:deint=all")
    return _as_before(made[0], frame) if made else frame


def _grey(frame: av.VideoFrame) -> NDArray[np.uint8]:
    first = frame.format.components[0]
    if frame.format.name.startswith("yuv") and first.bits == 8:
        plane = frame.planes[0]
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        return np.asarray(rows[: frame.height, : frame.width])
    return np.asarray(frame.to_ndarray(format="gray"), np.uint8)


def _alike(one: av.VideoFrame, other: av.VideoFrame) -> bool:
    return (one.width, one.height, one.format.name) == (other.width, other.height, other.format.name)


def _filtered(frames: list[av.VideoFrame], name: str, options: str) -> list[av.VideoFrame]:
    """What the filter makes of the frames; nothing where it does not take their pixels."""
    first = frames[0]
    try:
        graph = av.filter.Graph()
        source = graph.add_buffer(
            width=first.width, height=first.height, format=first.format, time_base=Fraction(1, 1000)
        )
        chosen, sink = graph.add(name, options), graph.add("buffersink")
        source.link_to(chosen)
        chosen.link_to(sink)
        graph.configure()
        made: list[av.VideoFrame] = []
        for number, frame in enumerate([*frames, None]):
            if frame is not None:
                frame.pts, frame.time_base = number, Fraction(1, 1000)
                graph.push(frame)
            else:
                graph.push(None)
            made += _pulled(graph)
    except (av.error.FFmpegError, ValueError):
        return []
    return made


def _pulled(graph: av.filter.Graph) -> list[av.VideoFrame]:
    made: list[av.VideoFrame] = []
    while True:
        try:
            frame = graph.pull()
        except av.error.FFmpegError:  # no more for now, or at all
            return made
        if isinstance(frame, av.VideoFrame):
            made.append(frame)


def _as_before(made: av.VideoFrame, frame: av.VideoFrame) -> av.VideoFrame:
    """The made frame with the colours that the decoded one says it has, which a filter may forget."""
    made.colorspace, made.color_range = frame.colorspace, frame.color_range
    made.color_trc, made.color_primaries = frame.color_trc, frame.color_primaries
    return made
