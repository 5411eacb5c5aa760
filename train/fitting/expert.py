"""Trains the generator expert: an EfficientNet-Lite0 that sees whole faces and windows of their own resolution."""

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

from detector.models.networks import build
from detector.models.networks import load as load_model
from train.data.cache import Cache, crops_of
from train.data.leakage import kept_split
from train.fakes.pairs import ExpertPairs
from train.fitting import processes
from train.fitting.batches import labels_of, own_pairs
from train.fitting.devices import choose_device
from train.fitting.engine import KerasGraph
from train.fitting.recipes import ExpertRecipe
from train.fitting.starts import load_start
from train.fitting.stream import pair_rng, stream
from train.fitting.training import Training, run

__all__ = ["expert_batches", "fit_expert"]

_SAVE_EVERY_S = 240
_MEASURE_EVERY_S = 1200
Measure = Callable[[KerasGraph, Cache, np.ndarray, Path], Mapping[str, Any]]
"""(averaged network, cache, validation samples, folder of fakes) -> what is added to the history."""
_REFRESH_EVERY = 40
"""Batches of a worker between two scans for fakes that were made since."""


def expert_batches(
    cache: Path, indices: np.ndarray, fakes: Path, recipe: ExpertRecipe, workers: int, *, first: int = 0
) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    """Endless batches from background processes, from number ``first`` on: (N, S, S, 3) uint8 RGB, first half genuine, S being
    the size of whole faces or of windows, and (N,) float32 labels, 1 = real. N as in ``batches.batches``."""
    pairs = own_pairs(recipe.batch)
    labels = labels_of(len(pairs))
    with closing(stream(partial(_maker, cache, indices, fakes, recipe, pairs), first, workers)) as made:
        for crops in made:
            yield crops, labels


def _maker(
    cache: Path, indices: np.ndarray, fakes: Path, recipe: ExpertRecipe, own: range
) -> Callable[[int], np.ndarray]:
    torch.set_num_threads(1)
    pairs = ExpertPairs(Cache(cache), indices, fakes, recipe.mix)
    made = itertools.count(1)

    def make(number: int) -> np.ndarray:
        window = bool(np.random.default_rng((recipe.seed, number)).random() < recipe.windows)
        size = recipe.window if window else recipe.size
        members = [pairs.pair(pair_rng(recipe.seed, number, pair), size, window=window) for pair in own]
        if next(made) % _REFRESH_EVERY == 0:
            pairs.refresh()
        return np.stack([genuine for genuine, _ in members] + [fake for _, fake in members])

    return make


def fit_expert(
    recipe: ExpertRecipe, cache_folder: Path, fakes: Path, out: Path, *, minutes: float | None = None, workers: int = 1,
    threads: int = 2, device: str = "cpu", measure: Measure | None = None,
) -> Path:  # fmt: skip
    """Train and write ``out/ARCHITECTURE.weights.h5`` (float16, averaged), ``recipe.json``, ``history.jsonl`` and a checkpoint.

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
        The weights file.

    Raises:
        ValueError: ``out`` holds a checkpoint of another recipe.
    """
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    keras.utils.set_random_seed(recipe.seed)
    cache = Cache(cache_folder)
    # The first of several processes writes the file, the others wait for it.
    kept = kept_split(cache, fakes / "split.npz") if processes.is_first() else None
    processes.first_says(None)
    train, validation = kept or kept_split(cache, fakes / "split.npz")
    model, frozen = _start(recipe, cache, train), recipe.start is not None
    training = Training(recipe, out, model, choose_device(device), frozen_norms=frozen)
    training.resume(free=("crops",))
    if processes.is_first() and training.step == 0:
        out.mkdir(parents=True, exist_ok=True)
        (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    last_measured = time.monotonic()

    def tell(last: bool) -> Mapping[str, Any]:
        nonlocal last_measured
        if measure is None or not (last or time.monotonic() - last_measured > _MEASURE_EVERY_S):
            return {}
        row = measure(training.average, cache, validation, fakes)
        last_measured = time.monotonic()
        return row

    made = expert_batches(cache_folder, train, fakes / "train", recipe, workers, first=training.step)
    run(training, made, tell, minutes=minutes, every_s=_SAVE_EVERY_S, in_all=True)
    return training.weights


def _start(recipe: ExpertRecipe, cache: Cache, train: np.ndarray) -> keras.Model:
    if recipe.start is not None:
        model = load_model(recipe.architecture, recipe.size, recipe.start)
        model.trainable = True
        return model
    model = build(recipe.architecture, recipe.size)
    load_start(model, crops_of(cache, train[:64], recipe.spec))
    return model
