"""The paper's recipe in small: an epoch, a resume, and every file that was promised."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from detector.media.images import decode_image
from detector.models.networks import load
from detector.weights.store import load_manifest
from tests.conftest import SHIPPED
from tests.support.faces_on_disk import textured, write_cache
from train.card.ship import ship
from train.data.cache import Cache, Sample, crops_of
from train.data.names import Scheme
from train.fitting.paper import augmentation, fit_paper
from train.fitting.recipes import PaperRecipe
from train.lineage import commit, this_command

pytestmark = pytest.mark.slow

RECIPE = PaperRecipe(size=48, epochs=2, batch=8)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty groups of one source, each a pattern and a darkened other that plays the fake; and a source of one label."""
    folder = tmp_path_factory.mktemp("cache")
    faces = []
    for group in range(40):
        for label in ("real", "fake"):
            rgb = textured(2 * group + (label == "fake"))
            sample = Sample(f"{group}{label}.png", label, "both", "m", f"g{group}", "train")
            faces.append((sample, rgb // 3 if label == "fake" else rgb))
        faces.append((Sample(f"{group}.png", "real", "photos", "m", f"p{group}", "train"), textured(1000 + group)))
    write_cache(folder, faces)
    return folder


def test_trained_resumed_and_exported(cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    fit_paper(RECIPE, cache, out, minutes=0.0)
    rows = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    assert len(rows) == 1, "the clock lets one epoch pass"
    assert {"crops", "loss", "accuracy", "precision", "recall", "auc", "validation_loss", "validation_auc"} <= set(
        rows[0]
    )
    assert 40 <= rows[0]["crops"] <= 60, "64 % of the 80 faces of the source that holds both labels"
    weights = fit_paper(RECIPE, cache, out)
    again = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    assert again[0] == rows[0] and [row["epoch"] for row in again] == [1, 2]
    with pytest.raises(ValueError, match="another recipe"):
        fit_paper(replace(RECIPE, batch=4), cache, out)

    held = Cache(cache)
    crops = crops_of(held, np.arange(len(held)), RECIPE.spec)
    exported = keras.models.load_model(out / "final2.h5")
    stored = load("cnn", 48, weights)
    np.testing.assert_allclose(stored.predict(crops, verbose=0), exported.predict(crops, verbose=0), atol=2e-3)

    test = json.loads((out / "test.json").read_text())
    assert np.sum(test["confusion"]) == test["crops"] > 0
    assert set(json.loads((out / "history.json").read_text())) == set(rows[0])
    for picture in ("learning_curves.png", "confusion_matrix.png"):
        assert decode_image((out / picture).read_bytes()).frame.rgb.std() > 0

    shipped = tmp_path / "weights"
    shipped.mkdir()
    for name in ("manifest.json", "blaze_face_short_range.tflite", "blaze_face_full_range_sparse.tflite"):
        shutil.copyfile(SHIPPED / name, shipped / name)
    assert load_manifest(shipped).models.get("cnn") != (entry := ship(out, cache, shipped))
    assert load_manifest(shipped).models["cnn"] == entry
    assert entry.trained_with == this_command() and entry.trained_at_commit == commit()


def test_a_resumed_run_is_the_unbroken_one(cache: Path, tmp_path: Path) -> None:
    fit_paper(RECIPE, cache, tmp_path / "whole")
    fit_paper(RECIPE, cache, tmp_path / "broken", minutes=0.0)
    fit_paper(RECIPE, cache, tmp_path / "broken")
    whole, broken = (
        [json.loads(line) for line in (tmp_path / name / "history.jsonl").read_text().splitlines()][1]
        for name in ("whole", "broken")
    )
    assert whole["crops"] == broken["crops"]
    with h5py.File(tmp_path / "broken" / "checkpoint0002.weights.h5") as file:
        steps = int(file["optimizer/vars/0"][()])
    assert steps == 2 * -(-whole["crops"] // 2 // RECIPE.batch), "Adam goes on counting where it was"
    assert whole["loss"] == pytest.approx(broken["loss"], abs=0.002)


def test_a_source_with_one_label_is_refused(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lacks real or fake"):
        fit_paper(replace(RECIPE, sources=("photos",)), cache, tmp_path)
    with pytest.raises(ValueError, match=r"no moon; it has both, photos"):
        fit_paper(replace(RECIPE, sources=("moon",)), cache, tmp_path)


def test_shipping_a_random_split_is_refused(cache: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    fit_paper(replace(RECIPE, split=Scheme.RANDOM, epochs=1, examples=8), cache, out)
    with pytest.raises(ValueError, match="random split"):
        ship(out, cache, tmp_path / "nowhere")


def test_augmentation_moves_a_little_and_keeps_the_range() -> None:
    crops = np.stack([textured(seed, 64) for seed in range(16)]).astype(np.float32)
    moved = np.asarray(augmentation(1)(crops, training=True))
    assert moved.shape == crops.shape and moved.min() >= 0 and moved.max() <= 255
    difference = np.abs(moved - crops).mean(axis=(1, 2, 3))
    assert difference.min() > 1, "every picture is changed"
    np.testing.assert_allclose(moved.mean(axis=(1, 2, 3)), crops.mean(axis=(1, 2, 3)), atol=45)
