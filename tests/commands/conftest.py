"""Fixtures of the tests of the command line."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from detector.__main__ import main
from tests.commands.running import Run

if TYPE_CHECKING:
    from detector import Detector


@pytest.fixture
def run(
    tiny_detector: Detector, tiny_weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Run a command in this process; gives exit status, standard output and standard error."""
    monkeypatch.setenv("DETECTOR_WEIGHTS_DIR", str(tiny_weights))

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments], load=lambda folder: nullcontext(tiny_detector))
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A picture that is cut off in the middle."""
    path = tmp_path / "broken.png"
    rgb = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(path)
    path.write_bytes(path.read_bytes()[:6000])
    return path
