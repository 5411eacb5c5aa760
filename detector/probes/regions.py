"""Which part of a face a heatmap is hottest in, and whether that part matters to the score.

A heatmap says where a model found evidence, which is not yet what its score depends on. So a region is named only after a
test: the region is hidden by blurring it, and so are random places of exactly the same shape and size; if hiding the region
does not change the score clearly more than hiding any of those, no region is named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.records import FaceCrop, Heatmap, RegionCheck, UInt8Image

__all__ = ["REGIONS", "HiddenPlaces", "hide_places", "judge_region", "region_masks"]

REGIONS = ("eyes", "nose", "mouth", "left_cheek", "right_cheek", "forehead", "chin", "outline", "surroundings")
"""Left and right are those of the picture."""
PLACES = 4
"""Random places that are hidden for comparison."""
LEAST_CHANGE = 0.05
"""Change of p_fake from which hiding a region counts at all."""
TIMES = 2.0
"""How many times the change of the random place that changes most it must be."""
LEAST_HEAT = 0.05
"""Share of the fixed full scale below which a map is as good as empty."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class HiddenPlaces:
    """Crops of one face to be scored: with the hottest region hidden, then with each random place."""

    hottest: str
    towards_fake: bool
    crops: UInt8Image
    """(1 + PLACES, size, size, 3) uint8 RGB."""


def region_masks(crop: FaceCrop) -> Mapping[str, Mask]:
    """Where the parts of a face are, from the six keypoints alone.

    Args:
        crop: with ``keypoints``.

    Returns:
        (size, size) bool by region, disjoint; regions that the crop does not show are absent.
    """
    if crop.keypoints is None:
        return {}
    right, left, nose, mouth = crop.keypoints[:4].astype(np.float64)
    if right[0] > left[0]:
        right, left = left, right
    middle = (right + left) / 2
    down = mouth - middle
    # In a profile the eyes fall together and their distance says nothing; eyes to mouth says it then.
    unit = max(float(np.hypot(*(left - right))), 0.9 * float(np.hypot(*down)), 1.0)
    across = (left - right) / max(float(np.hypot(*(left - right))), 1e-6)
    down = down / max(float(np.hypot(*down)), 1e-6)
    size = crop.rgb.shape[0]
    y, x = np.mgrid[:size, :size] + 0.5

    def ellipse(center: NDArray[np.float64], wide: float, high: float) -> Mask:
        dx, dy = x - center[0], y - center[1]
        along, below = dx * across[0] + dy * across[1], dx * down[0] + dy * down[1]
        inside: Mask = (along / (wide * unit)) ** 2 + (below / (high * unit)) ** 2 <= 1
        return inside

    cheeks = (middle + mouth) / 2 + 0.12 * unit * down
    shapes = [
        ("eyes", ellipse(right, 0.40, 0.26) | ellipse(left, 0.40, 0.26)),
        ("mouth", ellipse(mouth, 0.50, 0.26)),
        ("nose", ellipse(middle + 0.75 * (nose - middle), 0.26, 0.42)),
        ("left_cheek", ellipse(cheeks - 0.62 * unit * across, 0.36, 0.38)),
        ("right_cheek", ellipse(cheeks + 0.62 * unit * across, 0.36, 0.38)),
        ("forehead", ellipse(middle - 0.68 * unit * down, 0.80, 0.42)),
        ("chin", ellipse(mouth + 0.50 * unit * down, 0.50, 0.26)),
        ("outline", ellipse(middle + 0.35 * unit * down, 1.35, 1.65)),
        ("surroundings", np.ones((size, size), bool)),
    ]
    masks: dict[str, Mask] = {}
    taken = np.zeros((size, size), bool)
    for name, shape in shapes:
        own = shape & ~taken
        taken |= shape
        # A sliver is no region that could be seen or hidden.
        if own.sum() >= 0.005 * size * size:
            masks[name] = own
    return {name: masks[name] for name in REGIONS if name in masks}


def hide_places(crop: FaceCrop, heatmap: Heatmap, seed: int = 0) -> HiddenPlaces | None:
    """Find the hottest region and make the crops that are to be scored; None where there is nothing to check.

    Args:
        crop: as it was scored, with ``keypoints``.
        heatmap: of that crop; the side with the higher peak counts.
        seed: of the random places; the same crop gives the same places.
    """
    peaks = float(heatmap.towards_fake.max()), float(heatmap.towards_real.max())
    masks = region_masks(crop)
    if max(peaks) < LEAST_HEAT or not masks:
        return None
    towards_fake = peaks[0] >= peaks[1]
    size = crop.rgb.shape[0]
    heat = cv2.resize(
        heatmap.towards_fake if towards_fake else heatmap.towards_real, (size, size), interpolation=cv2.INTER_LINEAR
    )
    hottest = max(masks, key=lambda name: float(heat[masks[name]].mean()))
    hidden = [masks[hottest], *_elsewhere(masks[hottest], np.random.default_rng(seed))]
    return HiddenPlaces(hottest, towards_fake, _blurred(crop.rgb, hidden))


def judge_region(places: HiddenPlaces, p_fake: float, scores: Sequence[float]) -> RegionCheck:
    """Compare what hiding did.

    Args:
        places: what was hidden.
        p_fake: with nothing hidden.
        scores: p_fake of each of ``places.crops``.
    """
    hidden, *elsewhere = scores
    change = abs(hidden - p_fake)
    by_chance = max(abs(score - p_fake) for score in elsewhere)
    matters = change >= LEAST_CHANGE and change >= TIMES * by_chance
    return RegionCheck(places.hottest, places.towards_fake, hidden, tuple(elsewhere), matters)


def _elsewhere(mask: Mask, chance: np.random.Generator) -> list[Mask]:
    """The same shape at random places, wrapped round at the edges so that its size is the same to the pixel."""
    size = mask.shape[0]
    places: list[Mask] = []
    for overlap in np.linspace(0.25, 1.0, 16):
        # Most shapes find a place at once; a ring round the face never can, and then may overlap more.
        for _ in range(8):
            moved = np.roll(mask, tuple(chance.integers(0, size, 2)), axis=(0, 1))
            if (moved & mask).sum() <= overlap * mask.sum():
                places.append(moved)
            if len(places) == PLACES:
                return places
    return [*places, *[np.roll(mask, size // 2, axis=1)] * (PLACES - len(places))]


def _blurred(rgb: UInt8Image, masks: Sequence[Mask]) -> NDArray[np.uint8]:
    """(len(masks), S, S, 3): the picture with each place blurred beyond recognition, and a soft edge, which is no edge to a
    network."""
    size = rgb.shape[0]
    # What is blurred so far has no detail to lose: it is done on a quarter of the side, which is faster.
    small = cv2.resize(rgb, (max(1, size // 4),) * 2, interpolation=cv2.INTER_AREA).astype(np.float32)
    far = cv2.GaussianBlur(small, (0, 0), small.shape[0] / 10, borderType=cv2.BORDER_REPLICATE)
    sharp = rgb.astype(np.float32)
    away = cv2.resize(far, (size, size), interpolation=cv2.INTER_LINEAR) - sharp
    mixed = np.empty((len(masks), *rgb.shape), np.uint8)
    for place, mask in zip(mixed, masks, strict=True):
        soft = cv2.GaussianBlur(mask.astype(np.uint8) * 255, (0, 0), size / 60)
        place[:] = np.rint(sharp + away * (soft * np.float32(1 / 255))[..., np.newaxis])
    return mixed
