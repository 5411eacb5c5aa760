"""The one training loop of all image networks: a step, the rate, the moving average, checkpoint and history."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Collection, Generator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from train.fitting import processes
from train.fitting.batches import Drawn
from train.fitting.devices import mixed_precision
from train.fitting.engine import Network, average_into
from train.fitting.half import store_half
from train.fitting.recipes import ExpertRecipe, Recipe

__all__ = ["ROWS_AT_ONCE", "Batch", "Batches", "Tell", "Training", "run", "score", "train_step"]

Batches: TypeAlias = Generator[tuple[np.ndarray, np.ndarray], None, None]
"""(N, S, S, 3) uint8 RGB crops and (N,) float32 labels, 1 = real."""
Batch: TypeAlias = np.ndarray | Drawn
"""Such crops alone, or with what an extra learns from beside them."""
Tell: TypeAlias = Callable[[bool], Mapping[str, Any]]
"""Whether the training ends here -> what its history tells beside crops, loss and rate."""

ROWS_AT_ONCE = 4
"""Crops of a batch that go through a network of frozen norms on a processor at a time: what lies between forward and
backward pass then stays in its caches, and without batch statistics the sum of their gradients is that of the whole batch."""
_SCORE_BATCH = 64


class Training:
    """Network, moving average of its weights and optimizer, with the checkpoint and the history in a folder.

    What a step learns from a batch (``learn``) and how the averaged weights are kept (``store``) are those of a
    ``KerasGraph``; a training of other networks overrides them.

    Args:
        recipe: what is trained.
        out: folder for all that is written.
        network: makes the network as it starts; called twice, for its average too.
        place: device.
        frozen_norms: whether that network keeps its batch statistics.
    """

    def __init__(
        self, recipe: Recipe | ExpertRecipe, out: Path, network: Callable[[], Network], place: torch.device, *,
        frozen_norms: bool,
    ) -> None:  # fmt: skip
        self.weights = out / f"{recipe.architecture}.weights.h5"
        self.steps, self.step = recipe.crops // recipe.batch, 0
        self.spent = 0.0
        """Seconds of training, those before a resumption among them."""
        self.batch = recipe.batch
        self._out, self._recipe = out, recipe
        self._graph, self.average = (network().to(place) for _ in range(2))
        self.average.load_state_dict(self._graph.state_dict())  # what begins at random, too
        self._optimizer = torch.optim.AdamW(_groups(self._graph, recipe.decay), lr=recipe.rate)
        self._of_step = recipe if isinstance(recipe, Recipe) else _for_step(recipe, frozen_norms)

    def resume(self, free: Collection[str] = ()) -> None:
        """Load the checkpoint if there is one.

        Args:
            free: fields of the recipe that may differ from those of the checkpoint.

        Raises:
            ValueError: it belongs to another recipe.
        """
        path = self._out / "checkpoint.pt"
        saved: dict[str, Any] | None = None
        if processes.is_first() and path.exists():
            saved = torch.load(path, weights_only=True, map_location="cpu")
        saved = processes.first_says(saved)
        if saved is None:
            return
        before = asdict(type(self._recipe)(**json.loads(saved["recipe"])))
        if any(before[name] != value for name, value in asdict(self._recipe).items() if name not in free):
            raise ValueError(f"{path} belongs to another recipe; choose another folder or delete it: {saved['recipe']}")
        for name, part in self._parts().items():
            part.load_state_dict(saved[name])
        self.step, self.spent = int(saved["step"]), float(saved.get("spent", 0.0))

    def take(self, batch: Batch, labels: np.ndarray, done: float = 0.0, teacher: Network | None = None) -> float:
        """One step; returns the loss.

        Args:
            batch: this process's N rows of it.
            labels: (N,) float32, 1 = real.
            done: share of the training that is over by the clock, if that is more than by the crops.
            teacher: whose scores are imitated, if any.
        """
        recipe = self._recipe
        done = min(1.0, max(done, self.step / self.steps))
        # A linear rise, then half a cosine down to nothing (Loshchilov and Hutter 2017).
        rise = min(1.0, (self.step + 1) / recipe.warmup)
        for group in self._optimizer.param_groups:
            group["lr"] = recipe.rate * rise * 0.5 * (1 + math.cos(math.pi * done))
        loss = self.learn(batch, torch.from_numpy(labels), done, teacher)
        self.step += 1
        # The average starts young: with a fixed decay it would drag the pretrained start along for a thousand steps.
        average_into(self.average, self._graph, min(recipe.average, (1 + self.step) / (10 + self.step)))
        return loss

    def learn(self, batch: Batch, labels: Tensor, _done: float, teacher: Network | None) -> float:
        """The step of the optimizer; arguments and result as of ``take``."""
        crops = torch.from_numpy(batch.crops if isinstance(batch, Drawn) else batch)
        return train_step(self._graph, self._optimizer, crops, labels, teacher, self._of_step)

    def store(self) -> None:
        """Write the averaged weights to ``weights``."""
        store_half(self.average.write_back(), self.weights)

    def save(self, row: Mapping[str, Any]) -> None:
        """The checkpoint, the averaged weights and a row of the history, which is printed too.

        The checkpoint is written to a side file and moved into place, so that a kill leaves the last good one.
        """
        content: dict[str, Any] = {name: part.state_dict() for name, part in self._parts().items()}
        content |= {"step": self.step, "spent": self.spent, "recipe": json.dumps(asdict(self._recipe), sort_keys=True)}
        side = self._out / "checkpoint.part"
        torch.save(content, side)
        os.replace(side, self._out / "checkpoint.pt")
        self.store()
        with open(self._out / "history.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)

    def _parts(self) -> dict[str, Any]:
        return {"graph": self._graph, "average": self.average, "optimizer": self._optimizer}


def run(
    training: Training, stream: Generator[tuple[Batch, np.ndarray], None, None], tell: Tell, *, minutes: float | None,
    every_s: float, in_all: bool = False, teacher: Network | None = None,
) -> None:  # fmt: skip
    """Take steps until the crops of the recipe are seen or the time is over; the first of several processes keeps the result.

    Args:
        training: resumed where there was a checkpoint.
        stream: from batch ``training.step`` on; closed at the end.
        tell: called before the weights are kept and a row of the history is written.
        minutes: None for as long as the crops take.
        every_s: seconds between two checkpoints.
        in_all: count the minutes over every call that resumes, and let the rate fall to nothing over them; otherwise they only
            end this call.
        teacher: whose scores are imitated, if any.
    """
    before, first = training.spent, training.step
    started = last_saved = time.monotonic()
    losses, late = [], False
    while training.step < training.steps and not late:
        by_clock = training.spent / max(1e-9, minutes * 60) if in_all and minutes is not None else 0.0
        losses.append(training.take(*next(stream), by_clock, teacher))
        now = time.monotonic()
        training.spent = processes.first_says(before + now - started)
        late = minutes is not None and training.spent - (0.0 if in_all else before) >= minutes * 60
        last = late or training.step == training.steps
        # The history must end with the weights that are kept, also when the clock stops the run.
        if processes.is_first() and (last or now - last_saved > every_s):
            seen = training.step * training.batch
            rate = (seen - first * training.batch) / (now - started)
            row = {"crops": seen, "loss": round(float(np.mean(losses)), 4), "crops_per_s": round(rate, 1)}
            training.save(row | dict(tell(last)))
            last_saved, losses = time.monotonic(), []
    stream.close()


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


def train_step(
    graph: Network, optimizer: torch.optim.Optimizer, crops: Tensor, labels: Tensor, teacher: Network | None,
    recipe: Recipe,
) -> float:  # fmt: skip
    """One step of the optimizer on (N, S, S, 3) uint8 crops and (N,) float32 labels, 1 = real; returns the loss.

    Of several processes that train together each gives its rows, equally many, and gets the loss of the whole batch.
    """
    graph.train()
    optimizer.zero_grad(set_to_none=True)
    part = ROWS_AT_ONCE if recipe.frozen_norms and graph.device.type == "cpu" else len(crops)
    total, labels = torch.zeros(()), labels.to(graph.device)
    for some, their in zip(crops.split(part), labels.split(part), strict=True):
        loss = _loss(graph, some, their, teacher, recipe) * (len(some) / len(crops))
        loss.backward()
        total += loss.detach().cpu()
    processes.average_gradients(graph.parameters())
    torch.nn.utils.clip_grad_norm_(graph.parameters(), 5.0)
    optimizer.step()
    return float(processes.mean_over_all(total))


def _loss(graph: Network, crops: Tensor, labels: Tensor, teacher: Network | None, recipe: Recipe) -> Tensor:
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


def _groups(graph: Network, decay: float) -> list[dict[str, Any]]:
    kernels = [p for p in graph.parameters() if p.ndim > 1]
    others = [p for p in graph.parameters() if p.ndim <= 1]
    return [{"params": kernels, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


def _for_step(recipe: ExpertRecipe, frozen_norms: bool) -> Recipe:
    return Recipe(
        recipe.architecture, recipe.size, smoothing=recipe.smoothing, frozen_norms=frozen_norms, start=recipe.start
    )
