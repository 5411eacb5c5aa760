"""Heatmaps: no evidence draws nothing, more evidence draws more lines, and every line can be seen on any ground."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.drawing.heatmap import (
    LEVELS,
    heat_layer,
    heatmap_on_crop,
    legend_layer,
    reaches_a_level,
    share_within_lines,
)

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


GROUNDS = {
    **{tone: tuple(int(tone[i : i + 2], 16) for i in (0, 2, 4)) for tone in MONK_SKIN_TONES},
    "blue": (20, 60, 200),
    "sky": (120, 170, 230),
    "night": (8, 8, 10),
    "snow": (255, 255, 255),
    "mid-grey": (119, 119, 119),
    "orange": (255, 160, 60),
    "teal": (60, 190, 180),
}
NONE = np.zeros((7, 7), np.float32)


def hill(peak: float = 1.0) -> NDArray[np.float32]:
    """(7, 7) evidence that rises to ``peak`` in the middle and is none at the edge."""
    y, x = np.mgrid[-1:1:7j, -1:1:7j]
    share: NDArray[np.float32] = (peak * np.clip(1.1 - np.hypot(x, y), 0, 1)).astype(np.float32)
    return share


def luminance(rgb: NDArray[np.generic]) -> NDArray[np.float64]:
    """(...) relative luminance of (..., 3) sRGB bytes, WCAG 2."""
    encoded = np.asarray(rgb, np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    light: NDArray[np.float64] = linear @ np.array([0.2126, 0.7152, 0.0722])
    return light


@pytest.fixture(scope="module")
def crop(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(astronaut[20:244, 120:344])


def test_no_evidence_leaves_every_byte(crop: NDArray[np.uint8]) -> None:
    before = crop.copy()
    shown = heatmap_on_crop(crop, NONE, np.full((7, 7), LEVELS[0] - 0.01, np.float32))
    assert shown.tobytes() == crop.tobytes()
    heatmap_on_crop(crop, hill(), NONE)
    assert np.array_equal(crop, before), "the crop itself is never painted"
    assert not reaches_a_level(NONE, NONE) and reaches_a_level(NONE, hill(0.5))


def test_only_the_place_with_evidence_is_painted(crop: NDArray[np.uint8]) -> None:
    share = NONE.copy()
    share[1, 5] = 1.0
    changed = np.argwhere((heatmap_on_crop(crop, share, NONE) != crop).any(axis=2))
    # A cell is 32 pixels; stretched and smoothed it reaches one cell further on each side.
    assert changed.min(axis=0).tolist() >= [8, 136] and changed.max(axis=0).tolist() <= [88, 216]
    assert changed.mean(axis=0) == pytest.approx((47.5, 175.5), abs=3)


def test_the_scale_is_fixed_not_stretched_to_each_picture(crop: NDArray[np.uint8]) -> None:
    """The same evidence is drawn the same, whatever else the map holds."""
    weak = NONE.copy()
    weak[3, 0:2] = 0.5
    both = weak.copy()
    both[3, 6] = 1.0
    left = np.s_[:, :96]
    assert np.array_equal(heatmap_on_crop(crop, weak, NONE)[left], heatmap_on_crop(crop, both, NONE)[left])


@pytest.mark.parametrize("peak", [0.3, 0.5, 0.7, 0.95])
def test_each_level_adds_a_line(peak: float) -> None:
    layer = heat_layer(hill(peak), NONE, 448)
    row = layer[224, :224, 3].astype(int)
    lines = int(((row[1:] > 200) & (row[:-1] <= 200)).sum())
    assert lines == sum(level < peak * 0.97 for level in LEVELS)


def test_the_picture_has_no_line_along_its_edge() -> None:
    layer = heat_layer(np.full((7, 7), 0.7, np.float32), NONE, 448)
    assert len(np.unique(layer.reshape(-1, 4), axis=0)) == 1


@pytest.mark.parametrize("towards", ["altered", "genuine"])
@pytest.mark.parametrize("ground", GROUNDS)
def test_lines_stand_out_on_every_skin_on_blue_and_in_the_dark(ground: str, towards: str) -> None:
    """WCAG 2 asks for 3 to 1 of what must be seen: along every line, its core or its casing has that, or more."""
    flat = np.full((448, 448, 3), GROUNDS[ground], np.uint8)
    maps = (hill(), NONE) if towards == "altered" else (NONE, hill())
    shown = heatmap_on_crop(flat, *maps)
    ground_light = luminance(np.array(GROUNDS[ground]))
    seen = []
    for angle in np.linspace(0, 2 * np.pi, 96, endpoint=False):
        y, x = np.rint(223.5 + np.outer((np.sin(angle), np.cos(angle)), np.arange(0, 215))).astype(int)
        along = luminance(shown[y, x])
        contrast = (np.maximum(along, ground_light) + 0.05) / (np.minimum(along, ground_light) + 0.05)
        seen.append(contrast >= 3)
    # Of a broken line, in the dark only the dashes show: there is one within a few degrees of everywhere.
    reach = 0 if towards == "altered" else 3
    lines = [int((ray[1:] & ~ray[:-1]).sum()) for ray in seen]
    near = [max(lines[(index + step) % 96] for step in range(-reach, reach + 1)) for index in range(96)]
    assert min(near) >= (len(LEVELS) if towards == "altered" else 1)
    assert np.mean(lines) >= (len(LEVELS) if towards == "altered" else len(LEVELS) / 3)


@pytest.mark.parametrize("sight", SIGHT)
def test_the_two_directions_are_told_apart_by_every_eye(sight: str) -> None:
    skin = np.full((448, 448, 3), 150, np.uint8)
    altered, genuine = heatmap_on_crop(skin, hill(), NONE), heatmap_on_crop(skin, NONE, hill())
    lines = heat_layer(hill(), NONE, 448)[..., :3].astype(int).sum(axis=2) > 450
    colours = [seen_lab(np.unique(each[lines], axis=0), sight).mean(axis=0) for each in (altered, genuine)]
    assert np.linalg.norm(colours[0] - colours[1]) > 15
    # And by their shape alone: one is broken, the other is not.
    bright = [luminance(each) > 0.45 for each in (altered, genuine)]
    assert cv2.connectedComponents(bright[0].astype(np.uint8))[0] - 1 == len(LEVELS)
    assert cv2.connectedComponents(bright[1].astype(np.uint8))[0] - 1 > 5 * len(LEVELS)


@pytest.mark.parametrize(
    "share",
    [
        np.full((7, 7), 1.01, np.float32),
        np.full((7, 7), -0.01, np.float32),
        np.full((7, 7), np.nan, np.float32),
        np.ones((7, 7)),
        np.ones((7, 7, 1), np.float32),
        np.ones((0, 7), np.float32),
    ],
)
def test_a_map_that_is_no_share_is_refused(crop: NDArray[np.uint8], share: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="share"):
        heatmap_on_crop(crop, share, NONE)
    with pytest.raises(ValueError, match="share"):
        heatmap_on_crop(crop, NONE, share)


def test_the_legend_shows_every_level_of_both_directions() -> None:
    strip = legend_layer(640, 36)
    assert strip.shape == (36, 640, 4)
    assert strip[:, 300:340, 3].max() == 0, "nothing in the middle"
    middle = strip[18, :, 3].astype(int) > 200
    assert int((middle[1:] & ~middle[:-1]).sum()) == 2 * len(LEVELS)


def test_the_share_within_the_lines_is_that_of_the_stronger_direction() -> None:
    none, spot, wide = (np.zeros((7, 7), np.float32) for _ in range(3))
    spot[3, 3], wide[1:6, 1:6] = 0.9, 0.8
    assert share_within_lines(none, none) == 0
    assert 0 < share_within_lines(spot, none) < 0.1 < 0.4 < share_within_lines(none, wide) < 0.8
    assert share_within_lines(spot, wide) == share_within_lines(spot, none)
