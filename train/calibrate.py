"""From raw scores of held-out groups to calibrated ones, and to the cuts between verdicts."""

from __future__ import annotations

import numpy as np

from detector.records import Bands, Calibration

__all__ = ["choose_bands", "fit_platt"]

_GENUINE_FLAGGED = 0.07
"""Share of genuine faces that "some signs" may flag."""
_FAKES_CLEARED = 0.12
"""Share of fakes that "no clear signs" may pass."""
_STRONG_RATIO, _STRONG_RATIO_LOWER = 10.0, 5.0
"""Likelihood ratio that "strong signs" needs, and the least lower bound of its 95 % interval."""


def fit_platt(fake: np.ndarray, logits: np.ndarray, rounds: int = 50) -> Calibration:
    """Platt scaling by Newton's method, both classes weighted to one half (Platt 1999).

    Args:
        fake: (N,) bool.
        logits: (N,) float, log-odds of "fake".
        rounds: Newton steps; a handful is enough.

    Raises:
        ValueError: a higher logit does not mean a higher share of fakes; such a model must not be shipped.
    """
    center, spread = float(logits.mean()), float(logits.std()) or 1.0
    # Newton's steps are taken on standardised logits from a flat start: on raw ones they can overshoot and run away.
    x = np.stack([(logits.astype(np.float64) - center) / spread, np.ones(len(logits))], axis=1)
    weight = np.where(fake, 0.5 / fake.sum(), 0.5 / (~fake).sum())
    theta = np.zeros(2)
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-x @ theta))
        gradient = x.T @ (weight * (p - fake)) + 1e-6 * theta
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2)
        theta = theta - np.linalg.solve(hessian, gradient)
    if theta[0] <= 0:
        raise ValueError(f"fit_platt: the scores do not rise with the share of fakes (slope {theta[0]:.3g})")
    return Calibration(scale=float(theta[0] / spread), offset=float(theta[1] - theta[0] * center / spread))


def choose_bands(fake: np.ndarray, p_fake: np.ndarray) -> Bands:
    """Cut calibrated scores where the measured errors allow it.

    "Some signs" starts where no more than ``_GENUINE_FLAGGED`` of the genuine faces lie above, "no clear signs" ends where
    no more than ``_FAKES_CLEARED`` of the fakes lie below; what is between is inconclusive. "Strong signs" starts at the
    lowest score above which fakes are at least ten times as frequent as genuine faces, the lower 95 % bound (Katz et al.
    1978) being above five; without such a score there is no strong band.
    """
    genuine, fakes = np.sort(p_fake[~fake]), np.sort(p_fake[fake])
    some = float(np.quantile(genuine, 1 - _GENUINE_FLAGGED))
    clear = min(some, float(np.quantile(fakes, _FAKES_CLEARED)))
    strong = None
    for cut in np.unique(np.round(p_fake[p_fake >= some], 3)):
        hits, alarms = int((fakes >= cut).sum()), int((genuine >= cut).sum())
        if hits < 30:
            break
        # Half an alarm is added: a band without any false alarm in the sample is not a band without false alarms.
        hit_rate, alarm_rate = hits / len(fakes), (alarms + 0.5) / (len(genuine) + 1)
        spread = 1.96 * np.sqrt(1 / hits - 1 / len(fakes) + 1 / (alarms + 0.5) - 1 / (len(genuine) + 1))
        ratio = hit_rate / alarm_rate
        if ratio >= _STRONG_RATIO and ratio * np.exp(-spread) > _STRONG_RATIO_LOWER:
            strong = float(cut)
            break
    return Bands(round(clear, 4), round(some, 4), None if strong is None else max(round(strong, 4), round(some, 4)))
