"""Which views are scored: those that could change a verdict, by how far views moved held-out faces."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from detector.probes.spread import telling_views
from detector.probes.stability import CUT_VIEWS
from detector.records import Bands, Calibration, Verdict, ViewSpread

BANDS = Bands(0.4, 0.7, 0.9)
CALIBRATION = Calibration()
NARROW, WIDE = (0.1, 0.1), (9.0, 9.0)
JPEG_ONLY = ViewSpread(
    logits=(-5.0, 5.0),
    falls={"jpeg": WIDE, "half_size": NARROW, "shifted": NARROW},
    rises={"jpeg": WIDE, "half_size": NARROW, "shifted": NARROW},
    faces=1000,
    fitted_with="a test",
)


def told(verdict: Verdict, p_fake: float, spread: ViewSpread | None, apart: float = 0.0) -> tuple[str, ...]:
    logit = math.log(p_fake / (1 - p_fake))
    sides = np.array([logit - apart, logit + apart], np.float32)
    return telling_views(verdict, logit, sides, CALIBRATION, BANDS, spread)


@pytest.mark.parametrize(
    ("verdict", "p_fake"),
    [(Verdict.NO_CLEAR_SIGNS, 0.1), (Verdict.SOME_SIGNS, 0.8), (Verdict.STRONG_SIGNS, 0.99)],
)
def test_only_views_that_reach_a_cut_are_scored(verdict: Verdict, p_fake: float) -> None:
    assert told(verdict, p_fake, JPEG_ONLY) == ("jpeg",)


@pytest.mark.parametrize(
    ("verdict", "p_fake"),
    [(Verdict.NO_CLEAR_SIGNS, 0.39), (Verdict.SOME_SIGNS, 0.701), (Verdict.STRONG_SIGNS, 0.901)],
)
def test_beside_a_cut_all_are(verdict: Verdict, p_fake: float) -> None:
    assert told(verdict, p_fake, JPEG_ONLY) == CUT_VIEWS


def test_what_is_inconclusive_stays_so_without_any() -> None:
    assert told(Verdict.INCONCLUSIVE, 0.5, JPEG_ONLY) == ()
    # By the mirror image too: 0.3 and its sides, 0.05 and 0.79, lie in several bands.
    assert told(Verdict.NO_CLEAR_SIGNS, 0.3, JPEG_ONLY, apart=2.2) == ()
    # A high score of a blurred face is inconclusive as well.
    assert told(Verdict.INCONCLUSIVE, 0.95, JPEG_ONLY) == ()


def test_signs_that_may_only_grow_stay_some_signs() -> None:
    upwards = replace(JPEG_ONLY, falls=dict.fromkeys(CUT_VIEWS, NARROW), rises=dict.fromkeys(CUT_VIEWS, WIDE))
    assert told(Verdict.SOME_SIGNS, 0.8, upwards) == ()


def test_without_a_spread_all_are_scored_as_are_views_that_it_does_not_know() -> None:
    assert told(Verdict.INCONCLUSIVE, 0.5, None) == CUT_VIEWS
    unknown = replace(JPEG_ONLY, falls={"jpeg": NARROW}, rises={"jpeg": NARROW})
    assert told(Verdict.NO_CLEAR_SIGNS, 0.1, unknown) == ("half_size", "shifted")


def test_between_knots_the_reach_is_interpolated_and_beyond_them_kept() -> None:
    spread = ViewSpread((0.0, 2.0), {"jpeg": (1.0, 3.0)}, {"jpeg": (0.0, 4.0)}, 1000, "a test")
    assert spread.reach("jpeg", 0.5) == pytest.approx((1.5, 1.0))
    assert spread.reach("jpeg", -9.0) == (1.0, 0.0)
    assert spread.reach("jpeg", 9.0) == (3.0, 4.0)
    assert spread.reach("shifted", 0.0) == (math.inf, math.inf)


@pytest.mark.parametrize(
    "changes",
    [{"logits": (1.0, 0.0)}, {"logits": (0.0,)}, {"rises": {"jpeg": (1.0,)}}, {"falls": {"jpeg": (1.0, -1.0)}}],
)
def test_a_spread_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="ViewSpread"):
        replace(JPEG_ONLY, **changes)  # type: ignore[arg-type]
