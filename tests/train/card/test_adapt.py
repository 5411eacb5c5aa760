"""A few faces of somebody's own: a folder becomes an adapted model with its own entry, or a sentence says why not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

from detector.models.networks import build, load
from detector.weights.store import WeightStore, load_manifest
from tests.conftest import SHIPPED
from tests.support.faces_on_disk import textured, write_cache
from train.__main__ import main
from train.data.cache import Cache, Sample
from train.data.folders import read_real_and_fake
from train.data.published import read_samples
from train.fitting.adapt import Measured, choose_share, mixed, mixture, own_split, thinned
from train.fitting.half import store_half
from train.fitting.recipes import Recipe


def _rows(count: int, source: str, seed: int, *, dev: int = 0) -> list[tuple[Sample, np.ndarray]]:
    """Genuine faces and darker fakes, two of a group; the last ``dev`` groups are of that subset."""
    return [
        (
            Sample(f"{n}{label}.png", label, source, "m", f"g{n}", "dev" if n >= count - dev else "train"),
            textured(seed + n, 100) // (1 if label == "real" else 2),
        )
        for n in range(count)
        for label in ("real", "fake")
    ]


def _cache(folder: Path, rows: list[tuple[Sample, np.ndarray]]) -> Path:
    folder.mkdir(parents=True)
    write_cache(folder, rows)
    return folder


@pytest.mark.slow
def test_a_folder_becomes_a_model_with_its_own_entry(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = _cache(tmp_path / "own", _rows(60, "newsroom", 1000))
    old = _cache(tmp_path / "old", _rows(40, "before", 2000, dev=12))
    out = tmp_path / "run"
    before = {path.name: path.read_bytes() for path in SHIPPED.iterdir() if path.is_file()}
    given = ["adapt", "--from", "cnn", "--cache", str(own), "--old-cache", str(old), "--out", str(out), "--name", "mine",
             "--crops", "96", "--threads", "1", "--weights", str(SHIPPED)]  # fmt: skip
    assert main(given) == 0
    printed = capsys.readouterr().out
    assert "<- kept" in printed and "--model mine" in printed
    assert [
        line for line in printed.splitlines() if line.startswith("dev: AUC") and "before" in line and "after" in line
    ]
    assert {path.name: path.read_bytes() for path in SHIPPED.iterdir() if path.is_file()} == before
    entry = load_manifest(out / "weights").models["mine"]
    assert entry.architecture == "cnn" and entry.file.name == "mine.weights.h5"
    assert entry.calibration != load_manifest(SHIPPED).models["cnn"].calibration
    assert WeightStore(out / "weights").locate(entry.file).path.exists()
    assert entry.bands.signs_need_sharpness == load_manifest(SHIPPED).models["cnn"].bands.signs_need_sharpness
    assert entry.trained_with is not None and "python -m train adapt" in entry.trained_with
    content = json.loads((out / "adapted.json").read_text())
    assert [row["part"] for row in content["measured"]] == ["the folder's test part", "dev"]
    share = content["share"]
    recipe = Recipe("cnn", entry.crop.size)
    wanted = mixture(recipe, SHIPPED / "cnn.weights.h5", out / "tuned" / "cnn.weights.h5", share).get_weights()
    for one, other in zip(load("cnn", entry.crop.size, out / "cnn.weights.h5").get_weights(), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=1e-4)
    assert main(given) == 2
    assert "holds a model mine already" in capsys.readouterr().err


def test_too_few_faces_are_refused_before_training(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = _cache(tmp_path / "own", _rows(9, "newsroom", 1000))
    given = ["adapt", "--from", "cnn", "--cache", str(own), "--out", str(tmp_path / "run"), "--weights", str(SHIPPED)]
    assert main(given) == 2
    said = capsys.readouterr().err
    assert "Too few faces to adapt with: 9 genuine and 9 fake ones in 9 groups" in said and "Traceback" not in said
    assert not (tmp_path / "run" / "weights").exists()


def test_a_single_label_is_refused(tmp_path: Path) -> None:
    own = _cache(tmp_path / "own", [row for row in _rows(80, "newsroom", 1000) if row[0].label == "real"])
    with pytest.raises(ValueError, match="80 genuine and 0 fake"):
        own_split(Cache(own))


def test_no_group_is_cut(tmp_path: Path) -> None:
    cache = Cache(_cache(tmp_path / "own", _rows(80, "newsroom", 1000, dev=10)))
    parts = own_split(cache)
    groups = [{cache.samples[i].group for i in part} for part in (parts.train, parts.validation, parts.test)]
    assert not groups[0] & groups[1] and not groups[0] & groups[2] and not groups[1] & groups[2]
    assert {f"g{n}" for n in range(70, 80)} < groups[2], "rows of the subset dev are measured on"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--from", "nothing"], "no image model 'nothing'"),
        (["--from", "resnet_lstm"], "no image model 'resnet_lstm'"),
        (["--from", "cnn", "--old-cache", "nowhere"], "nowhere holds no cut faces"),
    ],
)
def test_what_is_not_there_is_named(given: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["adapt", *given, "--weights", str(SHIPPED)]) == 2
    assert said in capsys.readouterr().err


def test_the_share_that_finds_most_without_losing_is_kept() -> None:
    rows = [Measured(0.0, 0.6, 0.95), Measured(0.5, 0.8, 0.948), Measured(0.8, 0.801, 0.946), Measured(1.0, 0.9, 0.9)]
    assert choose_share(rows, 0.005).share == 0.5, "1.0 forgets, and 0.8 is no better than 0.5"
    assert choose_share(rows, 0.1).share == 1.0
    assert choose_share([Measured(0.0, 0.6, None), Measured(1.0, 0.7, None)], 0.0).share == 1.0
    assert choose_share([Measured(0.0, 0.9, 0.9), Measured(1.0, 0.7, 0.9)], 0.0).share == 0.0


def test_a_mixture_lies_between(tmp_path: Path) -> None:
    recipe = Recipe("cnn", 48)
    models = [build("cnn", 48), build("cnn", 48)]
    paths = (tmp_path / "a.weights.h5", tmp_path / "b.weights.h5")
    for seed, (model, path) in enumerate(zip(models, paths, strict=True)):
        rng = np.random.default_rng(seed)
        # Steps of 1/256 below 2 are exact in float16.
        model.set_weights([rng.integers(1, 512, each.shape).astype(np.float32) / 256 for each in model.get_weights()])
        store_half(model, path)
    arrays = (model.get_weights() for model in (*models, mixture(recipe, *paths, 0.25)))
    for one, other, mean in zip(*arrays, strict=True):
        np.testing.assert_allclose(mean, 0.75 * one + 0.25 * other, rtol=1e-5)


def test_old_faces_stand_beside_new_ones_in_every_batch() -> None:
    def stream(value: int, pairs: int):  # type: ignore[no-untyped-def]
        crops = np.concatenate([np.full((pairs, 1), value), np.full((pairs, 1), -value)])
        while True:
            yield crops, np.repeat(np.array([1, 0], np.float32), pairs)

    crops, labels = next(mixed([stream(1, 2), stream(5, 1)]))
    assert crops[:, 0].tolist() == [1, 1, 5, -1, -1, -5] and labels.tolist() == [1, 1, 1, 0, 0, 0]


def test_thinning_spreads() -> None:
    assert thinned(np.arange(10), 20).tolist() == list(range(10))
    assert thinned(np.arange(101), 3).tolist() == [0, 50, 100]


def test_a_folder_with_real_and_fake_is_a_table(tmp_path: Path) -> None:
    for name in ("real/anna/1.jpg", "real/bob__1.png", "real/.hidden", "fake/bob__swap.png", "fake/other.jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    rows = [(sample.path, sample.label, sample.group, sample.subset) for sample in read_samples(tmp_path)]
    assert rows == [
        ("real/anna/1.jpg", "real", "anna", "train"), ("real/bob__1.png", "real", "bob", "train"),
        ("fake/bob__swap.png", "fake", "bob", "train"), ("fake/other.jpg", "fake", "other", "train"),
    ]  # fmt: skip
    (tmp_path / "fake" / "bob__swap.png").unlink()
    (tmp_path / "fake" / "other.jpg").unlink()
    with pytest.raises(ValueError, match="fake holds no file"):
        read_real_and_fake(tmp_path)
