"""The video network: the image network's trunk, a memory that padding and missing faces leave alone, one contract."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from detector.errors import UnknownModel, WeightsCorrupt
from detector.models.networks import CELLS, VIDEO_ARCHITECTURES, build, load, load_head, resnet, resnet_lstm
from detector.models.sequences import VideoScorer

SIZE = 32
NAMES = sorted(VIDEO_ARCHITECTURES)


# One of them in every run; the others share all of its code but the cell.
@pytest.fixture(
    scope="module",
    params=["resnet_lstm", *(pytest.param(each, marks=pytest.mark.slow) for each in NAMES if each != "resnet_lstm")],
)
def model(request: pytest.FixtureRequest) -> keras.Model:
    keras.utils.set_random_seed(5)
    return build(request.param, SIZE)


@pytest.fixture(scope="module")
def scorer(model: keras.Model) -> VideoScorer:
    """Of the model; one for all tests, since each traces its network anew."""
    return VideoScorer(model)


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (6, SIZE, SIZE, 3), np.uint8)


def test_the_names_cover_all_cells_with_and_without_attention() -> None:
    assert sorted([*(f"resnet_{cell}" for cell in CELLS), *(f"resnet_{cell}_attention" for cell in CELLS)]) == NAMES
    with pytest.raises(ValueError, match="one of lstm, gru, bilstm"):
        resnet_lstm(SIZE, cell="rnn")


def test_the_contract(model: keras.Model, scorer: VideoScorer, crops: np.ndarray) -> None:
    assert [tuple(x.shape) for x in model.inputs] == [(None, None, SIZE, SIZE, 3), (None, None)]
    assert [str(x.dtype) for x in model.inputs] == ["uint8", "bool"]
    p_real = np.asarray(model([crops[None], np.ones((1, 6), bool)]))
    assert p_real.shape == (1, 1)
    logit = scorer.fake_logit(scorer.features(crops), np.ones(6, bool))
    assert 1 / (1 + np.exp(logit)) == pytest.approx(float(p_real[0, 0]), abs=1e-5)


def test_padding_and_missing_faces_do_not_change_the_score(scorer: VideoScorer, crops: np.ndarray) -> None:
    features = scorer.features(crops)
    alone = scorer.fake_logit(features, np.ones(6, bool))
    noise = np.random.default_rng(0).normal(0, 50, (9, features.shape[1])).astype(np.float32)
    for places in ([0, 1, 2, 3, 4, 5], [3, 4, 5, 6, 7, 8], [0, 2, 3, 5, 7, 8]):
        padded, present = noise.copy(), np.zeros(9, bool)
        padded[places], present[places] = features, True
        assert scorer.fake_logit(padded, present) == pytest.approx(alone, abs=1e-5)


def test_the_order_of_frames_matters(scorer: VideoScorer) -> None:
    features = np.random.default_rng(1).normal(0, 3, (6, 1024)).astype(np.float32)
    one, other = (scorer.fake_logit(f, np.ones(6, bool)) for f in (features, features[::-1].copy()))
    assert abs(one - other) > 1e-6


def test_the_trunk_is_that_of_the_image_model(model: keras.Model, scorer: VideoScorer, crops: np.ndarray) -> None:
    image = resnet(SIZE)
    for layer in model.get_layer("frames").layer.layers:
        image.get_layer(layer.name).set_weights(layer.get_weights())
    pooled = keras.Model(image.input, image.get_layer("pool").output)
    np.testing.assert_allclose(scorer.features(crops), np.asarray(pooled(crops)), atol=1e-5)


@pytest.mark.slow
def test_weights_come_back_from_a_file(
    model: keras.Model, scorer: VideoScorer, crops: np.ndarray, tmp_path: Path
) -> None:
    path = tmp_path / "video.weights.h5"
    model.save_weights(path)
    again = load(model.name, SIZE, path)
    features = scorer.features(crops)
    present = np.array([1, 1, 0, 1, 1, 1], bool)
    logit = scorer.fake_logit(features, present)
    assert VideoScorer(again).fake_logit(features, present) == logit
    head = VideoScorer(load_head(model.name, SIZE, path))
    assert head.fake_logit(features, present) == logit, "the head alone scores the same features alike"
    with pytest.raises(ValueError, match="only the head"):
        head.features(crops)
    with pytest.raises(UnknownModel, match="video architecture"):
        load_head("resnet", SIZE, path)
    (tmp_path / "other.weights.h5").write_bytes(b"nothing")
    with pytest.raises(WeightsCorrupt):
        load_head(model.name, SIZE, tmp_path / "other.weights.h5")


def test_a_sequence_without_any_face_has_no_score(scorer: VideoScorer) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        scorer.fake_logit(np.zeros((3, 1024), np.float32), np.zeros(3, bool))
    with pytest.raises(ValueError, match=r"expected \(T, 1024\)"):
        scorer.fake_logit(np.zeros((3, 7), np.float32), np.ones(3, bool))
    with pytest.raises(ValueError, match="uint8"):
        scorer.features(np.zeros((1, 8, 8, 3), np.uint8))
    assert scorer.features(np.zeros((0, SIZE, SIZE, 3), np.uint8)).shape == (0, 1024)
