"""Clips through the pipeline: the right person at the right seconds, honest refusals, work that can be watched and stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from detector import Detector, load_detector
from detector.errors import Cancelled, ManifestInvalid, MediaTooLarge, UnknownModel, UnsupportedMedia
from detector.faces.finder import FaceFinder
from detector.media.clips import sample_video
from detector.models.gradcam import Explanation
from detector.models.loading import LoadedModel, LoadedVideoModel
from detector.pipeline.annotation import annotate, place_at
from detector.pipeline.clip import READING, SHOWING
from detector.probes.stability import CUT_VIEWS
from detector.records import (
    Bands,
    Calibration,
    ClipRules,
    CropSpec,
    FrameMean,
    Manifest,
    MediaKind,
    ModelInfo,
    ModelSpec,
    Obstacle,
    QualityGates,
    Report,
    Verdict,
    Watcher,
    WeightFile,
)
from detector.report.serialise import to_dict, to_json
from detector.weights.manifest import update_manifest
from tests.support.clips import counting_frames, paste, write_clip

Rgb = NDArray[np.uint8]
FPS, SECONDS = 10, 12
ALTERED_S = (5.0, 8.0)
"""When one of the two people is altered."""
GATES = QualityGates(min_size_px=40, min_sharpness=0, min_brightness=0, max_brightness=255, max_abs_yaw=5)
RULES = ClipRules(24, 1, 4, 0.2, None, {"a": FrameMean(Calibration(2.0, 1.0), Bands(0.3, 0.6, 0.9), (), "by hand")})

SIDE = 0.125
"""Half the distance between the logits of a crop and of its mirror image."""


class GreenScorer:
    """Takes green for altered: +4 for a crop with a green patch, -4 for one without."""

    looked = 0
    """Crops that ``look`` was given."""

    def fake_logits(self, crops: Rgb) -> NDArray[np.float32]:
        green = (crops[..., 1].astype(np.float32) - crops[..., 0]).reshape(len(crops), 8, 8, 8, 8)
        return np.where(green.mean(axis=(2, 4)).max(axis=(1, 2)) > 40, 4.0, -4.0).astype(np.float32)

    def sides(self, crops: Rgb) -> NDArray[np.float32]:
        # A crop and its mirror image differ a little, and a score is their mean.
        logits = self.fake_logits(crops)
        return np.stack([logits - SIDE, logits + SIDE], axis=1)

    def unmirrored(self, crops: Rgb) -> NDArray[np.float32]:
        return self.sides(crops)[:, 0]

    def unmirrored_with_features(self, crops: Rgb) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.unmirrored(crops), np.asarray(crops.mean(axis=(1, 2)), np.float32)

    def evidence(self, crops: Rgb) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shape = (len(crops), 4, 4)
        return np.full(shape, 0.25, np.float32), np.zeros(shape, np.float32)

    def explain(self, crops: Rgb) -> Explanation:
        self.looked += len(crops)
        return Explanation(self.sides(crops), *self.evidence(crops), np.asarray(crops.mean(axis=(1, 2)), np.float32))


class Memory:
    """A video model that says what it is told, and keeps what it was given."""

    width = 3

    def __init__(self, logit: float) -> None:
        self.logit = logit
        self.masks: list[NDArray[np.bool_]] = []
        self.trunk_runs = 0

    def features(self, crops: Rgb) -> NDArray[np.float32]:
        self.trunk_runs += 1
        return np.asarray(crops.mean(axis=(1, 2)), np.float32)

    def fake_logit(self, features: NDArray[np.float32], present: NDArray[np.bool_]) -> float:
        assert features.shape == (len(present), 3)
        assert (features[~present] == 0).all() and (features[present] > 0).all()
        self.masks.append(present)
        return self.logit


def spec(name: str, kind: MediaKind = "image") -> ModelSpec:
    return ModelSpec(
        name=name,
        architecture="cnn" if kind == "image" else "resnet_lstm",
        kind=kind,
        file=WeightFile(f"{name}.weights.h5", 1, "0" * 64),
        crop=CropSpec(64, 0.25),
        calibration=Calibration(),
        bands=Bands(0.3, 0.6, None),
        heatmap_full_scale=1.0,
        track_record=(),
        trained_with="",
        trained_at_commit="0" * 40,
    )


def detector_of(
    finder: FaceFinder, rules: ClipRules | None = RULES, memory: Memory | None = None, trunk_of: str | None = None
) -> Detector:
    models = {"a": spec("a"), **({"seq": spec("seq", "video")} if memory else {})}
    manifest = Manifest(models, "a", {}, GATES, None, rules, "seq" if memory else None)
    scorer = GreenScorer()
    loaded = {"a": LoadedModel(models["a"], ModelInfo("a", "cnn", "local", "a" * 64), scorer, scorer)}
    video = {}
    if memory:
        info = ModelInfo("seq", "lstm", "local", "b" * 64)
        video["seq"] = LoadedVideoModel(models["seq"], info, memory, trunk_of)
    return Detector(manifest, finder, loaded, video)


def heads(astronaut: Rgb, hopper: Rgb, side: int = 180) -> tuple[Rgb, Rgb]:
    cut = astronaut[10:270, 95:355], hopper[20:360, 90:430]
    one, other = (cv2.resize(np.ascontiguousarray(c), (side, side), interpolation=cv2.INTER_AREA) for c in cut)
    return one, other


@pytest.fixture(scope="module")
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


@pytest.fixture(scope="module")
def report(finder: FaceFinder, two_people: Path) -> Report:
    return detector_of(finder).analyze(two_people)


def test_the_right_person_at_the_right_seconds(report: Report) -> None:
    assert report.input.kind == "video"
    assert len(report.faces) == 2
    collins, hopper = report.faces
    assert collins.over_time is not None and hopper.over_time is not None
    # A quarter of the time is altered, and says so at these seconds.
    suspicious = [p.time_s for p in hopper.over_time.points if p.p_fake is not None and p.p_fake > 0.5]
    assert min(suspicious) == pytest.approx(ALTERED_S[0], abs=1)
    assert max(suspicious) == pytest.approx(ALTERED_S[1], abs=1)
    assert len(suspicious) == pytest.approx(24 * 3 / 12, abs=1)
    assert not [p for p in collins.over_time.points if p.p_fake is None or p.p_fake > 0.5]
    assert hopper.p_fake is not None and collins.p_fake is not None
    assert hopper.p_fake > collins.p_fake
    assert report.p_fake == hopper.p_fake
    assert report.reason.startswith("Person 2 looks most suspicious")
    for moment in hopper.over_time.moments:
        assert ALTERED_S[0] - 0.5 <= moment.time_s <= ALTERED_S[1] + 0.5
        assert moment.heatmap is not None
        assert GreenScorer().fake_logits(moment.crop.rgb[None])[0] == 4
    assert np.array_equal(hopper.crop.rgb, hopper.over_time.moments[0].crop.rgb)


def test_changes_that_change_nothing_leave_the_score_where_it_was(report: Report) -> None:
    """The views are scored without their mirror images, and must not be taken for lower because of that."""
    for face in report.faces:
        assert face.stability is not None and face.p_fake is not None
        for view in CUT_VIEWS:
            assert face.stability.scores[view] == pytest.approx(face.p_fake, abs=0.02)
        assert face.stability.scores["as_is"] < face.p_fake < face.stability.scores["mirrored"]


def test_the_report_knows_what_it_shows(report: Report) -> None:
    assert report.deciding == 1
    hopper = report.faces[1].over_time
    assert hopper is not None and report.preview is not None and report.preview.rgb is not None
    first = hopper.moments[0]
    assert (report.preview.time_s, report.preview.sample) == (first.time_s, first.sample)
    assert hopper.shown_s == first.time_s
    assert max(report.preview.rgb.shape[:2]) == 640 and report.preview.scale == 1.0
    for face in report.faces:
        assert face.over_time is not None
        samples = [point.sample for point in face.over_time.points]
        assert samples == sorted(set(samples)) and samples[-1] < face.over_time.frames


def test_the_most_frequent_obstacle_is_named(finder: FaceFinder, two_people: Path) -> None:
    dark = detector_of(finder)
    gates = replace(GATES, min_brightness=250.0)
    closed = Detector(replace(dark.manifest, gates=gates), finder, {"a": dark.select("a")})
    report = closed.analyze(two_people)
    assert {face.obstacle for face in report.faces} == {Obstacle.TOO_DARK}
    assert "Most often: The face is too dark" in report.reason
    assert report.deciding is None and report.preview is not None and report.preview.sample == 12


def test_people_are_seen_from_their_first_to_their_last_second(report: Report) -> None:
    for face in report.faces:
        assert face.over_time is not None
        assert face.over_time.first_s < 0.6 and face.over_time.last_s > SECONDS - 0.6
        assert len(face.over_time.points) >= 22
        times = [point.time_s for point in face.over_time.points]
        assert times == sorted(times)


def test_the_report_is_json_with_times(report: Report) -> None:
    plain = to_dict(report)
    assert to_json(report).isascii()
    assert plain["clip"] == {"in_file": 120, "decoded": plain["clip"]["decoded"], "undecodable": 0, "sampled": 24}
    assert plain["input"]["duration_s"] == pytest.approx(12)
    for face in plain["faces"]:
        assert {"id", "first_s", "last_s", "timeline", "p_fake", "verdict", "reason", "gaps", "moments"} <= set(face)
        assert len(face["timeline"]) == face["frames_seen"] >= face["frames_scored"]
        assert all(set(point) == {"t", "p_fake"} for point in face["timeline"])
    assert (plain["options"]["rule"], plain["options"]["samples"]) == ("frame_mean", 24)


def test_the_same_clip_twice_gives_the_same_report(finder: FaceFinder, two_people: Path, report: Report) -> None:
    again = replace(detector_of(finder).analyze(two_people), made_at=report.made_at)
    assert to_json(again) == to_json(report)


def test_a_video_model_decides_and_sees_a_mask(finder: FaceFinder, two_people: Path) -> None:
    memory = Memory(logit=1.2)
    report = detector_of(finder, memory=memory).analyze(two_people)
    assert report.model.name == "seq" == report.options["model"]
    assert report.options["rule"] == "sequence"
    assert len(memory.masks) == len(report.faces) == 2
    for face, mask in zip(report.faces, memory.masks, strict=True):
        assert face.over_time is not None
        assert mask.sum() == len(face.over_time.points)
        assert set(face.models) == {"a", "seq"}
        assert face.verdict is Verdict.SOME_SIGNS
    assert detector_of(finder, memory=Memory(1.2)).analyze(two_people, model="a").model.name == "a"


def test_a_shared_trunk_runs_once_and_the_features_are_what_it_pools(finder: FaceFinder, two_people: Path) -> None:
    apart, shared = Memory(1.2), Memory(1.2)
    own = detector_of(finder, memory=apart)
    together = detector_of(finder, memory=shared, trunk_of="a")
    reports = own.analyze(two_people), together.analyze(two_people)
    assert apart.trunk_runs > 0 and shared.trunk_runs == 0
    assert to_json(replace(reports[1], made_at=reports[0].made_at)) == to_json(reports[0])


def test_models_that_do_not_decide_see_the_crops_as_they_are(finder: FaceFinder, two_people: Path) -> None:
    rule = FrameMean(Calibration(1.0, 0.0), Bands(0.3, 0.6, 0.9), (), "by hand")
    rules = replace(RULES, frame_mean={"a": rule, "b": rule})
    memory, other = Memory(1.2), GreenScorer()
    usual = detector_of(finder, rules, memory, trunk_of="b")
    specs = {**usual.manifest.models, "b": spec("b")}
    loaded = {
        "a": usual.select("a"),
        "b": LoadedModel(specs["b"], ModelInfo("b", "cnn", "local", "c" * 64), other, other),
    }
    video = {"seq": LoadedVideoModel(specs["seq"], ModelInfo("seq", "lstm", "local", "b" * 64), memory, "b")}
    detector = Detector(replace(usual.manifest, models=specs), finder, loaded, video)
    for face in detector.analyze(two_people, model="a").faces:
        # As it is, a crop lies SIDE below its mean with its mirror image.
        apart = [np.log(p / (1 - p)) for p in (face.models["a"], face.models["b"])]
        assert apart[0] - apart[1] == pytest.approx(SIDE, abs=1e-4)
    assert other.looked == 0 and memory.trunk_runs == 0 and len(memory.masks) == 2


def test_the_verdict_alone_asks_only_who_decides_explains_or_must_agree(finder: FaceFinder, two_people: Path) -> None:
    usual = detector_of(finder, memory=Memory(1.2))
    rule = FrameMean(Calibration(1.0, 0.0), Bands(0.3, 0.6, 0.9), (), "by hand")
    specs = {**usual.manifest.models, "b": spec("b")}
    rules = replace(RULES, frame_mean={"a": rule, "b": rule})
    loaded = {
        "a": usual.select("a"),
        "b": LoadedModel(specs["b"], ModelInfo("b", "cnn", "local", "c" * 64), GreenScorer(), GreenScorer()),
    }
    for trunk_of, wanted in ((None, {"a", "seq"}), ("b", {"a", "b", "seq"})):
        memory = Memory(1.2)
        video = {"seq": LoadedVideoModel(specs["seq"], ModelInfo("seq", "lstm", "local", "b" * 64), memory, trunk_of)}
        detector = Detector(replace(usual.manifest, models=specs, clips=rules), finder, loaded, video)
        whole, alone = detector.analyze(two_people), detector.analyze(two_people, verdict_only=True)
        assert [(f.verdict, f.reason, f.p_fake) for f in alone.faces] == [
            (f.verdict, f.reason, f.p_fake) for f in whole.faces
        ]
        assert all(set(face.models) == {"a", "b", "seq"} for face in whole.faces)
        assert all(set(face.models) == wanted for face in alone.faces)
        assert alone.options["verdict_only"] is True
    by_mean = detector.analyze(two_people, model="a", verdict_only=True)
    assert all(set(face.models) == {"a"} for face in by_mean.faces), (
        "no residual network that it would have to agree with"
    )


def test_every_crop_is_looked_at_once(finder: FaceFinder, two_people: Path) -> None:
    detector = detector_of(finder)
    report = detector.analyze(two_people)
    scorer = detector.select("a").scorer
    assert isinstance(scorer, GreenScorer)
    assert scorer.looked == sum(len(face.over_time.points) for face in report.faces if face.over_time is not None)


def test_models_that_disagree_give_no_result(finder: FaceFinder, two_people: Path) -> None:
    rules = replace(RULES, max_disagreement=0.3)
    report = detector_of(finder, rules, Memory(logit=4.0)).analyze(two_people)
    assert {face.verdict for face in report.faces} == {Verdict.INCONCLUSIVE}
    assert "Two ways of looking disagree" in report.reason


def test_a_face_in_too_few_frames_is_no_verdict(
    finder: FaceFinder, astronaut: Rgb, hopper: Rgb, tmp_path: Path
) -> None:
    head, _ = heads(astronaut, hopper)

    def shown(frames: int) -> Report:
        def clip() -> Iterator[Rgb]:
            for number in range(48):
                canvas = np.full((240, 320, 3), 110, np.uint8)
                if number < frames:
                    paste(canvas, head, 60 + number, 20)
                yield canvas

        return detector_of(finder).analyze(write_clip(tmp_path / f"{frames}.mp4", clip()))

    few, some = shown(5), shown(8)
    assert few.verdict is Verdict.NOT_ANALYSED
    assert few.p_fake is None and few.faces[0].models == {}
    assert "could be checked in only" in few.reason and "we need 4" in few.reason
    assert some.verdict is Verdict.INCONCLUSIVE
    assert "too few to tell" in some.reason
    assert shown(0).reason.startswith("We found no face in this video")


def test_one_frame_is_too_few(finder: FaceFinder, astronaut: Rgb, tmp_path: Path) -> None:
    report = detector_of(finder).analyze(write_clip(tmp_path / "one.mp4", [astronaut]))
    assert report.verdict is Verdict.NOT_ANALYSED
    assert len(report.faces) == 1
    assert "only 1 of 1 frames" in report.reason


def test_progress_is_told_and_the_work_can_be_stopped(finder: FaceFinder, two_people: Path) -> None:
    told: list[tuple[str, int, int]] = []
    detector = detector_of(finder)
    detector.analyze(two_people, progress=lambda *step: told.append(step))
    reading = [(done, total) for stage, done, total in told if stage == READING]
    assert reading == [(done, 24) for done in range(25)]
    assert [step[0] for step in told if step[0] != READING] == [SHOWING] * 2

    stopped_at = 0.0

    def stop() -> bool:
        nonlocal stopped_at
        if len(told) > 40 and not stopped_at:
            stopped_at = time.monotonic()
        return stopped_at > 0

    told.extend([("", 0, 0)] * 5)
    told[:] = told[:30]
    with pytest.raises(Cancelled):
        detector.analyze(two_people, progress=lambda *step: told.append(step), cancelled=stop)
    assert time.monotonic() - stopped_at < 2
    # The detector is as usable as before.
    assert detector.analyze(two_people, heatmaps=False).verdict is not Verdict.NOT_ANALYSED


def test_weights_for_pictures_only_and_unknown_models_are_named(finder: FaceFinder, two_people: Path) -> None:
    with pytest.raises(ManifestInvalid, match="for pictures only"):
        detector_of(finder, rules=None).analyze(two_people)
    with pytest.raises(UnknownModel, match=r"'b'.*choose one of: a"):
        detector_of(finder).analyze(two_people, model="b")
    assert detector_of(finder, memory=Memory(0)).clip_models == ("seq", "a")


def test_the_shipped_way_with_small_random_models(tiny_weights: Path, two_people: Path, tmp_path: Path) -> None:
    import shutil

    import keras

    from detector.models.networks import build

    folder = shutil.copytree(tiny_weights, tmp_path / "weights")
    keras.utils.set_random_seed(1)
    path = folder / "seq.weights.h5"
    build("resnet_gru_attention", 32).save_weights(path)
    import hashlib

    entry = replace(
        spec("seq", "video"),
        architecture="resnet_gru_attention",
        crop=CropSpec(32, 0.3),
        file=WeightFile(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()),
        trained_with="random",
    )
    mean = FrameMean(Calibration(), Bands(0.4, 0.6, None), (), "by hand")
    update_manifest(folder, model=entry, clips=replace(RULES, samples=6, frame_mean={"tiny": mean}))
    update_manifest(folder, default_video_model="seq")
    with load_detector(folder) as detector:
        detector.warm_up()
        report = detector.analyze(two_people)
    assert report.model.name == "seq"
    assert all(set(face.models) == {"tiny", "seq"} for face in report.faces)
    assert len(report.faces) == 2


# The annotated clip --------------------------------------------------------------------------------------------------


def test_the_annotated_clip_plays_everywhere_and_keeps_its_sound(
    two_people: Path, report: Report, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    told = []
    annotate(two_people, report, target, Watcher(progress=lambda *step: told.append(step)), heat=True)
    with av.open(str(target)) as made:
        video, sound = made.streams.video[0], made.streams.audio[0]
        assert sound.duration is not None and sound.time_base is not None
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sound.codec_context.name == "aac"
        assert float(sound.duration * sound.time_base) == pytest.approx(SECONDS, abs=0.2)
    assert target.read_bytes().find(b"moov") < target.read_bytes().find(b"mdat")
    assert told[-1] == ("writing", 120, 120)
    with sample_video(target, samples=None) as out, sample_video(two_people, samples=None) as source:
        for (after,), (before,) in zip(out, source, strict=True):
            assert after.time_s == pytest.approx(before.time_s, abs=0.002)
            changed = np.abs(after.rgb.astype(int) - before.rgb).max(axis=2) > 90
            assert changed.any()
            for face in report.faces:
                assert face.over_time is not None
                place = place_at(face.over_time, before.time_s or 0.0)
                if place is not None:
                    # The left line of the box, where the person is now.
                    x, y = round(place.box.left), round(place.box.center[1])
                    assert changed[y - 3 : y + 3, max(0, x - 4) : x + 5].any()


def test_boxes_are_drawn_only_where_the_face_was_found(report: Report) -> None:
    seen = report.faces[0].over_time
    assert seen is not None
    gapped = replace(seen, gaps=((3.0, 5.0),))
    assert place_at(gapped, 4.0) is None
    assert place_at(gapped, 3.0) is not None
    assert place_at(seen, -30.0) is None and place_at(seen, 99.0) is None
    assert place_at(seen, seen.last_s + 0.1) is not None


def test_what_cannot_be_annotated_is_refused_and_leaves_nothing(
    two_people: Path, report: Report, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    picture = replace(report, input=replace(report.input, kind="image"))
    with pytest.raises(UnsupportedMedia):
        annotate(two_people, picture, target)
    long = replace(report, input=replace(report.input, duration_s=601.0))
    with pytest.raises(MediaTooLarge, match="up to 10 minutes"):
        annotate(two_people, long, target)
    asked = iter(range(1000))
    with pytest.raises(Cancelled):
        annotate(two_people, report, target, Watcher(cancelled=lambda: next(asked) > 60))
    assert not target.exists()


def test_other_sound_is_encoded_anew(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "talk.mkv"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        sound = out.add_stream("libopus", rate=48000)
        for rgb in counting_frames(20):
            out.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(video.encode(None))
        for start in range(0, 96000, 960):
            chunk = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), format="flt", layout="mono")
            chunk.sample_rate, chunk.pts = 48000, start
            out.mux(sound.encode(chunk))
        out.mux(sound.encode(None))
    short = replace(report, faces=(), deciding=None, input=replace(report.input, duration_s=2.0, fps=10.0))
    annotate(path, short, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as made:
        encoded = made.streams.audio[0]
        assert encoded.codec_context.name == "aac"
        assert encoded.duration is not None and encoded.time_base is not None
        assert float(encoded.duration * encoded.time_base) == pytest.approx(2, abs=0.1)
