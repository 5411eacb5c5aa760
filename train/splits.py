"""Splits that never cut a group."""

from __future__ import annotations

import hashlib
from collections import defaultdict

import numpy as np

from train.data import Cache, Sample

__all__ = ["carve_validation"]


def carve_validation(cache: Cache, share: float = 0.08) -> tuple[np.ndarray, np.ndarray]:
    """Split the ``train`` subset into training and validation indices by group; ``dev`` is in neither.

    In every source about ``share`` of the groups, in the order of a hash of their names, so that the split is the same in
    every run and adding one source moves nothing in another.
    """
    members: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index in cache.where(subset="train").tolist():
        sample = cache.samples[index]
        members[sample.source][_unit(sample)].append(index)
    train: list[int] = []
    validation: list[int] = []
    for source, units in sorted(members.items()):
        total = sum(len(indices) for indices in units.values())
        taken = 0
        for unit in sorted(units, key=lambda name: hashlib.sha256(f"{source}/{name}".encode()).digest()):
            side = validation if taken < share * total else train
            taken += len(units[unit]) if side is validation else 0
            side += units[unit]
    return np.array(sorted(train), np.int64), np.array(sorted(validation), np.int64)


def _unit(sample: Sample) -> str:
    """The group; for FaceForensics++, whose group numbers are only near the true video, 24 neighbouring numbers at once."""
    digits = "".join(c for c in sample.group if c.isdigit())
    if sample.source.startswith("ffpp") and digits:
        return f"videos {int(digits) // 24 * 24}"
    return sample.group
