"""The pipeline: the face shown is the face scored, every face once, and nothing is scored that was not analysed."""

from __future__ import annotations

import hashlib
import json
import math
import pickle
import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from detector import Detector, load_detector
from detector.errors import DetectorClosed, ManifestInvalid, MediaError, UnknownModel, WeightsCorrupt, WeightsNotFound
from detector.media.images import encode_png, read_image
from detector.models import loading
from detector.models.gradcam import Explanation
from detector.models.loading import LoadedModel, check_contract
from detector.models.networks import build
from detector.probes.regions import PLACES, hide_places
from detector.probes.stability import CUT_VIEWS, views
from detector.records import (
    Bands,
    Box,
    Calibration,
    CropSpec,
    Detection,
    Frame,
    Manifest,
    ModelInfo,
    ModelSpec,
    Obstacle,
    QualityGates,
    SharedTrunk,
    Verdict,
    WeightFile,
)
from detector.report.serialise import to_dict, to_json
from detector.verdict.calibration import calibrate
from detector.weights.manifest import load_manifest, update_manifest
from detector.weights.store import LocatedWeights, WeightStore

GATES = QualityGates(min_size_px=40, min_sharpness=0, min_brightness=0, max_brightness=255, max_abs_yaw=5)
BOXES = (Box(20, 30, 120, 130), Box(200, 40, 300, 140), Box(350, 60, 380, 90), Box(90, 200, 190, 300))
"""Three faces and one, the third, of 30 pixels, which is below the gate."""
KEPT = (0, 1, 3)


class Finder:
    """Finds faces at the given boxes; notices two threads at a time."""

    def __init__(self, boxes: Sequence[Box] = BOXES) -> None:
        self.boxes, self.closed, self._busy = boxes, False, threading.Lock()

    def find(self, frame: Frame, near: Sequence[Detection] | None = None) -> list[Detection]:
        assert self._busy.acquire(blocking=False), "two analyses at a time"
        time.sleep(0.002)
        self._busy.release()
        return [Detection(box, _keypoints(box), 0.9) for box in self.boxes]

    def close(self) -> None:
        self.closed = True


def _keypoints(box: Box) -> NDArray[np.float32]:
    """Level eyes and a nose in the middle of the box."""
    x, y = box.center
    w, h = box.width, box.height
    points = [(x - w / 5, y - h / 8), (x + w / 5, y - h / 8), (x, y), (x, y + h / 5), (x - w / 3, y), (x + w / 3, y)]
    return np.array(points, np.float32)


SIDE = 0.125
"""Half the distance between the logits of a crop and of its mirror image."""


class Scorer:
    """Scores each crop by its mean, and keeps what it was given."""

    def __init__(self, gain: float) -> None:
        self.gain = gain
        self.batches: list[NDArray[np.uint8]] = []

    def fake_logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = (self.gain * (crops.mean(axis=(1, 2, 3)) / 255 - 0.5)).astype(np.float32)
        return logits

    def sides(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(crops)
        logits = self.fake_logits(crops)
        # A crop and its mirror image differ a little, and a score is their mean.
        return np.stack([logits - SIDE, logits + SIDE], axis=1)

    def unmirrored(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.sides(crops)[:, 0]

    def unmirrored_with_features(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.unmirrored(crops), crops.mean(axis=(1, 2)).astype(np.float32)


class Explainer:
    """Evidence that is the crop's own red and green, coarse, up to 2 logits; scores like ``Scorer``."""

    def __init__(self, gain: float = 8.0) -> None:
        self.batches: list[NDArray[np.uint8]] = []
        self._scorer = Scorer(gain)

    def explain(self, crops: NDArray[np.uint8]) -> Explanation:
        return Explanation(self._scorer.sides(crops), *self.evidence(crops), crops.mean(axis=(1, 2)).astype(np.float32))

    def evidence(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.batches.append(crops)
        coarse = crops[:, ::8, ::8].astype(np.float32) * np.float32(2 / 255)
        return coarse[..., 0], coarse[..., 1]


def model_spec(name: str, crop: CropSpec, bands: Bands, scale: float) -> ModelSpec:
    return ModelSpec(
        name=name,
        architecture="cnn",
        kind="image",
        file=WeightFile(f"{name}.weights.h5", 1, "0" * 64),
        crop=crop,
        calibration=Calibration(scale, 0.1),
        bands=bands,
        heatmap_full_scale=1.5,
        track_record=(),
        trained_with="",
        trained_at_commit="0" * 40,
    )


class World:
    """A detector of hand-made parts: models "a" (the default) and "twin" share a crop, "b" has its own."""

    def __init__(self, boxes: Sequence[Box] = BOXES, gain: float = 8.0) -> None:
        shared, own = CropSpec(32, 0.2), CropSpec(48, 0.0)
        specs = {
            "a": model_spec("a", shared, Bands(0.3, 0.7, 0.9), 1.0),
            "twin": model_spec("twin", replace(shared), Bands(0.3, 0.7, 0.9), 2.0),
            "b": model_spec("b", own, Bands(0.0, 0.0, None), 0.5),
        }
        self.finder = Finder(boxes)
        self.scorers = {name: Scorer(gain) for name in specs}
        self.explainers = {name: Explainer(gain) for name in specs}
        models = {
            name: LoadedModel(
                spec, ModelInfo(name, "cnn", "local", name * 8), self.scorers[name], self.explainers[name]
            )
            for name, spec in specs.items()
        }
        self.manifest = Manifest(models=specs, default_image_model="a", face_detectors={}, gates=GATES, hub=None)
        self.detector = Detector(self.manifest, self.finder, models)


def _batches(world: World) -> list[NDArray[np.uint8]]:
    """Everything that any model was given."""
    scored = [batch for scorer in world.scorers.values() for batch in scorer.batches]
    return scored + [batch for explainer in world.explainers.values() for batch in explainer.batches]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture in which every place has its own brightness, so that no two crops are alike."""
    ramp = np.linspace(0, 200, 480)[None, :] + np.linspace(0, 55, 360)[:, None]
    grain = np.random.default_rng(1).integers(-20, 20, (360, 480, 3))
    path = tmp_path_factory.mktemp("noise") / "noise.png"
    path.write_bytes(encode_png(np.clip(ramp[..., None] + grain, 0, 255).astype(np.uint8)))
    return path


def test_the_score_is_that_of_the_crop_shown(world: World, noise: Path) -> None:
    report = world.detector.analyze(noise)
    assert len(report.faces) == len(BOXES)
    for index in KEPT:
        face = report.faces[index]
        alone = world.scorers["a"].fake_logits(face.crop.rgb[np.newaxis])[0]
        assert face.p_fake == calibrate(float(alone), world.manifest.models["a"].calibration)
    assert len({face.p_fake for face in report.faces}) == len(BOXES)


def test_each_model_scores_all_faces_in_one_call_on_its_own_crop(world: World, noise: Path) -> None:
    report = world.detector.analyze(noise)
    sides = {"a": 32, "twin": 32, "b": 48}
    for name in world.scorers:
        # The deciding model explains what it scores.
        batch = world.explainers["a"].batches[0] if name == "a" else world.scorers[name].batches[0]
        assert batch.shape == (len(KEPT), sides[name], sides[name], 3)
        assert batch.dtype == np.uint8
        for row, index in enumerate(KEPT):
            logit = Scorer(8.0).fake_logits(batch[row : row + 1])[0]
            expected = calibrate(float(logit), world.manifest.models[name].calibration)
            assert report.faces[index].models[name] == expected
    assert np.array_equal(world.explainers["a"].batches[0], world.scorers["twin"].batches[0])


def test_no_crop_goes_through_the_deciding_model_twice(world: World, noise: Path) -> None:
    """One batch with every face, one with its views and the hidden places, which the first one's heatmaps point to."""
    world.detector.analyze(noise)
    given = [*world.explainers["a"].batches, *world.scorers["a"].batches]
    assert [len(batch) for batch in given] == [len(KEPT), len(KEPT) * (len(CUT_VIEWS) + 1 + PLACES)]
    crops = np.concatenate(given)
    assert len(np.unique(crops.reshape(len(crops), -1), axis=0)) == len(crops)
    assert [len(scorer.batches) for scorer in world.scorers.values()] == [1, 1, 1]


def test_every_face_gets_the_scores_of_its_own_views_and_hidden_places(world: World, noise: Path) -> None:
    """A change is measured on the crop as it is, and counts from the face's score."""
    report = world.detector.analyze(noise)
    spec, scorer = world.manifest.models["a"], Scorer(8.0)
    frame = read_image(noise).frame
    for index in KEPT:
        face = report.faces[index]
        assert face.stability is not None and face.region is not None and face.heatmap is not None
        own = float(scorer.fake_logits(face.crop.rgb[np.newaxis])[0])
        cut = np.stack(views(frame, face.crop.detection, spec.crop))
        hidden = hide_places(face.crop, face.heatmap)
        assert hidden is not None
        # As it is, a crop lies SIDE below its score, changed or not.
        for crops, found in (
            (cut, [face.stability.scores[view] for view in CUT_VIEWS]),
            (hidden.crops, [face.region.hidden, *face.region.elsewhere]),
        ):
            expected = [calibrate(float(logit), spec.calibration) for logit in scorer.fake_logits(crops)]
            assert found == pytest.approx(expected, abs=1e-6)
        assert face.stability.scores["as_is"] == pytest.approx(calibrate(own - SIDE, spec.calibration))
        assert face.stability.scores["mirrored"] == pytest.approx(calibrate(own + SIDE, spec.calibration))


def test_without_views_only_the_faces_are_scored_and_the_scores_are_the_same(world: World, noise: Path) -> None:
    bare = world.detector.analyze(noise, heatmaps=False, stability=False)
    assert [len(batch) for batch in world.explainers["a"].batches] == [len(KEPT)]
    assert not world.scorers["a"].batches
    assert [face.models for face in bare.faces] == [face.models for face in world.detector.analyze(noise).faces]
    assert all(face.stability is None and face.region is None for face in bare.faces)


def test_the_verdict_alone_is_the_same_and_asks_no_other_model(world: World, noise: Path) -> None:
    whole, bare = world.detector.analyze(noise), World()
    alone = bare.detector.analyze(noise, verdict_only=True)
    assert alone.options["verdict_only"] is True and whole.options["verdict_only"] is False
    assert (alone.verdict, alone.reason, alone.p_fake) == (whole.verdict, whole.reason, whole.p_fake)
    for index in KEPT:
        one, other = alone.faces[index], whole.faces[index]
        assert (one.verdict, one.reason, one.p_fake, one.stability) == (
            other.verdict,
            other.reason,
            other.p_fake,
            other.stability,
        )
        assert one.heatmap is not None and other.heatmap is not None
        np.testing.assert_array_equal(one.heatmap.towards_fake, other.heatmap.towards_fake)
        assert one.models == {"a": other.p_fake} and one.region is None and other.region is not None
    assert [len(bare.scorers[name].batches) for name in ("a", "twin", "b")] == [1, 0, 0]
    assert [len(batch) for batch in bare.scorers["a"].batches] == [len(KEPT) * len(CUT_VIEWS)]


def test_a_gated_face_is_listed_with_its_crop_and_reason_but_never_scored(world: World, noise: Path) -> None:
    report = world.detector.analyze(noise)
    gated = report.faces[2]
    assert gated.verdict is Verdict.NOT_ANALYSED
    assert gated.p_fake is None
    assert gated.heatmap is None
    assert gated.models == {}
    assert "too small" in gated.reason
    assert gated.crop.rgb.shape == (32, 32, 3)
    batches = [
        batch for world_of in (world.scorers, world.explainers) for each in world_of.values() for batch in each.batches
    ]
    assert batches
    for batch in batches:
        assert not any(np.array_equal(gated.crop.rgb, crop) for crop in batch)


def test_the_heatmap_is_of_the_crop_shown_on_the_fixed_scale(world: World, noise: Path) -> None:
    report = world.detector.analyze(noise)
    for index in KEPT:
        face = report.faces[index]
        assert face.heatmap is not None
        assert face.heatmap.model == "a"
        fake, real = Explainer().evidence(face.crop.rgb[np.newaxis])
        np.testing.assert_allclose(face.heatmap.towards_fake, np.minimum(fake[0] / 1.5, 1), rtol=1e-6)
        np.testing.assert_allclose(face.heatmap.towards_real, np.minimum(real[0] / 1.5, 1), rtol=1e-6)
    assert not world.explainers["b"].batches
    assert not world.explainers["twin"].batches


def test_without_heatmaps_there_are_none_and_the_scores_are_the_same(world: World, noise: Path) -> None:
    bare, full = world.detector.analyze(noise, heatmaps=False), world.detector.analyze(noise)
    assert all(face.heatmap is None for face in bare.faces)
    assert [face.models for face in bare.faces] == [face.models for face in full.faces]
    assert (bare.options["heatmaps"], full.options["heatmaps"]) == (False, True)


def test_another_model_decides_by_its_own_bands_crop_and_hash(world: World, noise: Path) -> None:
    report, usual = world.detector.analyze(noise, model="b"), world.detector.analyze(noise)
    assert report.model.name == "b"
    assert report.model.sha256 == "b" * 8
    assert report.options["model"] == "b"
    for index in KEPT:
        face = report.faces[index]
        assert face.p_fake == face.models["b"] == usual.faces[index].models["b"]
        assert face.verdict is Verdict.SOME_SIGNS
        assert face.crop.rgb.shape == (48, 48, 3)
        assert face.heatmap is not None
        assert face.heatmap.model == "b"


def test_the_file_gets_the_worst_faces_verdict(world: World, noise: Path) -> None:
    report = world.detector.analyze(noise)
    scores = [face.p_fake for face in report.faces if face.p_fake is not None]
    assert report.p_fake == max(scores)
    assert report.verdict is next(face.verdict for face in report.faces if face.p_fake == report.p_fake)


def test_no_face_means_no_score_and_no_call_of_a_model(noise: Path) -> None:
    world = World(boxes=())
    report = world.detector.analyze(noise)
    assert report.verdict is Verdict.NOT_ANALYSED
    assert report.p_fake is None
    assert report.faces == ()
    assert report.reason.startswith("We found no face")
    assert not _batches(world)


def test_only_gated_faces_mean_no_score_either(noise: Path) -> None:
    world = World(boxes=(BOXES[2],))
    report = world.detector.analyze(noise)
    assert report.verdict is Verdict.NOT_ANALYSED
    assert report.p_fake is None
    assert len(report.faces) == 1
    assert not _batches(world)


def test_many_faces_are_all_scored(noise: Path) -> None:
    boxes = [Box(10 * i, 5 * i, 10 * i + 60, 5 * i + 60) for i in range(40)]
    report = World(boxes).detector.analyze(noise)
    assert sum(face.p_fake is not None for face in report.faces) == 40


def test_an_unknown_model_is_refused_before_the_file_is_touched(world: World) -> None:
    with pytest.raises(UnknownModel, match=r"'nope'.*a, twin, b"):
        world.detector.analyze("/no/such/file.jpg", model="nope")


def test_an_unreadable_file_is_a_media_error(world: World, tmp_path: Path) -> None:
    (tmp_path / "text.jpg").write_text("This is not a picture.")
    for path in (tmp_path / "text.jpg", tmp_path / "missing.jpg", tmp_path):
        with pytest.raises(MediaError):
            world.detector.analyze(path)


def test_a_score_that_is_not_a_number_is_loud(noise: Path) -> None:
    with pytest.raises(ValueError, match="finite"):
        World(gain=math.nan).detector.analyze(noise)


def test_the_same_file_twice_gives_the_same_report(world: World, noise: Path) -> None:
    first, second = world.detector.analyze(noise), world.detector.analyze(noise)
    # The clock may move on to another second in between.
    assert to_json(replace(second, made_at=first.made_at)) == to_json(first)


def test_threads_take_turns_and_get_their_own_reports(world: World, noise: Path, portrait: Path) -> None:
    alone = {path: world.detector.analyze(path) for path in (noise, portrait)}
    paths = [noise, portrait] * 8
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(world.detector.analyze, paths))
    same_time = [replace(report, made_at=alone[path].made_at) for path, report in zip(paths, reports, strict=True)]
    assert [to_json(report) for report in same_time] == [to_json(alone[path]) for path in paths]


def test_the_report_says_how_it_can_be_repeated(world: World, noise: Path) -> None:
    plain = to_dict(world.detector.analyze(noise, name="holiday.png"))
    assert plain["input"]["name"] == "holiday.png"
    assert plain["input"]["sha256"] == hashlib.sha256(noise.read_bytes()).hexdigest()
    assert plain["versions"].keys() >= {
        "detector",
        "python",
        "tensorflow",
        "keras",
        "mediapipe",
        "opencv",
        "pillow",
        "numpy",
    }
    assert plain["options"]["bands"] == {
        "no_clear_signs_below": 0.3,
        "some_signs_from": 0.7,
        "strong_signs_from": 0.9,
        "signs_need_sharpness": 0.0,
    }
    assert plain["options"]["crop"]["size"] == 32
    assert plain["options"]["quality_gates"]["min_size_px"] == 40
    assert any("not evidence" in limit for limit in plain["limits"])
    assert plain["error"] is None


def test_closing_closes_the_finder(world: World) -> None:
    with world.detector:
        assert not world.finder.closed
    assert world.finder.closed


def test_a_closed_detector_says_so(world: World, noise: Path) -> None:
    world.detector.close()
    world.detector.close()
    for ask in (world.detector.wait, world.detector.select, lambda: world.detector.models, world.detector.warm_up):
        with pytest.raises(DetectorClosed, match="closed; load another one"):
            ask()
    with pytest.raises(DetectorClosed):
        world.detector.analyze(noise)


def test_the_report_says_which_face_decides_and_which_gate_one_fails(world: World, noise: Path) -> None:
    report = world.detector.analyze(noise)
    assert report.deciding is not None
    decides = report.faces[report.deciding]
    assert (decides.verdict, decides.p_fake) == (report.verdict, report.p_fake)
    assert [face.obstacle for face in report.faces] == [None, None, Obstacle.TOO_SMALL, None]
    assert World(boxes=(BOXES[2],)).detector.analyze(noise).deciding is None


def test_a_full_size_photo_is_no_part_of_its_report(tmp_path: Path) -> None:
    """What crosses the border between processes: 24 megapixels, 72 MB of pixels, become a preview of under 6 MB."""
    rgb = np.zeros((4000, 6000, 3), np.uint8)
    rgb[:, ::7] = 200
    path = tmp_path / "large.png"
    path.write_bytes(encode_png(rgb))
    box = Box(3000, 1000, 4500, 2500)
    report = World(boxes=(box,)).detector.analyze(path)
    assert (report.input.width, report.input.height) == (6000, 4000)
    preview = report.preview
    assert preview is not None and preview.rgb is not None
    assert preview.rgb.shape == (1067, 1600, 3)
    assert preview.scale == pytest.approx(1600 / 6000)
    assert box.scaled(preview.scale).right == pytest.approx(1200)
    assert len(pickle.dumps(report)) < 6 << 20
    bare = report.without_pixels()
    assert len(pickle.dumps(bare)) < 1 << 18
    assert bare.preview is not None and bare.preview.scale == preview.scale
    assert to_json(bare) == to_json(report)


def test_the_default_model_must_be_there(world: World) -> None:
    with pytest.raises(ValueError, match="default"):
        Detector(world.manifest, world.finder, {})


# The real stages with small random models ------------------------------------------------------------------


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
    image = World().manifest.models["a"]
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
