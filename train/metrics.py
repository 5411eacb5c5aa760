"""Measures of a detector. "Positive" means fake everywhere."""

from __future__ import annotations

import numpy as np

__all__ = ["auc", "auc_interval"]


def auc(fake: np.ndarray, scores: np.ndarray) -> float:
    """Area under the ROC curve by ranks, ties counted half (Hanley and McNeil 1982).

    Args:
        fake: (N,) bool, True where the sample is fake.
        scores: (N,) float, higher means more fake.

    Raises:
        ValueError: one of the classes is absent, so that the area is not defined.
    """
    positives, negatives = int(fake.sum()), int((~fake).sum())
    if not positives or not negatives:
        raise ValueError(f"auc: expected both classes, got {positives} fake and {negatives} genuine samples")
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_ranks = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mean_ranks[inverse][fake].sum())
    return (rank_sum - positives * (positives + 1) / 2) / (positives * negatives)


def auc_interval(
    fake: np.ndarray, scores: np.ndarray, groups: np.ndarray, rounds: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """95 % percentile bootstrap interval of ``auc``, drawing whole groups with replacement (Efron and Tibshirani 1993).

    Args:
        fake: as for ``auc``.
        scores: as for ``auc``.
        groups: (N,) labels of the units that are drawn: source video, person or photo.
        rounds: draws.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    _, inverse = np.unique(groups, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
    values = []
    for _ in range(rounds):
        drawn = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        if 0 < fake[drawn].sum() < len(drawn):
            values.append(auc(fake[drawn], scores[drawn]))
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
