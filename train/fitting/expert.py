"""Trains the generator expert: an EfficientNet-Lite0 that sees whole faces and windows of their own resolution.

Other networks, heads and losses are tried in its place (``recipes.Extras``).
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch

from train.data.cache import Cache
from train.data.leakage import kept_split
from train.fakes.pairs import ExpertPairs
from train.fitting import processes
from train.fitting.batches import Drawn, labels_of, own_pairs
from train.fitting.devices import choose_device
from train.fitting.engine import Network
from train.fitting.expert_networks import ExpertTraining
from train.fitting.recipes import ExpertRecipe, Extras
from train.fitting.stream import pair_rng, stream
from train.fitting.training import run

__all__ = ["expert_batches", "fit_expert"]

_SAVE_EVERY_S = 240
_MEASURE_EVERY_S = 1800
Measure = Callable[[Network, Cache, np.ndarray, Path], Mapping[str, Any]]
"""(averaged network, cache, validation samples, folder of fakes) -> what is added to the history."""
_UNLABELLED = 4
"""Crops of a batch beside which there is one unlabelled face."""
_REFIT_BATCHES = 32
"""On whose features the last layer is fitted anew."""
_REFRESH_EVERY = 40
"""Batches of a worker between two scans for fakes that were made since."""


def expert_batches(
    cache: Path, indices: np.ndarray, fakes: Path, recipe: ExpertRecipe, workers: int, *, first: int = 0
) -> Generator[tuple[Drawn, np.ndarray], None, None]:
    """Endless batches from background processes, from number ``first`` on: N crops of the size of whole faces or of windows,
    with what the extras ask for beside them, and (N,) float32 labels, 1 = real. N as in ``batches.batches``."""
    pairs = own_pairs(recipe.batch)
    labels = labels_of(len(pairs))
    with closing(stream(partial(_maker, cache, indices, fakes, recipe, pairs), first, workers)) as made:
        for drawn in made:
            yield drawn, labels


def _maker(
    cache: Path, indices: np.ndarray, fakes: Path, recipe: ExpertRecipe, own: range
) -> Callable[[int], Drawn]:
    torch.set_num_threads(1)
    pairs = ExpertPairs(Cache(cache), indices, fakes, recipe.mix)
    made = itertools.count(1)

    def make(number: int) -> Drawn:
        window = bool(np.random.default_rng((recipe.seed, number)).random() < recipe.windows)
        size = recipe.window if window else recipe.size
        drawn = _drawn(pairs, recipe, number, own, size, window=window)
        if next(made) % _REFRESH_EVERY == 0:
            pairs.refresh()
        return drawn

    return make


def _drawn(pairs: ExpertPairs, recipe: ExpertRecipe, number: int, own: range, size: int, *, window: bool) -> Drawn:
    """The same pairs whatever the extras, and what these ask for beside them."""
    members = [pairs.masked_pair(pair_rng(recipe.seed, number, pair), size, window=window) for pair in own]
    crops = np.stack([genuine for genuine, _, _ in members] + [fake for _, fake, _ in members])
    masks = known = unlabelled = None
    if recipe.extras.head == "boundary":
        known = np.array([mask is not None for _, _, mask in members])
        masks = np.stack([np.zeros((size, size), np.uint8) if mask is None else mask for _, _, mask in members])
    if recipe.extras.consistency:
        # Numbered after the pairs of the batch, so that no two share their draws.
        others = range(recipe.batch // 2, recipe.batch // 2 + max(1, recipe.batch // _UNLABELLED))
        faces = (pairs.unlabelled(pair_rng(recipe.seed, number, other), size) for other in others)
        plain, altered = zip(*faces, strict=True)
        unlabelled = np.stack([np.stack(plain), np.stack(altered)])
    return Drawn(crops, masks, known, unlabelled)


def fit_expert(
    recipe: ExpertRecipe, cache_folder: Path, fakes: Path, out: Path, *, minutes: float | None = None, workers: int = 1,
    threads: int = 2, device: str = "cpu", measure: Measure | None = None,
) -> Path:  # fmt: skip
    """Train and write the averaged weights, ``recipe.json``, ``history.jsonl`` and a checkpoint to ``out``.

    Args:
        recipe: what to train; must equal that of the checkpoint in ``out``, if there is one, but for ``crops``.
        cache_folder: as built by ``cache.build_cache``.
        fakes: folder of ``python -m train fakes``.
        out: folder for all that is written.
        minutes: of training in all, over every call that resumes it; the rate falls to nothing over them, or over the recipe's
            crops if those are seen earlier. None for as long as the crops take.
        workers: processes that make batches.
        threads: of the processor, for the network.
        device: as by ``devices.choose_device``.
        measure: called now and then for what the history tells beside the loss.

    Returns:
        The weights file: ``ARCHITECTURE.weights.h5`` (float16), or ``network.pt`` of a network that cannot be shipped.

    Raises:
        ValueError: ``out`` holds a checkpoint of another recipe; extras or a transformer on several processes.
    """
    if processes.count() > 1 and (recipe.extras != Extras() or recipe.architecture == "vit"):
        raise ValueError("Heads, losses and the vision transformer train on one process only; start without torchrun.")
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    keras.utils.set_random_seed(recipe.seed)
    cache = Cache(cache_folder)
    # The first of several processes writes the file, the others wait for it.
    kept = kept_split(cache, fakes / "split.npz") if processes.is_first() else None
    processes.first_says(None)
    train, validation = kept or kept_split(cache, fakes / "split.npz")
    training = ExpertTraining(recipe, out, cache, train, choose_device(device))
    training.resume(free=("crops",))
    if processes.is_first() and training.step == 0:
        out.mkdir(parents=True, exist_ok=True)
        (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    made = expert_batches(cache_folder, train, fakes / "train", recipe, workers, first=training.step)
    last_measured = time.monotonic()

    def tell(last: bool) -> Mapping[str, Any]:
        nonlocal last_measured
        if last and recipe.extras.refit == "non-negative":
            training.refit([next(made)[0] for _ in range(_REFIT_BATCHES)])
        if measure is None or not (last or time.monotonic() - last_measured > _MEASURE_EVERY_S):
            return {}
        row = measure(training.average, cache, validation, fakes)
        last_measured = time.monotonic()
        return row

    run(training, made, tell, minutes=minutes, every_s=_SAVE_EVERY_S, in_all=True)
    return training.weights

