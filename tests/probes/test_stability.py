"""Small changes are really made, are small, and take a verdict back only where they cross a boundary."""

from __future__ import annotations

import numpy as np
import pytest
import skimage.data

from detector.faces.crops import crop_face
from detector.probes import stability
from detector.probes.stability import CUT_VIEWS, VIEWS, of_crop, view_scores, views
from detector.records import Bands, Box, Calibration, CropSpec, Detection, Frame, Verdict
from detector.sentences import of_hundred
from detector.verdict.faces import judge_face, judge_stability

BANDS = Bands(0.3, 0.7, 0.9)
SPEC = CropSpec(64, 0.25)
FRAME = Frame(np.ascontiguousarray(skimage.data.astronaut()))


def detection(left: float = 170, top: float = 60, side: float = 110, roll: float = 0.0) -> Detection:
    """A face there, its eyes tilted by so many degrees."""
    center = np.array([left + side / 2, top + side / 2])
    angle = np.deg2rad(roll)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.array([[-0.2, -0.1], [0.2, -0.1], [0, 0.05], [0, 0.2], [-0.35, 0], [0.35, 0]]) * side @ turn.T + center
    return Detection(Box(left, top, left + side, top + side), points.astype(np.float32), 0.9)


PLACES = [
    pytest.param(detection(), id="inside"),
    pytest.param(detection(0, 0, 120), id="in the corner"),
    pytest.param(detection(400, 380, 150), id="beyond the edge"),
    pytest.param(detection(roll=35), id="turned"),
    pytest.param(detection(20, 20, 110, roll=-40), id="turned near the border"),
    pytest.param(detection(60, 60, 390), id="as large as the picture"),
]


@pytest.mark.parametrize("face", PLACES)
def test_a_view_shows_the_same_square(face: Detection, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a JPEG that changes nothing, its view is the scored crop to the last byte."""
    monkeypatch.setattr(stability, "through_jpeg", lambda rgb, quality: rgb)
    scored = crop_face(FRAME, face, SPEC).rgb
    jpeg, half, _ = views(FRAME, face, SPEC).values()
    assert np.array_equal(jpeg, scored)
    assert difference(half, scored) < 12


@pytest.mark.parametrize("face", PLACES)
def test_every_view_differs_a_little(face: Detection) -> None:
    scored = crop_face(FRAME, face, SPEC).rgb
    found = views(FRAME, face, SPEC)
    assert tuple(found) == CUT_VIEWS
    for name, view in found.items():
        assert view.shape == scored.shape and view.dtype == np.uint8
        assert 0 < difference(view, scored) < 50, name


def test_a_crop_alone_has_views_too() -> None:
    scored = crop_face(FRAME, detection(), SPEC)
    for name, view in of_crop(scored, SPEC).items():
        assert 0 < difference(view, scored.rgb) < 50, name


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def test_views_are_calibrated_like_the_score() -> None:
    # A view is compared with the crop as it is, 1, and what it changes counts from the score, 2.
    sides, cut = np.array([1.0, 3.0], np.float32), dict(zip(CUT_VIEWS, (-1.0, 1.0, 3.0), strict=True))
    scores = view_scores(sides, cut, Calibration(1.0, 0.0))
    assert tuple(scores) == VIEWS
    assert scores["half_size"] == pytest.approx(1 / (1 + np.exp(-2)))
    assert scores["jpeg"] == pytest.approx(0.5)
    # Moved to another base, the distances stay: 2 was the score's own logit.
    moved = view_scores(sides, cut, Calibration(1.0, 0.0), base=0.0)
    assert moved["half_size"] == pytest.approx(0.5)
    assert moved["as_is"] == pytest.approx(1 / (1 + np.exp(1)))


@pytest.mark.parametrize(
    ("p_fake", "views_seen", "verdict", "holds"),
    [
        (0.1, (0.1, 0.2, 0.05), Verdict.NO_CLEAR_SIGNS, True),
        (0.1, (0.1, 0.35, 0.05), Verdict.INCONCLUSIVE, False),
        (0.1, (0.1, 0.95, 0.05), Verdict.INCONCLUSIVE, False),
        (0.5, (0.4, 0.6), Verdict.INCONCLUSIVE, True),
        (0.5, (0.2, 0.95), Verdict.INCONCLUSIVE, False),
        (0.75, (0.72, 0.85), Verdict.SOME_SIGNS, True),
        (0.75, (0.65, 0.85), Verdict.INCONCLUSIVE, False),
        (0.95, (0.91, 0.99), Verdict.STRONG_SIGNS, True),
        (0.95, (0.85, 0.99), Verdict.SOME_SIGNS, False),
        (0.75, (0.95, 0.75), Verdict.SOME_SIGNS, False),
        (0.95, (0.1, 0.99), Verdict.INCONCLUSIVE, False),
    ],
)
def test_a_verdict_that_changes_is_taken_back(
    p_fake: float, views_seen: tuple[float, ...], verdict: Verdict, holds: bool
) -> None:
    before, reason = judge_face(p_fake, BANDS)
    scores = {f"view {n}": score for n, score in enumerate(views_seen)}
    after, why, tested = judge_stability(before, reason, p_fake, scores, BANDS)
    assert (after, tested.holds) == (verdict, holds)
    if holds:
        assert why == reason
    else:
        span = (of_hundred(score, *BANDS.cuts)[0] for score in (min(p_fake, *views_seen), max(p_fake, *views_seen)))
        assert "between {} and {}".format(*span) in why


def test_nothing_becomes_more_suspicious_by_looking_again() -> None:
    order = [Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE, Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS]
    chance = np.random.default_rng(5)
    for _ in range(300):
        p_fake, *seen = (float(score) for score in chance.random(4))
        before, reason = judge_face(p_fake, BANDS)
        after, _, _ = judge_stability(before, reason, p_fake, {str(s): s for s in seen}, BANDS)
        assert after is Verdict.INCONCLUSIVE or order.index(after) <= order.index(before)
