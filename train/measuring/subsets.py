"""Samples of files that an evaluation scores besides the whole subset: fixed, in hashed order, whole groups at a time."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from train.data.cache import Sample

__all__ = ["like", "some_groups"]


def _order(sample: Sample) -> bytes:
    return hashlib.sha256(f"evaluate/{sample.source}/{sample.group}".encode()).digest()


def some_groups(samples: Sequence[Sample], files: int) -> list[Sample]:
    """About so many files, whole groups, of every source that holds both classes in its share of the whole.

    A source's shares of genuine and fake files, and of methods, stay roughly as they are, since groups are drawn by hash.
    """
    labels: dict[str, set[str]] = defaultdict(set)
    for sample in samples:
        labels[sample.source].add(sample.label)
    usable = [sample for sample in samples if len(labels[sample.source]) == 2]
    share = min(1.0, files / max(1, len(usable)))
    chosen: list[Sample] = []
    for source in sorted({sample.source for sample in usable}):
        groups: dict[bytes, list[Sample]] = defaultdict(list)
        for sample in usable:
            if sample.source == source:
                groups[_order(sample)].append(sample)
        wanted, taken = share * sum(len(members) for members in groups.values()), 0
        for key in sorted(groups):
            if taken >= wanted:
                break
            chosen += groups[key]
            taken += len(groups[key])
    return chosen


def like(model: Sequence[Sample], pool: Sequence[Sample], share: float, without: Collection[str]) -> list[Sample]:
    """Files of ``pool`` composed as ``model`` is: as many of every source, label and method, times ``share``.

    Args:
        model: whose composition is copied.
        pool: what is drawn from; where it holds too few of a kind, all of them are taken.
        share: of the numbers in ``model``.
        without: paths that must not be drawn.
    """
    wanted = {cell: max(1, round(share * count)) for cell, count in Counter(map(_cell, model)).items()}
    taken: Counter[tuple[str, str, str]] = Counter()
    chosen = []
    for sample in sorted(pool, key=lambda s: (_order(s), s.path)):
        cell = _cell(sample)
        if sample.path not in without and taken[cell] < wanted.get(cell, 0):
            taken[cell] += 1
            chosen.append(sample)
    return chosen


def _cell(sample: Sample) -> tuple[str, str, str]:
    return sample.source, sample.label, sample.method
