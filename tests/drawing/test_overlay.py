"""Drawing: no evidence paints nothing, more evidence paints more, and lines stay where they belong."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.drawing.overlay import HEAT_RGB, boxes_on_frame, heat_layer, heatmap_on_crop, legend_layer
from detector.records import Box

MONK_SKIN_TONES = ["f6ede4", "f3e7db", "f7ead0", "eadaba", "d7bd96", "a07e56", "825c43", "604134", "3a312a", "292420"]
# Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def seen_lab(rgb: NDArray[np.uint8], sight: str) -> NDArray[np.float32]:
    """(N, 3) CIELAB of (N, 3) sRGB bytes as an eye with that sight sees them."""
    encoded = rgb / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(SIGHT[sight]).T, 0, 1)
    shown = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055).astype(np.float32)
    lab: NDArray[np.float32] = cv2.cvtColor(shown[np.newaxis], cv2.COLOR_RGB2LAB)[0]
    return lab


@pytest.fixture(scope="module")
def crop(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(astronaut[20:244, 120:344])


def test_a_zero_map_leaves_every_byte(crop: NDArray[np.uint8]) -> None:
    shown = heatmap_on_crop(crop, np.zeros((7, 7), np.float32))
    assert shown.tobytes() == crop.tobytes()
    assert shown is not crop


def test_the_crop_itself_is_never_painted(crop: NDArray[np.uint8]) -> None:
    before = crop.copy()
    heatmap_on_crop(crop, np.ones((7, 7), np.float32))
    assert np.array_equal(crop, before)


def test_only_the_place_with_evidence_is_painted(crop: NDArray[np.uint8]) -> None:
    share = np.zeros((7, 7), np.float32)
    share[1, 5] = 1.0
    changed = np.argwhere((heatmap_on_crop(crop, share) != crop).any(axis=2))
    # A cell is 32 pixels; bilinear stretching reaches one cell further on each side.
    assert changed[:, 0].min() >= 0
    assert changed[:, 0].max() < 96
    assert changed[:, 1].min() >= 128
    assert changed[:, 1].max() < 224
    assert changed.mean(axis=0) == pytest.approx((47.5, 175.5), abs=2)


def test_the_scale_is_fixed_not_stretched_to_each_picture(crop: NDArray[np.uint8]) -> None:
    """The same evidence is painted the same, whatever else the map holds."""
    weak = np.zeros((7, 7), np.float32)
    weak[3, 0] = 0.2
    both = weak.copy()
    both[3, 6] = 1.0
    left = np.s_[:, :96]
    assert np.array_equal(heatmap_on_crop(crop, weak)[left], heatmap_on_crop(crop, both)[left])


@pytest.mark.parametrize("sight", SIGHT)
def test_more_evidence_is_seen_as_more_on_every_skin_and_by_every_eye(sight: str) -> None:
    for tone in MONK_SKIN_TONES:
        skin = np.full((16, 16, 3), [int(tone[i : i + 2], 16) for i in (0, 2, 4)], np.uint8)
        steps = [heatmap_on_crop(skin, np.full((1, 1), share, np.float32))[0, 0] for share in (0, 0.25, 0.5, 0.75, 1)]
        lab = seen_lab(np.array(steps), sight)
        difference = np.linalg.norm(lab - lab[0], axis=1)
        assert (np.diff(difference) > 2).all(), (tone, difference)
        assert difference[-1] > 30, (tone, difference)


@pytest.mark.parametrize(
    ("share", "opacity"),
    [
        (np.full((7, 7), 1.01, np.float32), 0.5),
        (np.full((7, 7), -0.01, np.float32), 0.5),
        (np.full((7, 7), np.nan, np.float32), 0.5),
        (np.ones((7, 7)), 0.5),
        (np.ones((7, 7, 1), np.float32), 0.5),
        (np.ones((0, 7), np.float32), 0.5),
        (np.ones((7, 7), np.float32), 1.5),
    ],
)
def test_a_map_that_is_no_share_is_refused(crop: NDArray[np.uint8], share: NDArray[np.float32], opacity: float) -> None:
    with pytest.raises(ValueError, match=r"share|opacity"):
        heatmap_on_crop(crop, share, opacity)


def test_the_legend_runs_from_nothing_to_the_full_scale() -> None:
    strip = legend_layer(200, 12)
    assert strip.shape == (12, 200, 4)
    # Its ends are what is laid over a crop without evidence and with all of it.
    assert np.array_equal(heat_layer(np.zeros((2, 2), np.float32))[0, 0], strip[0, 0])
    assert np.array_equal(heat_layer(np.ones((2, 2), np.float32))[0, 0], strip[0, -1])
    assert (strip[..., :3] == HEAT_RGB).all()
    opacity = strip[0, :, 3].astype(int)
    assert (opacity[0], opacity[-1]) == (0, 255)
    assert (np.diff(opacity) >= 0).all() and np.diff(opacity).max() <= 2


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
