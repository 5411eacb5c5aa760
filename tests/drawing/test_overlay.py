"""Boxes: numbered, and lines stay where they belong."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.drawing.overlay import boxes_on_frame
from detector.records import Box


def test_no_box_draws_nothing(astronaut: NDArray[np.uint8]) -> None:
    shown = boxes_on_frame(astronaut, [])
    assert np.array_equal(shown, astronaut)
    assert shown is not astronaut


def test_a_box_changes_its_outline_and_badge_only(astronaut: NDArray[np.uint8]) -> None:
    before = astronaut.copy()
    shown = boxes_on_frame(astronaut, [Box(150, 100, 350, 320)])
    assert np.array_equal(astronaut, before)
    rows, columns = np.nonzero((shown != astronaut).any(axis=2))
    assert rows.max() == pytest.approx(320, abs=3)
    assert 60 < rows.min() < 100  # the badge
    assert (columns.min(), columns.max()) == pytest.approx((150, 350), abs=3)
    assert np.array_equal(shown[105:315, 155:345], astronaut[105:315, 155:345]), "the face itself is covered"


@pytest.mark.parametrize("background", [0, 90, 160, 255])
def test_a_box_shows_on_any_background(background: int) -> None:
    plain = np.full((300, 300, 3), background, np.uint8)
    shown = boxes_on_frame(plain, [Box(50, 50, 250, 250)]).astype(int)
    assert np.abs(shown[240:260, 150] - background).max() > 90


def test_a_dashed_box_has_gaps_and_closed_corners(astronaut: NDArray[np.uint8]) -> None:
    box = [Box(100, 100, 400, 400)]
    whole = (boxes_on_frame(astronaut, box) != astronaut).any(axis=2)
    dashed = (boxes_on_frame(astronaut, box, dashed=[True]) != astronaut).any(axis=2)
    assert 0.4 < dashed[400, 150:350].mean() < 0.8
    assert whole[400, 150:350].mean() > 0.95
    assert dashed[400, 400]
    assert dashed[400, 100]
    assert dashed[100, 400]


def test_different_numbers_look_different(astronaut: NDArray[np.uint8]) -> None:
    box = [Box(100, 100, 400, 400)]
    badges = [boxes_on_frame(astronaut, box, [label])[60:100, 95:130] for label in ("1", "2", "3")]
    assert all(not np.array_equal(a, b) for a, b in itertools.combinations(badges, 2))
    assert np.array_equal(boxes_on_frame(astronaut, box)[60:100, 95:130], badges[0])


@pytest.mark.parametrize(
    "box", [Box(-900, -900, 4000, 4000), Box(-50, -50, -10, -10), Box(600, 600, 700, 700), Box(508, 500, 530, 540)]
)
@pytest.mark.parametrize("side", [512, 20, 1])
def test_a_box_beyond_the_picture_is_drawn_inside_it(astronaut: NDArray[np.uint8], box: Box, side: int) -> None:
    frame = np.ascontiguousarray(astronaut[:side, :side])
    shown = boxes_on_frame(frame, [box], ["12"], dashed=[True])
    assert shown.shape == frame.shape
    assert (shown != frame).any()


def test_lines_grow_with_the_picture(astronaut: NDArray[np.uint8]) -> None:
    small = boxes_on_frame(astronaut, [Box(100, 100, 400, 400)])
    large = boxes_on_frame(np.repeat(np.repeat(astronaut, 6, 0), 6, 1), [Box(600, 600, 2400, 2400)])
    widths = [(shown[-shown.shape[0] // 2, :, :] == 255).all(axis=1).sum() for shown in (small, large)]
    assert widths[1] >= 2.5 * widths[0] > 0


def test_a_large_picture_is_shrunk_and_its_boxes_with_it(astronaut: NDArray[np.uint8]) -> None:
    wide = np.repeat(astronaut, 4, 1)
    shown = boxes_on_frame(wide, [Box(400, 100, 1600, 400)], max_side=512)
    assert shown.shape == (128, 512, 3)
    bare = boxes_on_frame(wide, [], max_side=512)
    rows, columns = np.nonzero((shown != bare).any(axis=2))
    assert (columns.min(), columns.max()) == pytest.approx((100, 400), abs=3)
    assert rows.max() == pytest.approx(100, abs=3)
    assert rows.min() < 25
    assert boxes_on_frame(astronaut, [], max_side=5000).shape == astronaut.shape


def test_labels_must_match_the_boxes(astronaut: NDArray[np.uint8]) -> None:
    with pytest.raises(ValueError, match="as many"):
        boxes_on_frame(astronaut, [Box(1, 1, 9, 9)], ["1", "2"])


def test_a_small_face_in_a_large_picture_stays_visible() -> None:
    wide = np.full((3000, 4000, 3), 90, np.uint8)
    shown = boxes_on_frame(wide, [Box(2000, 1500, 2040, 1540)])
    assert (shown[1506:1534, 2006:2034] == 90).all()
    assert (shown != 90).any(axis=2).sum() < 4000


def test_a_box_at_the_upper_border_keeps_its_badge_inside(astronaut: NDArray[np.uint8]) -> None:
    bare = boxes_on_frame(astronaut, [Box(100, 0, 300, 200)], [""])
    assert (boxes_on_frame(astronaut, [Box(100, 0, 300, 200)], ["7"])[:40, 95:140] != bare[:40, 95:140]).any()
