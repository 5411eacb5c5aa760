"""Pseudo-fake clips keep what lies outside the mask, hold their draws over time, and waver."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from train.fakes.blend_clips import draw_drift, self_blend_clip, swap_clip

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="module")
def mesh() -> NDArray[np.float32]:
    angle = np.linspace(0, 2 * np.pi, 478, endpoint=False)
    radius = 40 * np.sqrt(np.linspace(0.1, 1, 478))
    return np.stack([64 + radius * np.cos(angle), 64 + radius * np.sin(angle)], 1).astype(np.float32)


@pytest.fixture(scope="module")
def crops(astronaut: Rgb) -> Rgb:
    return np.stack([astronaut[40 : 40 + 128, 150 + t : 150 + t + 128] for t in range(6)])


@pytest.mark.parametrize("kind", ["self", "swap"])
def test_only_the_mask_changes_and_frames_without_landmarks_stay(
    crops: Rgb, hopper: Rgb, mesh: NDArray[np.float32], kind: str
) -> None:
    meshes = [mesh, mesh, None, mesh, mesh, mesh]
    donor = np.stack([hopper[60 : 60 + 128, 180 : 180 + 128]] * 2)
    changed = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        altered, masks = (
            self_blend_clip(crops, meshes, rng)
            if kind == "self"
            else swap_clip(crops, meshes, donor, [None, mesh], rng)
        )
        assert altered.shape == crops.shape and altered.dtype == np.uint8
        assert masks.shape == crops.shape[:3] and 0 <= masks.min() <= masks.max() <= 1
        assert np.array_equal(altered[2], crops[2]) and not masks[2].any()
        if kind == "swap":  # a self-blend may shift the colours of the picture around the mask in place of those within
            assert np.array_equal(altered[masks == 0], crops[masks == 0])
        changed += bool((altered != crops).any())
    assert changed >= 5


def test_one_generator_makes_the_whole_clip(crops: Rgb, mesh: NDArray[np.float32]) -> None:
    still = np.stack([crops[0]] * 5)
    steady = 0
    for seed in range(120):
        rng = np.random.default_rng(seed)
        drift = draw_drift(5, np.random.default_rng(seed))
        altered, _ = self_blend_clip(still, [mesh] * 5, rng)
        same = all(np.array_equal(altered[0], frame) for frame in altered)
        constant = np.ptp(drift.strength) == 0 and np.ptp(drift.gain) == 0 and not drift.place.any()
        assert same or not constant
        steady += same
    assert 0 < steady < 120


def test_a_drift_wanders_and_stays_in_range() -> None:
    drifts = [draw_drift(200, np.random.default_rng(seed)) for seed in range(40)]
    assert all(0 <= d.strength.min() <= d.strength.max() <= 1 for d in drifts)
    assert any((d.strength == 0).any() for d in drifts)
    moving = [d.place for d in drifts if d.place.any()]
    assert moving
    # From frame to frame the place moves less than over the clip: it swims, it does not jump.
    assert all(np.abs(np.diff(p, axis=0)).mean() < np.ptp(p, axis=0).mean() / 3 for p in moving)


def test_a_donor_without_landmarks_is_refused(crops: Rgb, mesh: NDArray[np.float32]) -> None:
    with pytest.raises(ValueError, match="donor has no landmarks"):
        swap_clip(crops, [mesh] * 6, crops, [None] * 6, np.random.default_rng(0))
