"""Trains the generator expert: an EfficientNet-Lite0 that sees whole faces and windows of their own resolution."""

from __future__ import annotations

import json
import math
import multiprocessing
import os
import queue
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
import torch

from detector.models.networks import build
from detector.models.networks import load as load_model
from train.data.cache import Cache, crops_of
from train.data.leakage import kept_split
from train.fakes.pairs import ExpertPairs
from train.fitting.devices import choose_device
from train.fitting.engine import KerasGraph, Network, average_into
from train.fitting.faceres import load_faceres, mobilenet
from train.fitting.fit import train_step
from train.fitting.half import store_half
from train.fitting.heads import Drawn, Headed, SmallTransformer, headed_step, refit_non_negative
from train.fitting.recipes import ExpertRecipe, Extras, Recipe, read_recipe
from train.fitting.starts import load_start

__all__ = ["expert_batches", "fit_expert", "load_network"]

_EXTRA_WEIGHTS = "network.pt"
"""In a run's folder: the averaged network of extras that Keras has no layers for."""
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
    cache: Path, indices: np.ndarray, fakes: Path, recipe: ExpertRecipe, seed: int, workers: int
) -> Generator[tuple[Drawn, np.ndarray], None, None]:
    """Endless batches from background processes, of crops of the size of whole faces or of windows, and (batch,) float32
    labels, 1 = real."""
    context = multiprocessing.get_context("spawn")
    ready = context.Queue(maxsize=4)
    jobs = [
        context.Process(target=_work, args=(ready, cache, indices, fakes, recipe, (seed, worker)), daemon=True)
        for worker in range(workers)
    ]
    for job in jobs:
        job.start()
    labels = np.concatenate([np.ones(recipe.batch // 2, np.float32), np.zeros(recipe.batch // 2, np.float32)])
    try:
        while True:
            try:
                yield ready.get(timeout=120), labels
            except queue.Empty:
                if not all(job.is_alive() for job in jobs):
                    raise RuntimeError("a process that makes batches has died; its traceback is above") from None
    finally:
        for job in jobs:
            job.terminate()


def _work(ready, cache, indices, fakes, recipe, seed) -> None:  # type: ignore[no-untyped-def]
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    pairs = ExpertPairs(Cache(cache), indices, fakes, recipe.mix)
    parent, made = os.getppid(), 0
    while os.getppid() == parent:
        window = bool(rng.random() < recipe.windows)
        size = recipe.window if window else recipe.size
        batch = _draw(pairs, rng, size, recipe, window=window)
        made += 1
        if made % _REFRESH_EVERY == 0:
            pairs.refresh()
        while os.getppid() == parent:
            try:
                ready.put(batch, timeout=5)
                break
            except queue.Full:
                continue
    ready.cancel_join_thread()


def _draw(pairs: ExpertPairs, rng: np.random.Generator, size: int, recipe: ExpertRecipe, *, window: bool) -> Drawn:
    """Pairs as they are without extras, and what the extras ask for beside them."""
    masked = recipe.extras.head == "boundary"
    draw = pairs.masked_pair if masked else pairs.pair
    members = [draw(rng, size, window=window) for _ in range(recipe.batch // 2)]
    crops = np.stack([member[0] for member in members] + [member[1] for member in members])
    masks = known = unlabelled = None
    if masked:
        found = [member[-1] for member in members]
        known = np.array([mask is not None for mask in found])
        masks = np.stack([np.zeros((size, size), np.uint8) if mask is None else mask for mask in found])
    if recipe.extras.consistency:
        # A generator of their own, so that the pairs stay those of the other rows.
        other = np.random.default_rng(int(rng.bit_generator.state["state"]["state"]) % (1 << 63))
        plain, altered = zip(*(pairs.unlabelled(other, size) for _ in range(recipe.batch // _UNLABELLED)), strict=True)
        unlabelled = np.stack([np.stack(plain), np.stack(altered)])
    return Drawn(crops, masks, known, unlabelled)


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
    out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    keras.utils.set_random_seed(recipe.seed)
    cache = Cache(cache_folder)
    train, validation = kept_split(cache, fakes / "split.npz")
    training = _Training(recipe, out, _start(recipe, cache, train), choose_device(device))
    before = training.spent
    started = last_saved = last_measured = time.monotonic()
    first, losses, late = training.step, [], False
    stream = expert_batches(cache_folder, train, fakes / "train", recipe, recipe.seed + first, workers)
    while training.step < training.steps and not late:
        losses.append(training.take(*next(stream), minutes))
        now = time.monotonic()
        training.spent = before + now - started
        late = minutes is not None and training.spent >= minutes * 60
        last = late or training.step == training.steps
        if now - last_saved > _SAVE_EVERY_S or last:
            seen = training.step * recipe.batch
            row: dict[str, Any] = {"crops": seen, "loss": round(float(np.mean(losses)), 4),
                                   "crops_per_s": round((seen - first * recipe.batch) / (now - started), 1)}  # fmt: skip
            if measure is not None and (now - last_measured > _MEASURE_EVERY_S or last):
                row |= measure(training.average, cache, validation, fakes)
                last_measured = time.monotonic()
            if last and recipe.extras.refit == "non-negative":
                training.refit([next(stream)[0].crops for _ in range(_REFIT_BATCHES)])
            training.save(row)
            last_saved, losses = time.monotonic(), []
    stream.close()
    return training.weights


def load_network(run: Path) -> Network:
    """The averaged network of a finished run of ``fit_expert``, extras included.

    Raises:
        FileNotFoundError: the folder holds no finished run.
        TypeError: it holds a run of another recipe.
    """
    recipe = read_recipe(run)
    if not isinstance(recipe, ExpertRecipe):
        raise TypeError(f"{run} is no run of python -m train expert")
    if recipe.shippable:
        name = recipe.architecture
        return KerasGraph(load_model(name, recipe.size, run / f"{name}.weights.h5"))
    model = {"mobilenet": mobilenet, "vit": lambda _: None}.get(recipe.architecture, _efficientnet)(recipe.size)
    network = _network(recipe, model)
    network.load_state_dict(torch.load(run / _EXTRA_WEIGHTS, weights_only=True, map_location="cpu"))
    return network


def _efficientnet(size: int) -> keras.Model:
    return build("efficientnet", size)


def _network(recipe: ExpertRecipe, model: keras.Model | None) -> Network:
    """Around the Keras model; where there is none, the transformer."""
    frozen = recipe.start is not None
    if model is None:
        return SmallTransformer(recipe.size)
    if recipe.extras == Extras():
        return KerasGraph(model, frozen_norms=frozen)
    return Headed(model, recipe.extras, frozen_norms=frozen)


class _Training:
    """Network, average and optimizer, with their checkpoint."""

    def __init__(self, recipe: ExpertRecipe, out: Path, model: keras.Model | None, place: torch.device) -> None:
        frozen = recipe.start is not None
        self.weights = out / (f"{recipe.architecture}.weights.h5" if recipe.shippable else _EXTRA_WEIGHTS)
        self.steps, self.step = recipe.crops // recipe.batch, 0
        self.spent = 0.0
        """Seconds of training, those before a resumption among them."""
        self._out, self._recipe = out, recipe
        self._graph, self.average = (_network(recipe, model).to(place) for _ in range(2))
        self.average.load_state_dict(self._graph.state_dict())  # what begins at random, too
        kernels = [p for p in self._graph.parameters() if p.ndim > 1]
        others = [p for p in self._graph.parameters() if p.ndim <= 1]
        groups = [{"params": kernels, "weight_decay": recipe.decay}, {"params": others, "weight_decay": 0.0}]
        self._optimizer = torch.optim.AdamW(groups, lr=recipe.rate)
        self._of_step = Recipe(
            recipe.architecture, recipe.size, smoothing=recipe.smoothing, frozen_norms=frozen, start=recipe.start
        )
        self._resume()

    def take(self, drawn: Drawn, labels: np.ndarray, minutes: float | None) -> float:
        """One step; returns the loss."""
        recipe, done = self._recipe, self.step / self.steps
        if minutes is not None:
            done = min(1.0, max(done, self.spent / max(1e-9, minutes * 60)))
        rise = min(1.0, (self.step + 1) / recipe.warmup)
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.rate * rise * 0.5 * (1 + math.cos(math.pi * done))
        given = torch.from_numpy(labels)
        if isinstance(self._graph, Headed) and isinstance(self.average, Headed):
            loss = headed_step(self._graph, self.average, self._optimizer, drawn, given, recipe, done)
        else:
            loss = train_step(self._graph, self._optimizer, torch.from_numpy(drawn.crops), given, None, self._of_step)
        self.step += 1
        average_into(self.average, self._graph, min(recipe.average, (1 + self.step) / (10 + self.step)))
        return loss

    def refit(self, batches: list[np.ndarray]) -> None:
        """Of the average's last layer."""
        if isinstance(self.average, Headed):
            refit_non_negative(self.average, batches)

    def _parts(self) -> dict[str, Any]:
        return {"graph": self._graph, "average": self.average, "optimizer": self._optimizer}

    def _resume(self) -> None:
        path = self._out / "checkpoint.pt"
        if not path.exists():
            recipe = json.dumps(asdict(self._recipe), indent=1)
            (self._out / "recipe.json").write_text(recipe + "\n", encoding="utf-8")
            return
        saved = torch.load(path, weights_only=True, map_location="cpu")
        # A field that the checkpoint lacks has its default.
        if replace(ExpertRecipe(**json.loads(saved["recipe"])), crops=self._recipe.crops) != self._recipe:
            raise ValueError(f"{path} belongs to another recipe; choose another folder or delete it: {saved['recipe']}")
        for name, part in self._parts().items():
            part.load_state_dict(saved[name])
        self.step, self.spent = int(saved["step"]), float(saved.get("spent", 0.0))

    def save(self, row: dict[str, Any]) -> None:
        """Checkpoint, averaged weights and a row of the history, which is printed too."""
        content: dict[str, Any] = {name: part.state_dict() for name, part in self._parts().items()}
        side = self._out / "checkpoint.part"
        torch.save(content | {"step": self.step, "spent": self.spent, "recipe": json.dumps(asdict(self._recipe))}, side)
        os.replace(side, self._out / "checkpoint.pt")
        if isinstance(self.average, KerasGraph | Headed) and self._recipe.shippable:
            store_half(self.average.write_back(), self.weights)
        else:
            torch.save(self.average.state_dict(), self.weights)
        with open(self._out / "history.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


def _start(recipe: ExpertRecipe, cache: Cache, train: np.ndarray) -> keras.Model | None:
    if recipe.architecture == "vit":
        return None
    if recipe.architecture == "mobilenet":
        model = mobilenet(recipe.size)
        if recipe.pretrained:
            load_faceres(model, crops_of(cache, train[:64], recipe.spec))
        return model
    if recipe.start is not None:
        model = load_model(recipe.architecture, recipe.size, recipe.start)
        model.trainable = True
        return model
    model = build(recipe.architecture, recipe.size)
    if recipe.pretrained:
        load_start(model, crops_of(cache, train[:64], recipe.spec))
    return model
