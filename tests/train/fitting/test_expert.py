"""From a cache of faces to a trained expert in small: fakes that resume, pairs of every kind, a training, its tables."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

import torch

from detector.models.networks import build, load
from tests.support.faces_on_disk import textured, write_cache
from train.data.cache import Cache, Sample
from train.fakes.copies import FakeMaker, FakeStore, make_fakes
from train.fakes.pairs import UNSEEN_METHODS, ExpertMix, ExpertPairs
from train.fakes.squares import native_side, square_of, whole_and_window
from train.fitting import processes
from train.fitting.engine import KerasGraph
from train.fitting.expert import fit_expert
from train.fitting.expert_networks import load_network
from train.fitting.recipes import ExpertRecipe, Extras
from train.measuring.unseen import by_method, of_pairs, score_faces, score_fakes

_SIDE = 400


def _darker(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return rgb // 2


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve genuine faces and as many labelled fakes of one source, two of them by a method that must not train."""
    place = tmp_path_factory.mktemp("cache")
    unseen = sorted(UNSEEN_METHODS)[0]
    rows = []
    for number in range(12):
        picture = textured(number, _SIDE)
        for label, method, pixels in (
            ("real", "photo", picture), ("fake", unseen if number < 2 else "m", _darker(picture)),
        ):  # fmt: skip
            name = f"{number}{label}.png"
            rows.append((Sample(name, label, "web_phone", method, f"g{number}", "train"), pixels))
    write_cache(place, rows)
    rng = np.random.default_rng(0)
    mesh = rng.uniform(120, 280, (478, 2)).astype(np.float32)
    for indices, point in (((33, 133), (165, 165)), ((362, 263), (235, 165)), ((1,), (200, 200)), ((61,), (170, 240)),
                           ((291,), (230, 240))):  # fmt: skip
        mesh[list(indices)] = point
    np.save(place / "meshes.npy", np.repeat(mesh[None], len(rows), axis=0))
    return place


@pytest.fixture(scope="module")
def fakes(folder: Path) -> Path:
    cache = Cache(folder)
    maker = FakeMaker(cache, np.arange(len(cache)), {"same": lambda rgb: rgb, "dark": _darker}, seed=3)
    make_fakes(maker, folder / "fakes" / "train", 24)
    everything = np.arange(len(cache))
    np.savez(folder / "fakes" / "split.npz", train=everything, validation=everything, faces=len(cache))
    return folder / "fakes"


def test_fakes_are_listed_and_resume(folder: Path, fakes: Path, tmp_path: Path) -> None:
    cache = Cache(folder)
    maker = FakeMaker(cache, np.arange(len(cache)), {"same": lambda rgb: rgb, "dark": _darker}, seed=3)
    make_fakes(maker, tmp_path, 5)
    with open(tmp_path / "index.jsonl", "a") as listing:
        listing.write('{"number": 5, "cut')
    with open(tmp_path / "pixels.bin", "ab") as pixels:
        pixels.write(b"left by a kill")
    make_fakes(maker, tmp_path, 24)
    for name in ("index.jsonl", "pixels.bin"):
        assert (tmp_path / name).read_bytes() == (fakes / "train" / name).read_bytes()
    pixels_of_all = (tmp_path / "pixels.bin").read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "index.jsonl").read_text().splitlines()]
    assert {row["kind"] for row in rows} == {"copy", "swap"}
    ends = [row["offset"] for row in rows[1:]] + [len(pixels_of_all)]
    for row, end in zip(rows, ends, strict=True):
        assert hashlib.sha256(pixels_of_all[row["offset"] : end]).hexdigest() == row["sha256"]
        assert cache.samples[row["index"]].label == "real"


def test_a_stored_copy_lies_on_its_original(folder: Path, fakes: Path) -> None:
    store = FakeStore(fakes / "train", Cache(folder))
    for fake in store.fakes:
        genuine, rgb, mask = store.pair(fake)
        assert genuine.shape == rgb.shape == (fake.side, fake.side, 3)
        if fake.kind == "swap":
            assert mask is not None and 0 <= mask.min() <= mask.max() <= 1
            np.testing.assert_array_equal(rgb[mask == 0], genuine[mask == 0])
        else:
            np.testing.assert_array_equal(rgb, genuine if fake.maker == "same" else _darker(genuine))


def test_fakes_of_another_cache_are_refused(folder: Path, fakes: Path, tmp_path: Path) -> None:
    other = write_cache(
        tmp_path, [(Sample(f"{i}.png", "real", "s", "m", f"g{i}", "train"), textured(i)) for i in range(24)]
    )
    with pytest.raises(ValueError, match="stands elsewhere"):
        FakeStore(fakes / "train", other)


def test_a_generated_talking_head_meets_somebody_who_talks(folder: Path, tmp_path: Path) -> None:
    """Its source holds no genuine face, and a photo would give the label away."""
    rows = [
        (Sample(f"{source}.png", label, source, method, source, "train"), np.full((_SIDE, _SIDE, 3), shade, np.uint8))
        for source, label, method, shade in (
            ("fomm", "fake", "FOMM", 200), ("styletalk", "real", "real", 120), ("lfw", "real", "photo", 40),
            ("sfhq_inversions", "fake", "m", 10),
        )
    ]  # fmt: skip
    write_cache(tmp_path, rows)
    np.save(tmp_path / "meshes.npy", np.repeat(np.load(folder / "meshes.npy")[:1], len(rows), axis=0))
    cache = Cache(tmp_path)
    make_fakes(FakeMaker(cache, np.array([1, 2]), {"same": lambda rgb: rgb}, seed=3), tmp_path / "fakes", 2)
    mix = ExpertMix(copies=0, swaps=0, self_blended=0, strength=0, enhanced=0)
    pairs = ExpertPairs(cache, np.arange(4), tmp_path / "fakes", mix)
    for seed in range(6):
        genuine, fake = pairs.pair(np.random.default_rng(seed), 96, window=False)
        # One palette is given to the other, so both are 120 or both 200, and never the other photo's 40.
        assert min(genuine.mean(), fake.mean()) > 100


@pytest.mark.parametrize(
    "mix",
    [ExpertMix(1, 0, 0), ExpertMix(1, 0, 0, masked=1.0), ExpertMix(0, 1, 0), ExpertMix(0, 0, 1), ExpertMix(0, 0, 0)],
    ids=["copies", "masked", "swaps", "self-blends", "labelled"],
)
@pytest.mark.parametrize("window", [False, True], ids=["whole", "window"])
def test_both_of_a_pair_have_the_size_of_the_view(folder: Path, fakes: Path, mix: ExpertMix, window: bool) -> None:
    cache = Cache(folder)
    pairs = ExpertPairs(cache, np.arange(len(cache)), fakes / "train", mix)
    rng = np.random.default_rng(1)
    for _ in range(3):
        genuine, fake = pairs.pair(rng, 64, window=window)
        assert genuine.shape == fake.shape == (64, 64, 3) and genuine.dtype == fake.dtype == np.uint8
        assert not np.array_equal(genuine, fake) or mix.copies == 1


def test_what_was_replaced_is_framed_with_the_fake(folder: Path, fakes: Path) -> None:
    """Where the mask is empty, a pair without post-processing is equal; what nobody knows is said so."""
    cache = Cache(folder)
    everything = np.arange(len(cache))
    quiet = {"strength": 0.0, "enhanced": 0.0}
    swaps = ExpertPairs(cache, everything, fakes / "train", ExpertMix(0, 1, 0, **quiet))
    seen = 0
    for seed in range(40):
        genuine, fake, mask = swaps.masked_pair(np.random.default_rng(seed), 64, window=True)
        assert mask is not None and mask.shape == (64, 64) and mask.dtype == np.uint8
        again = swaps.pair(np.random.default_rng(seed), 64, window=True)
        np.testing.assert_array_equal(again[1], fake)
        if np.array_equal(
            genuine[mask == 0], fake[mask == 0]
        ):  # a genuine picture is softened around the mask now and then
            seen += int((mask == 0).any() and (mask > 0).any() and not np.array_equal(genuine, fake))
    assert seen > 3
    _, _, whole = ExpertPairs(cache, everything, fakes / "train", ExpertMix(1, 0, 0, masked=0.0)).masked_pair(
        np.random.default_rng(0), 64, window=False
    )
    assert whole is not None and whole.min() == 255
    labelled = ExpertPairs(cache, everything, fakes / "train", ExpertMix(0, 0, 0))
    assert labelled.masked_pair(np.random.default_rng(0), 64, window=False)[2] is None


def test_unlabelled_faces_are_none_of_a_method_kept_out(folder: Path, fakes: Path) -> None:
    cache = Cache(folder)
    unseen = [i for i, sample in enumerate(cache.samples) if sample.method in UNSEEN_METHODS]
    genuine = [i for i, sample in enumerate(cache.samples) if sample.label == "real"][:1]
    pairs = ExpertPairs(cache, np.array(genuine + unseen), fakes / "train", ExpertMix(1, 0, 0))
    seen = [pairs.unlabelled(np.random.default_rng(seed), 64) for seed in range(12)]
    for plain, altered in seen:
        np.testing.assert_array_equal(plain, seen[0][0])
        assert plain.shape == altered.shape == (64, 64, 3)
    assert any(not np.array_equal(plain, altered) for plain, altered in seen)


def test_a_method_kept_out_never_trains(folder: Path, fakes: Path) -> None:
    cache = Cache(folder)
    unseen = [i for i, sample in enumerate(cache.samples) if sample.method in UNSEEN_METHODS]
    genuine = [i for i, sample in enumerate(cache.samples) if sample.label == "real"]
    with pytest.raises(ValueError, match="may train"):
        ExpertPairs(cache, np.array(genuine + unseen), fakes / "train", ExpertMix(0, 0, 0))


def test_a_window_is_a_part_of_the_square_pixel_by_pixel(folder: Path) -> None:
    cache = Cache(folder)
    square = square_of(cache, 0).rgb
    assert square.shape[0] == native_side(cache, 0) == 400
    np.testing.assert_array_equal(square, cache.frame(0).rgb)
    one, other = whole_and_window(square, 255 - square, 96, np.random.default_rng(2), window=True)
    np.testing.assert_array_equal(other, 255 - one)
    places = np.lib.stride_tricks.sliding_window_view(square[..., 0], (96, 96))
    assert (places == one[..., 0]).all((2, 3)).any()


def test_stopped_resumed_and_measured(folder: Path, fakes: Path, tmp_path: Path) -> None:
    start = tmp_path / "efficientnet.weights.h5"
    build("efficientnet", 64).save_weights(start)
    recipe = ExpertRecipe(size=64, window=48, crops=16, batch=4, start=str(start))
    out = tmp_path / "run"
    seen: list[int] = []

    def measure(graph: KerasGraph, cache: Cache, validation: NDArray[np.int64], fakes: Path) -> dict[str, int]:
        seen.append(len(validation))
        return {"seen": len(validation)}

    fit_expert(recipe, folder, fakes, out, minutes=0.0, measure=measure)
    spent = torch.load(out / "checkpoint.pt", weights_only=True)["spent"]
    path = fit_expert(recipe, folder, fakes, out)
    assert 0 < spent < torch.load(out / "checkpoint.pt", weights_only=True)["spent"]
    assert [json.loads(line)["crops"] for line in (out / "history.jsonl").read_text().splitlines()] == [4, 16]
    assert seen == [24]
    assert json.loads((out / "recipe.json").read_text()) == json.loads(json.dumps(asdict(recipe)))
    with pytest.raises(ValueError, match="another recipe"):
        fit_expert(replace(recipe, rate=1.0), folder, fakes, out)
    saved = torch.load(out / "checkpoint.pt", weights_only=True)
    older = {key: value for key, value in json.loads(saved["recipe"]).items() if key not in ("extras", "pretrained")}
    torch.save(saved | {"recipe": json.dumps(older)}, out / "checkpoint.pt")
    assert fit_expert(recipe, folder, fakes, out) == path, "a checkpoint of before there were extras goes on"

    cache = Cache(folder)
    graph = KerasGraph(load("efficientnet", 64, path), frozen_norms=True)
    everything = np.arange(len(cache))
    scores = score_faces(graph, cache, everything)
    assert set(scores) == {"whole", "windows"} and scores["whole"].shape == (len(cache),)
    cells = by_method(cache, everything, np.array([sample.label == "fake" for sample in cache.samples], np.float32))
    assert cells["web_phone/all"]["auc"] == 1.0 and cells["web_phone/m"]["fake"] == 10
    rows = score_fakes(graph, FakeStore(fakes / "train", cache), 24)
    assert sum(cell["pairs"] for name, cell in of_pairs(rows, "whole").items() if name.endswith("all")) <= 24


@pytest.mark.parametrize("recipe", [ExpertRecipe("vit", 64), ExpertRecipe(extras=Extras(consistency=True))])
def test_extras_are_refused_on_several_processes(
    recipe: ExpertRecipe, folder: Path, fakes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "count", lambda: 2)
    with pytest.raises(ValueError, match="one process only"):
        fit_expert(recipe, folder, fakes, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("architecture", "extras"),
    [("efficientnet", Extras("boundary", consistency=True, refit="non-negative")), ("vit", Extras()), ("mobilenet", Extras()),
     ("efficientnet", Extras(attention=True, normalised=True, pooling="multi-level"))],
    ids=["keras", "transformer", "mobilenet", "torch"],
)  # fmt: skip
def test_extras_are_trained_and_what_is_measured_is_what_was_averaged(
    folder: Path, fakes: Path, tmp_path: Path, architecture: str, extras: Extras
) -> None:
    recipe = ExpertRecipe(architecture, 64, windows=0.0, crops=8, batch=4, pretrained=False, extras=extras)
    weights = fit_expert(recipe, folder, fakes, tmp_path)
    assert weights.name == ("efficientnet.weights.h5" if recipe.shippable else "network.pt")
    network = load_network(tmp_path).eval()
    crops = torch.from_numpy(textured(1, 64)[None])
    average = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["average"]
    if recipe.shippable:
        kernel = network.units["logit"].kernel.detach()
        assert float(kernel.max()) <= 0, "refitted"
        torch.testing.assert_close(kernel, average["trunk.units.logit.kernel"], atol=1e-3, rtol=1e-2)
    else:
        assert all(torch.equal(value, average[name]) for name, value in network.state_dict().items())
    with torch.no_grad():
        assert torch.isfinite(network(crops)).all()
