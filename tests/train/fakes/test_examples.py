"""The examples are what the script makes: remade, they show the same, and their masks are where they differ."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.media.clips import sample_video
from detector.media.images import read_image
from detector.web.gallery import FOLDER
from tests import ROOT
from train.fakes.retouch import retouch

LANDMARKER = ROOT.parent / "shared" / "models" / "face_landmarker.task"


def pixels(folder: Path, name: str) -> NDArray[np.float32]:
    return read_image(folder / name).frame.rgb.astype(np.float32)


@pytest.mark.skipif(not LANDMARKER.is_file(), reason=f"no face landmarker: {LANDMARKER} does not exist")
def test_the_script_makes_the_shipped_examples(tmp_path: Path) -> None:
    from train.fakes.examples import make_examples

    made = make_examples(tmp_path, LANDMARKER)
    shipped = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))
    assert [{k: v for k, v in entry.items() if k != "sha256"} for entry in made] == [
        {k: v for k, v in entry.items() if k != "sha256"} for entry in shipped
    ]
    assert {file.name for file in tmp_path.iterdir()} == {file.name for file in FOLDER.iterdir()}
    for entry in made:
        if entry["kind"] == "image":
            # Other builds of the same libraries may round otherwise.
            assert np.abs(pixels(tmp_path, entry["file"]) - pixels(FOLDER, entry["file"])).mean() < 1.0


def test_an_alteration_is_where_its_mask_says() -> None:
    genuine = {"blended": "collins.jpg", "swapped": "hopper.jpg"}
    for name, original in genuine.items():
        changed = np.abs(pixels(FOLDER, f"{name}.jpg") - pixels(FOLDER, original)).mean(axis=2)
        mask = pixels(FOLDER, f"{name}.mask.png")[..., 0] / 255
        rows = np.linspace(0, mask.shape[0] - 1, changed.shape[0]).round().astype(int)
        columns = np.linspace(0, mask.shape[1] - 1, changed.shape[1]).round().astype(int)
        mask = mask[np.ix_(rows, columns)]
        assert 0.005 < (mask > 0.5).mean() < 0.3
        # Outside only what JPEG makes of the same pixels.
        assert changed[mask > 0.5].mean() > 5 * changed[mask < 0.01].mean() + 3


def test_a_retouched_face_differs_from_the_original_within_its_mask_only() -> None:
    rgb = pixels(FOLDER, "collins.jpg").astype(np.uint8)
    mesh = np.full((478, 2), 220.0, np.float32)  # of which only eyes and jaw matter
    mesh[468], mesh[473], mesh[172], mesh[397] = (205, 110), (245, 110), (195, 165), (255, 165)
    retouched, mask = retouch(rgb, mesh)
    changed = np.abs(retouched.astype(np.float32) - rgb).mean(axis=2)
    assert mask.shape == rgb.shape[:2] and 0.002 < mask.mean() < 0.1
    assert changed[mask > 0].mean() > 3 and changed[mask == 0].mean() < 0.1
    assert mask[110, 205 + 8] and mask[165, 195] and not mask[300:].any()


def test_the_clip_is_altered_only_in_the_seconds_that_are_named() -> None:
    (entry,) = [e for e in json.loads((FOLDER / "examples.json").read_text(encoding="utf-8")) if e["altered_s"]]
    start, end = entry["altered_s"]
    with (
        sample_video(FOLDER / "pan.mp4", samples=24) as plain,
        sample_video(FOLDER / entry["file"], samples=24) as altered,
    ):
        for (one,), (other,) in zip(plain, altered, strict=True):
            assert one.time_s == other.time_s and one.time_s is not None
            worst = np.abs(one.rgb.astype(np.float32) - other.rgb.astype(np.float32)).mean(axis=2).max()
            assert (worst > 60) == (start <= one.time_s < end), one.time_s
