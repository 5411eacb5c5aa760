"""Duplicates of face crops across groups: the same picture, or the same moment of the same scene, under two names.

A group column can be wrong: a video that was published under two names, two frames of one session, one photo in two
collections. Exact duplicates are found by SHA-256 of the pixels, the others by a perceptual hash of the face. What crosses
from training to ``dev`` makes the check fail; ``safe_split`` leaves its training side out.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from detector.media.images import encode_png
from detector.records import CropSpec
from train.data.cache import Cache, crops_of
from train.data.names import Scheme
from train.data.splits import Split, split

__all__ = [
    "NEAR_BITS",
    "Duplicate",
    "crossing",
    "find_duplicates",
    "kept_split",
    "perceptual_hash",
    "report",
    "safe_split",
]

NEAR_BITS = 46
"""Of 255: two faces whose hashes differ in no more bits are taken for one picture.

Looked at, pair by pair, on the 70 nearest pairs of ``train`` and ``dev`` of different groups (``python -m train leakage
--sheet``): up to 46 bits all 16 are the same person in the same scene, most of them the same frame in two encodings. At 48
the first two different people appear (two generated portraits, mirrored), and from there on they grow more frequent. Actors
of DFDC in another moment of one session are found up to 60 bits and more: they recur, and no hash can sort that out.
"""
_SPEC = CropSpec(size=64, margin=0.1)
"""Tight, so that the face counts and the frame of a data set does not."""
_KEPT = 16
"""Lowest frequencies in each direction. Aligned faces are too alike for the usual 8: within 10 bits of 63, the usual limit,
2239 pairs cross from ``train`` to ``dev`` of the real data, where 16 are true."""


@dataclass(frozen=True)
class Duplicate:
    """Two samples of different groups with the same face picture."""

    first: int
    """Index into the cache, less than ``second``."""
    second: int
    bits: int
    """Differing bits of the perceptual hash, at most ``NEAR_BITS``."""
    mirrored: bool
    exact: bool
    """The cached pixels are equal, byte for byte."""


def perceptual_hash(grey: np.ndarray) -> np.ndarray:
    """Signs of the low frequencies of the discrete cosine transform against their median (Zauner 2010, section 3.2.1).

    Args:
        grey: (64, 64) float32.

    Returns:
        (4,) uint64: 255 bits, the mean grey left out, and one zero.
    """
    low = cv2.dct(grey)[:_KEPT, :_KEPT].ravel()[1:]
    return np.packbits(np.append(low > np.median(low), False)).view(np.uint64)


def find_duplicates(cache: Cache) -> list[Duplicate]:
    """Every pair of samples of different groups that shows the same picture, mirrored or not; nearest first.

    Compares all with all: 15,000 faces take about fifteen seconds, nearly all of it for cutting the crops.
    """
    greys = [cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32) for crop in crops_of(cache, _all(cache), _SPEC)]
    straight = np.stack([perceptual_hash(grey) for grey in greys])
    turned = np.stack([perceptual_hash(np.ascontiguousarray(grey[:, ::-1])) for grey in greys])
    pixels = [_digest(cache.frame(i).rgb) for i in range(len(cache))]
    # Some sources share people by name, so that a group is known by its name alone.
    _, group = np.unique([sample.group for sample in cache.samples], return_inverse=True)
    found: dict[tuple[int, int], Duplicate] = {}
    for first in range(len(cache) - 1):
        for mirrored, hashes in ((True, turned), (False, straight)):
            bits = np.bitwise_count(straight[first] ^ hashes[first + 1 :]).sum(axis=1)
            near = np.flatnonzero((bits <= NEAR_BITS) & (group[first + 1 :] != group[first]))
            for step in near.tolist():
                second = first + 1 + step
                exact = pixels[first] == pixels[second]
                found[first, second] = Duplicate(first, second, int(bits[step]), mirrored, exact)
    return sorted(found.values(), key=lambda pair: (not pair.exact, pair.bits, pair.first, pair.second))


def crossing(cache: Cache, duplicates: Sequence[Duplicate]) -> list[Duplicate]:
    """Those of which one side is in ``train`` and the other in ``dev``."""
    return [d for d in duplicates if cache.samples[d.first].subset != cache.samples[d.second].subset]


def safe_split(cache: Cache, scheme: str = Scheme.CARVE) -> Split:
    """``splits.split`` without the groups that hold a duplicate of a face in a part that measures them.

    A group leaves the training part if it has a duplicate in the validation or test part or in ``dev``, and the validation
    part if it has one in the test part or ``dev``; the parts that measure keep theirs. Computed from the pixels each time,
    never from a list. The count goes to stderr.
    """
    parts = split(cache, scheme)
    rank = np.zeros(len(cache), np.int64)
    for value, part in enumerate((parts.train, parts.validation, parts.test), start=1):
        rank[part] = value
    rank[cache.where(subset="dev")] = 4
    named = [sample.group for sample in cache.samples]
    leaving: set[tuple[int, str]] = set()
    for pair in find_duplicates(cache):
        low, high = sorted((pair.first, pair.second), key=lambda i: int(rank[i]))
        if 0 < rank[low] < rank[high] and rank[low] < 3:
            leaving.add((int(rank[low]), named[low]))
    kept = [
        np.array([i for i in part.tolist() if (value, named[i]) not in leaving], np.int64)
        for value, part in enumerate((parts.train, parts.validation, parts.test), start=1)
    ]
    before = len(parts.train) + len(parts.validation)
    if gone := before - len(kept[0]) - len(kept[1]):
        print(
            f"left out: {len(parts.train) - len(kept[0])} training and {len(parts.validation) - len(kept[1])} validation "
            f"faces ({gone} of {before}) of {len(leaving)} groups with a duplicate in a part that measures them",
            file=sys.stderr,
        )
    return Split(*kept)


def kept_split(cache: Cache, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Training and validation samples of ``safe_split``, written to ``path`` (an npz) once: finding duplicates takes minutes.

    Raises:
        ValueError: the file is of another cache.
    """
    if not path.exists():
        parts = safe_split(cache)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, train=parts.train, validation=parts.validation, faces=len(cache))
    with np.load(path) as saved:
        if "faces" in saved and int(saved["faces"]) != len(cache):
            raise ValueError(f"{path}: split of a cache of {int(saved['faces'])} faces, this one holds {len(cache)}")
        return saved["train"], saved["validation"]


def report(cache: Cache, sheet: Path | None = None) -> int:
    """Print what was found; returns the exit status, 1 if a duplicate crosses from ``train`` to ``dev``.

    Args:
        cache: as built by ``data.build_cache``.
        sheet: a PNG to write, for inspection of the crossing pairs; keep it out of the repository.
    """
    duplicates = find_duplicates(cache)
    across = crossing(cache, duplicates)
    print(f"{len(cache)} faces, {len(duplicates)} pairs of different groups within {NEAR_BITS} of 255 bits")
    counts: Counter[tuple[str, str]] = Counter()
    for pair in duplicates:
        first, second = cache.samples[pair.first], cache.samples[pair.second]
        where = "train/dev" if first.subset != second.subset else f"within {first.subset}"
        counts[" and ".join(sorted({first.source, second.source})), where] += 1
    for (sources, where), count in sorted(counts.items()):
        print(f"{sources}, {where}: {count}")
    for pair in across:
        kind = "exact" if pair.exact else f"{pair.bits} bits{', mirrored' if pair.mirrored else ''}"
        print(f"{kind}\t{cache.samples[pair.first].path}\t{cache.samples[pair.second].path}")
    if sheet is not None and across:
        sheet.write_bytes(encode_png(_draw(cache, across)))
    if across:
        print(
            f"{len(across)} duplicates stand in both train and dev: what was trained on them would be measured on them. "
            "`python -m train fit` leaves their training side out; mend the groups in the table to be rid of them.",
            file=sys.stderr,
        )
    return 1 if across else 0


def _all(cache: Cache) -> np.ndarray:
    return np.arange(len(cache))


def _digest(rgb: np.ndarray) -> bytes:
    return hashlib.sha256(str(rgb.shape).encode() + rgb.tobytes()).digest()


def _draw(cache: Cache, pairs: Sequence[Duplicate], columns: int = 6) -> np.ndarray:
    """(H, W, 3) uint8 RGB: pairs side by side, six pairs a row, in the given order."""
    spec = CropSpec(size=112, margin=0.25)
    tiles = []
    for pair in pairs:
        left, right = crops_of(cache, np.array([pair.first, pair.second]), spec)
        tiles.append(np.pad(np.hstack([left, right[:, ::-1] if pair.mirrored else right]), ((2, 2), (2, 6), (0, 0))))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])
