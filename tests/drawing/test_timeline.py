"""The drawing of scores over time: what is there is drawn, what is not there is not, and nothing is left to colour alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detector.drawing.timeline import timeline
from detector.records import Appearance, Bands, Box, TimePoint, UInt8Image

BOX = Box(0, 0, 50, 50)
BANDS = Bands(0.3, 0.7, 0.9)
CURVE = (20, 60, 130)


def seen(*points: tuple[float, float | None], gaps: tuple[tuple[float, float], ...] = ()) -> Appearance:
    return Appearance(tuple(TimePoint(t, s, BOX, i) for i, (t, s) in enumerate(points)), gaps, (), 10, "a", 0.0)


def where(picture: UInt8Image, colour: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a colour."""
    rows, columns = np.nonzero((picture == colour).all(axis=2))
    return rows, columns


def test_higher_scores_stand_higher_and_later_ones_farther_right() -> None:
    low_early = where(timeline(seen((1, 0.1)), BANDS, 10), CURVE)
    high_late = where(timeline(seen((9, 0.95)), BANDS, 10), CURVE)
    assert high_late[0].mean() < low_early[0].mean() - 100
    assert high_late[1].mean() > low_early[1].mean() + 300


def test_the_axis_is_that_of_the_whole_clip() -> None:
    assert where(timeline(seen((9, 0.5)), BANDS, 90), CURVE)[1].max() < 200


def test_no_line_is_drawn_over_a_gap_or_an_unscored_frame() -> None:
    whole = where(timeline(seen((1, 0.5), (9, 0.5)), BANDS, 10), CURVE)[0].size
    gap = where(timeline(seen((1, 0.5), (9, 0.5), gaps=((1, 9),)), BANDS, 10), CURVE)[0].size
    unscored = where(timeline(seen((1, 0.5), (5, None), (9, 0.5)), BANDS, 10), CURVE)[0].size
    assert gap == unscored < whole / 3


def test_bands_show_as_tints_and_lines_and_are_optional() -> None:
    banded, plain = timeline(seen((1, 0.5)), BANDS, 10), timeline(seen((1, 0.5)), None, 10)
    column = banded[:, 700]
    assert len(np.unique(column.reshape(-1, 3), axis=0)) >= 5
    assert (plain[100:250, 700] == 255).all()
    assert np.array_equal(banded, timeline(seen((1, 0.5)), replace(BANDS), 10))


def test_odd_cases_are_drawn_too() -> None:
    for case, seconds in ((seen((0, None)), 0.0), (seen((0, 1.0), (0.04, 0.0)), 0.08), (seen((7000, 0.5)), 7200.0)):
        picture = timeline(case, BANDS, seconds)
        assert picture.shape == (330, 840, 3) and picture.dtype == np.uint8
