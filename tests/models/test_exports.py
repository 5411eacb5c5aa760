"""Exported files give what the original gives."""

from __future__ import annotations

import cv2
import keras
import numpy as np
import pytest

from detector.models.exports import ExportFormat, Precision, export, exportable, runner
from detector.models.inference import Network
from detector.models.networks import build, load
from detector.paths import EXAMPLES, WEIGHTS
from detector.weights.store import load_manifest

SIZE = 64
FUTURE = "ignore:In the future `np.object`:FutureWarning"
"""Keras 3.15 asks numpy whether it is an old one."""


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(3)
    return exportable(build("cnn", SIZE))


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    """Smooth pictures, as faces are: of noise alone every crop would have the same few ranges."""
    rng = np.random.default_rng(5)
    coarse = rng.integers(0, 256, (16, 8, 8, 3))
    return np.repeat(np.repeat(coarse, 8, axis=1), 8, axis=2).astype(np.uint8)


@pytest.fixture(scope="module")
def expected(model: keras.Model, crops: np.ndarray) -> np.ndarray:
    """The model's own logits of the crops."""
    return np.asarray(model.predict(crops, verbose=0)[:, 0])


@pytest.mark.slow
@pytest.mark.filterwarnings(FUTURE)
@pytest.mark.parametrize("form", ExportFormat)
@pytest.mark.parametrize(("precision", "share"), [("float32", 1e-4), ("float16", 0.02), ("int8", 0.35)])
def test_an_exported_file_gives_the_original_s_logits(
    form: ExportFormat, precision: str, share: float, model: keras.Model, crops: np.ndarray, expected: np.ndarray
) -> None:
    content = export(model, form, Precision(precision), crops)
    found = runner(content, form)(crops)
    assert found.shape == (16,) and found.dtype == np.float32
    assert np.abs(found - expected).max() < share * np.ptp(expected)
    assert len(content) < {"float32": 4, "float16": 2, "int8": 1}[precision] * model.count_params() + 100_000


@pytest.fixture(scope="module")
def shipped() -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """The default model as it is exported, some crops, and the logits that the detector gives them."""
    manifest = load_manifest(WEIGHTS)
    spec = manifest.models[manifest.default_image_model]
    loaded = load(spec.architecture, spec.crop.size, WEIGHTS / spec.file.name)
    face = np.asarray(cv2.imread(str(EXAMPLES / "collins.jpg")))[..., ::-1]
    crops = np.stack([cv2.resize(face[y:, x:], (spec.crop.size,) * 2) for x, y in ((0, 0), (40, 20), (90, 60))])
    return exportable(loaded), crops, Network(loaded).logits(crops)


@pytest.mark.slow
@pytest.mark.filterwarnings(FUTURE)
@pytest.mark.parametrize("form", ExportFormat)
def test_the_shipped_model_keeps_its_scores(
    form: ExportFormat, shipped: tuple[keras.Model, np.ndarray, np.ndarray]
) -> None:
    model, crops, expected = shipped
    np.testing.assert_allclose(runner(export(model, form), form)(crops), expected, atol=1e-3)


@pytest.mark.slow
def test_a_trunk_gives_its_features(crops: np.ndarray) -> None:
    trunk = exportable(build("resnet_lstm", SIZE))
    found = runner(export(trunk, ExportFormat.LITERT), ExportFormat.LITERT)(crops[:2])
    np.testing.assert_allclose(found, np.asarray(trunk(crops[:2])), rtol=1e-3, atol=1e-4)


def test_int8_needs_faces(model: keras.Model) -> None:
    with pytest.raises(ValueError, match="needs crops"):
        export(model, ExportFormat.LITERT, Precision.INT8)
