"""Clips through the pipeline: the right person at the right seconds, honest refusals, work that can be watched and stopped."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector import Detector, load_detector
from detector.errors import Cancelled, ManifestInvalid, UnknownModel
from detector.faces.finder import FaceFinder
from detector.models.loading import LoadedModel, LoadedVideoModel
from detector.pipeline.clip import READING, SHOWING
from detector.probes.stability import CUT_VIEWS
from detector.records import (
    Bands,
    Calibration,
    CropSpec,
    FrameMean,
    ModelInfo,
    Obstacle,
    Report,
    ShortPart,
    Verdict,
    ViewSpread,
    WeightFile,
)
from detector.report.restore import from_dict
from detector.report.serialise import to_dict, to_json
from detector.report.timeline import timeline
from detector.weights.manifest import update_manifest
from detector.words.results import clock
from tests.pipeline.clip_harness import (
    ALTERED_S,
    GATES,
    RULES,
    SECONDS,
    SIDE,
    GreenScorer,
    Memory,
    Remembering,
    Rgb,
    detector_of,
    heads,
    spec,
)
from tests.support.clips import paste, write_clip


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


def test_a_part_that_is_altered_is_flagged_with_its_seconds(
    finder: FaceFinder, two_people: Path, report: Report
) -> None:
    assert report.verdict is Verdict.NO_CLEAR_SIGNS, "the mean hides it"
    mean = RULES.frame_mean["a"]
    short = ShortPart(frames=3, cut=3.0, genuine=100, raised=1, fitted_with="by hand")
    rules = replace(RULES, frame_mean={"a": replace(mean, short=short)})
    found = detector_of(finder, rules).analyze(two_people)
    collins, hopper = found.faces
    assert (collins.verdict, hopper.verdict) == (Verdict.NO_CLEAR_SIGNS, Verdict.SOME_SIGNS)
    assert collins.over_time is not None and hopper.over_time is not None
    assert collins.over_time.parts == ()
    ((start, end),) = hopper.over_time.parts
    assert start == pytest.approx(ALTERED_S[0], abs=1) and end == pytest.approx(ALTERED_S[1], abs=1)
    assert f"from {clock(start)} to {clock(end)}" in found.reason
    assert hopper.p_fake == report.faces[1].p_fake
    again = from_dict(to_dict(found))
    assert again.faces[1].over_time is not None and again.faces[1].over_time.parts == hopper.over_time.parts
    drawn = timeline(hopper.over_time, mean.bands, 12.0)
    assert drawn.parts[0][0] == pytest.approx(100 * start / 12, abs=0.1)


def test_changes_that_change_nothing_leave_the_score_where_it_was(report: Report) -> None:
    """The views are scored without their mirror images, and must not be taken for lower because of that."""
    for face in report.faces:
        assert face.stability is not None and face.p_fake is not None
        for view in CUT_VIEWS:
            assert face.stability.scores[view] == pytest.approx(face.p_fake, abs=0.02)
        assert face.stability.scores["as_is"] < face.p_fake < face.stability.scores["mirrored"]


def test_views_of_a_person_that_cannot_change_the_verdict_are_left_out(
    remembering: Remembering, two_people: Path
) -> None:
    every = detector_of(remembering)
    loaded = every.select("a")
    still = dict.fromkeys(CUT_VIEWS, (0.0, 0.0))
    spread = ViewSpread((-1.0, 1.0), still, still, 1000, "a test")
    sparing = Detector(every.manifest, remembering, {"a": replace(loaded, spec=replace(loaded.spec, spread=spread))})
    report = sparing.analyze(two_people)
    assert report.options["view_spread"] == spread.digest
    for face in report.faces:
        assert face.stability is not None
        assert face.stability.skipped == CUT_VIEWS and set(face.stability.scores) == {"as_is", "mirrored"}


def test_the_report_names_the_frame_that_it_shows(report: Report) -> None:
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


def test_the_most_frequent_obstacle_is_named(remembering: Remembering, two_people: Path) -> None:
    dark = detector_of(remembering)
    gates = replace(GATES, min_brightness=250.0)
    closed = Detector(replace(dark.manifest, gates=gates), remembering, {"a": dark.select("a")})
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


def test_a_video_model_decides_and_sees_a_mask(remembering: Remembering, two_people: Path) -> None:
    memory = Memory(logit=1.2)
    report = detector_of(remembering, memory=memory).analyze(two_people)
    assert report.model.name == "seq" == report.options["model"]
    assert report.options["rule"] == "sequence"
    assert len(memory.masks) == len(report.faces) == 2
    for face, mask in zip(report.faces, memory.masks, strict=True):
        assert face.over_time is not None
        assert mask.sum() == len(face.over_time.points)
        assert set(face.models) == {"a", "seq"}
        assert face.verdict is Verdict.SOME_SIGNS
    assert detector_of(remembering, memory=Memory(1.2)).analyze(two_people, model="a").model.name == "a"


def test_a_shared_trunk_runs_once_and_the_features_are_what_it_pools(
    remembering: Remembering, two_people: Path
) -> None:
    apart, shared = Memory(1.2), Memory(1.2)
    own = detector_of(remembering, memory=apart)
    together = detector_of(remembering, memory=shared, trunk_of="a")
    reports = own.analyze(two_people), together.analyze(two_people)
    assert apart.trunk_runs > 0 and shared.trunk_runs == 0
    assert to_json(replace(reports[1], made_at=reports[0].made_at)) == to_json(reports[0])


def test_models_that_do_not_decide_see_the_crops_as_they_are(remembering: Remembering, two_people: Path) -> None:
    rule = FrameMean(Calibration(1.0, 0.0), Bands(0.3, 0.6, 0.9), (), "by hand")
    rules = replace(RULES, frame_mean={"a": rule, "b": rule})
    memory, other = Memory(1.2), GreenScorer()
    usual = detector_of(remembering, rules, memory, trunk_of="b")
    specs = {**usual.manifest.models, "b": spec("b")}
    loaded = {
        "a": usual.select("a"),
        "b": LoadedModel(specs["b"], ModelInfo("b", "cnn", "local", "c" * 64), other, other),
    }
    video = {"seq": LoadedVideoModel(specs["seq"], ModelInfo("seq", "lstm", "local", "b" * 64), memory, "b")}
    detector = Detector(replace(usual.manifest, models=specs), remembering, loaded, video)
    for face in detector.analyze(two_people, model="a").faces:
        # As it is, a crop lies SIDE below its mean with its mirror image.
        apart = [np.log(p / (1 - p)) for p in (face.models["a"], face.models["b"])]
        assert apart[0] - apart[1] == pytest.approx(SIDE, abs=1e-4)
    assert other.scored == 0 and memory.trunk_runs == 0 and len(memory.masks) == 2


@pytest.mark.slow
def test_the_verdict_alone_runs_only_models_that_decide_explain_or_must_agree(
    remembering: Remembering, two_people: Path
) -> None:
    usual = detector_of(remembering, memory=Memory(1.2))
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
        detector = Detector(replace(usual.manifest, models=specs, clips=rules), remembering, loaded, video)
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


def test_every_crop_is_scored_once(remembering: Remembering, two_people: Path) -> None:
    detector = detector_of(remembering)
    report = detector.analyze(two_people)
    scorer = detector.select("a").scorer
    assert isinstance(scorer, GreenScorer)
    assert scorer.scored == sum(len(face.over_time.points) for face in report.faces if face.over_time is not None)


def test_models_that_disagree_give_no_result(remembering: Remembering, two_people: Path) -> None:
    rules = replace(RULES, max_disagreement=0.3)
    report = detector_of(remembering, rules, Memory(logit=4.0)).analyze(two_people)
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


def test_a_few_frames_are_looked_at_as_photos(finder: FaceFinder, astronaut: Rgb, tmp_path: Path) -> None:
    detector = detector_of(finder)
    one = detector.analyze(write_clip(tmp_path / "one.mp4", [astronaut]))
    assert (one.input.kind, one.input.format, one.input.duration_s) == ("image", "MP4", None)
    assert one.p_fake is not None and len(one.faces) == 1
    assert one.input.notes == ()
    three = detector.analyze(write_clip(tmp_path / "three.mp4", [astronaut] * 3))
    assert three.p_fake is not None
    assert any("3 pictures. We checked 3 of them" in note for note in three.input.notes)


def test_progress_is_reported_and_the_work_can_be_stopped(remembering: Remembering, two_people: Path) -> None:
    steps: list[tuple[str, int, int]] = []
    detector = detector_of(remembering)
    detector.analyze(two_people, progress=lambda *step: steps.append(step))
    reading = [(done, total) for stage, done, total in steps if stage == READING]
    assert reading == [(done, 24) for done in range(25)]
    assert [step[0] for step in steps if step[0] != READING] == [SHOWING] * 2

    stopped_at = 0.0

    def stop() -> bool:
        nonlocal stopped_at
        if len(steps) > 40 and not stopped_at:
            stopped_at = time.monotonic()
        return stopped_at > 0

    steps.extend([("", 0, 0)] * 5)
    steps[:] = steps[:30]
    with pytest.raises(Cancelled):
        detector.analyze(two_people, progress=lambda *step: steps.append(step), cancelled=stop)
    assert time.monotonic() - stopped_at < 2
    # The detector is as usable as before.
    assert detector.analyze(two_people, heatmaps=False).verdict is not Verdict.NOT_ANALYSED


def test_weights_for_pictures_only_and_unknown_models_are_named(remembering: Remembering, two_people: Path) -> None:
    with pytest.raises(ManifestInvalid, match="for pictures only"):
        detector_of(remembering, rules=None).analyze(two_people)
    with pytest.raises(UnknownModel, match=r"'b'.*choose one of: a"):
        detector_of(remembering).analyze(two_people, model="b")
    assert detector_of(remembering, memory=Memory(0)).clip_models == ("seq", "a")


@pytest.mark.slow
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
