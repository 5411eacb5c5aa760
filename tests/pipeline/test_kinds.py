"""Kinds of files that once went wrong, through the shipped models: scored as the ordinary copy, the altered part found."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector import Detector
from detector.media.images import encode_png, read_image
from detector.paths import EXAMPLES
from detector.records import Report, Verdict
from tests.media.test_pixels import as_pq, png16

pytestmark = [pytest.mark.slow, pytest.mark.needs_weights]

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="module")
def genuine() -> Rgb:
    return read_image(EXAMPLES / "collins.jpg").frame.rgb


def looked_at(detector: Detector, data: bytes) -> Report:
    return detector.analyze(data, heatmaps=False, verdict_only=True)


def test_hdr_scores_as_the_ordinary_picture_does(shipped_detector: Detector, genuine: Rgb) -> None:
    ordinary = looked_at(shipped_detector, encode_png(genuine))
    hdr = looked_at(shipped_detector, png16(as_pq(genuine), (b"cICP", bytes((9, 16, 0, 1)))))
    assert hdr.p_fake == pytest.approx(ordinary.p_fake, abs=0.05)


def test_every_direction_scores_alike(shipped_detector: Detector, genuine: Rgb) -> None:
    upright = looked_at(shipped_detector, encode_png(genuine))
    for quarters in (1, 2, 3):
        turned = looked_at(shipped_detector, encode_png(np.ascontiguousarray(np.rot90(genuine, quarters))))
        assert turned.p_fake == pytest.approx(upright.p_fake, abs=1e-6)
        assert turned.verdict is upright.verdict
    mirrored = looked_at(shipped_detector, encode_png(np.ascontiguousarray(genuine[::-1, ::-1][::-1])))
    assert mirrored.p_fake == pytest.approx(upright.p_fake, abs=0.05)


@pytest.mark.parametrize("form", ["WEBP", "PNG", "TIFF"])
def test_an_altered_picture_behind_a_genuine_one_decides(form: str, shipped_detector: Detector, genuine: Rgb) -> None:
    altered = read_image(EXAMPLES / "swapped.jpg").frame.rgb
    alone = looked_at(shipped_detector, encode_png(altered))
    size = genuine.shape[1], genuine.shape[0]
    out = io.BytesIO()
    second = Image.fromarray(altered).resize(size)
    Image.fromarray(genuine).save(out, form, save_all=True, append_images=[second], lossless=True)
    both = looked_at(shipped_detector, out.getvalue())
    assert both.verdict is not Verdict.NO_CLEAR_SIGNS or alone.verdict is Verdict.NO_CLEAR_SIGNS
    assert any("2 pictures. We checked 2 of them" in note for note in both.input.notes)
    assert Path(both.input.name).name == "unnamed"
