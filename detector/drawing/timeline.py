"""Pure drawing of a person's scores over the time of a clip.

Bands lie as faint tints behind the curve, and every boundary is also a line with its number, so that nothing depends on
colour. Dots are the frames that were scored, rings those in which the face could not be scored, hatching the times in which
it was not found. Text is large, since the picture is shown as narrow as a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from detector.records import Appearance, Bands, UInt8Image
from detector.sentences import of_hundred
from detector.words.results import clock

__all__ = ["timeline"]

Scale = Callable[[float], int]
"""From seconds or a score to pixels."""

_PAPER, _INK, _SOFT, _GRID = (255, 255, 255), (25, 30, 40), (95, 105, 120), (205, 210, 218)
_TINTS = ((231, 240, 249), (238, 233, 248), (252, 240, 220), (252, 226, 219))
"""Behind "no clear signs", "inconclusive", "some signs" and "strong signs"."""
_CURVE, _MOMENT = (20, 60, 130), (170, 45, 20)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)
"""Distances between the numbers on the time axis."""


def timeline(
    seen: Appearance, bands: Bands | None, duration_s: float, *, width: int = 840, height: int = 330
) -> UInt8Image:
    """Draw one person's scores.

    Args:
        seen: the person's frames, gaps and moments; the moments are marked.
        bands: cuts between verdicts for scores of single frames, drawn as tints and lines; none if None.
        duration_s: of the clip; the axis runs over all of it.
        width: of the picture, pixels.
        height: the same.

    Returns:
        (height, width, 3) uint8 RGB.
    """
    canvas = np.full((height, width, 3), _PAPER, np.uint8)
    left, right, top, bottom = 62, width - 22, 16, height - 40
    end = max(duration_s, seen.last_s, 1e-3)

    def x(seconds: float) -> int:
        return left + round((right - left) * min(max(seconds / end, 0.0), 1.0))

    def y(score: float) -> int:
        return bottom - round((bottom - top) * score)

    cuts = [0.0, 1.0]
    if bands is not None:
        inner = [bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from]
        cuts = [0.0, *(cut for cut in inner if cut is not None), 1.0]
        for tint, low, high in zip(_TINTS, cuts, cuts[1:], strict=False):
            cv2.rectangle(canvas, (left, y(high)), (right, y(low)), tint, cv2.FILLED)
    for start, stop in seen.gaps:
        _hatch(canvas, x(start), x(stop), top, bottom)
    for cut in cuts:
        cv2.line(canvas, (left, y(cut)), (right, y(cut)), _GRID if cut in (0.0, 1.0) else _SOFT, 1)
    _scores_axis(canvas, cuts, left, y)
    step = next((s for s in _STEPS_S if end / s <= 7), _STEPS_S[-1])
    for mark in np.arange(0, end + 1e-6, step):
        cv2.line(canvas, (x(mark), bottom), (x(mark), bottom + 5), _SOFT, 1)
        _text(canvas, clock(float(mark), with_tenths=step < 1), x(mark), bottom + 26, centred=True)
    _curve(canvas, seen, x, y)
    return canvas


def _curve(canvas: UInt8Image, seen: Appearance, x: Scale, y: Scale) -> None:
    previous = None
    for point in seen.points:
        if point.p_fake is None:
            cv2.circle(canvas, (x(point.time_s), y(0.0) - 6), 4, _SOFT, 1, cv2.LINE_AA)
            previous = None
            continue
        here = (x(point.time_s), y(point.p_fake))
        crosses = previous is not None and any(
            start >= previous[1] - 1e-6 and stop <= point.time_s + 1e-6 for start, stop in seen.gaps
        )
        if previous is not None and not crosses:
            cv2.line(canvas, previous[0], here, _CURVE, 2, cv2.LINE_AA)
        previous = (here, point.time_s)
    for point in seen.points:
        if point.p_fake is not None:
            cv2.circle(canvas, (x(point.time_s), y(point.p_fake)), 4, _CURVE, cv2.FILLED, cv2.LINE_AA)
    for moment in seen.moments:
        cv2.circle(canvas, (x(moment.time_s), y(moment.p_fake)), 9, _MOMENT, 2, cv2.LINE_AA)


def _hatch(canvas: UInt8Image, start: int, stop: int, top: int, bottom: int) -> None:
    area = canvas[top:bottom, start:stop]
    if area.size:
        rows, columns = np.ogrid[: area.shape[0], : area.shape[1]]
        area[(rows + columns) % 9 == 0] = _SOFT


def _scores_axis(canvas: UInt8Image, cuts: Sequence[float], left: int, y: Scale) -> None:
    """The cuts' numbers, those left out that would touch the one before."""
    last = None
    for cut in sorted(cuts, key=lambda c: (c not in (0.0, 1.0), c)):
        place = y(cut)
        if last is None or all(abs(place - other) >= 20 for other in last):
            _text(canvas, of_hundred(0.5, cut)[1], left - 8, place + 6, right=True)
            last = [*(last or []), place]


def _text(canvas: UInt8Image, text: str, x: int, y: int, *, centred: bool = False, right: bool = False) -> None:
    (width, _), _ = cv2.getTextSize(text, _FONT, 0.56, 1)
    shift = width // 2 if centred else width if right else 0
    x = max(0, min(x - shift, canvas.shape[1] - width - 1))
    cv2.putText(canvas, text, (x, y), _FONT, 0.56, _INK, 1, cv2.LINE_AA)
