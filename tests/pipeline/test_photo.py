"""A photo's way through the stages: each face cut, scored, explained and judged, and what the report says of it."""

from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector import Detector
from detector.media.images import encode_png, read_image
from detector.probes.regions import PLACES, hide_places
from detector.probes.stability import CUT_VIEWS, views
from detector.records import (
    Box,
    Obstacle,
    Verdict,
    ViewSpread,
)
from detector.report.restore import from_dict
from detector.report.serialise import to_dict, to_json
from detector.verdict.calibration import calibrate
from tests.pipeline.harness import BOXES, KEPT, SIDE, Explainer, Harness, Scorer, batches


def test_the_score_is_that_of_the_crop_shown(harness: Harness, noise: Path) -> None:
    report = harness.detector.analyze(noise)
    assert len(report.faces) == len(BOXES)
    for index in KEPT:
        face = report.faces[index]
        alone = harness.scorers["a"].fake_logits(face.crop.rgb[np.newaxis])[0]
        assert face.p_fake == calibrate(float(alone), harness.manifest.models["a"].calibration)
    assert len({face.p_fake for face in report.faces}) == len(BOXES)


def test_each_model_scores_all_faces_in_one_call_on_its_own_crop(harness: Harness, noise: Path) -> None:
    report = harness.detector.analyze(noise)
    sides = {"a": 32, "twin": 32, "b": 48}
    for name in harness.scorers:
        # The deciding model explains what it scores.
        batch = harness.explainers["a"].batches[0] if name == "a" else harness.scorers[name].batches[0]
        assert batch.shape == (len(KEPT), sides[name], sides[name], 3)
        assert batch.dtype == np.uint8
        for row, index in enumerate(KEPT):
            logit = Scorer(8.0).fake_logits(batch[row : row + 1])[0]
            expected = calibrate(float(logit), harness.manifest.models[name].calibration)
            assert report.faces[index].models[name] == expected
    assert np.array_equal(harness.explainers["a"].batches[0], harness.scorers["twin"].batches[0])


def test_no_crop_goes_through_the_deciding_model_twice(harness: Harness, noise: Path) -> None:
    """One batch with every face, one with its views and the hidden places, which the first one's heatmaps point to."""
    harness.detector.analyze(noise)
    given = [*harness.explainers["a"].batches, *harness.scorers["a"].batches]
    assert [len(batch) for batch in given] == [len(KEPT), len(KEPT) * (len(CUT_VIEWS) + 1 + PLACES)]
    crops = np.concatenate(given)
    assert len(np.unique(crops.reshape(len(crops), -1), axis=0)) == len(crops)
    assert [len(scorer.batches) for scorer in harness.scorers.values()] == [1, 1, 1]


def test_views_that_cannot_change_a_verdict_are_not_scored_and_the_report_says_so(
    harness: Harness, noise: Path
) -> None:
    full = harness.detector.analyze(noise)
    spec = harness.manifest.models["a"]
    still = dict.fromkeys(CUT_VIEWS, (0.0, 0.0))
    spread = ViewSpread((-1.0, 1.0), still, still, 1000, "a test")
    harness.scorers["a"].batches.clear()
    loaded = {"a": replace(harness.detector.select("a"), spec=replace(spec, spread=spread))}
    spared = Detector(harness.manifest, harness.finder, loaded).analyze(noise)
    assert [len(batch) for batch in harness.scorers["a"].batches] == [len(KEPT) * (1 + PLACES)]
    for index in KEPT:
        before, after = full.faces[index].stability, spared.faces[index].stability
        assert before is not None and after is not None
        assert (before.skipped, after.skipped) == ((), CUT_VIEWS)
        assert after.scores == {side: before.scores[side] for side in ("as_is", "mirrored")}
    assert spared.options["view_spread"] == spread.digest and full.options["view_spread"] is None
    plain = to_dict(spared)
    plain["model"]["sha256"] = 64 * "a"  # that of the made-up model is short
    assert to_dict(from_dict(plain)) == plain
    assert plain["faces"][KEPT[0]]["stability"]["skipped"] == list(CUT_VIEWS)


def test_every_face_gets_the_scores_of_its_own_views_and_hidden_places(harness: Harness, noise: Path) -> None:
    """A change is measured on the crop as it is, and counts from the face's score."""
    report = harness.detector.analyze(noise)
    spec, scorer = harness.manifest.models["a"], Scorer(8.0)
    frame = read_image(noise).frame
    for index in KEPT:
        face = report.faces[index]
        assert face.stability is not None and face.region is not None and face.heatmap is not None
        own = float(scorer.fake_logits(face.crop.rgb[np.newaxis])[0])
        cut = np.stack(list(views(frame, face.crop.detection, spec.crop).values()))
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


def test_without_views_only_the_faces_are_scored_and_the_scores_are_the_same(harness: Harness, noise: Path) -> None:
    bare = harness.detector.analyze(noise, heatmaps=False, stability=False)
    assert [len(batch) for batch in harness.explainers["a"].batches] == [len(KEPT)]
    assert not harness.scorers["a"].batches
    assert [face.models for face in bare.faces] == [face.models for face in harness.detector.analyze(noise).faces]
    assert all(face.stability is None and face.region is None for face in bare.faces)


def test_the_verdict_alone_is_the_same_and_runs_no_other_model(harness: Harness, noise: Path) -> None:
    whole, bare = harness.detector.analyze(noise), Harness()
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


def test_a_gated_face_is_listed_with_its_crop_and_reason_but_never_scored(harness: Harness, noise: Path) -> None:
    report = harness.detector.analyze(noise)
    gated = report.faces[2]
    assert gated.verdict is Verdict.NOT_ANALYSED
    assert gated.p_fake is None
    assert gated.heatmap is None
    assert gated.models == {}
    assert "too small" in gated.reason
    assert gated.crop.rgb.shape == (32, 32, 3)
    batches = [
        batch
        for of_kind in (harness.scorers, harness.explainers)
        for each in of_kind.values()
        for batch in each.batches
    ]
    assert batches
    for batch in batches:
        assert not any(np.array_equal(gated.crop.rgb, crop) for crop in batch)


def test_the_heatmap_is_of_the_crop_shown_on_the_fixed_scale(harness: Harness, noise: Path) -> None:
    report = harness.detector.analyze(noise)
    for index in KEPT:
        face = report.faces[index]
        assert face.heatmap is not None
        assert face.heatmap.model == "a"
        fake, real = Explainer().evidence(face.crop.rgb[np.newaxis])
        np.testing.assert_allclose(face.heatmap.towards_fake, np.minimum(fake[0] / 1.5, 1), rtol=1e-6)
        np.testing.assert_allclose(face.heatmap.towards_real, np.minimum(real[0] / 1.5, 1), rtol=1e-6)
    assert not harness.explainers["b"].batches
    assert not harness.explainers["twin"].batches


def test_without_heatmaps_there_are_none_and_the_scores_are_the_same(harness: Harness, noise: Path) -> None:
    bare, full = harness.detector.analyze(noise, heatmaps=False), harness.detector.analyze(noise)
    assert all(face.heatmap is None for face in bare.faces)
    assert [face.models for face in bare.faces] == [face.models for face in full.faces]
    assert (bare.options["heatmaps"], full.options["heatmaps"]) == (False, True)


def test_another_model_decides_by_its_own_bands_crop_and_hash(harness: Harness, noise: Path) -> None:
    report, usual = harness.detector.analyze(noise, model="b"), harness.detector.analyze(noise)
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


def test_the_file_gets_the_worst_faces_verdict(harness: Harness, noise: Path) -> None:
    report = harness.detector.analyze(noise)
    scores = [face.p_fake for face in report.faces if face.p_fake is not None]
    assert report.p_fake == max(scores)
    assert report.verdict is next(face.verdict for face in report.faces if face.p_fake == report.p_fake)


def test_no_face_means_no_score_and_no_call_of_a_model(noise: Path) -> None:
    harness = Harness(boxes=())
    report = harness.detector.analyze(noise)
    assert report.verdict is Verdict.NOT_ANALYSED
    assert report.p_fake is None
    assert report.faces == ()
    assert report.reason.startswith("We found no face")
    assert not batches(harness)


def test_only_gated_faces_mean_no_score_either(noise: Path) -> None:
    harness = Harness(boxes=(BOXES[2],))
    report = harness.detector.analyze(noise)
    assert report.verdict is Verdict.NOT_ANALYSED
    assert report.p_fake is None
    assert len(report.faces) == 1
    assert not batches(harness)


def test_many_faces_are_all_scored(noise: Path) -> None:
    boxes = [Box(10 * i, 5 * i, 10 * i + 60, 5 * i + 60) for i in range(40)]
    report = Harness(boxes).detector.analyze(noise)
    assert sum(face.p_fake is not None for face in report.faces) == 40


def test_the_report_holds_what_repeats_it(harness: Harness, noise: Path) -> None:
    plain = to_dict(harness.detector.analyze(noise, name="holiday.png"))
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
    assert any("not proof" in limit for limit in plain["limits"])
    assert plain["error"] is None


def test_the_report_names_the_deciding_face_and_the_failed_gate(harness: Harness, noise: Path) -> None:
    report = harness.detector.analyze(noise)
    assert report.deciding is not None
    decides = report.faces[report.deciding]
    assert (decides.verdict, decides.p_fake) == (report.verdict, report.p_fake)
    assert [face.obstacle for face in report.faces] == [None, None, Obstacle.TOO_SMALL, None]
    assert Harness(boxes=(BOXES[2],)).detector.analyze(noise).deciding is None


def test_a_full_size_photo_is_no_part_of_its_report(tmp_path: Path) -> None:
    """What crosses the border between processes: 24 megapixels, 72 MB of pixels, become a preview of under 6 MB."""
    rgb = np.zeros((4000, 6000, 3), np.uint8)
    rgb[:, ::7] = 200
    path = tmp_path / "large.png"
    path.write_bytes(encode_png(rgb))
    box = Box(3000, 1000, 4500, 2500)
    report = Harness(boxes=(box,)).detector.analyze(path)
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
