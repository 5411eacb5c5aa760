"""A person's scores over the time of a clip, as a drawing's geometry in percent; ``timeline.html`` draws it.

The scale of the scores is that of ``scale``: every band as high as the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from detector.records import Appearance, Bands
from detector.report.scale import Band, Scale
from detector.words import results as words

__all__ = ["Dot", "Timeline", "timeline"]

_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Distances between the numbers on the time axis."""
_MOST_MARKS = 6
_LEAST_PART = 1.0
"""Percent of the width: a part of a single frame is to be seen as well."""


@dataclass(frozen=True)
class Dot:
    """A frame."""

    time_s: float
    x: float
    """Percent of the width."""
    y: float
    """Percent of the height from the top; 100 for a frame without a score."""
    label: str
    """Time and score."""
    scored: bool
    marked: bool
    """Whether it is one of the most suspicious moments."""


@dataclass(frozen=True)
class Timeline:
    """Everything that is drawn, in percent of width and height from the top left."""

    bands: tuple[Band, ...]
    """From the bottom up."""
    dots: tuple[Dot, ...]
    lines: tuple[tuple[float, float, float, float], ...]
    """x, y, x, y of each piece of the curve."""
    gaps: tuple[tuple[float, float], ...]
    """x and width of each time in which the face was not found."""
    parts: tuple[tuple[float, float], ...]
    """x and width of each short part that shows signs."""
    marks: tuple[tuple[float, str], ...]
    """x and text on the time axis."""


def timeline(seen: Appearance, bands: Bands | None, duration_s: float) -> Timeline:
    """Lay out one person's scores.

    Args:
        seen: the person's frames, gaps and moments.
        bands: cuts for scores of single frames; none are drawn if None.
        duration_s: of the clip; the axis runs over all of it.
    """
    scale = Scale(bands)
    end = max(duration_s, seen.last_s, 1e-3)

    def x(seconds: float) -> float:
        return 100 * min(max(seconds / end, 0.0), 1.0)

    special = {moment.time_s for moment in seen.moments}
    dots = tuple(
        Dot(
            point.time_s,
            x(point.time_s),
            100.0 if point.p_fake is None else 100 * (1 - scale.place(point.p_fake)),
            words.point_facts(point.time_s, point.p_fake),
            point.p_fake is not None,
            point.time_s in special,
        )
        for point in seen.points
    )
    step = next((s for s in _STEPS_S if end / s <= _MOST_MARKS), _STEPS_S[-1])
    times = [step * index for index in range(int(end / step) + 1)]
    return Timeline(
        bands=scale.bands,
        dots=dots,
        lines=tuple(_lines(seen, dots)),
        gaps=tuple((x(start), x(stop) - x(start)) for start, stop in seen.gaps),
        parts=tuple((x(start), max(x(stop) - x(start), _LEAST_PART)) for start, stop in seen.parts),
        marks=tuple((x(time), words.clock(time, with_tenths=step < 1)) for time in times),
    )


def _lines(seen: Appearance, dots: tuple[Dot, ...]) -> list[tuple[float, float, float, float]]:
    """Between neighbours that both have a score, and between which the face was not out of sight."""
    return [
        (one.x, one.y, other.x, other.y)
        for one, other in pairwise(dots)
        if one.scored
        and other.scored
        and not any(one.time_s - 1e-6 <= start and stop <= other.time_s + 1e-6 for start, stop in seen.gaps)
    ]
