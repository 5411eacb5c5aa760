"""Sequences cut as the detector cuts them, and a recurrent head that learns from them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces.finder import FaceFinder
from detector.models.gradcam import GradCam
from detector.models.inference import Network
from detector.models.networks import resnet, resnet_lstm
from detector.models.sequences import VideoScorer
from detector.records import CropSpec
from train.data.samples import read_clips
from train.fitting.head import fit_head, has_trunk_of, with_trunk_of
from train.fitting.recipes import HeadRecipe
from train.fitting.sequences import Sequences, build_sequences

pytestmark = pytest.mark.slow

Rgb = NDArray[np.uint8]


def test_sequences_are_cut_as_the_detector_cuts_them(clip_folder: Path, finder: FaceFinder) -> None:
    model = with_trunk_of(resnet(32), HeadRecipe(size=32))
    made = build_sequences(
        clip_folder, read_clips(clip_folder, "dev"), finder, VideoScorer(model), CropSpec(32, 0.25),
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


def test_pseudo_fakes_without_landmarks_are_refused(clip_folder: Path) -> None:
    with pytest.raises(ValueError, match=r"face_landmarker\.task"):
        build_sequences(clip_folder, [], _Never(), _Never(), CropSpec(32, 0.25), pseudo_fakes=1)  # type: ignore[arg-type]


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
def test_a_head_learns_what_only_time_shows_and_the_trunk_stays(cell: Literal["lstm", "gru"], attention: bool) -> None:
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


def test_a_shared_trunk_is_recognised_by_its_weights_and_pools_the_features() -> None:
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
