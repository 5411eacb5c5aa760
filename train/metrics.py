"""Measures of a detector. "Positive" means fake everywhere; scores rise with suspicion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score, roc_curve

__all__ = [
    "auc",
    "auc_gain_interval",
    "auc_interval",
    "bootstrap_interval",
    "calibration_error",
    "cllr",
    "equal_error_rate",
    "likelihood_ratio",
    "reliability",
    "roc",
    "tpr_at_fpr",
    "wilson",
]

BINS = 15
"""Of the calibration error, as usual since Guo et al., "On calibration of modern neural networks", ICML 2017."""


def auc(fake: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve (scikit-learn's ``roc_auc_score``).

    Args:
        fake: (N,) bool, True where the sample is fake.
        scores: (N,) float, higher means more fake.

    Raises:
        ValueError: one of the classes is absent, so that the area is not defined.
    """
    _both_classes("auc", fake)
    return float(roc_auc_score(fake, scores))


def _both_classes(name: str, fake: np.ndarray) -> tuple[int, int]:
    positives, negatives = int(fake.sum()), int((~fake).sum())
    if not positives or not negatives:
        raise ValueError(f"{name}: expected both classes, got {positives} fake and {negatives} genuine samples")
    return positives, negatives


def auc_interval(
    fake: np.ndarray, scores: np.ndarray, groups: np.ndarray, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of ``auc`` by ``bootstrap_interval``.

    Args:
        fake: as for ``auc``.
        scores: as for ``auc``.
        groups: as for ``bootstrap_interval``.
        rounds: draws.
        seed: of the draws.
    """

    return bootstrap_interval(lambda drawn: _rank_auc(fake[drawn], scores[drawn]), groups, rounds, seed)


def auc_gain_interval(
    fake: np.ndarray, scores: np.ndarray, before: np.ndarray, groups: np.ndarray, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % interval of the ``auc`` of ``scores`` less that of ``before`` on the same samples; else as ``auc_interval``."""

    def of_drawn(drawn: np.ndarray) -> float | None:
        after, earlier = _rank_auc(fake[drawn], scores[drawn]), _rank_auc(fake[drawn], before[drawn])
        return None if after is None or earlier is None else after - earlier

    return bootstrap_interval(of_drawn, groups, rounds, seed)


def _rank_auc(fake: np.ndarray, scores: np.ndarray) -> float | None:
    """The same area as a rank sum (Hanley and McNeil 1982): a thousand draws would wait long for ``roc_auc_score``. None where
    a class is absent."""
    positives, negatives = int(fake.sum()), int((~fake).sum())
    if not positives or not negatives:
        return None
    ranks = float(rankdata(scores)[fake].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def bootstrap_interval(
    statistic: Callable[[np.ndarray], float | None], groups: np.ndarray, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile interval, drawing whole groups with replacement (Efron and Tibshirani 1993, chapter 13).

    Args:
        statistic: takes the indices of the drawn samples; None where it is not defined for them.
        groups: (N,) labels of the units that are drawn: source video, person or photo.
        rounds: draws.
        seed: of the draws.

    Raises:
        ValueError: the statistic is defined for no draw.
    """
    rng = np.random.default_rng(seed)
    _, inverse = np.unique(groups, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    values = []
    for _ in range(rounds):
        value = statistic(np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))]))
        if value is not None:
            values.append(value)
    if not values:
        raise ValueError(f"bootstrap_interval: the statistic is defined for none of {rounds} draws; give more groups")
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def roc(fake: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The ROC curve at every distinct score (scikit-learn's ``roc_curve``).

    Returns:
        False and true positive rates, (K,) float64 each, both rising from 0 to 1.
    """
    _both_classes("roc", fake)
    alarms, hits, _ = roc_curve(fake, scores, drop_intermediate=False)
    return alarms, hits


def equal_error_rate(fake: np.ndarray, scores: np.ndarray) -> float:
    """Where as many genuine samples are flagged as fakes are missed; linear between the points of the ROC curve."""
    alarms, hits = roc(fake, scores)
    excess = alarms - (1 - hits)  # rises from -1 to 1
    after = int(np.argmax(excess >= 0))
    before = after - 1
    share = -excess[before] / (excess[after] - excess[before])
    return float(alarms[before] + share * (alarms[after] - alarms[before]))


def tpr_at_fpr(fake: np.ndarray, scores: np.ndarray, limit: float) -> float:
    """Share of fakes found by the best cut that flags at most ``limit`` of the genuine samples; nothing is interpolated."""
    alarms, hits = roc(fake, scores)
    return float(hits[alarms <= limit].max())


def reliability(
    fake: np.ndarray, p_fake: np.ndarray, *, balanced: bool, bins: int = BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a reliability picture shows (Guo et al. 2017, section 2), over bins of equal width.

    Args:
        fake: (N,) bool.
        p_fake: (N,) float in [0, 1].
        balanced: weigh both classes as one half, as the calibration does; else every sample weighs the same.
        bins: their number.

    Returns:
        Mean score, share of fakes and share of the weight by bin, (bins,) float64 each; NaN, NaN and 0 for an empty bin.
    """
    weight = np.full(len(fake), 1 / len(fake))
    if balanced:
        positives, negatives = _both_classes("reliability", fake)
        weight = np.where(fake, 0.5 / positives, 0.5 / negatives)
    place = np.minimum((p_fake * bins).astype(int), bins - 1)
    total = np.bincount(place, weight, bins)
    with np.errstate(invalid="ignore"):
        score = np.bincount(place, weight * p_fake, bins) / total
        share = np.bincount(place, weight * fake, bins) / total
    return score, share, total


def calibration_error(fake: np.ndarray, p_fake: np.ndarray, *, balanced: bool, bins: int = BINS) -> float:
    """Expected calibration error: the mean distance between score and share of fakes (Guo et al. 2017, equation 3)."""
    score, share, weight = reliability(fake, p_fake, balanced=balanced, bins=bins)
    return float(np.nansum(weight * np.abs(score - share)))


def cllr(fake: np.ndarray, p_fake: np.ndarray) -> float:
    """Cost of the log-likelihood ratio, bits (Brummer and du Preez 2006, equation 18): 0 for a perfect detector, 1 for one that
    always says one half; above 1 its scores do more harm than none.

    Args:
        fake: (N,) bool, with both classes.
        p_fake: (N,) float in [0, 1], calibrated for classes of one half each.
    """
    _both_classes("cllr", fake)
    p = np.clip(p_fake, 1e-9, 1 - 1e-9)
    return float(0.5 * (-np.log2(p[fake]).mean() - np.log2(1 - p[~fake]).mean()))


def likelihood_ratio(hits: int, fakes: int, alarms: int, genuine: int) -> tuple[float, float]:
    """How many times more often fakes than genuine faces fall into a band, and the lower end of the 95 % interval.

    Interval on the logarithm (Katz et al., Biometrics 1978). Half an alarm in one more genuine face is added: a band
    without any false alarm in the sample is not a band without false alarms.

    Args:
        hits: fakes in the band.
        fakes: all fakes.
        alarms: genuine faces in the band.
        genuine: all genuine faces.

    Returns:
        (0.0, 0.0) where no fake is in the band.
    """
    if not hits:
        return 0.0, 0.0
    ratio = (hits / fakes) / ((alarms + 0.5) / (genuine + 1))
    spread = 1.96 * np.sqrt(1 / hits - 1 / fakes + 1 / (alarms + 0.5) - 1 / (genuine + 1))
    return float(ratio), float(ratio * np.exp(-spread))


def wilson(count: int, total: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927), which stays honest for few samples and shares near 0 or 1."""
    if not total:
        return 0.0, 1.0
    z, share = 1.96, count / total
    middle = share + z * z / (2 * total)
    half: Any = z * np.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))
