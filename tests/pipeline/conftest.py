"""Fixtures of the tests of the pipelines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from detector.media.images import encode_png
from tests.pipeline.harness import Harness


@pytest.fixture
def harness() -> Harness:
    return Harness()


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture in which every place has its own brightness, so that no two crops are alike."""
    ramp = np.linspace(0, 200, 480)[None, :] + np.linspace(0, 55, 360)[:, None]
    grain = np.random.default_rng(1).integers(-20, 20, (360, 480, 3))
    path = tmp_path_factory.mktemp("noise") / "noise.png"
    path.write_bytes(encode_png(np.clip(ramp[..., None] + grain, 0, 255).astype(np.uint8)))
    return path
