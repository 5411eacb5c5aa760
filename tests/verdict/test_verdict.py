"""Words and bands: a score never crosses a cut unnoticed, and no sentence claims more than was measured."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from detector.records import (
    Bands,
    Box,
    Calibration,
    Detection,
    FaceCrop,
    FaceQuality,
    FaceResult,
    Obstacle,
    QualityGates,
    Verdict,
)
from detector.sentences import Sentence
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_face, judge_quality, judge_stability
from detector.verdict.files import LIMITS, SEVERITY, judge_file, withhold_calm, withhold_of_drawing

BANDS = Bands(0.3, 0.7, 0.95)
GATES = QualityGates(min_size_px=40, min_sharpness=12, min_brightness=20, max_brightness=240, max_abs_yaw=1.0)
GOOD = FaceQuality(size_px=120, sharpness=80, brightness=120, roll_deg=3, yaw=0.1)
FORBIDDEN = re.compile(r"\b(real|fake|authentic|verified|certain|proven|confident)\b|%", re.IGNORECASE)


def face(p_fake: float | None, bands: Bands = BANDS) -> FaceResult:
    crop = FaceCrop(
        np.zeros((16, 16, 3), np.uint8),
        Box(0, 0, 16, 16),
        Detection(Box(0, 0, 9, 9), np.zeros((6, 2), np.float32), 1),
        GOOD,
    )
    if p_fake is None:
        return FaceResult(crop, Verdict.NOT_ANALYSED, Sentence("The face is too small: 12 pixels across."), None)
    verdict, reason = judge_face(p_fake, bands)
    return FaceResult(crop, verdict, reason, p_fake)


def test_calibration_is_the_platt_sigmoid() -> None:
    for logit, scale, offset in itertools.product((-3.0, 0.0, 2.5), (0.5, 1.0, 4.0), (-1.0, 0.0, 0.7)):
        expected = 1 / (1 + math.exp(-(scale * logit + offset)))
        assert calibrate(logit, Calibration(scale, offset)) == pytest.approx(expected, abs=1e-12)


def test_calibration_keeps_the_order_and_the_range_at_any_size() -> None:
    scores = [calibrate(logit, Calibration(2.0, -0.3)) for logit in (-1e9, -400.0, -5.0, 0.0, 5.0, 400.0, 1e9)]
    assert scores == sorted(scores)
    assert scores[0] == 0.0
    assert scores[-1] == 1.0


@pytest.mark.parametrize("logit", [math.nan, math.inf, -math.inf])
def test_a_logit_that_is_not_a_number_is_no_score(logit: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        calibrate(logit, Calibration())


@pytest.mark.parametrize(
    ("p_fake", "verdict"),
    [
        (0.0, Verdict.NO_CLEAR_SIGNS),
        (math.nextafter(0.3, 0), Verdict.NO_CLEAR_SIGNS),
        (0.3, Verdict.INCONCLUSIVE),
        (math.nextafter(0.7, 0), Verdict.INCONCLUSIVE),
        (0.7, Verdict.SOME_SIGNS),
        (math.nextafter(0.95, 0), Verdict.SOME_SIGNS),
        (0.95, Verdict.STRONG_SIGNS),
        (1.0, Verdict.STRONG_SIGNS),
    ],
)
def test_each_cut_belongs_to_the_band_above_it(p_fake: float, verdict: Verdict) -> None:
    assert judge_face(p_fake, BANDS)[0] is verdict


def test_there_is_no_strong_band_where_the_manifest_has_none() -> None:
    assert judge_face(1.0, Bands(0.3, 0.7, None))[0] is Verdict.SOME_SIGNS


def test_a_blurred_face_shows_no_signs_however_high_its_score() -> None:
    bands = replace(BANDS, signs_need_sharpness=25.0)
    for p_fake in (0.7, 0.96):
        verdict, reason = judge_face(p_fake, bands, 24.99)
        assert verdict is Verdict.INCONCLUSIVE
        assert f"The score is high ({100 * p_fake:.0f} of 100), but the face is blurred" in reason
        assert judge_face(p_fake, bands, 25.0) == judge_face(p_fake, bands)
        assert judge_face(p_fake, bands, math.nan)[0] is Verdict.INCONCLUSIVE
    # What shows no signs anyway stays as it is.
    for p_fake in (0.1, 0.5):
        assert judge_face(p_fake, bands, 1.0) == judge_face(p_fake, bands)


def test_what_is_blurred_stays_so_through_the_stability_test() -> None:
    bands = replace(BANDS, signs_need_sharpness=25.0)
    verdict, reason = judge_face(0.96, bands, 10.0)
    for views in ({"a": 0.96}, {"a": 0.75}, {"a": 0.2}):
        stands, why, stability = judge_stability(verdict, reason, 0.96, views, bands)
        assert (stands, why, stability.decided) == (verdict, reason, False)
    assert judge_stability(*judge_face(0.96, bands), 0.96, {"a": 0.2}, bands)[2].decided


@pytest.mark.parametrize(("view", "holds"), [(0.941, True), (0.96, True), (0.938, False)])
def test_a_point_more_or_less_is_never_called_a_score_that_does_not_hold(view: float, holds: bool) -> None:
    found = judge_face(0.9501, BANDS)
    verdict, reason, stability = judge_stability(*found, 0.9501, {"a": view}, BANDS)
    assert stability.holds is holds
    assert ((verdict, reason) == found) is holds


def test_a_higher_score_is_never_a_milder_verdict() -> None:
    ranks = [SEVERITY.index(judge_face(p / 1000, BANDS)[0]) for p in range(1001)]
    assert ranks == sorted(ranks)
    assert set(ranks) == {0, 1, 2, 3}


@pytest.mark.parametrize("p_fake", [math.nan, -0.01, 1.01])
def test_what_is_no_score_gets_no_verdict(p_fake: float) -> None:
    with pytest.raises(ValueError, match="p_fake"):
        judge_face(p_fake, BANDS)


@pytest.mark.parametrize("p_fake", [0.2999, 0.29999999, 0.3, 0.3004, 0.6996, 0.7, 0.7000001, 0.9499, 0.95])
def test_the_printed_score_lies_on_the_side_of_the_printed_cut_that_the_verdict_says(p_fake: float) -> None:
    verdict, reason = judge_face(p_fake, BANDS)
    numbers = [float(text) for text in re.findall(r"\d+(?:\.\d+)?", reason) if text != "100"]
    score, *cuts = [numbers[2], *numbers[:2]] if verdict is Verdict.INCONCLUSIVE else numbers
    if verdict is Verdict.NO_CLEAR_SIGNS:
        assert score < cuts[0]
    elif verdict is Verdict.INCONCLUSIVE:
        assert cuts[0] <= score < cuts[1]
    else:
        assert score >= cuts[0]


def test_a_good_face_passes_every_gate() -> None:
    assert judge_quality(GOOD, GATES) is None


@pytest.mark.parametrize(
    ("change", "named", "shown"),
    [
        ({"size_px": 39.7}, "too small", ("39.7", "40.0")),
        ({"sharpness": 3.2, "brightness": 4.0}, "too dark", ("4", "20")),
        ({"sharpness": 3.2}, "too blurred", ("3", "12")),
        ({"brightness": 4.0}, "too dark", ("4", "20")),
        ({"brightness": 251.0}, "too bright", ("251", "240")),
        ({"yaw": 1.7}, "turned too far", ("1.7", "1.0")),
        ({"yaw": -1.7}, "turned too far", ("1.7", "1.0")),
        ({"sharpness": math.nan}, "too blurred", ("nan", "12")),
    ],
)
def test_each_gate_names_measure_limit_and_cure(change: dict[str, float], named: str, shown: tuple[str, str]) -> None:
    rejection = judge_quality(FaceQuality(**{**vars(GOOD), **change}), GATES)
    assert rejection is not None
    reason = rejection.reason
    assert named in reason
    assert named.split()[-1] in rejection.obstacle or rejection.obstacle is Obstacle.TURNED_AWAY
    assert "Use a" in reason.replace("Use the", "Use a")
    assert all(f" {text}" in reason for text in shown)


@pytest.mark.parametrize(
    "edge", [{"size_px": 40}, {"sharpness": 12}, {"brightness": 20}, {"brightness": 240}, {"yaw": 1.0}, {"yaw": -1.0}]
)
def test_a_face_exactly_at_a_limit_is_analysed(edge: dict[str, float]) -> None:
    assert judge_quality(FaceQuality(**{**vars(GOOD), **edge}), GATES) is None


def test_no_face_is_not_analysed_and_says_what_helps() -> None:
    verdict, reason, p_fake, index = judge_file([])
    assert (verdict, p_fake, index) == (Verdict.NOT_ANALYSED, None, None)
    assert reason.startswith("We found no face in this photo, so there was nothing to check.")
    assert "Use a photo" in reason


@pytest.mark.parametrize("count", [1, 3])
def test_a_file_whose_faces_are_all_gated_is_not_analysed_and_keeps_their_reason(count: int) -> None:
    verdict, reason, p_fake, index = judge_file([face(None)] * count)
    assert (verdict, p_fake, index) == (Verdict.NOT_ANALYSED, None, None)
    assert "too small" in reason
    assert "could not be checked" in reason or "None of the 3 faces in it could be checked" in reason


def test_the_most_suspicious_face_decides_wherever_it_stands() -> None:
    for scores in itertools.permutations((0.1, 0.5, 0.8, None)):
        verdict, reason, p_fake, index = judge_file([face(score) for score in scores])
        assert (verdict, p_fake, index) == (Verdict.SOME_SIGNS, 0.8, scores.index(0.8))
        assert reason.startswith(f"Face {scores.index(0.8) + 1} looks most suspicious, so it sets the result.")
        assert "1 of the 4 faces could not be checked" in reason


def test_the_first_of_equals_decides() -> None:
    assert judge_file([face(0.2), face(0.9), face(0.9)])[3] == 1


def test_a_severer_verdict_outranks_a_higher_score() -> None:
    """A later check may demote a high score to inconclusive; it must not then hide a flagged face."""
    demoted = FaceResult(face(0.99).crop, Verdict.INCONCLUSIVE, Sentence("Demoted."), 0.99)
    assert judge_file([demoted, face(0.8)])[0] is Verdict.SOME_SIGNS


def test_a_single_face_speaks_for_itself() -> None:
    assert judge_file([face(0.8)])[1] == face(0.8).reason


def every_sentence() -> list[str]:
    scores = (0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95, 1.0)
    bad = ({"size_px": 1}, {"sharpness": 1}, {"brightness": 1}, {"brightness": 250}, {"yaw": 2})
    rejections = [judge_quality(FaceQuality(**{**vars(GOOD), **change}), GATES) for change in bad]
    assert [rejection and rejection.obstacle for rejection in rejections] == [
        Obstacle.TOO_SMALL,
        Obstacle.TOO_BLURRED,
        Obstacle.TOO_DARK,
        Obstacle.TOO_BRIGHT,
        Obstacle.TURNED_AWAY,
    ]
    gated = [rejection.reason for rejection in rejections if rejection is not None]
    files: tuple[list[FaceResult], ...] = (
        [],
        [face(None)],
        [face(None)] * 2,
        [face(0.1), face(None)],
        [face(0.1), face(None), face(None)],
    )
    return [*(judge_face(p, BANDS)[1] for p in scores), *gated, *(judge_file(faces)[1] for faces in files), *LIMITS]


def test_no_sentence_claims_what_a_score_cannot_show() -> None:
    for sentence in every_sentence():
        assert not FORBIDDEN.search(sentence), sentence
        assert sentence == sentence.strip()
        assert sentence.endswith(".")
        assert "  " not in sentence


def test_every_negative_carries_its_caveat_and_every_positive_too() -> None:
    for p_fake, caveat in (
        (0.1, "not an all-clear"),
        (0.5, "look alike"),
        (0.8, "weak evidence"),
        (0.99, "not proof"),
    ):
        assert caveat in judge_face(p_fake, BANDS)[1]
        assert caveat in judge_file([face(p_fake), face(None)])[1]


def test_no_clear_signs_is_withheld_where_more_than_a_tenth_went_unseen() -> None:
    calm = face(0.1)
    assert withhold_calm(calm, 0.1) is calm
    held = withhold_calm(calm, 0.25)
    assert (held.verdict, held.p_fake) == (Verdict.INCONCLUSIVE, 0.1)
    assert "We could not check 25 of every 100 pictures" in held.reason
    assert not FORBIDDEN.search(held.reason)
    for other in (face(0.5), face(0.99), face(None)):
        assert withhold_calm(other, 0.9) is other


def test_a_drawing_is_not_called_free_of_signs() -> None:
    calm = face(0.1)
    assert withhold_of_drawing(calm, 0.3) is calm
    held = withhold_of_drawing(calm, 0.8)
    assert (held.verdict, held.p_fake) == (Verdict.INCONCLUSIVE, 0.1)
    assert "a drawing, not a photo" in held.reason
    assert not FORBIDDEN.search(held.reason)
    for other in (face(0.5), face(0.99), face(None)):
        assert withhold_of_drawing(other, 0.9) is other
