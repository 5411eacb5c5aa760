"""A head is calibrated on scores of groups it never saw, and shipped on its own trunk only."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from detector.models.networks import load, resnet
from detector.records import SharedTrunk, WeightFile
from detector.weights.store import load_manifest, update_manifest
from tests.conftest import SHIPPED
from train.card.ship_clips import ship_video_model
from train.fitting.half import store_half
from train.fitting.head import compare, cross_validate, frame_means, with_trunk_of
from train.fitting.recipes import HeadRecipe
from train.fitting.sequences import Sequences

pytestmark = pytest.mark.slow


def test_a_head_is_measured_on_groups_it_never_saw_and_shipped_on_its_own_trunk(tmp_path: Path) -> None:
    recipe = HeadRecipe(size=32, epochs=2)
    image_model = resnet(32)
    rng = np.random.default_rng(0)
    count = 36
    fake = np.arange(count) % 2 == 0
    made = np.arange(count) >= 24
    features = (rng.normal(size=(count, 4, 1024)) + fake[:, None, None]).astype(np.float32)
    groups = np.array([f"ff/{i // 8}" if i < 24 else f"made/{i // 4}" for i in range(count)])
    sequences = Sequences(features, np.ones((count, 4), bool), fake, groups, made)
    scores = cross_validate(image_model, sequences, recipe)
    assert len(scores.fake) == 24
    assert np.isfinite(scores.head).all()
    assert np.allclose(scores.mean, frame_means(image_model, sequences)[:24])
    result = compare(scores)
    assert result["all"]["genuine"] == result["all"]["fake"] == 12
    assert 0 <= result["all"]["head"]["auc_low"] <= result["all"]["head"]["auc"] <= 1

    model = with_trunk_of(image_model, recipe)
    run = tmp_path / "run"
    run.mkdir()
    store_half(model, run / "resnet_lstm.weights.h5")
    head = scores.fake + 0.1 * np.arange(24)
    np.savez(run / "scores.npz", **vars(replace(scores, head=head)))
    weights = tmp_path / "weights"
    weights.mkdir()
    for file in ("manifest.json", "blaze_face_short_range.tflite", "blaze_face_full_range_sparse.tflite"):
        (weights / file).write_bytes((SHIPPED / file).read_bytes())
    store_half(image_model, weights / "resnet.weights.h5")
    data = (weights / "resnet.weights.h5").read_bytes()
    of_resnet = WeightFile("resnet.weights.h5", len(data), hashlib.sha256(data).hexdigest())
    spec = load_manifest(weights).models["resnet"]
    update_manifest(weights, model=replace(spec, file=of_resnet, crop=replace(spec.crop, size=32)))
    content = {
        "recipe": asdict(recipe), "trunk_sha256": "0" * 64, "crop": {**asdict(spec.crop), "size": 32}, "command": "fit",
        "commit": "0" * 40, "cross_validation": result, "history": [],
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(ValueError, match="another resnet"):
        ship_video_model(run, weights)
    (run / "run.json").write_text(json.dumps(content | {"trunk_sha256": of_resnet.sha256}), encoding="utf-8")
    layer = model.get_layer("frames").layer.get_layer("stem")
    kept = layer.get_weights()
    layer.set_weights([2 * kept[0]])
    store_half(model, run / "resnet_lstm.weights.h5")
    layer.set_weights(kept)
    with pytest.raises(ValueError, match="another resnet"):
        ship_video_model(run, weights)
    store_half(model, run / "resnet_lstm.weights.h5")
    entry = ship_video_model(run, weights, decides=True)
    assert entry.trunk == SharedTrunk("resnet", of_resnet.sha256) == load_manifest(weights).models["resnet_lstm"].trunk
    manifest = json.loads((weights / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["default"]["video"] == "resnet_lstm" == entry.name
    assert manifest["models"]["resnet_lstm"]["bands"]["strong_signs_from"] is None
    assert load("resnet_lstm", 32, weights / entry.file.name).name == "resnet_lstm"
