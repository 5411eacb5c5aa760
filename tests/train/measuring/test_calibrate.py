"""Calibration and bands on scores whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from detector.records import Verdict
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_face, judge_stability
from train.measuring.calibrate import choose_bands, fit_platt


def _scores(count: int, gap: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits of two normal classes whose true log-odds are ``gap`` times the logit."""
    rng = np.random.default_rng(seed)
    fake = np.arange(count) % 2 == 0
    return fake, rng.normal(np.where(fake, gap / 2, -gap / 2), 1.0)


def test_platt_finds_the_true_log_odds() -> None:
    fake, logits = _scores(20_000, gap=1.5)
    found = fit_platt(fake, 2 * logits + 0.6)
    assert found.scale == pytest.approx(1.5 / 2, rel=0.05)
    assert found.offset == pytest.approx(-1.5 * 0.3, abs=0.05)


def test_platt_is_calibrated_at_equal_odds_whatever_the_mixture() -> None:
    fake, logits = _scores(20_000, gap=2.0)
    keep = fake | (np.random.default_rng(1).random(len(fake)) < 0.2)
    assert fit_platt(fake[keep], logits[keep]).offset == pytest.approx(0.0, abs=0.1)


def test_platt_does_not_run_away_from_weak_widely_spread_scores() -> None:
    fake, logits = _scores(2000, gap=0.2)
    found = fit_platt(fake, 40 * logits - 15)
    assert found.scale == pytest.approx(0.2 / 40, rel=0.6)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("ties", [False, True])
def test_platt_is_the_solution_by_newtons_method(seed: int, ties: bool) -> None:
    """What was fitted before scikit-learn did it: fifty Newton steps, with a ridge of 1e-6, on standardised logits."""
    rng = np.random.default_rng(seed)
    fake = np.arange(int(rng.integers(40, 900))) % 3 == 0
    logits = rng.uniform(0.2, 8) * (rng.normal(size=len(fake)) + 1.5 * fake) + rng.normal()
    logits = np.round(logits, 1) if ties else logits
    center, spread = logits.mean(), logits.std()
    x = np.stack([(logits - center) / spread, np.ones(len(logits))], axis=1)
    weight = np.where(fake, 0.5 / fake.sum(), 0.5 / (~fake).sum())
    theta = np.zeros(2)
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ theta))
        gradient = x.T @ (weight * (p - fake)) + 1e-6 * theta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2)
        theta = theta - np.linalg.solve(hessian, gradient)
    found = fit_platt(fake, logits)
    assert found.scale == pytest.approx(theta[0] / spread, rel=1e-9)
    assert found.offset == pytest.approx(theta[1] - theta[0] * center / spread, rel=1e-9, abs=1e-9)


def test_a_model_that_is_wrong_way_round_is_refused() -> None:
    fake, logits = _scores(500, gap=1.0)
    with pytest.raises(ValueError, match="do not rise"):
        fit_platt(fake, -logits)


def _one_source(fake: np.ndarray) -> np.ndarray:
    return np.full(len(fake), "a")


def test_bands_keep_their_promises() -> None:
    fake, logits = _scores(4000, gap=3.0)
    fitted = fit_platt(fake, logits)
    p_fake = np.array([calibrate(float(logit), fitted) for logit in logits])
    bands = choose_bands(fake, p_fake, _one_source(fake))
    assert (p_fake[~fake] >= bands.some_signs_from).mean() <= 0.025
    assert (p_fake[fake] < bands.no_clear_signs_below).mean() <= 0.255
    assert bands.strong_signs_from is not None and (p_fake[~fake] >= bands.strong_signs_from).mean() <= 0.003
    assert bands.strong_signs_from is not None
    strong = p_fake >= bands.strong_signs_from
    assert strong[fake].mean() >= 13 * strong[~fake].mean()


def test_a_weak_model_has_no_strong_band_and_a_wide_inconclusive_one() -> None:
    fake, logits = _scores(1000, gap=0.3)
    p_fake = 1 / (1 + np.exp(-0.3 * logits))
    bands = choose_bands(fake, p_fake, _one_source(fake))
    assert bands.strong_signs_from is None
    between = (p_fake >= bands.no_clear_signs_below) & (p_fake < bands.some_signs_from)
    assert between.mean() > 0.6


def _odd_domain() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One domain whose genuine faces score high: pooled with the others it would be flagged several times as often."""
    fake, logits = _scores(4000, gap=3.0)
    source = np.where((np.arange(len(fake)) % 10 == 1), "web_phone", "lfw")
    return fake, 1 / (1 + np.exp(-3 * (logits + 0.8 * (source == "web_phone")))), source


def test_the_domain_with_most_false_alarms_sets_the_cut() -> None:
    fake, p_fake, source = _odd_domain()
    odd = ~fake & (source == "web_phone")
    pooled = choose_bands(fake, p_fake, _one_source(fake))
    guarded = choose_bands(fake, p_fake, source)
    assert (p_fake[odd] >= pooled.some_signs_from).mean() > 0.04
    assert (p_fake[odd] >= guarded.some_signs_from).mean() <= 0.025


def test_strong_signs_hold_in_every_domain() -> None:
    fake, p_fake, source = _odd_domain()
    bands = choose_bands(fake, p_fake, source)
    assert bands.strong_signs_from is not None
    hits = (p_fake[fake] >= bands.strong_signs_from).mean()
    for domain in ("web_phone", "lfw"):
        assert hits >= 10 * (p_fake[~fake & (source == domain)] >= bands.strong_signs_from).mean()


def test_the_source_with_most_false_alarms_sets_the_cut_too() -> None:
    fake, logits = _scores(4000, gap=3.0)
    source = np.where((np.arange(len(fake)) % 40 == 1), "utkface", "lfw")
    odd = ~fake & (source == "utkface")
    p_fake = 1 / (1 + np.exp(-(logits + 1.5 * odd)))
    bands = choose_bands(fake, p_fake, source)
    assert (p_fake[odd] >= bands.some_signs_from).mean() <= 0.07


def test_a_handful_of_faces_does_not_count_for_itself() -> None:
    fake, logits = _scores(2000, gap=3.0)
    p_fake = 1 / (1 + np.exp(-logits))
    source = _one_source(fake)
    source[np.flatnonzero(~fake & (p_fake > np.quantile(p_fake[~fake], 0.995)))[:4]] = "lfw"
    assert choose_bands(fake, p_fake, source).some_signs_from < float(np.quantile(p_fake[~fake], 0.99))


def test_the_shares_are_of_verdicts_that_survive_the_stability_test() -> None:
    """A score that a view takes back does not count against the cuts, and one within the least move stands."""
    fake, logits = _scores(4000, gap=2.0)
    p_fake = 1 / (1 + np.exp(-2 * logits))
    source, noise = _one_source(fake), np.random.default_rng(2).normal(scale=0.5, size=(len(fake), 4))
    views = 1 / (1 + np.exp(-2 * (logits[:, None] + noise)))
    plain, bands = choose_bands(fake, p_fake, source), choose_bands(fake, p_fake, source, views)
    verdicts = [
        judge_stability(*judge_face(float(p), bands), float(p), {str(i): float(v) for i, v in enumerate(of)}, bands)[0]
        for p, of in zip(p_fake, views, strict=True)
    ]
    flagged = np.array([verdict in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS) for verdict in verdicts])
    cleared = np.array([verdict is Verdict.NO_CLEAR_SIGNS for verdict in verdicts])
    assert 0.012 <= flagged[~fake].mean() <= 0.016
    assert 0.24 <= cleared[fake].mean() <= 0.26
    assert bands.some_signs_from < plain.some_signs_from and bands.no_clear_signs_below > plain.no_clear_signs_below
    assert choose_bands(fake, p_fake, source, p_fake[:, None] + 0.004) == plain
