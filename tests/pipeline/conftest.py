"""Fixtures of the tests of the pipelines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from detector.faces.finder import FaceFinder
from detector.media.images import encode_png
from detector.records import (
    Report,
)
from tests.pipeline.clip_harness import ALTERED_S, FPS, SECONDS, Remembering, Rgb, detector_of, heads
from tests.pipeline.harness import Harness
from tests.support.clips import paste, write_clip


@pytest.fixture
def harness() -> Harness:
    return Harness()


@pytest.fixture(scope="session")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture in which every place has its own brightness, so that no two crops are alike."""
    ramp = np.linspace(0, 200, 480)[None, :] + np.linspace(0, 55, 360)[:, None]
    grain = np.random.default_rng(1).integers(-20, 20, (360, 480, 3))
    path = tmp_path_factory.mktemp("noise") / "noise.png"
    path.write_bytes(encode_png(np.clip(ramp[..., None] + grain, 0, 255).astype(np.uint8)))
    return path


@pytest.fixture(scope="session")
def remembering(finder: FaceFinder) -> Remembering:
    return Remembering(finder)


@pytest.fixture(scope="session")
def two_people(astronaut: Rgb, hopper: Rgb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Collins walks to the right, Hopper to the left below her; Hopper's cheeks are green over part of the time."""
    collins, admiral = heads(astronaut, hopper)
    green = admiral.copy()
    cheeks = green[90:140, 55:125]
    cheeks[..., 1], cheeks[..., 0] = np.maximum(cheeks[..., 1], 150), cheeks[..., 0] // 2

    def frames() -> Iterator[Rgb]:
        for number in range(FPS * SECONDS):
            seconds = number / FPS
            canvas = np.full((420, 640, 3), (90, 100, 120), np.uint8)
            paste(canvas, collins, round(20 + 36 * seconds), 15)
            altered = ALTERED_S[0] <= seconds < ALTERED_S[1]
            paste(canvas, green if altered else admiral, round(440 - 36 * seconds), 225)
            yield canvas

    return write_clip(tmp_path_factory.mktemp("clips") / "two.mp4", frames(), fps=FPS, sound=True)


@pytest.fixture(scope="session")
def report(remembering: Remembering, two_people: Path) -> Report:
    return detector_of(remembering).analyze(two_people)
