"""Auto-encoders copy, alignment leaves nothing but the decoder's traces, and a folder of fakes resumes where it stopped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")

import torch

from train.fakes.align import align, gradient_energy, match_sharpness, mix_frequencies
from train.fakes.autoencoders import UPSAMPLING, Autoencoder, AutoencoderRecipe, copy_of
from train.fakes.bank import draw_recipes, load_bank, sharpness_ratio, train_bank
from train.fakes.enhance import draw_enhancement
from train.fakes.equalise import equalise, match_palette
from train.fakes.swap_engine import draw_engine, engine_swap, five_points, softened_elsewhere
from train.fakes.taef2 import CELL, CODE_LIMIT, Taef2

_SHORT = AutoencoderRecipe("short", 3, "transposed", patch=32, batch=2)


@pytest.fixture(scope="module")
def mesh() -> NDArray[np.float32]:
    """478 points within an upright face of about 140 by 180 pixels, the five of the template where they are expected."""
    rng = np.random.default_rng(0)
    angle, radius = rng.uniform(0, 2 * np.pi, 478), np.sqrt(rng.uniform(0, 0.9, 478))
    points = np.stack([226 + 70 * radius * np.cos(angle), 130 + 90 * radius * np.sin(angle)], 1)
    for indices, place in (((33, 133), (196, 105)), ((362, 263), (256, 105)), ((1,), (226, 135)), ((61,), (203, 170)),
                           ((291,), (249, 170))):  # fmt: skip
        points[list(indices)] = place
    return points.astype(np.float32)


@pytest.fixture(scope="module")
def taef2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights of TAEF2's shapes, drawn at random."""
    folder = tmp_path_factory.mktemp("taef2")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Taef2()
    for part, name in ((network.encoder, "encoder"), (network.decoder, "decoder")):
        torch.save(part.state_dict(), folder / f"taef2_{name}.pth")
    return folder


@pytest.mark.parametrize("upsampling", UPSAMPLING)
@pytest.mark.parametrize("levels", [None, 9])
def test_a_copy_has_the_shape_of_its_original(
    upsampling: str, levels: int | None, hopper: NDArray[np.uint8], taef2: Path
) -> None:
    recipe = AutoencoderRecipe("x", 1, upsampling, levels=levels)
    network = Autoencoder(recipe, taef2).eval()
    copy = copy_of(network, hopper[:38, :35], CELL)
    assert copy.shape == (38, 35, 3) and copy.dtype == np.uint8
    np.testing.assert_array_equal(copy, copy_of(Autoencoder(recipe, taef2).eval(), hopper[:38, :35], CELL))
    if levels is not None:
        code = network.encode(torch.rand(1, 3, 32, 32)) / CODE_LIMIT * (levels - 1) / 2
        assert torch.allclose(code, code.round(), atol=1e-4)


def test_the_ways_of_up_sampling_start_as_one(taef2: Path) -> None:
    """Transposed and sub-pixel convolutions compute what nearest-neighbour doubling and a convolution do; bilinear does not."""
    x = torch.rand(1, 3, 40, 48)
    made = {}
    for upsampling in UPSAMPLING:
        network = Autoencoder(AutoencoderRecipe("x", 1, upsampling, renewed=0.0), taef2).eval()
        with torch.no_grad():
            made[upsampling] = network(x)
    for same in ("transposed", "pixel_shuffle"):
        assert torch.allclose(made[same], made["nearest"], atol=1e-5)
    assert not torch.allclose(made["bilinear"], made["nearest"], atol=1e-4)


def test_a_longer_list_of_recipes_begins_with_the_shorter_one() -> None:
    assert draw_recipes(9)[:4] == draw_recipes(4)
    assert {recipe.upsampling for recipe in draw_recipes(10)} == set(UPSAMPLING)
    assert 2 <= sum(recipe.levels is not None for recipe in draw_recipes(10)) <= 5
    with pytest.raises(ValueError, match="upsampling"):
        AutoencoderRecipe("x", 1, "bicubic")


def test_training_makes_copies_better_and_is_kept(tmp_path: Path, hopper: NDArray[np.uint8], taef2: Path) -> None:
    rng = np.random.default_rng(0)
    corners = rng.integers(0, 400, (80, 2))
    patches = np.stack([hopper[y : y + 40, x : x + 40] for y, x in corners])
    before = np.abs(copy_of(Autoencoder(_SHORT, taef2).eval(), patches[-1], CELL).astype(int) - patches[-1]).mean()
    train_bank([_SHORT], taef2, patches, tmp_path, minutes=0.02)
    (member,) = load_bank(tmp_path, taef2)
    assert member.recipe == _SHORT and len(member.sha256) == 64
    assert member.measured["steps"] >= 3
    after = np.abs(copy_of(member.network, patches[-1], CELL).astype(int) - patches[-1]).mean()
    assert after < before
    stamp = (tmp_path / "short" / "weights.pt").stat().st_mtime_ns
    train_bank([_SHORT], taef2, patches, tmp_path, minutes=0.02)
    assert (tmp_path / "short" / "weights.pt").stat().st_mtime_ns == stamp, "a finished network is not trained again"


def test_sharpness_ratio_detects_soft_copies(hopper: NDArray[np.uint8]) -> None:
    patches = np.stack([hopper[60:156, 200:296], hopper[100:196, 180:276]])
    assert sharpness_ratio(patches, patches) == {"quarter": 1.0, "half": 1.0, "gradient": 1.0}
    soft = np.stack([match_sharpness(patch, 0.6 * gradient_energy(patch)) for patch in patches])
    ratio = sharpness_ratio(patches, soft)
    assert ratio["half"] < ratio["quarter"] < 0.9 and 0.5 < ratio["gradient"] < 0.7


def test_sharpness_is_matched_in_both_directions(hopper: NDArray[np.uint8]) -> None:
    patch = hopper[60:156, 200:296]
    energy = gradient_energy(patch)
    for wanted in (0.6 * energy, 1.3 * energy):
        assert gradient_energy(match_sharpness(patch, wanted)) == pytest.approx(wanted, rel=0.05)


def test_what_is_not_replaced_is_equal_in_an_aligned_pair(hopper: NDArray[np.uint8]) -> None:
    original, copy = hopper[60:156, 200:296], hopper[61:157, 200:296]
    mask = np.zeros((96, 96), np.float32)
    mask[30:60, 30:60] = 1
    for seed in range(12):
        genuine, fake = align(original, copy, np.random.default_rng(seed), mask)
        assert genuine.shape == fake.shape == original.shape and fake.dtype == np.uint8
        np.testing.assert_array_equal(genuine[mask == 0], fake[mask == 0])
        same = align(original, original, np.random.default_rng(seed), mask)
        assert np.abs(same[0].astype(int) - same[1]).mean() < 6


def test_mixing_all_frequencies_gives_the_original(hopper: NDArray[np.uint8]) -> None:
    original, copy = hopper[60:156, 200:296], hopper[100:196, 200:296]
    assert np.abs(mix_frequencies(copy, original, 1.0, 0.0).astype(int) - original).max() <= 1
    assert np.abs(mix_frequencies(copy, original, 0.0, 0.0).astype(int) - copy).max() <= 1


def test_equalised_pictures_have_one_palette(hopper: NDArray[np.uint8], astronaut: NDArray[np.uint8]) -> None:
    dull, bright = hopper[60:220, 180:340] // 2, astronaut[60:220, 150:310]
    for seed in range(4):
        genuine, fake = equalise(dull, bright, np.random.default_rng(seed), strict=True)
        assert abs(genuine.mean() - fake.mean()) < 0.5 * abs(dull.mean() - bright.mean())
    assert abs(match_palette(dull, bright, 1.0).mean() - bright.mean()) < 12


def test_an_enhancement_treats_both_of_a_pair_alike(hopper: NDArray[np.uint8]) -> None:
    crop = hopper[60:156, 200:296]
    changed = 0
    for seed in range(20):
        first, second = (draw_enhancement(np.random.default_rng(seed)).apply(crop) for _ in range(2))
        np.testing.assert_array_equal(first, second)
        assert first.shape == crop.shape and first.dtype == np.uint8
        changed += not np.array_equal(first, crop)
    assert 5 <= changed < 20
    np.testing.assert_array_equal(draw_enhancement(np.random.default_rng(0), 0.0).apply(crop), crop)


def test_an_engine_changes_the_pasted_part_only(
    astronaut: NDArray[np.uint8], hopper: NDArray[np.uint8], mesh: NDArray[np.float32]
) -> None:
    sides = []

    def decoder(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        sides.append(rgb.shape[0])
        return rgb

    for seed in range(8):
        rng = np.random.default_rng(seed)
        engine = draw_engine(rng)
        fake, mask = engine_swap(astronaut, mesh, hopper[:512], mesh + 40, decoder, engine, rng)
        assert sides[-1] == engine.side
        assert fake.shape == astronaut.shape and fake.dtype == np.uint8
        assert 0.01 < (mask > 0.5).mean() < 0.5 and 0 <= mask.min() <= mask.max() <= 1
        np.testing.assert_array_equal(fake[mask == 0], astronaut[mask == 0])
        inside = np.abs(fake.astype(int) - astronaut)[mask > 0.9]
        assert inside.mean() > 1


def test_five_points_lie_where_the_mesh_has_them(mesh: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(five_points(mesh)[2], (226, 135))


def test_softening_elsewhere_leaves_some_of_the_picture(
    astronaut: NDArray[np.uint8], mesh: NDArray[np.float32]
) -> None:
    kept = []
    for seed in range(12):
        soft = softened_elsewhere(astronaut, mesh, 0.4, np.random.default_rng(seed))
        assert soft.shape == astronaut.shape and soft.dtype == np.uint8
        kept.append(float((soft == astronaut).all(-1).mean()))
    assert max(kept) > 0.5 and min(kept) < 0.2


def test_a_recipe_is_written_beside_its_network(tmp_path: Path, hopper: NDArray[np.uint8], taef2: Path) -> None:
    patches = np.repeat(hopper[None, 60:100, 200:240], 70, axis=0)
    train_bank([_SHORT], taef2, patches, tmp_path, minutes=0.001)
    assert AutoencoderRecipe(**json.loads((tmp_path / "short" / "recipe.json").read_text())) == _SHORT
