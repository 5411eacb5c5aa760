"""A clip that is altered for a short part: which parts are raised, and what is said of them."""

from __future__ import annotations

import pytest

from detector.records import ShortPart, Verdict
from detector.sentences import Sentence
from detector.verdict.clips import judge_short_parts, short_parts
from detector.words.results import clock

RULE = ShortPart(frames=2, cut=1.0, genuine=100, raised=1, fitted_with="by hand")
CALM = Sentence("Nothing was found.")


def parts(logits: list[float], samples: list[int] | None = None) -> list[tuple[float, float, float]]:
    places = samples or list(range(len(logits)))
    return short_parts(places, [2.0 * place for place in places], logits, RULE)


def test_a_run_counts_by_its_mean_and_not_by_a_single_frame() -> None:
    assert parts([-4, -4, 3, -4, -4]) == []
    assert parts([-4, -4, 3, 0, -4]) == [(4.0, 6.0, 1.5)]
    assert parts([-4, -4, 3, 3, 3, -4, -4, 5, -2, 4]) == [(4.0, 8.0, 3.0), (14.0, 18.0, 1.5)]
    assert parts([1.0, 1.0]) == [(0.0, 2.0, 1.0)], "the cut itself counts"
    assert parts([9.0]) == []


def test_frames_on_both_sides_of_one_that_is_missing_are_no_run() -> None:
    assert parts([-4, 5, 5, -4], samples=[0, 1, 3, 4]) == []
    assert parts([-4, 5, 5, -4], samples=[0, 1, 2, 4]) == [(2.0, 4.0, 5.0)]


def test_only_what_shows_no_signs_as_a_whole_is_changed_and_the_highest_part_is_named() -> None:
    found = parts([3, 1, -4, -4, 5, 5])
    verdict, reason = judge_short_parts(Verdict.NO_CLEAR_SIGNS, CALM, found, clock)
    assert verdict is Verdict.SOME_SIGNS
    assert "from 0:08.0 to 0:10.0" in reason
    assert judge_short_parts(Verdict.INCONCLUSIVE, CALM, found, clock)[0] is Verdict.SOME_SIGNS
    for stays in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS, Verdict.NOT_ANALYSED):
        assert judge_short_parts(stays, CALM, found, clock) == (stays, CALM)
    assert judge_short_parts(Verdict.NO_CLEAR_SIGNS, CALM, [], clock) == (Verdict.NO_CLEAR_SIGNS, CALM)


@pytest.mark.parametrize("wrong", [(0, 1.0, 5, 1), (2, float("nan"), 5, 1), (2, 1.0, 5, 6), (2, 1.0, 5, -1)])
def test_a_rule_that_cannot_be_is_refused(wrong: tuple[int, float, int, int]) -> None:
    with pytest.raises(ValueError, match="ShortPart"):
        ShortPart(*wrong, fitted_with="by hand")
