"""Clips in training: the table, the measures, sequences through the detector's own rooms, a head that learns."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces.finder import FaceFinder
from detector.models.gradcam import GradCam
from detector.models.inference import Network
from detector.models.networks import load, resnet, resnet_lstm
from detector.models.sequences import VideoScorer
from detector.records import CropSpec, SharedTrunk, WeightFile
from detector.weights.store import load_manifest, update_manifest
from tests.conftest import SHIPPED
from tests.support.clips import paste, write_clip
from train.card.clip_tables import clip_section
from train.clips import ship
from train.fitting.half import store_half
from train.fitting.head import HeadRecipe, compare, cross_validate, fit_head, frame_means, has_trunk_of, with_trunk_of
from train.fitting.sequences import Sequences, build_sequences
from train.measuring.clip_scores import evaluate, from_single_frames, learn_disagreement, read_clips, set_disagreement

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="module")
def folder(astronaut: Rgb, hopper: Rgb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four small clips of two people; those called fake are green."""
    root = tmp_path_factory.mktemp("clips")
    heads = {"collins": astronaut[10:270, 95:355], "hopper": hopper[20:360, 90:430]}
    rows = []
    for name, head in heads.items():
        small = cv2.resize(np.ascontiguousarray(head), (140, 140), interpolation=cv2.INTER_AREA)
        for label in ("real", "fake"):
            shown = small.copy()
            if label == "fake":
                shown[60:110, 45:95, 1] = 190

            def frames(shown: Rgb = shown) -> Iterator[Rgb]:
                for number in range(8):
                    canvas = np.full((180, 240, 3), 100, np.uint8)
                    paste(canvas, shown, 30 + 4 * number, 20)
                    yield canvas

            write_clip(root / f"{name}_{label}.mp4", frames())
            rows.append((f"{name}_{label}.mp4", label, "test", "tint" if label == "fake" else "real", name, "dev"))
    with open(root / "clips.tsv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(("path", "label", "source", "method", "group", "subset"))
        writer.writerows(rows)
    return root


def test_a_group_in_both_subsets_is_refused(folder: Path, tmp_path: Path) -> None:
    assert [sample.label for sample in read_clips(folder, "dev")] == ["real", "fake"] * 2
    text = (folder / "clips.tsv").read_text(encoding="utf-8")
    (tmp_path / "clips.tsv").write_text(text.replace("hopper\tdev", "hopper\ttrain", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="both subsets"):
        read_clips(tmp_path, "dev")


def test_an_evaluation_names_every_clip_and_measures_every_model(folder: Path, tiny_detector_for_clips) -> None:  # type: ignore[no-untyped-def]
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x14ftypisom\0\0\0\0isom")
    table = folder / "clips.tsv"
    text = table.read_text(encoding="utf-8")
    table.write_text(f"{text}broken.mp4\treal\ttest\treal\tbroken\tdev\n", encoding="utf-8")
    try:
        result = evaluate(tiny_detector_for_clips, folder, "dev")
    finally:
        table.write_text(text, encoding="utf-8")
    assert [row["path"] for row in result["clips"]][-1] == "broken.mp4"
    assert "damaged" in result["clips"][-1]["why"]
    assert set(result["models"]) == {"tiny"}
    pooled = result["models"]["tiny"]["pooled"]
    assert (pooled["genuine"], pooled["fake"]) == (2, 2)
    assert 0 <= pooled["auc_low"] <= pooled["auc"] <= pooled["auc_high"] <= 1
    assert sum(counts["fake"] for counts in result["verdicts"].values()) == 2
    assert result["verdicts"]["not_analysed"] == {"genuine": 1, "fake": 0}
    lines = clip_section(result, {})
    assert sum(line.startswith("| mean of the frames' log-odds by `tiny`") for line in lines) == 2


def test_means_may_take_the_calibration_of_single_frames(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((SHIPPED / "manifest.json").read_bytes())
    means = from_single_frames(load_manifest(tmp_path), tmp_path, "by hand")
    after = load_manifest(tmp_path)
    assert after.clips is not None and after.clips.frame_mean == means
    for name, mean in means.items():
        assert mean.calibration == after.models[name].calibration
        assert mean.bands.strong_signs_from is None and mean.track_record == ()
        assert mean.bands.some_signs_from == after.models[name].bands.some_signs_from


def test_a_limit_of_disagreement_needs_clips_enough() -> None:
    rows = [{"scores": {"a": 0.5, "b": 0.5 + i / 200}} for i in range(21)]
    assert learn_disagreement({"clips": rows}, "a", "b") == pytest.approx(0.1, abs=0.006)
    assert learn_disagreement({"clips": rows[:19]}, "a", "b") is None
    assert learn_disagreement({"clips": rows}, "a", "c") is None


def test_a_new_limit_asks_for_new_verdicts(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((SHIPPED / "manifest.json").read_bytes())
    rows = [{"scores": {"resnet": 0.5, "resnet_lstm": 0.5 + i / 200}} for i in range(21)]
    assert set_disagreement(load_manifest(tmp_path), {"clips": rows}, tmp_path)
    after = load_manifest(tmp_path)
    assert after.clips is not None and after.clips.max_disagreement == pytest.approx(0.1, abs=0.006)
    assert not set_disagreement(after, {"clips": rows}, tmp_path), "the verdicts were given under this very limit"


def test_sequences_are_cut_by_the_detectors_own_rooms(folder: Path, finder: FaceFinder) -> None:
    model = with_trunk_of(resnet(32), HeadRecipe(size=32))
    made = build_sequences(
        folder, read_clips(folder, "dev"), finder, VideoScorer(model), CropSpec(32, 0.25),
        places=6, pseudo_fakes=2, landmarker=_Oval(),
    )  # fmt: skip
    assert made.features.shape == (12, 6, 1024)
    assert made.present.any(axis=1).all()
    assert (made.features[~made.present] == 0).all()
    # Two genuine and two labelled fakes as they are; then two pairs of each genuine one, in the genuine one's group.
    assert made.made.tolist() == [False] * 4 + [True] * 8
    assert made.fake.tolist() == [False, True, False, True] + [False, True] * 4
    assert (
        made.groups.tolist() == ["test/collins"] * 2 + ["test/hopper"] * 2 + ["test/collins"] * 4 + ["test/hopper"] * 4
    )
    assert not np.array_equal(made.features[4], made.features[5])


def test_pseudo_fakes_without_landmarks_are_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match=r"face_landmarker\.task"):
        build_sequences(folder, [], _Never(), _Never(), CropSpec(32, 0.25), pseudo_fakes=1)  # type: ignore[arg-type]


class _Never:
    """Must not be asked."""


class _Oval:
    """Lays 478 points on an ellipse in the middle of every crop, in place of mediapipe's landmarks."""

    def find(self, rgb: Rgb) -> NDArray[np.float32]:
        side = rgb.shape[0]
        angle = np.linspace(0, 2 * np.pi, 478, endpoint=False)
        radius = 0.3 * side * np.sqrt(np.linspace(0.1, 1, 478))
        return np.stack([side / 2 + radius * np.cos(angle), side / 2 + radius * np.sin(angle)], 1).astype(np.float32)


@pytest.mark.parametrize(("cell", "attention"), [("lstm", False), ("gru", True)])
def test_a_head_learns_what_only_time_shows_and_the_trunk_stays(cell: str, attention: bool) -> None:
    recipe = HeadRecipe(cell=cell, attention=attention, size=32, epochs=30, rate=5e-3, patience=30)
    model = with_trunk_of(resnet(32), recipe)
    before = [w.copy() for w in model.get_layer("frames").layer.get_weights()]
    rng = np.random.default_rng(0)
    fake = np.arange(80) % 2 == 0
    # Fakes swing from step to step, genuine ones are steady; the mean over time is the same.
    steady = np.repeat(rng.choice([-1.0, 1.0], (80, 1)), 8, axis=1)
    swinging = np.tile([1.0, -1.0], (80, 4)) * rng.choice([-1.0, 1.0], (80, 1))
    signal = np.where(fake[:, None], swinging, steady)
    features = (signal[..., None] + 0.05 * rng.normal(size=(80, 8, 1024))).astype(np.float32)
    present = rng.random((80, 8)) > 0.1
    sequences = Sequences(features, present, fake, np.array([f"g{i // 4}" for i in range(80)]), np.zeros(80, bool))
    history = fit_head(model, sequences, recipe)
    assert max(row["validation_auc"] for row in history) > 0.9
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_layer("frames").layer.get_weights(), strict=True))
    assert isinstance(model, keras.Model)


def test_a_shared_trunk_is_told_by_its_weights_and_pools_the_features() -> None:
    crops = np.random.default_rng(2).integers(0, 256, (6, 32, 32, 3), np.uint8)
    image, video = resnet(32), resnet_lstm(32)
    trunk = video.get_layer("frames").layer
    assert not has_trunk_of(video, image), "random weights differ"
    for layer in trunk.layers:
        layer.set_weights(image.get_layer(layer.name).get_weights())
    assert has_trunk_of(video, image)
    np.testing.assert_allclose(
        GradCam(Network(image)).explain(crops).pooled, VideoScorer(video).features(crops), atol=1e-4
    )
    # One weight of a norm deep inside is enough.
    norm = next(layer for layer in reversed(trunk.layers) if layer.name.endswith("_bn"))
    weights = norm.get_weights()
    weights[0].flat[0] += 1e-3
    norm.set_weights(weights)
    assert not has_trunk_of(video, image)


def test_one_class_or_group_is_too_little() -> None:
    model = resnet_lstm(32, trunk=False)
    features, present = np.zeros((4, 3, 1024), np.float32), np.ones((4, 3), bool)
    only_real = Sequences(features, present, np.zeros(4, bool), np.array(list("abcd")), np.zeros(4, bool))
    with pytest.raises(ValueError, match="both genuine and fake"):
        fit_head(model, only_real, HeadRecipe(size=32))
    with pytest.raises(ValueError, match="shapes do not fit"):
        Sequences(features, present[:, :2], np.zeros(4, bool), np.array(list("abcd")), np.zeros(4, bool))


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
        ship(run, weights)
    (run / "run.json").write_text(json.dumps(content | {"trunk_sha256": of_resnet.sha256}), encoding="utf-8")
    layer = model.get_layer("frames").layer.get_layer("stem")
    kept = layer.get_weights()
    layer.set_weights([2 * kept[0]])
    store_half(model, run / "resnet_lstm.weights.h5")
    layer.set_weights(kept)
    with pytest.raises(ValueError, match="another resnet"):
        ship(run, weights)
    store_half(model, run / "resnet_lstm.weights.h5")
    entry = ship(run, weights, use=True)
    assert entry.trunk == SharedTrunk("resnet", of_resnet.sha256) == load_manifest(weights).models["resnet_lstm"].trunk
    manifest = json.loads((weights / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["default"]["video"] == "resnet_lstm" == entry.name
    assert manifest["models"]["resnet_lstm"]["bands"]["strong_signs_from"] is None
    assert load("resnet_lstm", 32, weights / entry.file.name).name == "resnet_lstm"
