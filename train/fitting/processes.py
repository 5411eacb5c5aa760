"""One training on several processes, of one machine or of many, as ``torchrun`` starts them.

Each process makes and sees its rows of every batch; gradients, loss and batch statistics are means over all of them, and
dropout is drawn for the whole batch. The curve of the loss is therefore that of one process, up to the order in which floats
are added. Gradients are averaged here and not by ``DistributedDataParallel``, since a step takes its rows in parts
(``training.train_step``): one exchange a step is enough, and with one process there is none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["average_gradients", "count", "first_says", "is_first", "joined", "mean_over_all", "rank", "threads_each"]

T = TypeVar("T")

_PATIENCE = timedelta(hours=2)
"""How long a process waits for the others: the first one scores the validation faces while they wait."""


@contextmanager
def joined() -> Iterator[None]:
    """Join the processes that ``torchrun`` started, if it did, for the length of the block; all of them leave it together."""
    if "WORLD_SIZE" not in os.environ:
        yield
        return
    dist.init_process_group("gloo", timeout=_PATIENCE)
    try:
        yield
        # The first one writes the result: who left earlier would make torchrun end it.
        dist.barrier()
    finally:
        dist.destroy_process_group()


def count() -> int:
    """Processes that train together; 1 without ``torchrun``."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def is_first() -> bool:
    """Whether this process writes checkpoints, history and weights."""
    return rank() == 0


def threads_each() -> int:
    """Threads for the network where none were asked for: the machine's cores, shared among its processes."""
    return max(1, (os.cpu_count() or 1) // int(os.environ.get("LOCAL_WORLD_SIZE", "1")))


class _Sum(torch.autograd.Function):
    """The sum over all processes; its gradient is the sum of theirs, since each value moves the loss of all."""

    @staticmethod
    def forward(_ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(_ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


def mean_over_all(values: Tensor) -> Tensor:
    """The mean of a tensor over all processes; gradients flow through it to all of them."""
    if count() == 1:
        return values
    total: Tensor = _Sum.apply(values)
    return total / count()


def average_gradients(parameters: Iterable[Tensor]) -> None:
    """Replace every gradient by its mean over all processes."""
    if count() == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    together = torch.cat([gradient.reshape(-1).float() for gradient in gradients])
    dist.all_reduce(together)
    together /= count()
    for gradient, mean in zip(gradients, together.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(mean.view_as(gradient))


def first_says(value: T) -> T:
    """The first process's value, in every process: what a clock or a file of one machine decides must hold for all."""
    if count() == 1:
        return value
    box: list[Any] = [value]
    dist.broadcast_object_list(box)
    said: T = box[0]
    return said
