"""Flat colours: few in every photograph, many in a drawing, also after it was compressed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces.flatness import flat_share
from detector.media.images import through_jpeg
from detector.verdict.files import MOST_FLAT

Rgb = NDArray[np.uint8]


def drawn() -> Rgb:
    """A face of ellipses."""
    rgb = np.full((300, 300, 3), (180, 210, 235), np.uint8)
    cv2.ellipse(rgb, (150, 150), (100, 130), 0, 0, 360, (235, 200, 170), cv2.FILLED)
    for x in (110, 190):
        cv2.ellipse(rgb, (x, 120), (18, 10), 0, 0, 360, (250, 250, 250), cv2.FILLED)
        cv2.circle(rgb, (x, 120), 7, (60, 40, 30), cv2.FILLED)
    cv2.ellipse(rgb, (150, 215), (35, 14), 0, 0, 180, (180, 60, 70), cv2.FILLED)
    return rgb


@pytest.mark.parametrize("quality", [None, 95, 60])
def test_a_drawing_is_flat(quality: int | None) -> None:
    rgb = drawn() if quality is None else through_jpeg(drawn(), quality)
    assert flat_share(rgb) > MOST_FLAT


@pytest.mark.parametrize("change", ["none", "jpeg", "small", "dark", "bright", "grey"])
def test_a_portrait_is_not(change: str, astronaut: Rgb) -> None:
    face = np.ascontiguousarray(astronaut[60:210, 150:300])
    changed = {
        "none": face,
        "jpeg": through_jpeg(face, 5),
        "small": cv2.resize(face, (40, 40), interpolation=cv2.INTER_AREA),
        "dark": (face * 0.2).astype(np.uint8),
        "bright": np.clip(face.astype(int) * 2, 0, 255).astype(np.uint8),
        "grey": np.repeat(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2),
    }[change]
    assert flat_share(np.asarray(changed, np.uint8)) < 0.8 * MOST_FLAT
