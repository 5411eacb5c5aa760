"""Where a training runs, and at which precision."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

__all__ = ["choose_device", "mixed_precision"]


def choose_device(name: str) -> torch.device:
    """The device that ``--device`` names: "cuda", "mps", "cpu", or with "auto" the first of these that this machine has.

    Raises:
        ValueError: it is not there; the message names those that are.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        name = next(device for device, found in there.items() if found)
    if not there.get(name, False):
        found = ", ".join(device for device, yes in there.items() if yes)
        raise ValueError(f"--device {name}: PyTorch finds no such device here, only {found}.")
    return torch.device(name)


def mixed_precision(device: torch.device) -> AbstractContextManager[Any]:
    """Where the device multiplies bfloat16 in hardware, the context in which convolutions use it; elsewhere none: a processor
    that emulates it is fifty times slower than with float32."""
    fast = {
        "cuda": lambda: torch.cuda.is_bf16_supported(including_emulation=False),
        "cpu": torch.ops.mkldnn._is_mkldnn_bf16_supported,
    }
    if device.type in fast and fast[device.type]():
        half: AbstractContextManager[Any] = torch.autocast(device.type, torch.bfloat16)
        return half
    return nullcontext()
