"""Train one image model on a cache of faces; resumes after an interruption."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from detector.models.networks import build
from detector.models.networks import load as load_model
from train.data.cache import Cache, crops_of
from train.data.leakage import safe_split
from train.fakes.augment import high_pass
from train.fitting.batches import batches
from train.fitting.devices import choose_device, mixed_precision
from train.fitting.engine import KerasGraph, Network, average_into
from train.fitting.half import store_half
from train.fitting.history import keep_earlier
from train.fitting.recipes import Recipe
from train.fitting.starts import load_start
from train.lineage import write_lineage
from train.metrics import auc

__all__ = ["crops_for", "fit", "score", "train_step"]

_SCORE_BATCH = 64
_PART = 4
"""Crops of a batch that go through a network of frozen norms on a processor at a time: what lies between forward and
backward pass then stays in its caches, and without batch statistics the sum of their gradients is that of the whole batch."""
_SAVE_EVERY_S = 900
"""Seconds between checkpoints: scoring the validation faces takes a minute or two of a busy machine."""


def crops_for(cache: Cache, indices: np.ndarray, recipe: Recipe) -> np.ndarray:
    """(N, size, size, 3) uint8: what a model of this recipe is given to score."""
    crops = crops_of(cache, indices, recipe.spec)
    return np.stack([high_pass(crop) for crop in crops]) if recipe.mix.high_pass else crops


@torch.no_grad()
def score(graph: Network, crops: np.ndarray) -> np.ndarray:
    """(N,) float32 log-odds of "fake", the mean of crop and mirror image as in ``detector.models.inference.Scorer``."""
    graph.eval()
    parts = []
    with mixed_precision(graph.device):
        for start in range(0, len(crops), _SCORE_BATCH):
            batch = torch.from_numpy(crops[start : start + _SCORE_BATCH])
            parts.append((graph(batch) + graph(batch.flip(2))) / 2)
    return np.asarray(-torch.cat(parts).cpu().numpy())


def fit(
    recipe: Recipe, cache_folder: Path, out: Path, *, minutes: float | None = None, workers: int = 1,
    device: str = "cpu", command: str | None = None,
) -> Path:  # fmt: skip
    """Train and write ``out/NAME.weights.h5`` (float16), ``recipe.json``, ``lineage.json``, ``history.jsonl`` and a checkpoint.

    Args:
        recipe: what to train; must equal that of the checkpoint in ``out``, if there is one.
        cache_folder: as built by ``data.build_cache``.
        out: folder for all that is written; the history of the weights that it starts from is copied there.
        minutes: stop after this long, keeping the checkpoint; the learning rate still follows ``recipe.crops``.
        workers: processes that make batches.
        device: as by ``devices.choose_device``.
        command: that this run is repeated with, for its lineage; None for the command line of this process.

    Returns:
        The weights file.

    Raises:
        ValueError: ``out`` holds a checkpoint of another recipe.
    """
    torch.set_num_threads(os.cpu_count() or 1)
    torch.manual_seed(recipe.seed)
    keras.utils.set_random_seed(recipe.seed)
    cache = Cache(cache_folder)
    parts = safe_split(cache, recipe.split)
    model = _initial_model(recipe, cache, parts.train)
    place = choose_device(device)
    graph, average = (KerasGraph(model, frozen_norms=recipe.frozen_norms).to(place) for _ in range(2))
    optimizer = torch.optim.AdamW(_groups(graph, recipe.decay), lr=recipe.rate)
    state = _State(out, recipe, graph, average, optimizer)
    step = state.resume()
    write_lineage(out, command, [] if recipe.start is None else [Path(recipe.start)])
    if recipe.start is not None:
        keep_earlier(Path(recipe.start), out)
    teacher = _teacher(recipe, place)
    held_out = crops_for(cache, parts.validation, recipe)

    steps = recipe.crops // recipe.batch
    started = last_saved = time.monotonic()
    first_step, losses = step, []
    stream = batches(cache_folder, parts.train, recipe.spec, recipe.mix, recipe.batch, recipe.seed + step, workers)
    out_of_time = False
    while step < steps and not out_of_time:
        crops, labels = next(stream)
        for group in optimizer.param_groups:
            group["lr"] = _learning_rate(recipe, step, steps)
        losses.append(train_step(graph, optimizer, torch.from_numpy(crops), torch.from_numpy(labels), teacher, recipe))
        step += 1
        # The average starts young: with a fixed decay it would drag the pretrained start along for a thousand steps.
        average_into(average, graph, min(recipe.average, (1 + step) / (10 + step)))
        # The history must end with the weights that are written below, also when the clock stops the run.
        out_of_time = minutes is not None and time.monotonic() - started >= minutes * 60
        if time.monotonic() - last_saved > _SAVE_EVERY_S or step == steps or out_of_time:
            rate = (step - first_step) * recipe.batch / (time.monotonic() - started)
            state.save(step, _progress(cache, parts.validation, score(average, held_out), step, recipe, losses, rate))
            last_saved, losses = time.monotonic(), []
    stream.close()
    return _write_result(out, recipe, average)


def _write_result(out: Path, recipe: Recipe, average: KerasGraph) -> Path:
    weights = out / f"{recipe.architecture}.weights.h5"
    store_half(average.write_back(), weights)
    (out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    return weights


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


def _learning_rate(recipe: Recipe, step: int, steps: int) -> float:
    """A linear rise, then half a cosine down to nothing (Loshchilov and Hutter 2017)."""
    return recipe.rate * min(1.0, (step + 1) / recipe.warmup) * 0.5 * (1 + math.cos(math.pi * step / steps))


def _groups(graph: KerasGraph, decay: float) -> list[dict[str, Any]]:
    kernels = [p for p in graph.parameters() if p.ndim > 1]
    others = [p for p in graph.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def train_step(
    graph: Network, optimizer: torch.optim.Optimizer, crops: Tensor, labels: Tensor, teacher: KerasGraph | None,
    recipe: Recipe,
) -> float:  # fmt: skip
    """One step of the optimizer on (N, S, S, 3) uint8 crops and (N,) float32 labels, 1 = real; returns the loss."""
    graph.train()
    optimizer.zero_grad(set_to_none=True)
    part = _PART if recipe.frozen_norms and graph.device.type == "cpu" else len(crops)
    total, labels = 0.0, labels.to(graph.device)
    for some, their in zip(crops.split(part), labels.split(part), strict=True):
        loss = _loss(graph, some, their, teacher, recipe) * (len(some) / len(crops))
        loss.backward()
        total += float(loss.detach())
    torch.nn.utils.clip_grad_norm_(graph.parameters(), 5.0)
    optimizer.step()
    return total


def _loss(graph: Network, crops: Tensor, labels: Tensor, teacher: KerasGraph | None, recipe: Recipe) -> Tensor:
    soft = labels * (1 - 2 * recipe.smoothing) + recipe.smoothing
    with mixed_precision(graph.device):
        logits = graph(crops)
        loss = F.binary_cross_entropy_with_logits(logits, soft)
        if teacher is None:
            return loss
        with torch.no_grad():
            wanted = torch.sigmoid(teacher(crops))
        taught = F.binary_cross_entropy_with_logits(logits, wanted)
        return recipe.teacher_weight * taught + (1 - recipe.teacher_weight) * loss


def _progress(
    cache: Cache, indices: np.ndarray, logits: np.ndarray, step: int, recipe: Recipe, losses: list[float], rate: float
) -> dict[str, Any]:
    fake = np.array([cache.samples[i].label == "fake" for i in indices])
    source = np.array([cache.samples[i].source for i in indices])
    by_source = {
        name: round(auc(fake[source == name], logits[source == name]), 4)
        for name in sorted(set(source))
        if 0 < fake[source == name].sum() < (source == name).sum()
    }
    row = {"crops": step * recipe.batch, "loss": round(float(np.mean(losses)), 4), "crops_per_s": round(rate, 1),
           "validation_auc": round(auc(fake, logits), 4), "by_source": by_source}  # fmt: skip
    print(json.dumps(row), flush=True)
    return row


class _State:
    """The checkpoint: written to a side file and moved into place, so that a kill leaves the last good one."""

    def __init__(
        self, out: Path, recipe: Recipe, graph: KerasGraph, average: KerasGraph, optimizer: torch.optim.Optimizer
    ) -> None:
        self._path, self._history = out / "checkpoint.pt", out / "history.jsonl"
        self._recipe = recipe
        self._parts = {"graph": graph, "average": average, "optimizer": optimizer}

    def resume(self) -> int:
        """Load the checkpoint if there is one; returns the steps done."""
        if not self._path.exists():
            return 0
        saved = torch.load(self._path, weights_only=True, map_location="cpu")
        if Recipe(**json.loads(saved["recipe"])) != self._recipe:
            raise ValueError(
                f"{self._path} belongs to another recipe; choose another folder or delete it: {saved['recipe']}"
            )
        for name, part in self._parts.items():
            part.load_state_dict(saved[name])
        return int(saved["step"])

    def save(self, step: int, progress: dict[str, Any]) -> None:
        content: dict[str, Any] = {name: part.state_dict() for name, part in self._parts.items()}
        content |= {"step": step, "recipe": json.dumps(asdict(self._recipe), sort_keys=True)}
        side = self._path.with_suffix(".part")
        torch.save(content, side)
        os.replace(side, self._path)
        with open(self._history, "a", encoding="utf-8") as file:
            file.write(json.dumps(progress) + "\n")
