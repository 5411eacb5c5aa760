"""Averaged weights: the mean of every array, the history of the last run, and refusals in words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from detector.models.networks import build, load
from train.__main__ import main
from train.fitting.average import average
from train.fitting.half import store_half


def _run(folder: Path, seed: int, crops: int, size: int = 48, architecture: str = "cnn") -> Path:
    folder.mkdir()
    model = build(architecture, size)
    rng = np.random.default_rng(seed)
    # Steps of 1/256 below 2 are exact in float16, and so is half their sum in float32.
    model.set_weights([rng.integers(1, 512, array.shape).astype(np.float32) / 256 for array in model.get_weights()])
    store_half(model, folder / f"{architecture}.weights.h5")
    recipe = {"architecture": architecture, "size": size, "margin": 0.25, "start": None}
    (folder / "recipe.json").write_text(json.dumps(recipe))
    (folder / "history.jsonl").write_text(json.dumps({"crops": crops}) + "\n")
    command = "python -m train fit cnn" + (
        " --crops 64 && python -m train fit cnn --start it" if crops > 64 else " --crops 64"
    )
    (folder / "provenance.json").write_text(json.dumps({"command": command, "commit": "0" * 40}))
    return folder


def test_the_mean_of_every_array(tmp_path: Path) -> None:
    first, second = _run(tmp_path / "a", 1, 64), _run(tmp_path / "b", 2, 128)
    out = average([first, second], [1, 3], tmp_path / "out")
    arrays = [load("cnn", 48, run / "cnn.weights.h5").get_weights() for run in (first, second)]
    for one, other, mean in zip(*arrays, load("cnn", 48, out).get_weights(), strict=True):
        np.testing.assert_allclose(mean, 0.25 * one + 0.75 * other, rtol=1e-3)
    assert json.loads((tmp_path / "out" / "history.jsonl").read_text()) == {"crops": 128}


@pytest.mark.slow
def test_a_network_that_fits_every_crop_is_averaged_over_sizes(tmp_path: Path) -> None:
    runs = [_run(tmp_path / str(size), size, size, size, "efficientnet") for size in (32, 64)]
    out = average(runs, [1, 1], tmp_path / "out")
    assert json.loads((tmp_path / "out" / "recipe.json").read_text())["size"] == 64
    small, large, mean = (
        load("efficientnet", 64, run / "efficientnet.weights.h5").get_weights() for run in (*runs, out.parent)
    )
    for one, other, both in zip(small, large, mean, strict=True):
        np.testing.assert_allclose(both, 0.5 * one + 0.5 * other, rtol=1e-3)


def test_the_command_names_what_it_stands_on_once(tmp_path: Path) -> None:
    first, second = _run(tmp_path / "a", 1, 64), _run(tmp_path / "b", 2, 128)
    out = tmp_path / "out"
    assert main(["average", str(first), str(second), "--shares", "0.5", "0.5", "--out", str(out)]) == 0
    command = json.loads((out / "lineage.json").read_text())["command"]
    assert command == (
        "python -m train fit cnn --crops 64 && python -m train fit cnn --start it && "
        f"python -m train average {first} {second} --shares 0.5 0.5 --out {out}"
    )


@pytest.mark.parametrize("shares", [[1.0], [1.0, 0.0], [1.0, 1.0, 1.0]])
def test_shares_that_do_not_fit(shares: list[float], tmp_path: Path) -> None:
    runs = [_run(tmp_path / "a", 1, 64), _run(tmp_path / "b", 2, 128)]
    with pytest.raises(ValueError, match="share"):
        average(runs, shares, tmp_path / "out")


def test_different_networks_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = _run(tmp_path / "a", 1, 64, size=64), _run(tmp_path / "b", 2, 128)
    assert main(["average", str(first), str(second), "--shares", "1", "1", "--out", str(tmp_path / "out")]) == 2
    assert "only equal networks" in capsys.readouterr().err
