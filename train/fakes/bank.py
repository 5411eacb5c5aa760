"""A bank of auto-encoders (``autoencoders``), trained on one after another on genuine faces at their native resolution.

A copy that is softer than its original teaches that soft is fake, and generators of today are crisper than photographs. So
the loss has a term for the energy of fine detail beside that for its place, and every auto-encoder's sharpness is measured
and kept with its weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from train.fakes.autoencoders import Autoencoder, AutoencoderRecipe

if TYPE_CHECKING:
    from train.data.cache import Cache

__all__ = ["HELD_OUT", "Member", "draw_recipes", "genuine_patches", "load_bank", "sharpness_ratio", "train_bank"]

HELD_OUT = "pixel_shuffle"
"""The way of up-sampling whose copies never train a detector: the line of the evaluation for decoders of an unseen kind."""
_ORDER = ("transposed", "nearest", "bilinear", "pixel_shuffle", "nearest", "transposed", "bilinear", "nearest",
          "transposed", "pixel_shuffle")  # fmt: skip
_SAVE_EVERY_S = 60
_MEASURED = 64
"""Patches at the end of the array that no auto-encoder trains on: its sharpness is measured on them."""


@dataclass(frozen=True)
class Member:
    """A trained auto-encoder of the bank, in evaluation mode."""

    recipe: AutoencoderRecipe
    network: Autoencoder
    sha256: str
    """Of its weights file."""
    measured: dict[str, float]
    """Steps trained, mean absolute error of [0, 1], and sharpness ratios as of ``sharpness_ratio``."""


def draw_recipes(count: int, seed: int = 1) -> list[AutoencoderRecipe]:
    """The first ``count`` auto-encoders of an endless list: a longer list begins with the shorter one."""
    recipes = []
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        upsampling = _ORDER[number % len(_ORDER)]
        quantised = number % 3 == 2
        recipes.append(
            AutoencoderRecipe(
                name=f"{number:02d}-{upsampling}{'-quantised' if quantised else ''}",
                seed=int(rng.integers(1 << 31)),
                upsampling=upsampling,
                levels=int(rng.choice((15, 21, 31))) if quantised else None,
                activation=str(rng.choice(("silu", "relu", "leaky"))),
                renewed=float(rng.choice((0.1, 0.15, 0.2))),
            )
        )
    return recipes


def genuine_patches(cache: Cache, indices: np.ndarray, count: int, side: int = 128, seed: int = 5) -> np.ndarray:
    """Patches of genuine faces at the resolution of their files, equally many of every source that has large enough ones.

    Args:
        cache: as built by ``data.build_cache``.
        indices: samples of the training split; fakes among them are passed over.
        count: patches.
        side: of a patch, pixels.
        seed: of the draw.

    Returns:
        (count, side, side, 3) uint8 RGB in random order.
    """
    rng = np.random.default_rng(seed)
    by_source: dict[str, list[int]] = defaultdict(list)
    for index in indices.tolist():
        box = cache.detection(index).box
        if cache.samples[index].label == "real" and min(box.width, box.height) >= 0.8 * side:
            by_source[cache.samples[index].source].append(index)
    # A source of few faces would be learnt by heart if it stood for a whole share.
    sources = sorted(source for source, members in by_source.items() if len(members) >= 20)
    if not sources:
        raise ValueError(f"no source holds twenty genuine faces of {side} pixels: nothing to train auto-encoders on")
    patches = np.empty((count, side, side, 3), np.uint8)
    for row in range(count):
        members = by_source[sources[row % len(sources)]]
        patches[row] = _patch(cache, int(rng.choice(members)), side, rng)
    return patches[rng.permutation(count)]


def _patch(cache: Cache, index: int, side: int, rng: np.random.Generator) -> np.ndarray:
    frame, box = cache.frame(index).rgb, cache.detection(index).box
    height, width = frame.shape[:2]
    reach = 0.25 * max(box.width, box.height)
    left = _within(rng, box.left - reach, box.right + reach - side, width - side)
    top = _within(rng, box.top - reach, box.bottom + reach - side, height - side)
    patch = frame[top : top + side, left : left + side]
    if patch.shape[:2] != (side, side):
        patch = np.pad(patch, ((0, side - patch.shape[0]), (0, side - patch.shape[1]), (0, 0)), mode="symmetric")
    return np.asarray(patch)


def _within(rng: np.random.Generator, low: float, high: float, most: int) -> int:
    return int(np.clip(rng.uniform(low, max(low, high)), 0, max(0, most)))


def sharpness_ratio(originals: np.ndarray, copies: np.ndarray) -> dict[str, float]:
    """Fine detail of copies over that of their originals; 1 where they are as sharp.

    Args:
        originals: (N, S, S, 3) uint8 RGB.
        copies: the same shape and type.

    Returns:
        "quarter" and "half": energy of grey beyond a quarter and half of the sampling frequency's half, summed over all
        patches; "gradient": mean absolute gradient.
    """
    energies = [_energies(pictures.astype(np.float32).mean(-1)) for pictures in (originals, copies)]
    return {name: round(float(energies[1][name] / energies[0][name]), 3) for name in energies[0]}


def _energies(grey: np.ndarray) -> dict[str, float]:
    side = grey.shape[-1]
    window = np.hanning(side)[:, None] * np.hanning(side)[None]
    power = np.abs(np.fft.rfft2((grey - grey.mean((1, 2), keepdims=True)) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    gradient = np.abs(np.diff(grey, axis=1)).mean() + np.abs(np.diff(grey, axis=2)).mean()
    return {"quarter": power[:, radius > 0.125].sum(), "half": power[:, radius > 0.25].sum(), "gradient": gradient}


def train_bank(
    recipes: list[AutoencoderRecipe], taef2: Path, patches: np.ndarray, out: Path, minutes: float, threads: int = 1
) -> None:
    """Train what is not finished yet; each auto-encoder resumes from its checkpoint.

    Args:
        recipes: as by ``draw_recipes``.
        taef2: folder with TAEF2's weights.
        patches: (N, S, S, 3) uint8 RGB, as by ``genuine_patches``.
        out: a folder for each auto-encoder, with ``recipe.json``, ``weights.pt`` and ``measured.json``.
        minutes: of the processor's time for each, so that a busy machine takes nothing from it; the learning rate falls over
            them. More than an earlier call gave trains on.
        threads: of the processor.
    """
    torch.set_num_threads(threads)
    for recipe in recipes:
        folder = out / recipe.name
        measured = folder / "measured.json"
        if measured.exists() and json.loads(measured.read_text(encoding="utf-8"))["minutes"] >= minutes:
            continue
        _train(recipe, taef2, patches, folder, minutes, threads)


def _train(
    recipe: AutoencoderRecipe, taef2: Path, patches: np.ndarray, folder: Path, minutes: float, threads: int
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    network = Autoencoder(recipe, taef2).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.Adam(network.decoder.parameters(), lr=recipe.rate, betas=(0.9, 0.98))
    state = folder / "checkpoint.pt"
    steps, spent = 0, 0.0
    if state.exists():
        saved = torch.load(state, weights_only=True)
        network.load_state_dict(saved["network"])
        optimizer.load_state_dict(saved["optimizer"])
        steps, spent = saved["steps"], saved["spent"]
    rng = np.random.default_rng((recipe.seed, steps))
    last_saved = spent
    while spent < minutes * 60:
        began = time.process_time()
        done = spent / (minutes * 60)
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min(1.0, (steps + 1) / 20, 0.02 + 1.3 * (1 - done))
        originals = _batch(patches[:-_MEASURED], recipe, rng)
        loss = copy_loss(network(originals), originals)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.decoder.parameters(), 1.0)
        optimizer.step()
        steps, spent = steps + 1, spent + (time.process_time() - began) / threads
        if spent - last_saved > _SAVE_EVERY_S:
            last_saved = spent
            _save(state, {"network": network.state_dict(), "optimizer": optimizer.state_dict(), "steps": steps,
                          "spent": spent})  # fmt: skip
    _save(folder / "weights.pt", network.state_dict())
    row = _measure(network.eval(), patches[-_MEASURED:]) | {"steps": steps, "minutes": minutes}
    (folder / "measured.json").write_text(json.dumps(row) + "\n", encoding="utf-8")
    print(json.dumps({"name": recipe.name, **row}), flush=True)


def _save(path: Path, content: Any) -> None:
    side = path.with_suffix(".part")
    torch.save(content, side)
    os.replace(side, path)


def _batch(patches: np.ndarray, recipe: AutoencoderRecipe, rng: np.random.Generator) -> Tensor:
    room = patches.shape[1] - recipe.patch
    rows = rng.integers(len(patches), size=recipe.batch)
    corners = rng.integers(room + 1, size=(recipe.batch, 2))
    chosen = np.stack(
        [patches[row, y : y + recipe.patch, x : x + recipe.patch] for row, (y, x) in zip(rows, corners, strict=True)]
    )
    if rng.random() < 0.5:
        chosen = chosen[:, :, ::-1]
    x = torch.from_numpy(np.ascontiguousarray(chosen)).permute(0, 3, 1, 2).float() / 255
    return x.contiguous(memory_format=torch.channels_last)


def copy_loss(copies: Tensor, originals: Tensor) -> Tensor:
    """Error, error of the gradients and of fine detail, which would not count by its size, and a term that asks detail to be as
    strong as the original's where it cannot be placed exactly (mean absolute high-pass value in cells of 8 pixels, compared
    as logarithms).

    Args:
        copies: (N, 3, H, W) float32, about [0, 1].
        originals: the same.

    Returns:
        A scalar.
    """
    error = (copies - originals).abs().mean()
    for axis in (2, 3):
        error = error + 2 * (copies.diff(dim=axis) - originals.diff(dim=axis)).abs().mean()
    fine = [x - F.avg_pool2d(x, 3, 1, 1) for x in (copies, originals)]
    error = error + 4 * (fine[0] - fine[1]).abs().mean()
    energies = [torch.log(F.avg_pool2d(x.abs().mean(1, keepdim=True), 8) + 0.004) for x in fine]
    return error + 0.02 * (energies[0] - energies[1]).abs().mean()


@torch.no_grad()
def _measure(network: Autoencoder, patches: np.ndarray) -> dict[str, float]:
    x = torch.from_numpy(np.array(patches)).permute(0, 3, 1, 2).float() / 255
    made = network(x).clamp(0, 1)
    copies = np.rint(made.permute(0, 2, 3, 1).numpy() * 255).astype(np.uint8)
    return {"error": round(float((made - x).abs().mean()), 4), **sharpness_ratio(patches, copies)}


def load_bank(folder: Path, taef2: Path) -> list[Member]:
    """The finished auto-encoders of a folder, in the order of their names; ``taef2`` as in ``train_bank``."""
    members = []
    for path in sorted(folder.glob("*/measured.json")):
        recipe = AutoencoderRecipe(**json.loads((path.parent / "recipe.json").read_text(encoding="utf-8")))
        network = Autoencoder(recipe, taef2)
        weights = path.parent / "weights.pt"
        network.load_state_dict(torch.load(weights, weights_only=True))
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        measured = json.loads(path.read_text(encoding="utf-8"))
        members.append(Member(recipe, network.to(memory_format=torch.channels_last).eval(), digest, measured))
    return members
