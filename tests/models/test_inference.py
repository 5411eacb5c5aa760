"""A converted network gives what Keras gives, whatever else is in the batch and however many ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from detector.models.inference import Network, Scorer
from detector.models.networks import ARCHITECTURES, build

SIZE = 96


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def network(request: pytest.FixtureRequest) -> Network:
    keras.utils.set_random_seed(3)
    model = build(request.param, SIZE)
    # Norms that do nothing would hide that they were worked into the wrong convolution.
    rng = np.random.default_rng(8)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([(0.7 + 0.6 * rng.random(w.shape)).astype(np.float32) for w in layer.get_weights()])
    return Network(model)


@pytest.fixture
def crops() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)


def test_gives_the_maps_and_logits_of_keras(network: Network, crops: np.ndarray) -> None:
    model = network.model
    both = keras.Model(model.input, [model.get_layer("feature_map").output, model.get_layer("logit").output])
    expected_maps, expected_logits = map(np.asarray, both(crops))
    maps, logits = network.run(crops)
    scale = float(np.abs(expected_maps).max())
    np.testing.assert_allclose(maps, expected_maps, atol=1e-4 * scale)
    np.testing.assert_allclose(logits, expected_logits[:, 0], rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(network.logits(crops), logits)
    assert maps.dtype == logits.dtype == np.float32
    assert np.ptp(logits) > 0


def test_many_may_ask_at_once(network: Network) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (24, SIZE, SIZE, 3), dtype=np.uint8)
    expected = network.logits(crops)
    with ThreadPoolExecutor(8) as pool:
        for answer in pool.map(lambda _: network.logits(crops), range(8)):
            np.testing.assert_array_equal(answer, expected)


def test_a_refused_crop_leaves_the_network_working(network: Network, crops: np.ndarray) -> None:
    expected = network.logits(crops)
    for _ in range(8):
        with pytest.raises(ValueError, match="expected"):
            network.logits(crops[:, :-1])
    np.testing.assert_array_equal(network.logits(crops), expected)


def test_scorer_turns_the_sign_once(network: Network, crops: np.ndarray) -> None:
    both_sides = np.concatenate([crops, crops[:, :, ::-1]])
    p_real = np.asarray(network.model(both_sides)).reshape(2, -1).astype(np.float64)
    expected = -np.log(p_real / (1 - p_real)).mean(0)
    scorer = Scorer(network)
    np.testing.assert_allclose(scorer.fake_logits(crops), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_array_equal(scorer.unmirrored(crops), scorer.sides(crops)[:, 0])
    assert not np.array_equal(scorer.unmirrored(crops), scorer.sides(crops)[:, 1])
    for count in (0, 5):
        logits, pooled = scorer.unmirrored_with_features(crops[:count])
        np.testing.assert_array_equal(logits, scorer.unmirrored(crops[:count]))
        np.testing.assert_allclose(pooled, network.run(crops[:count])[0].mean(axis=(1, 2)), rtol=1e-5)


def test_a_mirror_image_scores_alike(network: Network, crops: np.ndarray) -> None:
    scorer = Scorer(network)
    mirrored = np.ascontiguousarray(crops[:, :, ::-1])
    np.testing.assert_allclose(scorer.fake_logits(mirrored), scorer.fake_logits(crops), rtol=1e-5, atol=1e-5)


def test_score_does_not_depend_on_the_batch(network: Network) -> None:
    crops = np.random.default_rng(1).integers(0, 256, (40, SIZE, SIZE, 3), dtype=np.uint8)
    scorer = Scorer(network)
    alone = np.concatenate([scorer.fake_logits(crops[i : i + 1]) for i in range(0, 40, 13)])
    np.testing.assert_array_equal(scorer.fake_logits(crops)[::13], alone)
    assert scorer.fake_logits(crops[:0]).shape == (0,)


@pytest.mark.parametrize(
    "bad", [np.zeros((1, 95, 96, 3), np.uint8), np.zeros((1, 96, 96, 3), np.float32), np.zeros((96, 96, 3), np.uint8)]
)
def test_scorer_refuses_other_input(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"expected \(N, 96, 96, 3\) uint8, got"):
        Scorer(Network(build("cnn", SIZE))).fake_logits(bad)
