"""A whole training in small: cache, pairs, steps, checkpoint, resume, half-precision file, manifest entry."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

from detector.models.inference import Network, Scorer
from detector.models.networks import load
from detector.weights.store import load_manifest
from tests.conftest import SHIPPED
from train.card.ship import ship
from train.data.cache import Cache, build_cache, crops_of
from train.data.splits import carve_validation
from train.fitting.fit import fit
from train.fitting.history import EARLIER, keep_earlier, whole_history
from train.fitting.recipes import Mix, Recipe
from train.fitting.training import score
from train.lineage import commit

MIX = Mix(labelled=1.0, self_blended=0.0, strength=0.0)
RECIPE = Recipe("cnn", size=48, crops=160, batch=8, rate=2e-3, warmup=2, average=0.5, pretrained=False, mix=MIX)
"""Enough for the one thing there is to learn: the "fakes" of this test are dark."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory, astronaut: NDArray[np.uint8], hopper: NDArray[np.uint8]) -> Path:
    """Six groups, each a portrait and a darkened copy of it that plays the fake."""
    folder = tmp_path_factory.mktemp("data")
    rows = ["path\tlabel\tsource\tmethod\tgroup\tsubset"]
    for group, rgb in enumerate([astronaut, hopper] * 3):
        picture = np.roll(rgb, 7 * group, axis=1)
        for label, pixels in (("real", picture), ("fake", picture // 3)):
            Image.fromarray(pixels).save(folder / f"{group}{label}.png")
            rows.append(f"{group}{label}.png\t{label}\ts\tm\tg{group}\ttrain")
    (folder / "faces.tsv").write_text("\n".join(rows) + "\n")
    build_cache(folder, folder / "cache", landmarker=None, processes=1)
    return folder / "cache"


def _history(out: Path) -> list[int]:
    return [json.loads(line)["crops"] for line in (out / "history.jsonl").read_text().splitlines()]


def test_stopped_resumed_and_shipped(cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    fit(RECIPE, cache, out, minutes=0.0)
    assert _history(out) == [8], "the clock lets one step pass, and the history ends with what was kept"
    path = fit(RECIPE, cache, out)
    assert _history(out) == [8, 160]
    fit(RECIPE, cache, out, command="python -m train fit cnn")
    assert _history(out) == [8, 160], "a finished run has nothing left to do"
    with pytest.raises(ValueError, match="another recipe"):
        fit(replace(RECIPE, rate=1.0), cache, out)

    held = Cache(cache)
    crops = crops_of(held, np.arange(len(held)), RECIPE.spec)
    logits = Scorer(Network(load("cnn", 48, path))).fake_logits(crops)
    fake = np.array([sample.label == "fake" for sample in held.samples])
    assert logits[fake].min() > logits[~fake].max()

    weights = tmp_path / "weights"
    weights.mkdir()
    for name in ("manifest.json", "blaze_face_short_range.tflite", "blaze_face_full_range_sparse.tflite"):
        shutil.copyfile(SHIPPED / name, weights / name)
    assert load_manifest(weights).models.get("cnn") != (entry := ship(out, cache, weights))
    assert load_manifest(weights).models["cnn"] == entry
    assert entry.trained_with == "python -m train fit cnn", "a run that is refused changes nothing"
    assert entry.trained_at_commit == commit()

    further = replace(RECIPE, start=str(weights / "cnn.weights.h5"), frozen_norms=True, crops=16)
    fit(further, cache, tmp_path / "further", command="python -m train fit cnn --crops 16")
    assert load("cnn", 48, path).get_layer("bn1").get_weights()[2].tolist() == pytest.approx(
        load("cnn", 48, tmp_path / "further" / "cnn.weights.h5").get_layer("bn1").get_weights()[2].tolist()
    ), "the mean of a frozen norm stays"
    entry = ship(tmp_path / "further", cache, weights)
    rows = (weights / "cnn.history.jsonl").read_text().splitlines()
    assert [json.loads(row)["crops"] for row in rows] == [8, 160, 176], "what was shipped before is counted"
    assert (tmp_path / "further" / EARLIER).read_text().count("\n") == 2, "and still once if it is shipped again"
    assert entry.trained_with is not None
    assert entry.trained_with == ("python -m train fit cnn && python -m train fit cnn --crops 16"), (
        "how the start was made comes first"
    )
    with pytest.raises(ValueError, match="name them as start"):
        fit(replace(RECIPE, frozen_norms=True), cache, tmp_path / "nothing")


def test_a_run_that_starts_from_another_keeps_both_histories(tmp_path: Path) -> None:
    for name, crops in (("small", (32, 64)), ("large", (32,)), ("larger", (16,))):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "history.jsonl").write_text("".join(json.dumps({"crops": n}) + "\n" for n in crops))
    keep_earlier(tmp_path / "small" / "cnn.weights.h5", tmp_path / "large")
    keep_earlier(tmp_path / "large" / "cnn.weights.h5", tmp_path / "larger")
    assert [row["crops"] for row in whole_history(tmp_path / "large")] == [32, 64, 96]
    assert [row["crops"] for row in whole_history(tmp_path / "larger")] == [32, 64, 96, 112]
    keep_earlier(tmp_path / "nowhere" / "cnn.weights.h5", tmp_path / "small")
    assert [row["crops"] for row in whole_history(tmp_path / "small")] == [32, 64], "nothing is known of the start"


def test_no_group_is_on_both_sides(cache: Path) -> None:
    held = Cache(cache)
    train, validation = carve_validation(held)
    assert set(train).isdisjoint(validation)
    assert len(train) + len(validation) == len(held)
    groups = [{held.samples[i].group for i in side} for side in (train, validation)]
    assert groups[0].isdisjoint(groups[1])
    assert groups[1]


def test_score_is_the_negated_logit_of_real(cache: Path) -> None:
    from detector.models.networks import build
    from train.fitting.engine import KerasGraph

    held = Cache(cache)
    crops = crops_of(held, np.arange(len(held)), RECIPE.spec)
    model = build("cnn", 48)
    np.testing.assert_allclose(score(KerasGraph(model), crops), Scorer(Network(model)).fake_logits(crops), atol=0.05)
