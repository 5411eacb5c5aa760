"""Measures against values worked out by hand or by definition."""

from __future__ import annotations

import numpy as np
import pytest

from train.metrics import auc, auc_interval


def test_auc_is_the_share_of_pairs_in_the_right_order() -> None:
    rng = np.random.default_rng(0)
    fake = rng.random(60) < 0.4
    scores = np.round(rng.normal(size=60) + fake, 1)  # rounded, so that there are ties
    pairs = [(p > n) + 0.5 * (p == n) for p in scores[fake] for n in scores[~fake]]
    assert auc(fake, scores) == pytest.approx(np.mean(pairs))


def test_auc_of_a_constant_answer_is_one_half() -> None:
    assert auc(np.array([True, False, False]), np.zeros(3)) == 0.5


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
