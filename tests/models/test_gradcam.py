"""Grad-CAM points where the evidence is, on a scale that does not depend on the picture."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from detector.models.gradcam import GradCam
from detector.models.inference import Network, Scorer
from detector.models.networks import ARCHITECTURES, build

SIZE = 96


def _pictures(count: int, seed: int, size: int = SIZE) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Noise, each with a striped patch of a quarter of the side at its own place; with the patches' corners (y, x)."""
    rng = np.random.default_rng(seed)
    pictures = rng.integers(90, 166, (count, size, size, 3), dtype=np.uint8)
    corners = [(int(y), int(x)) for y, x in rng.integers(0, size - size // 4 + 1, (count, 2))]
    stripes = np.where(np.arange(size // 4) % 8 < 4, 255, 0).astype(np.uint8)
    for picture, (y, x) in zip(pictures, corners, strict=True):
        picture[y : y + size // 4, x : x + size // 4] = stripes[None, :, None]
    return pictures, corners


def _plant(architecture: str, size: int, towards_fake: bool) -> keras.Model:
    """A model of the architecture whose logit really depends on the patch alone."""
    keras.utils.set_random_seed(11)
    model = build(architecture, size)
    count = 48
    with_patch, _ = _pictures(count, 1, size)
    without = np.random.default_rng(2).integers(90, 166, with_patch.shape, dtype=np.uint8)
    crops = np.concatenate([with_patch, without])
    real = np.repeat([0.0, 1.0] if towards_fake else [1.0, 0.0], count)
    if architecture == "cnn":
        # Its head is not linear, so it is trained; batch norms keep their start, which suits so short a training.
        for layer in model.layers:
            layer.trainable = not isinstance(layer, keras.layers.BatchNormalization)
        model.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
        model.fit(crops, real, batch_size=16, epochs=10, verbose=0)
    else:
        pooled = keras.Model(model.input, model.get_layer("pool").output).predict(crops, verbose=0)
        centred = (pooled - pooled.mean(0)).astype(np.float64)
        ridge = centred.T @ centred + 1e-3 * np.trace(centred.T @ centred) / pooled.shape[1] * np.eye(pooled.shape[1])
        kernel = np.linalg.solve(ridge, centred.T @ (8 * (real - 0.5)))
        bias = -pooled.mean(0) @ kernel
        model.get_layer("logit").set_weights([kernel[:, None].astype(np.float32), np.array([bias], np.float32)])
    return model


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    """One of each architecture with random weights."""
    keras.utils.set_random_seed(4)
    return {name: Network(build(name, SIZE)) for name in sorted(ARCHITECTURES)}


@pytest.mark.parametrize(
    ("architecture", "towards_fake"),
    [
        ("cnn", True),
        ("cnn", False),
        ("resnet", True),
        ("efficientnet", False),
    ],
)
@pytest.mark.slow
def test_points_at_the_planted_patch(architecture: str, towards_fake: bool) -> None:
    # Large enough that the residual networks' maps, a 32nd of the side, have places outside the patch.
    size = 64 if architecture == "cnn" else 224
    model = _plant(architecture, size, towards_fake)
    pictures, corners = _pictures(16, 9, size)
    network = Network(model)
    separated = Scorer(network).fake_logits(pictures)
    assert np.mean((separated > 0) == towards_fake) > 0.9, "the planted model did not learn the patch"
    fake, real = GradCam(network).evidence(pictures)
    maps = fake if towards_fake else real
    shares = maps / maps.sum((1, 2), keepdims=True)
    own, elsewhere, areas = [], [], []
    for index, (y, x) in enumerate(corners):
        cell = size / maps.shape[1]
        centres = (np.arange(maps.shape[1]) + 0.5) * cell
        # A place of the feature map sees beyond its own cell: one cell of tolerance on each side.
        inside_y = (centres > y - cell) & (centres < y + size // 4 + cell)
        inside_x = (centres > x - cell) & (centres < x + size // 4 + cell)
        inside = np.outer(inside_y, inside_x)
        areas.append(inside.mean())
        own.append(shares[index][inside].sum())
        elsewhere.append(np.delete(shares, index, axis=0)[:, inside].sum(1).mean())
    # A map that ignored the picture would do as well in the maps of the other pictures, and no better than its area.
    assert np.mean(own) > 1.4 * np.mean(areas), (np.mean(own), np.mean(areas))
    assert np.mean(np.array(own) > np.array(elsewhere)) > 0.9


@pytest.mark.parametrize("architecture", [pytest.param("resnet", marks=pytest.mark.slow), "efficientnet"])
def test_evidence_adds_up_to_the_logit(networks: dict[str, Network], architecture: str) -> None:
    """For a linear head, mean(towards fake) - mean(towards real) = the fake logit without its bias."""
    pictures, _ = _pictures(3, seed=3)
    network = networks[architecture]
    fake, real = GradCam(network).evidence(pictures)
    bias = network.model.get_layer("logit").get_weights()[1][0]
    np.testing.assert_allclose(
        (fake - real).mean((1, 2)), Scorer(network).fake_logits(pictures) + bias, rtol=1e-3, atol=1e-4
    )


def test_a_mirror_image_has_the_mirrored_map(networks: dict[str, Network]) -> None:
    cam = GradCam(networks["efficientnet"])
    pictures, _ = _pictures(2, seed=4)
    mirrored = np.ascontiguousarray(pictures[:, :, ::-1])
    np.testing.assert_allclose(cam.evidence(mirrored)[0], cam.evidence(pictures)[0][:, :, ::-1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_no_evidence_stays_zero(architecture: str) -> None:
    model = build(architecture, SIZE)
    kernel, bias = model.get_layer("logit").get_weights()
    model.get_layer("logit").set_weights([np.zeros_like(kernel), bias + 3])
    pictures, _ = _pictures(2, seed=6)
    fake, real = GradCam(Network(model)).evidence(pictures)
    assert not fake.any() and not real.any()


def test_scale_does_not_depend_on_the_other_pictures(networks: dict[str, Network]) -> None:
    pictures, _ = _pictures(3, seed=8)
    cam = GradCam(networks["efficientnet"])
    together, alone = cam.evidence(pictures)[0], cam.evidence(pictures[:1])[0]
    np.testing.assert_allclose(together[:1], alone, atol=1e-6)
    assert cam.evidence(pictures[:0])[0].shape[0] == 0


def test_refuses_other_input(networks: dict[str, Network]) -> None:
    with pytest.raises(ValueError, match="expected"):
        GradCam(networks["cnn"]).evidence(np.zeros((1, SIZE, SIZE, 3), np.float32))


def test_scores_come_out_of_the_same_pass_as_the_maps(networks: dict[str, Network]) -> None:
    pictures, _ = _pictures(10, seed=4)
    for network in networks.values():
        explained = GradCam(network).explain(pictures)
        np.testing.assert_array_equal(explained.sides, Scorer(network).sides(pictures))
        assert explained.pooled.shape == (10, network.model.get_layer("feature_map").output.shape[-1])
        assert np.ptp(explained.sides[:, 0]) > 0 and np.ptp(explained.sides[:, 1] - explained.sides[:, 0]) > 0
