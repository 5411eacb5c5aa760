"""Measures against values worked out by hand or by definition."""

from __future__ import annotations

import numpy as np
import pytest

from train.metrics import (
    auc,
    auc_interval,
    bootstrap_interval,
    calibration_error,
    cllr,
    equal_error_rate,
    likelihood_ratio,
    reliability,
    roc,
    tpr_at_fpr,
    wilson,
)

FAKE = np.array([True, True, False, True, False, False])
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.6, 0.1])


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    fake = rng.random(60) < 0.4
    scores = np.round(rng.normal(size=60) + fake, 1)  # rounded, so that there are ties
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[fake] for n in scores[~fake]]
    assert auc(fake, scores) == pytest.approx(np.mean(pairs))


def test_auc_of_a_constant_answer_is_one_half() -> None:
    assert auc(np.array([True, False, False]), np.zeros(3)) == 0.5


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ties", [False, True])
def test_area_and_curve_are_those_of_the_published_definitions(seed: int, ties: bool) -> None:
    """Ranks with ties counted half (Hanley and McNeil 1982), and the curve by counting (Fawcett 2006, algorithm 1)."""
    rng = np.random.default_rng(seed)
    fake = rng.random(int(rng.integers(5, 800))) < 0.4
    fake[:2] = True, False
    scores = rng.normal(size=len(fake)) + fake
    scores = np.round(scores, 1) if ties else scores
    positives, negatives = int(fake.sum()), int((~fake).sum())

    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = float((np.cumsum(counts) - (counts - 1) / 2)[inverse][fake].sum())
    by_ranks = (ranks - positives * (positives + 1) / 2) / (positives * negatives)
    assert auc(fake, scores) == pytest.approx(by_ranks, abs=1e-9)
    # All samples are one group, so that every draw is the whole: the interval counts as the area does.
    assert auc_interval(fake, scores, np.zeros(len(fake)), rounds=1) == pytest.approx((by_ranks, by_ranks), abs=1e-9)

    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    alarms, hits = roc(fake, scores)
    np.testing.assert_allclose(hits, np.append(0, np.cumsum(fake[order])[last_of_ties] / positives), atol=1e-9)
    np.testing.assert_allclose(alarms, np.append(0, np.cumsum(~fake[order])[last_of_ties] / negatives), atol=1e-9)


def test_auc_needs_both_classes() -> None:
    with pytest.raises(ValueError, match="3 fake and 0 genuine"):
        auc(np.ones(3, bool), np.arange(3.0))


def test_interval_holds_the_value_and_widens_with_few_groups() -> None:
    rng = np.random.default_rng(1)
    fake = np.arange(400) % 2 == 0
    scores = rng.normal(size=400) + 1.2 * fake
    many = auc_interval(fake, scores, np.arange(400))
    # Each group is one picture repeated: a tenth of the evidence, so the interval must be wider.
    few = auc_interval(np.repeat(fake[:40], 10), np.repeat(scores[:40], 10), np.repeat(np.arange(40), 10))
    assert many[0] < auc(fake, scores) < many[1]
    assert few[1] - few[0] > 1.5 * (many[1] - many[0])


def test_roc_by_hand() -> None:
    alarms, hits = roc(FAKE, SCORES)
    # At 0.9, 0.8, 0.7, the tie at 0.6, and 0.1.
    np.testing.assert_allclose(alarms, [0, 0, 0, 1 / 3, 2 / 3, 1])
    np.testing.assert_allclose(hits, [0, 1 / 3, 2 / 3, 2 / 3, 1, 1])


def test_area_under_the_curve_is_the_auc() -> None:
    rng = np.random.default_rng(3)
    fake = rng.random(300) < 0.3
    scores = np.round(rng.normal(size=300) + fake, 1)
    alarms, hits = roc(fake, scores)
    assert np.trapezoid(hits, alarms) == pytest.approx(auc(fake, scores))


def test_rates_at_an_operating_point_by_hand() -> None:
    # A third of the genuine is flagged and a third of the fakes missed at 0.7.
    assert equal_error_rate(FAKE, SCORES) == pytest.approx(1 / 3)
    assert tpr_at_fpr(FAKE, SCORES, 0.01) == pytest.approx(2 / 3)
    assert tpr_at_fpr(FAKE, SCORES, 0.7) == pytest.approx(1.0)


def test_equal_error_rate_at_its_limits() -> None:
    fake = np.array([False, False, True, True])
    assert equal_error_rate(fake, np.array([0.1, 0.2, 0.8, 0.9])) == pytest.approx(0.0)
    assert equal_error_rate(fake, np.zeros(4)) == pytest.approx(0.5)


def test_calibration_error_by_hand() -> None:
    fake = np.array([True, False, False, False])
    p_fake = np.array([0.9, 0.9, 0.1, 0.1])
    # Two bins of weight one half: 0.9 against 1/2, and 0.1 against 0.
    assert calibration_error(fake, p_fake, balanced=False) == pytest.approx(0.5 * 0.4 + 0.5 * 0.1)
    # Balanced: the upper bin holds 1/2 + 1/6 of the weight, three quarters of it fake.
    assert calibration_error(fake, p_fake, balanced=True) == pytest.approx(2 / 3 * 0.15 + 1 / 3 * 0.1)


def test_reliability_keeps_empty_bins_apart_and_holds_a_score_of_one() -> None:
    score, share, weight = reliability(np.array([True, False]), np.array([1.0, 0.0]), balanced=False)
    assert weight[-1] == weight[0] == 0.5 and share[-1] == 1 and score[0] == 0
    assert np.isnan(share[1:-1]).all() and weight.sum() == pytest.approx(1)


def test_likelihood_ratio_by_hand() -> None:
    ratio, lower = likelihood_ratio(hits=50, fakes=100, alarms=4, genuine=99)
    assert ratio == pytest.approx(0.5 / 0.045)
    assert lower == pytest.approx(ratio * np.exp(-1.96 * np.sqrt(1 / 50 - 1 / 100 + 1 / 4.5 - 1 / 100)))
    assert likelihood_ratio(0, 100, 0, 100) == (0.0, 0.0)


def test_wilson_by_its_published_example() -> None:
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_a_statistic_that_is_never_defined_is_refused() -> None:
    with pytest.raises(ValueError, match="none of 5 draws"):
        bootstrap_interval(lambda drawn: None, np.arange(3), rounds=5)


def test_cllr_is_one_for_a_constant_answer_and_nought_for_a_perfect_one() -> None:
    assert cllr(FAKE, np.full(6, 0.5)) == pytest.approx(1.0)
    assert cllr(FAKE, FAKE.astype(float)) == pytest.approx(0.0, abs=1e-6)
    # Half the bits of "fake" at 0.8 and of "genuine" at 0.25.
    scores = np.where(FAKE, 0.8, 0.25)
    assert cllr(FAKE, scores) == pytest.approx(0.5 * (-np.log2(0.8) - np.log2(0.75)))
    assert cllr(FAKE, 1 - scores) > 1
