"""A region is found where the face is, hidden without a trace of itself, and named only against chance."""

from __future__ import annotations

import numpy as np
import pytest

from detector.probes.regions import PLACES, REGIONS, hide_places, judge_region, region_masks
from detector.records import Box, Detection, FaceCrop, FaceQuality, Heatmap

SIZE = 112
# A frontal face that fills the crop as the margin of the shipped models leaves it.
KEYPOINTS = np.array([[40, 45], [72, 45], [56, 62], [56, 78], [26, 50], [86, 50]], np.float32)


def crop(keypoints: np.ndarray | None = KEYPOINTS) -> FaceCrop:
    rgb = np.random.default_rng(1).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    box = Box(0, 0, SIZE, SIZE)
    detection = Detection(box, KEYPOINTS, 0.9)
    return FaceCrop(rgb, box, detection, FaceQuality(SIZE, 80, 120, 0, 0), keypoints)


def heat(x: float, y: float, strength: float = 0.8, real: float = 0.0) -> Heatmap:
    """Hot at one place of the crop, pixels."""
    fake, other = np.zeros((14, 14), np.float32), np.zeros((14, 14), np.float32)
    fake[int(y * 14 / SIZE), int(x * 14 / SIZE)] = strength
    other[0, 0] = real
    return Heatmap(fake, other, "a")


def test_regions_are_where_they_are_called() -> None:
    masks = region_masks(crop())
    assert tuple(masks) == REGIONS
    total = np.sum(list(masks.values()), axis=0)
    assert (total == 1).all(), "regions overlap or leave a gap"
    for name, (x, y) in {
        "eyes": (40, 45),
        "nose": (56, 60),
        "mouth": (56, 78),
        "left_cheek": (34, 66),
        "right_cheek": (78, 66),
        "forehead": (56, 22),
        "chin": (56, 95),
        "surroundings": (3, 3),
    }.items():
        assert masks[name][y, x], name


def test_a_turned_face_has_its_regions_turned() -> None:
    # A quarter turn about the crop's centre: the mouth is now on the left.
    turned = np.stack([SIZE - KEYPOINTS[:, 1], KEYPOINTS[:, 0]], axis=1).astype(np.float32)
    masks = region_masks(crop(turned))
    assert masks["mouth"][56, SIZE - 78]
    assert masks["forehead"][56, SIZE - 22]


def test_a_crop_of_unknown_origin_has_no_regions() -> None:
    assert region_masks(crop(None)) == {}
    assert hide_places(crop(None), heat(56, 78)) is None


@pytest.mark.parametrize(
    ("x", "y", "name"), [(56, 78, "mouth"), (40, 45, "eyes"), (34, 68, "left_cheek"), (4, 108, "surroundings")]
)
def test_the_hottest_region_is_hidden_and_so_are_others_of_its_size(x: int, y: int, name: str) -> None:
    # Evidence all over the region, as a small one loses to a single hot pixel in a large one otherwise.
    mask = region_masks(crop())[name].astype(np.float32)
    fake = mask.reshape(14, 8, 14, 8).mean(axis=(1, 3)).astype(np.float32) * 0.9
    places = hide_places(crop(), Heatmap(fake, np.zeros_like(fake), "a"))
    assert places is not None
    assert places.hottest == name
    assert places.towards_fake
    assert places.crops.shape == (1 + PLACES, SIZE, SIZE, 3)
    changed = (places.crops != crop().rgb).any(axis=-1)
    assert changed[0, y, x]
    sizes = changed.sum(axis=(1, 2))
    assert sizes.max() <= 1.35 * sizes.min()
    # None of the others hides most of the region as well.
    if name != "surroundings":
        inside = region_masks(crop())[name]
        assert all((each & inside).sum() < 0.6 * inside.sum() for each in changed[1:])
    # What is hidden is gone: noise of this contrast leaves a smooth place.
    assert places.crops[0][y - 2 : y + 2, x - 2 : x + 2].std(axis=(0, 1)).max() < 12


def test_the_same_crop_gives_the_same_places() -> None:
    one, other = hide_places(crop(), heat(56, 78)), hide_places(crop(), heat(56, 78))
    assert one is not None and other is not None
    assert np.array_equal(one.crops, other.crops)


def test_the_stronger_side_of_the_map_counts() -> None:
    places = hide_places(crop(), heat(56, 78, strength=0.2, real=0.6))
    assert places is not None
    assert not places.towards_fake
    assert places.hottest == "surroundings"


def test_an_empty_map_has_nothing_to_check() -> None:
    assert hide_places(crop(), heat(56, 78, strength=0.04)) is None


@pytest.mark.parametrize(
    ("hidden", "elsewhere", "matters"),
    [
        (0.40, (0.78, 0.80, 0.83, 0.79), True),
        (0.40, (0.78, 0.80, 0.45, 0.79), False),
        (0.77, (0.80, 0.80, 0.80, 0.80), False),
        (0.99, (0.85, 0.80, 0.80, 0.80), True),
    ],
    ids=["clearly more", "chance does as much", "too little", "upwards counts too"],
)
def test_a_region_matters_only_against_chance(hidden: float, elsewhere: tuple[float, ...], matters: bool) -> None:
    places = hide_places(crop(), heat(56, 78))
    assert places is not None
    check = judge_region(places, 0.8, [hidden, *elsewhere])
    assert check.matters is matters
    assert (check.hidden, check.elsewhere) == (hidden, elsewhere)
