"""The contract that every image model keeps, and the paper's layers."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from detector.errors import UnknownModel, WeightsCorrupt
from detector.models.networks import ARCHITECTURES, build, load

SIZE = 96


@pytest.fixture(scope="module", params=sorted(ARCHITECTURES))
def model(request: pytest.FixtureRequest) -> keras.Model:
    keras.utils.set_random_seed(3)
    return build(request.param, SIZE)


@pytest.fixture
def crops() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (5, SIZE, SIZE, 3), dtype=np.uint8)


def test_takes_uint8_crops_and_gives_one_probability(model: keras.Model, crops: np.ndarray) -> None:
    assert model.input_shape == (None, SIZE, SIZE, 3)
    assert model.inputs[0].dtype == "uint8"
    p_real = np.asarray(model(crops))
    assert p_real.shape == (5, 1) and p_real.dtype == np.float32
    assert ((p_real >= 0) & (p_real <= 1)).all()
    assert model.get_layer("feature_map").output.ndim == 4


def test_no_layer_carries_code(model: keras.Model) -> None:
    assert not any(isinstance(layer, keras.layers.Lambda) for layer in model.layers)


def test_cnn_is_the_papers_network() -> None:
    """Seed, section III.D.1, listing: the layers in their order with their sizes."""
    model = build("cnn", 240)
    found = [
        (type(layer).__name__, getattr(layer, "filters", None), getattr(layer, "kernel_size", None))
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D)
    ]
    assert found == [("Conv2D", 16, (3, 3)), ("Conv2D", 32, (3, 3)), ("Conv2D", 64, (5, 5))]
    names = [type(layer).__name__ for layer in model.layers]
    names = [name for name in names if name not in ("InputLayer", "Rescaling", "Identity", "Activation")]
    assert names == [
        *("Conv2D", "BatchNormalization", "MaxPooling2D") * 3,
        *("Flatten", "Dropout", "Dense", "Dropout", "Dense"),
    ]
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [0.5, 0.5]
    assert [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)] == [64, 1]
    # 448 + 64 + 4640 + 128 + 51264 + 256 convolutions and norms, 57600 * 64 + 64 dense, 65 output.
    assert model.count_params() == 56_800 + 30 * 30 * 64 * 64 + 64 + 65


@pytest.mark.slow
def test_half_precision_file_gives_the_same_scores(model: keras.Model, crops: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "m.weights.h5"
    keras.config.set_dtype_policy("float16")
    try:
        small = build(model.name, SIZE)
    finally:
        keras.config.set_dtype_policy("float32")
    small.set_weights(model.get_weights())
    small.save_weights(path)
    loaded = load(model.name, SIZE, path)
    assert all(weight.dtype == "float32" for weight in loaded.weights)
    # Random weights give logits far larger than trained ones; the shipped files are held to 1e-3 where they are stored.
    np.testing.assert_allclose(np.asarray(loaded(crops)), np.asarray(model(crops)), atol=5e-3)


def test_wrong_or_damaged_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cnn.weights.h5"
    build("cnn", SIZE).save_weights(path)
    with pytest.raises(WeightsCorrupt, match=r"cnn\.weights\.h5 does not hold the weights"):
        load("resnet", SIZE, path)
    with pytest.raises(WeightsCorrupt):
        load("cnn", 2 * SIZE, path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsCorrupt):
        load("cnn", SIZE, path)


def test_unknown_architecture_names_the_choices() -> None:
    with pytest.raises(UnknownModel, match="cnn, resnet, efficientnet"):
        build("vgg", SIZE)
