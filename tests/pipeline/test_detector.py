"""The pipeline: the face shown is the face scored, every face once, and nothing is scored that was not analysed."""

from __future__ import annotations

import json
import math
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from detector import Detector, load_detector
from detector.errors import DetectorClosed, ManifestInvalid, MediaError, UnknownModel, WeightsCorrupt, WeightsNotFound
from detector.media.images import encode_png
from detector.models import loading
from detector.models.loading import check_contract
from detector.models.networks import build
from detector.records import (
    Bands,
    CropSpec,
    SharedTrunk,
    Verdict,
    WeightFile,
)
from detector.report.serialise import to_dict, to_json
from detector.verdict.calibration import calibrate
from detector.weights.manifest import load_manifest, update_manifest
from detector.weights.store import LocatedWeights, WeightStore
from tests.pipeline.harness import Harness, model_spec


def test_an_unknown_model_is_refused_before_the_file_is_touched(harness: Harness) -> None:
    with pytest.raises(UnknownModel, match=r"'nope'.*a, twin, b"):
        harness.detector.analyze("/no/such/file.jpg", model="nope")


def test_an_unreadable_file_is_a_media_error(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("This is not a picture.")
    for path in (tmp_path / "text.jpg", tmp_path / "missing.jpg", tmp_path):
        with pytest.raises(MediaError):
            harness.detector.analyze(path)


def test_a_score_that_is_not_a_number_is_loud(noise: Path) -> None:
    with pytest.raises(ValueError, match="finite"):
        Harness(gain=math.nan).detector.analyze(noise)


def test_the_same_file_twice_gives_the_same_report(harness: Harness, noise: Path) -> None:
    first, second = harness.detector.analyze(noise), harness.detector.analyze(noise)
    # The clock may move on to another second in between.
    assert to_json(replace(second, made_at=first.made_at)) == to_json(first)


def test_threads_take_turns_and_get_their_own_reports(harness: Harness, noise: Path, portrait: Path) -> None:
    alone = {path: harness.detector.analyze(path) for path in (noise, portrait)}
    paths = [noise, portrait] * 8
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(harness.detector.analyze, paths))
    same_time = [replace(report, made_at=alone[path].made_at) for path, report in zip(paths, reports, strict=True)]
    assert [to_json(report) for report in same_time] == [to_json(alone[path]) for path in paths]


def test_closing_closes_the_finder(harness: Harness) -> None:
    with harness.detector:
        assert not harness.finder.closed
    assert harness.finder.closed


def test_a_closed_detector_raises_that(harness: Harness, noise: Path) -> None:
    harness.detector.close()
    harness.detector.close()
    for ask in (
        harness.detector.wait,
        harness.detector.select,
        lambda: harness.detector.models,
        harness.detector.warm_up,
    ):
        with pytest.raises(DetectorClosed, match="closed; load another one"):
            ask()
    with pytest.raises(DetectorClosed):
        harness.detector.analyze(noise)


def test_the_default_model_must_be_there(harness: Harness) -> None:
    with pytest.raises(ValueError, match="default"):
        Detector(harness.manifest, harness.finder, {})


def test_a_portrait_goes_through_all_the_stages(tiny_detector: Detector, portrait: Path) -> None:
    report = tiny_detector.analyze(portrait)
    (face,) = report.faces
    assert face.p_fake is not None
    assert 0 < face.p_fake < 1
    assert report.p_fake == face.p_fake
    assert set(face.models) == {"tiny", "other"} == set(tiny_detector.models)
    assert face.crop.rgb.shape == (32, 32, 3)
    assert face.heatmap is not None
    assert report.preview is not None and report.preview.rgb is not None
    assert (report.preview.rgb.shape, report.preview.scale) == ((512, 512, 3), 1.0)
    assert (report.input.width, report.input.height) == (512, 512)
    assert report.model.name == "tiny"
    assert report.model.revision == "local"
    assert json.loads(to_json(report)) == to_dict(report)


def test_real_models_score_the_crop_shown_alone_as_in_company(tiny_detector: Detector, tmp_path: Path) -> None:
    from tests.support.fakes import group_photo

    path = tmp_path / "group.png"
    path.write_bytes(encode_png(group_photo()))
    report = tiny_detector.analyze(path)
    assert len(report.faces) == 3
    loaded = tiny_detector.select("tiny")
    for face in report.faces:
        logit = float(loaded.scorer.fake_logits(face.crop.rgb[np.newaxis])[0])
        assert face.p_fake == pytest.approx(calibrate(logit, loaded.spec.calibration), abs=1e-5)


def test_a_picture_without_a_face_is_not_analysed(tiny_detector: Detector, tmp_path: Path) -> None:
    path = tmp_path / "grey.png"
    path.write_bytes(encode_png(np.full((240, 320, 3), 128, np.uint8)))
    report = tiny_detector.analyze(path)
    assert report.verdict is Verdict.NOT_ANALYSED
    assert report.faces == ()


def test_a_weights_folder_without_models_says_what_to_do(tiny_weights: Path, tmp_path: Path) -> None:
    values = json.loads((tiny_weights / "manifest.json").read_text())
    (tmp_path / "manifest.json").write_text(json.dumps({**values, "models": {}}))
    with pytest.raises(WeightsNotFound, match="lists no image model; train one"):
        load_detector(tmp_path)
    with pytest.raises(ManifestInvalid):
        load_detector(tmp_path / "nowhere")


def test_one_flipped_byte_in_the_weights_stops_the_start(tiny_weights: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_weights, tmp_path / "weights")
    path = folder / "other.weights.h5"
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(WeightsCorrupt, match=r"other\.weights\.h5"):
        load_detector(folder)


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({}, True),
        ({"architecture": "efficientnet"}, False),
        ({"crop": CropSpec(32, 0.3)}, False),
        ({"file": WeightFile("other", 1, "1" * 64)}, False),
        ({"name": "other"}, False),
    ],
)
def test_a_trunk_is_shared_with_the_model_it_was_compared_with_and_no_other(
    change: dict[str, Any], shared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is built is asked for by the file's name alone: nothing is loaded here."""
    image = Harness().manifest.models["a"]
    image = replace(image, architecture="resnet", file=WeightFile("a", 1, "0" * 64))
    video = replace(image, name="seq", architecture="resnet_lstm", kind="video", trunk=SharedTrunk("a", "0" * 64))
    image = replace(image, **change)
    built: list[str] = []
    monkeypatch.setattr(loading, "load", lambda architecture, *_: built.append(architecture))
    monkeypatch.setattr(loading, "load_head", lambda architecture, *_: built.append(f"head of {architecture}"))
    for name in ("check_contract", "Network", "Scorer", "GradCam", "VideoScorer"):
        monkeypatch.setattr(loading, name, lambda *_: None)

    class Store:
        def locate(self, file: WeightFile) -> LocatedWeights:
            return LocatedWeights(Path(file.name), "local")

    _, videos = loading.load_models([image, video], cast(WeightStore, Store()))
    assert videos["seq"].trunk_of == ("a" if shared else None)
    assert sorted(built) == sorted([image.architecture, "head of resnet_lstm" if shared else "resnet_lstm"])


def test_weights_of_another_crop_size_stop_the_start(tiny_weights: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_weights, tmp_path / "weights")
    spec = load_manifest(folder).models["tiny"]
    update_manifest(folder, model=replace(spec, crop=CropSpec(size=64, margin=0.3)))
    with pytest.raises(WeightsCorrupt, match=r"tiny\.weights\.h5"):
        load_detector(folder)


def test_the_contract_of_a_model_is_checked() -> None:
    spec = model_spec("a", CropSpec(32, 0.2), Bands(0.3, 0.7, None), 1.0)
    check_contract(build("cnn", 32), spec)
    with pytest.raises(WeightsCorrupt, match=r"takes \(None, 48, 48, 3\) uint8.*promises \(None, 32, 32, 3\) uint8"):
        check_contract(build("cnn", 48), spec)
