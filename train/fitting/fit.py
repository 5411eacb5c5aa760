"""Train one image model on a cache of faces; resumes after an interruption."""

from __future__ import annotations

import json
from collections.abc import Mapping
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
from train.data.leakage import safe_split
from train.fakes.augment import high_pass
from train.fitting import processes
from train.fitting.batches import batches
from train.fitting.devices import choose_device
from train.fitting.engine import KerasGraph
from train.fitting.history import keep_earlier
from train.fitting.recipes import Recipe
from train.fitting.starts import load_start
from train.fitting.training import Training, run, score
from train.lineage import write_lineage
from train.metrics import auc

__all__ = ["crops_for", "fit"]

_SAVE_EVERY_S = 900
"""Seconds between checkpoints: scoring the validation faces takes a minute or two of a busy machine."""


def crops_for(cache: Cache, indices: np.ndarray, recipe: Recipe) -> np.ndarray:
    """(N, size, size, 3) uint8: what a model of this recipe is given to score."""
    crops = crops_of(cache, indices, recipe.spec)
    return np.stack([high_pass(crop) for crop in crops]) if recipe.mix.high_pass else crops


def fit(
    recipe: Recipe, cache_folder: Path, out: Path, *, minutes: float | None = None, workers: int = 1,
    threads: int | None = None, device: str = "cpu", command: str | None = None,
) -> Path:  # fmt: skip
    """Train and write ``out/NAME.weights.h5`` (float16), ``recipe.json``, ``lineage.json``, ``history.jsonl`` and a checkpoint.

    Args:
        recipe: what to train; must equal that of the checkpoint in ``out``, if there is one.
        cache_folder: as built by ``data.build_cache``.
        out: folder for all that is written; the history of the weights that it starts from is copied there.
        minutes: stop after this long, keeping the checkpoint; the learning rate still follows ``recipe.crops``.
        workers: processes that make batches.
        threads: of the processor, for the network; None for all of them.
        device: as by ``devices.choose_device``.
        command: that this run is repeated with, for its lineage; None for the command line of this process.

    Returns:
        The weights file.

    Raises:
        ValueError: ``out`` holds a checkpoint of another recipe.
    """
    torch.set_num_threads(threads or processes.threads_each())
    torch.manual_seed(recipe.seed)
    keras.utils.set_random_seed(recipe.seed)
    cache = Cache(cache_folder)
    parts = safe_split(cache, recipe.split)
    place = choose_device(device)
    frozen = recipe.frozen_norms
    network = partial(KerasGraph, _initial_model(recipe, cache, parts.train), frozen_norms=frozen)
    training = Training(recipe, out, network, place, frozen_norms=frozen)
    training.resume()
    if processes.is_first():
        write_lineage(out, command, [] if recipe.start is None else [Path(recipe.start)])
        if recipe.start is not None:
            keep_earlier(Path(recipe.start), out)
    held_out = crops_for(cache, parts.validation, recipe) if processes.is_first() else None

    def tell(_last: bool) -> Mapping[str, Any]:
        return {} if held_out is None else _progress(cache, parts.validation, score(training.average, held_out))

    stream = batches(
        cache_folder, parts.train, recipe.spec, recipe.mix, recipe.batch, recipe.seed, workers, first=training.step
    )
    run(training, stream, tell, minutes=minutes, every_s=_SAVE_EVERY_S, teacher=_teacher(recipe, place))
    if processes.is_first():
        (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    return training.weights


def _initial_model(recipe: Recipe, cache: Cache, train: np.ndarray) -> keras.Model:
    """The network with the weights it starts from: those of ``recipe.start``, the pretrained ones, or random ones."""
    if recipe.start is not None:
        model = load_model(recipe.architecture, recipe.size, recipe.start)
        model.trainable = True
        return model
    model = build(recipe.architecture, recipe.size)
    if recipe.pretrained:
        genuine = [i for i in train[:: max(1, len(train) // 400)] if cache.samples[i].label == "real"][:64]
        load_start(model, crops_of(cache, np.array(genuine), recipe.spec))
    return model


def _teacher(recipe: Recipe, place: torch.device) -> KerasGraph | None:
    if recipe.teacher is None:
        return None
    teacher: KerasGraph = KerasGraph(load_model(recipe.teacher_architecture, recipe.size, recipe.teacher)).to(place)
    teacher.eval()
    return teacher


def _progress(cache: Cache, indices: np.ndarray, logits: np.ndarray) -> Mapping[str, Any]:
    fake = cache.fakes(indices)
    source = np.array([cache.samples[i].source for i in indices])
    by_source = {
        name: round(auc(fake[source == name], logits[source == name]), 4)
        for name in sorted(set(source))
        if 0 < fake[source == name].sum() < (source == name).sum()
    }
    return {"validation_auc": round(auc(fake, logits), 4), "by_source": by_source}
