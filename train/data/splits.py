"""Splits that never cut a group, and the one that does, for those who ask for it by name.

All of them divide the ``train`` subset of a cache; ``dev`` is in none of their parts, so that its figures stay comparable.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from train.data.cache import Cache, Sample
from train.data.names import Scheme

__all__ = ["Split", "carve_validation", "split"]

_SHARES = {
    # Seed, III.A.2: 80 % training and 20 % testing, and of the training part 20 % again for validation.
    Scheme.PAPER_80_20: (0.64, 0.16, 0.20),
    # Seed, III.C.2.b: 70 % training, 20 % validation, 10 % testing.
    Scheme.PAPER_70_20_10: (0.70, 0.20, 0.10),
}
_RANDOM = (
    "a random split puts frames of one video and photos of one person on both sides, so that its validation figures tell how "
    "well faces are remembered, not how well fakes are found"
)


@dataclass(frozen=True)
class Split:
    """Disjoint, sorted indices into a cache, each (N,) int64."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    """Empty for ``Scheme.CARVE``, whose test set is ``dev``."""


def split(cache: Cache, scheme: str = Scheme.CARVE, seed: int = 42) -> Split:
    """Divide the ``train`` subset.

    Args:
        cache: as built by ``data.build_cache``.
        scheme: a ``Scheme`` or its name. "carve" takes about 8 % of each source's groups for validation; the paper's two ratios
            are kept within each source, by group; "random" ignores groups and says so on stderr.
        seed: of "random" only (the paper's listing has ``random_state=42``); the others depend on names alone.

    Raises:
        ValueError: an unknown scheme, or rows without a group, whose split would be a random one without saying so.
    """
    rows = cache.where(subset="train").tolist()
    if scheme == Scheme.RANDOM:
        print(f"--split random: {_RANDOM}; do not report them as a result.", file=sys.stderr)
        parts = _by_share(
            {"": {str(i): [i] for i in rows}}, _SHARES[Scheme.PAPER_80_20], lambda name: _order(f"{seed}/{name}")
        )
    elif scheme not in tuple(Scheme):
        raise ValueError(f"split: unknown scheme {scheme!r}; choose one of {', '.join(Scheme)}")
    elif nameless := [cache.samples[i].path for i in rows if not cache.samples[i].group]:
        raise ValueError(
            f"{len(nameless)} rows, for example {nameless[0]}, name no group (source video, person or photo): {_RANDOM}. "
            "Fill in the column, or ask for --split random by name."
        )
    elif scheme == Scheme.CARVE:
        train, validation = carve_validation(cache)
        parts = [train.tolist(), validation.tolist(), []]
    else:
        members: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index in rows:
            sample = cache.samples[index]
            members[sample.source][_unit(sample)].append(index)
        parts = _by_share(members, _SHARES[Scheme(scheme)], _order)
    if scheme != Scheme.RANDOM:
        parts = _without_shared_people(cache, parts)
    return Split(*(np.array(sorted(part), np.int64) for part in parts))


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
        for unit in sorted(units, key=lambda name: _order(f"{source}/{name}")):
            side = validation if taken < share * total else train
            taken += len(units[unit]) if side is validation else 0
            side += units[unit]
    return np.array(sorted(train), np.int64), np.array(sorted(validation), np.int64)


def _order(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def _by_share(
    members: Mapping[str, Mapping[str, list[int]]], shares: Sequence[float], order: Callable[[str], bytes]
) -> list[list[int]]:
    """Training, validation and test indices: within each source, whole units in hashed order, last part first."""
    parts: list[list[int]] = [[] for _ in shares]
    for source, units in sorted(members.items()):
        total = sum(len(indices) for indices in units.values())
        # The test part is filled first and training takes what is left: rounding never costs a small source its test.
        open_parts = [2, 1]
        taken = 0
        for unit in sorted(units, key=lambda name: order(f"{source}/{name}")):
            while open_parts and taken >= shares[open_parts[0]] * total:
                open_parts.pop(0)
                taken = 0
            parts[open_parts[0] if open_parts else 0] += units[unit]
            taken += len(units[unit])
    return parts


def _without_shared_people(cache: Cache, parts: Sequence[Iterable[int]]) -> list[list[int]]:
    """The same parts, less the rows of a part whose group stands in a later part too, under another source.

    Sources may share people (here LFW and YouTube Faces, by name), but each source is divided for itself.
    """
    kept: list[list[int]] = []
    later: set[str] = set()
    for part in reversed([list(part) for part in parts]):
        kept.append([i for i in part if cache.samples[i].group not in later])
        later |= {cache.samples[i].group for i in part}
    return kept[::-1]


def _unit(sample: Sample) -> str:
    """The group; for FaceForensics++, whose group numbers are only near the true video, 24 neighbouring numbers at once."""
    digits = "".join(c for c in sample.group if c.isdigit())
    if sample.source.startswith("ffpp") and digits:
        return f"videos {int(digits) // 24 * 24}"
    return sample.group
