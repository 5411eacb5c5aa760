"""Trains a model on with a few hundred faces of somebody's own, and takes as much of the change as does no harm elsewhere.

Three things keep what was learnt before: a low rate with frozen batch statistics; old faces in every batch (rehearsal), where
the cache of the first training is at hand; and the mean of the weights before and after (WiSE-FT: Wortsman et al., "Robust
fine-tuning of zero-shot models", CVPR 2022), whose shares are chosen on held-out groups.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch

from detector.models.networks import load
from train.data.cache import Cache, crops_of
from train.data.leakage import safe_split
from train.data.names import Scheme
from train.data.splits import Split
from train.fitting.average import mean_weights
from train.fitting.batches import batches
from train.fitting.engine import KerasGraph
from train.fitting.recipes import Mix, Recipe
from train.fitting.training import Batches, Training, run, score
from train.metrics import auc

__all__ = [
    "SHARES",
    "Measured",
    "adapted",
    "choose_share",
    "mixed",
    "mixture",
    "own_split",
    "thinned",
    "tune",
]

SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Of the weights after training in the mean that is kept; 0 keeps those before."""
LEAST_OF_LABEL = 8
"""Genuine faces, and fakes, that every part of the split must hold: with fewer its AUC says nothing."""
_AS_GOOD = 0.002
"""Of two shares whose AUC differ by no more, the smaller one is taken: it changes less."""
_SAVE_EVERY_S = 600


def own_split(cache: Cache) -> Split:
    """About 64 % of the groups to train on, 16 % to choose and calibrate by and 20 % to measure on; rows of the subset ``dev``
    are measured on as well.

    Raises:
        ValueError: a part holds too few genuine faces or fakes.
    """
    parts = safe_split(cache, Scheme.PAPER_80_20)
    test = np.union1d(parts.test, cache.where(subset="dev"))
    parts = Split(parts.train, parts.validation, test)
    for name, part in (("training", parts.train), ("held-out", parts.validation), ("test", parts.test)):
        found = Counter(cache.samples[i].label for i in part.tolist())
        for label, word in (("real", "genuine faces"), ("fake", "fakes")):
            if found[label] < LEAST_OF_LABEL:
                total = Counter(sample.label for sample in cache.samples)
                groups = len({(sample.source, sample.group) for sample in cache.samples})
                raise ValueError(
                    f"Too few faces to adapt with: {total['real']} genuine and {total['fake']} fake ones in {groups} groups "
                    f"were found, and the {name} part would hold {found[label]} {word}, but {LEAST_OF_LABEL} are needed. "
                    "Add faces of other people or events, or divide groups that belong together for no reason."
                )
    return parts


def thinned(indices: np.ndarray, most: int) -> np.ndarray:
    """At most so many of them, evenly spaced."""
    return indices if len(indices) <= most else indices[np.linspace(0, len(indices) - 1, most).astype(int)]


def mixed(streams: Sequence[Batches]) -> Batches:
    """Batches whose genuine half and whose fake half are those of every stream, one after the other."""
    try:
        while True:
            parts = [next(stream) for stream in streams]
            halves = [np.split(crops, 2) for crops, _ in parts]
            crops = np.concatenate([real for real, _ in halves] + [fake for _, fake in halves])
            yield crops, np.repeat(np.array([1, 0], np.float32), len(crops) // 2)
    finally:
        for stream in streams:
            stream.close()


def tune(
    recipe: Recipe, own: Path, parts: Split, old: tuple[Path, np.ndarray] | None, rehearsal: float, out: Path, *,
    workers: int = 1, threads: int = 1,
) -> Path:  # fmt: skip
    """Train ``recipe.start`` on and write ``out/ARCHITECTURE.weights.h5``, its checkpoint and its history; resumes.

    Args:
        recipe: with a start and frozen norms; its mix is that of pairs of new faces.
        own: cache of the new faces.
        parts: their split.
        old: cache that the start was trained with, and its training part; None for new faces only.
        rehearsal: share of every batch that comes from it.
        out: folder of the run.
        workers: processes that make batches, for either cache.
        threads: of the processor, for the network.

    Returns:
        The weights file.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    keras.utils.set_random_seed(recipe.seed)
    if recipe.start is None:
        raise ValueError("tune: the recipe names no start")
    out.mkdir(parents=True, exist_ok=True)
    model = load(recipe.architecture, recipe.size, Path(recipe.start))
    model.trainable = True
    network = partial(KerasGraph, model, frozen_norms=recipe.frozen_norms)
    training = Training(recipe, out, network, torch.device("cpu"), frozen_norms=recipe.frozen_norms)
    training.resume()
    rehearsed = 2 * round(recipe.batch * rehearsal / 2) if old is not None else 0
    sets = [(own, parts.train, recipe.mix, recipe.batch - rehearsed)]
    if old is not None and rehearsed:
        sets.append((*old, Mix(strength=recipe.mix.strength), rehearsed))
    streams = [
        batches(folder, indices, recipe.spec, mix, size, recipe.seed, workers, first=training.step)
        for folder, indices, mix, size in sets
    ]
    cache = Cache(own)
    crops, fake = crops_of(cache, parts.validation, recipe.spec), cache.fakes(parts.validation)

    def tell(_last: bool) -> Mapping[str, Any]:
        return {"validation_auc": round(auc(fake, score(training.average, crops)), 4)}

    run(training, mixed(streams), tell, minutes=None, every_s=_SAVE_EVERY_S)
    return training.weights


def mixture(recipe: Recipe, start: Path, tuned: Path, share: float) -> keras.Model:
    """The network whose weights are those of ``tuned`` by this share and those of ``start`` for the rest."""
    model, other = (load(recipe.architecture, recipe.size, path) for path in (start, tuned))
    model.set_weights(mean_weights([model, other], [1 - share, share]))
    return model


@dataclass(frozen=True)
class Measured:
    """AUC of one share on held-out groups."""

    share: float
    own: float
    """Of the new faces."""
    old: float | None
    """Of the faces of the first training; None where its cache is not at hand."""


def choose_share(rows: Sequence[Measured], may_lose: float) -> Measured:
    """The share with the best AUC on the new faces among those that lose no more than ``may_lose`` on the old ones; of those
    that are as good, the smallest.

    Args:
        rows: one of them of share 0, the start.
        may_lose: AUC.
    """
    start = next(row for row in rows if row.share == 0)
    kept = [
        row for row in rows if row.share == 0 or row.old is None or start.old is None or row.old >= start.old - may_lose
    ]
    best = max(row.own for row in kept)
    return min((row for row in kept if row.own >= best - _AS_GOOD), key=lambda row: row.share)


def adapted(
    recipe: Recipe, start: Path, tuned: Path, own: tuple[np.ndarray, np.ndarray], old: tuple[np.ndarray, np.ndarray] | None
) -> list[Measured]:  # fmt: skip
    """Every share of ``SHARES``, measured on held-out (crops, fake or not) of the new and of the old faces."""
    rows = []
    for share in SHARES:
        graph = KerasGraph(mixture(recipe, start, tuned, share), frozen_norms=True)
        before = None if old is None else auc(old[1], score(graph, old[0]))
        rows.append(Measured(share, auc(own[1], score(graph, own[0])), before))
    return rows
