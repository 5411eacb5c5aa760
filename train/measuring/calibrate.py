"""From raw scores of held-out groups to calibrated ones, and to the cuts between verdicts."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression

from detector.records import Bands, Calibration
from detector.verdict.faces import LEAST_MOVE
from train.data.domains import domain_of
from train.metrics import likelihood_ratio

__all__ = ["choose_bands", "fit_platt"]

_PENALTY = 1e6
"""Inverse strength of the penalty of the regression: next to none."""
_TOLERANCE = 1e-15
"""Of the regression's gradient."""
_GENUINE_FLAGGED = 0.015
"""Share of any domain's genuine faces that "some signs" may flag."""
_WORST_FLAGGED = 0.05
"""The same for any one source, of which fewer are at hand."""
_FAKES_CLEARED = 0.25
"""Share of fakes that "no clear signs" may pass. At .2 a quarter of the genuine faces were inconclusive, at .25 a fifth."""
_GENUINE_STRONG = 0.003
"""Share of any domain's genuine faces that may have "strong signs"."""
_STRONG_RATIO, _STRONG_RATIO_LOWER = 10.0, 10.0
"""Likelihood ratio that "strong signs" needs in every domain, and the least lower end of its 95 % interval over all of them.
(For a lower end of ten in one domain with no false alarm, its validation part would need some 400 genuine faces.)"""
_MARGIN = 1.3
"""The lowest cut that passes is one chosen among many and flatters itself, so it must pass by this factor."""
_LEAST_STRONG = 30
"""Fakes that a strong band must hold to be measured."""
_LEAST_OF_SOURCE = 20
"""Genuine faces from which on a domain or source counts for itself."""


def fit_platt(fake: np.ndarray, logits: np.ndarray) -> Calibration:
    """Platt scaling: logistic regression on the logit, both classes weighted to one half (Platt 1999).

    Args:
        fake: (N,) bool.
        logits: (N,) float, log-odds of "fake".

    Raises:
        ValueError: a higher logit does not mean a higher share of fakes; such a model must not be shipped.
    """
    center, spread = float(logits.mean()), float(logits.std()) or 1.0
    # Standardised, so that the slight penalty, without which separable classes would have no solution, weighs the same
    # whatever the scale of the logits. The column of ones is the offset, penalised like the slope.
    x = np.stack([(logits.astype(np.float64) - center) / spread, np.ones(len(logits))], axis=1)
    weight = np.where(fake, 0.5 / fake.sum(), 0.5 / (~fake).sum())
    fitted = LogisticRegression(C=_PENALTY, fit_intercept=False, solver="newton-cholesky", tol=_TOLERANCE)
    slope, offset = fitted.fit(x, fake, weight).coef_[0]
    if slope <= 0:
        raise ValueError(f"fit_platt: the scores do not rise with the share of fakes (slope {slope:.3g})")
    return Calibration(scale=float(slope / spread), offset=float(offset - slope * center / spread))


def choose_bands(fake: np.ndarray, p_fake: np.ndarray, source: np.ndarray, views: np.ndarray | None = None) -> Bands:
    """Cut calibrated scores where the measured errors allow it.

    "Some signs" starts where no more than ``_GENUINE_FLAGGED`` of the genuine faces of any domain lie above, and no more than
    ``_WORST_FLAGGED`` of those of any one source: a mean over sources would let one kind of photo pay for the others. "No
    clear signs" ends where no more than ``_FAKES_CLEARED`` of the fakes lie below; what is between is inconclusive. "Strong
    signs" starts at the lowest score above which lie no more than ``_GENUINE_STRONG`` of the genuine faces of any domain, and
    the likelihood ratio is ``_MARGIN`` times ten in every domain, with the lower end of its 95 % interval above ten over all of
    them; without such a score there is no strong band.

    The shares are of the verdicts that people get: with ``views``, a face lies above a cut if all of its views do, and below
    it likewise (``verdict.judge_stability``).

    Args:
        fake: (N,) bool.
        p_fake: (N,) float in [0, 1], calibrated.
        source: (N,) names of the collections; one with fewer than ``_LEAST_OF_SOURCE`` genuine faces does not count for itself.
        views: (N, V) float in [0, 1], calibrated scores of the views of the stability test; None where it is not made.
    """
    lowest, highest = _reach(p_fake, views)
    genuine, fakes = np.sort(lowest[~fake]), np.sort(lowest[fake])
    of_domains = _parts(lowest[~fake], np.array([domain_of(name) for name in source[~fake]]))
    some = float(np.quantile(genuine, 1 - _GENUINE_FLAGGED))
    for parts, share in ((of_domains, _GENUINE_FLAGGED), (_parts(lowest[~fake], source[~fake]), _WORST_FLAGGED)):
        some = max([some, *(float(np.quantile(scores, 1 - share)) for scores in parts)])
    # Rounded before it is used: the strong cut is compared with it.
    some = round(some, 4)
    clear = min(some, round(float(np.quantile(highest[fake], _FAKES_CLEARED)), 4))
    return Bands(clear, some, _strong_from(genuine, fakes, of_domains, some))


def _reach(p_fake: np.ndarray, views: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest score of each face over the views that moved."""
    if views is None:
        return p_fake, p_fake
    known = p_fake[:, None]
    moved = np.concatenate([known, np.where(np.abs(views - known) > LEAST_MOVE, views, known)], axis=1)
    return moved.min(1), moved.max(1)


def _parts(scores: np.ndarray, name: np.ndarray) -> list[np.ndarray]:
    """The scores by name, where there are enough of them."""
    parts = [scores[name == one] for one in np.unique(name)]
    return [part for part in parts if len(part) >= _LEAST_OF_SOURCE]


def _strong_from(genuine: np.ndarray, fakes: np.ndarray, of_domains: list[np.ndarray], some: float) -> float | None:
    # Rounded up, so that the cut as written has the measured evidence.
    candidates = np.unique(np.ceil(np.concatenate([genuine, fakes]) * 1000) / 1000)
    for cut in candidates[(candidates >= some) & (candidates <= 1)]:
        hits = int((fakes >= cut).sum())
        if hits < _LEAST_STRONG:
            break
        if any((scores >= cut).mean() > _GENUINE_STRONG for scores in (genuine, *of_domains)):
            continue
        ratios = [
            likelihood_ratio(hits, len(fakes), int((scores >= cut).sum()), len(scores))
            for scores in (genuine, *of_domains)
        ]
        if ratios[0][1] > _STRONG_RATIO_LOWER and all(ratio >= _MARGIN * _STRONG_RATIO for ratio, _ in ratios):
            return round(float(cut), 4)
    return None
