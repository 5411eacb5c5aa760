"""``python -m train fakes``: train the bank of auto-encoders and make fakes with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from train.data.cache import Cache
from train.data.leakage import kept_split
from train.fakes.autoencoders import copy_of
from train.fakes.bank import HELD_OUT, Member, draw_recipes, genuine_patches, load_bank, train_bank
from train.fakes.copies import FakeMaker, make_fakes
from train.fakes.taef2 import CELL, load_taef2

__all__ = ["make"]

_PATCHES = 8_000
_SEEDS = {"train": 11, "validation": 12, "unseen": 13}
_LEAST_SHARPNESS, _MOST_SHARPNESS = 0.7, 1.4
"""Of an auto-encoder's copies against their originals (``bank.sharpness_ratio``, "quarter"): others are left
out."""
_TAEF2_NOISE = 0.1


def make(
    cache: Cache, out: Path, *, members: int, minutes: float, count: int, taef2: Path, parts: tuple[str, ...],
    threads: int = 1,
) -> None:  # fmt: skip
    """Fill ``out/bank``, then ``out/train``, ``out/validation`` and ``out/unseen``, as far as ``parts`` names them.

    ``train`` is made of the split's training faces; ``validation`` of its validation faces by the same networks; ``unseen`` of
    those by the networks of the held-out way of up-sampling, which trains nothing.

    Args:
        cache: as built by ``data.build_cache``.
        out: folder.
        members: auto-encoders of the bank.
        minutes: of training for each; 0 to take the bank as it is.
        count: fakes of ``train``; of each of the others a fifth.
        taef2: folder with TAEF2's weights, which the bank starts from.
        parts: which of "train", "validation", "unseen" to make.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    train, validation = kept_split(cache, out / "split.npz")
    if minutes > 0:
        patches = genuine_patches(cache, train, _PATCHES)
        train_bank(draw_recipes(members), taef2, patches, out / "bank", minutes, threads)
    bank = load_bank(out / "bank", taef2)
    for part in parts:
        makers = _makers(bank, part, taef2)
        indices = train if part == "train" else validation
        print(json.dumps({"part": part, "makers": list(makers)}), flush=True)
        make_fakes(
            FakeMaker(cache, indices, makers, _SEEDS[part]), out / part, count if part == "train" else count // 5
        )


def _makers(bank: list[Member], part: str, taef2: Path) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    makers: dict[str, Callable[[np.ndarray], np.ndarray]] = {}
    for member in bank:
        if not _LEAST_SHARPNESS <= member.measured["quarter"] <= _MOST_SHARPNESS:
            print(f"left out: {member.recipe.name}, whose copies' sharpness is {member.measured}", file=sys.stderr)
        elif (member.recipe.upsampling == HELD_OUT) == (part == "unseen"):
            makers[member.recipe.name] = partial(copy_of, member.network, cell=CELL)
    if part != "unseen":
        makers["taef2"] = partial(copy_of, load_taef2(taef2), cell=CELL)
        makers["taef2-noisy"] = partial(copy_of, load_taef2(taef2, _TAEF2_NOISE), cell=CELL)
    if not makers:
        raise ValueError(f"{part}: the bank holds no network for it; train one first")
    return makers
