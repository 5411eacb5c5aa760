"""Pseudo-fakes differ from their originals inside the mask, and post-processing does not tell a pair apart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from train.fakes.augment import draw_degradation, high_pass
from train.fakes.blend import region_mask, self_blend, swap


@pytest.fixture(scope="module")
def mesh() -> NDArray[np.float32]:
    """478 points of an ellipse-shaped face in a 512 px picture, by the index layout of mediapipe's mesh where it matters:
    the oval's points lie on the outline, all others inside."""
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 478), np.sqrt(rng.uniform(0, 0.9, 478))
    points = np.stack([226 + 70 * radius * np.cos(angle), 130 + 90 * radius * np.sin(angle)], 1)
    return points.astype(np.float32)


def test_self_blend_changes_only_what_the_mask_covers(astronaut: NDArray[np.uint8], mesh: NDArray[np.float32]) -> None:
    changed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        fake, mask = self_blend(astronaut, mesh, rng)
        assert fake.shape == astronaut.shape
        assert fake.dtype == np.uint8
        assert 0 <= mask.min() <= mask.max() <= 1
        # Where the mask is empty the picture is the "under" layer: the original, or its recoloured copy as a whole.
        difference = np.abs(fake.astype(int) - astronaut.astype(int)).sum(-1)
        changed += difference[mask > 0.3].mean() > 0.5 if (mask > 0.3).any() else 0
        far = mask == 0
        assert far.mean() > 0.3
    assert changed >= 12


def test_same_seed_same_fake(astronaut: NDArray[np.uint8], mesh: NDArray[np.float32]) -> None:
    first, second = (self_blend(astronaut, mesh, np.random.default_rng(4)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])


def test_swap_keeps_the_target_outside_the_mask(
    astronaut: NDArray[np.uint8], hopper: NDArray[np.uint8], mesh: NDArray[np.float32]
) -> None:
    for seed in range(8):
        fake, mask = swap(astronaut, mesh, hopper[:512], mesh + 40, np.random.default_rng(seed))
        np.testing.assert_array_equal(fake[mask == 0], astronaut[mask == 0])
        inside = mask > 0.8
        assert np.abs(fake[inside].astype(int) - astronaut[inside].astype(int)).mean() > 2


def test_region_masks_are_inside_the_oval(mesh: NDArray[np.float32]) -> None:
    hull = region_mask(mesh, "oval", (512, 512))
    assert set(np.unique(hull)) == {0.0, 1.0}
    with pytest.raises(KeyError):
        region_mask(mesh, "tail", (512, 512))


def test_one_draw_treats_a_pair_alike(astronaut: NDArray[np.uint8]) -> None:
    crop = astronaut[:224, 100:324]
    seen = set()
    for seed in range(40):
        after = draw_degradation(np.random.default_rng(seed))
        first, second = after.apply(crop), after.apply(crop)
        assert first.shape == crop.shape
        assert first.dtype == np.uint8
        np.testing.assert_array_equal(first, second)
        seen.add((after.flip, after.qualities != (), after.shrink < 1, after.noise > 0, after.blur > 0))
    assert len(seen) > 8, "the draws hardly vary"
    still = draw_degradation(np.random.default_rng(0), strength=0.0)
    expected = crop[:, ::-1] if still.flip else crop
    np.testing.assert_array_equal(still.apply(crop), expected)


def test_a_high_pass_keeps_detail_and_drops_shading() -> None:
    shading = np.repeat(np.linspace(60, 200, 96).astype(np.uint8)[None], 96, axis=0)[..., None].repeat(3, axis=2)
    assert np.abs(high_pass(shading)[12:-12, 12:-12].astype(int) - 128).max() <= 4
    speck = shading.copy()
    speck[48, 48] += 30
    assert high_pass(speck)[48, 48].min() > 200
