"""The bare model sees what mediapipe sees, and a search that it screens finds the very same faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces import finder as finding
from detector.faces.finder import FaceFinder
from detector.faces.geometry import Pyramid
from detector.faces.screening import SIDE, Screen
from detector.faces.windows import search_windows
from detector.records import Frame
from tests import ROOT
from tests.bench.screening import without_screening

SHORT, FULL = (ROOT / "weights" / f"blaze_face_{name}.tflite" for name in ("short_range", "full_range_sparse"))


@pytest.fixture(scope="module")
def large(astronaut: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Three faces of several sizes, one of them turned, in 1400 x 1000 pixels of noise: tiles, and false places."""
    canvas = np.random.default_rng(0).integers(90, 160, (1000, 1400, 3)).astype(np.uint8)
    canvas = np.asarray(cv2.GaussianBlur(canvas, (0, 0), 3))
    for left, top, side in ((40, 30, 900), (1000, 60, 300), (1050, 560, 330)):
        canvas[top : top + side, left : left + side] = cv2.resize(astronaut, (side, side))
    canvas[560:890, 1050:1380] = np.rot90(canvas[560:890, 1050:1380]).copy()
    return canvas


def test_screening_changes_nothing_about_what_is_found(finder: FaceFinder, large: NDArray[np.uint8]) -> None:
    frame = Frame(large)
    screened, alone = finder.find(frame), without_screening(finder, frame)
    assert len(alone) >= 2
    assert [(face.box, face.score, face.keypoints.tobytes()) for face in screened] == [
        (face.box, face.score, face.keypoints.tobytes()) for face in alone
    ]


def test_mediapipe_looks_only_where_a_face_may_come_from(
    finder: FaceFinder, large: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    detect = finding._detect

    def counted(*args: Any, **named: Any) -> Any:
        looks.append(1)
        return detect(*args, **named)

    monkeypatch.setattr(finding, "_detect", counted)
    found = finder.find(Frame(large))
    screened = len(looks)
    without_screening(finder, Frame(large))
    assert len(list(search_windows(1400, 1000))) > 10
    # A look at the window of each face, one at the face, one at its mirror image; and little more.
    assert screened <= 3 * len(found) + 4 < (len(looks) - screened) / 2


def test_the_model_alone_gives_mediapipes_scores_and_places(astronaut: NDArray[np.uint8]) -> None:
    eyes = finding._open_eyes(SHORT, FULL)
    try:
        pyramid = Pyramid(astronaut)
        windows = list(search_windows(512, 512))
        for window in windows:
            (own,), (theirs,) = finding._screened(eyes, window, pyramid), finding._looked(eyes, window, pyramid)
            assert own.score == pytest.approx(theirs.score, abs=1e-5)
            assert own.square.side == pytest.approx(theirs.square.side, abs=1.01 * window.side / SIDE)
            np.testing.assert_allclose(own.keypoints, theirs.keypoints, atol=0.01)
    finally:
        eyes.close()


def test_nothing_is_seen_in_an_empty_window() -> None:
    assert Screen(SHORT.read_bytes(), 0.3).look(np.zeros((SIDE, SIDE, 3), np.uint8)) == []


@pytest.mark.parametrize("path", [FULL, Path(__file__)], ids=["another model", "no model"])
def test_what_is_not_the_short_range_model_is_refused(path: Path) -> None:
    with pytest.raises(ValueError, match=r"restore the file|not a valid Flatbuffer"):
        Screen(path.read_bytes(), 0.3)
