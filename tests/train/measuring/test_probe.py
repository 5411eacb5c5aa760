"""The probe sees a shortcut where there is one and none where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.media.images import encode_jpeg, encode_png
from detector.records import Box
from tests.support.faces_on_disk import textured, write_cache
from train.data.cache import Cache, Sample
from train.measuring.probe import probe_files, render, run
from train.measuring.traces import CROP_TRACES, FILE_TRACES, file_traces, jpeg_quantisation, pixel_traces

pytestmark = pytest.mark.slow

GROUPS = 60


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of two sources: the fakes of "codec" are compressed harder, those of "fair" differ in nothing."""
    folder = tmp_path_factory.mktemp("data")
    faces = []
    for source in ("codec", "fair"):
        for group in range(GROUPS):
            for label in ("real", "fake"):
                name = f"{source}{group}{label}.jpg"
                rgb = textured(1000 * group + 10 * len(source) + len(label) + (label == "fake"))
                quality = 40 if (source, label) == ("codec", "fake") else 90
                (folder / name).write_bytes(encode_jpeg(rgb, quality))
                subset = "train" if group < GROUPS * 2 // 3 else "dev"
                pixels = np.asarray(Image.open(folder / name).convert("RGB"))
                faces.append((Sample(name, label, source, "m", f"{source}{group}", subset), pixels))
    write_cache(folder, faces)
    return folder


def test_a_codec_that_gives_the_label_away_is_seen(data: Path) -> None:
    found = probe_files(data, Cache(data))
    assert found["codec"]["auc"] > 0.95
    assert set(found["codec"]["strongest"]) >= {"bytes_per_pixel", "jpeg_quantisation"}
    assert 0.25 < found["fair"]["auc"] < 0.75


def test_report_is_written_and_printed_beside_the_models(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(data, Cache(data), tmp_path, pairs=40)
    assert json.loads((tmp_path / "probe.json").read_text()) == result
    assert set(result["training_pairs"]) == {"labelled"}, "without landmarks there are no pseudo-fakes"
    assert "swapped pairs: not probed" in capsys.readouterr().err
    models = {"net": {"pooled": {"auc": 0.7}, "by_source": {"codec": {"auc": 0.8123}, "fair": {"genuine": 3}}}}
    table = render(result, {"models": models})
    assert "| 0.812 |" in table and "| 0.700 |" in table and "| labelled |" in table
    assert "`" not in render(result, None)


@pytest.mark.parametrize(("quality", "more"), [(30, 90), (60, 95)])
def test_quantisation_falls_with_quality(quality: int, more: int) -> None:
    rgb = textured(1)
    assert jpeg_quantisation(encode_jpeg(rgb, quality)) > jpeg_quantisation(encode_jpeg(rgb, more)) > 0


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", encode_png(textured(1)), b"\xff\xd8\xff\xdb\xff\xff\x00"])
def test_what_is_no_jpeg_has_no_quantisation(data: bytes) -> None:
    assert jpeg_quantisation(data) == 0.0


def test_traces_have_the_named_order_and_see_what_they_name() -> None:
    sharp = textured(3)
    soft = np.repeat(np.repeat(sharp[::8, ::8], 8, axis=0), 8, axis=1)
    of_sharp, of_soft = (dict(zip(CROP_TRACES, pixel_traces(rgb), strict=True)) for rgb in (sharp, soft))
    assert of_soft["blockiness"] > 5 * of_sharp["blockiness"]
    assert pixel_traces(sharp // 2)[CROP_TRACES.index("brightness")] < of_sharp["brightness"]
    framed = np.pad(sharp, ((8, 8), (0, 0), (0, 0)))
    traces = dict(zip(FILE_TRACES, file_traces(b"", framed, framed, Box(-5, 20, 60, 90)), strict=True))
    assert traces["height"] == 112 and traces["width"] == 96 and traces["face_size"] == 65
    assert 0.4 < traces["black_border_share"] < 0.7
