"""Weight averaging: one model from several runs of the same line of training, at the cost of one.

Networks trained on from the same start usually lie in one basin of the loss, where the mean of their weights is often better
than either (Izmailov et al., UAI 2018; Wortsman et al., ICML 2022, "Model soups"). The mean of networks with unrelated starts
is no better than random, so measure the result before it is shipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

from detector.models.networks import load
from train.fitting.half import store_half
from train.fitting.history import EARLIER
from train.fitting.recipes import read_recipe
from train.lineage import write_lineage

__all__ = ["average", "mean_weights"]


def average(runs: Sequence[Path], shares: Sequence[float], out: Path, *, command: str | None = None) -> Path:
    """Write the run folder ``out``, whose weights are the weighted mean of those of ``runs``.

    Args:
        runs: at least two folders as ``fit`` writes them, of one architecture and margin; recipe, crop size and history are
            those of the last, which should be the one trained longest.
        shares: of each run, positive; scaled to a sum of one.
        out: folder to write; the weights are kept as float16.
        command: that this run is repeated with, for its lineage; None for the command line of this process.

    Returns:
        The weights file.

    Raises:
        ValueError: fewer than two runs, shares that do not match them or are not positive, or runs of different networks.
    """
    if len(runs) < 2 or len(runs) != len(shares):
        raise ValueError(f"{len(runs)} runs and {len(shares)} shares: give at least two runs and one share for each")
    if min(shares) <= 0:
        raise ValueError(f"shares must be positive, not {min(shares)}")
    recipes = [read_recipe(run) for run in runs]
    kinds = [(recipe.architecture, recipe.margin) for recipe in recipes]
    for run, kind in zip(runs, kinds, strict=True):
        if kind != kinds[-1]:
            raise ValueError(f"{run} holds {kind}, {runs[-1]} {kinds[-1]}: only equal networks can be averaged")
    architecture = recipes[-1].architecture
    models = [
        load(architecture, recipe.size, run / f"{architecture}.weights.h5")
        for run, recipe in zip(runs, recipes, strict=True)
    ]
    for run, model in zip(runs, models, strict=True):
        # Most networks have the same weights at every crop size.
        if [w.shape for w in model.weights] != [w.shape for w in models[-1].weights]:
            raise ValueError(
                f"{run} and {runs[-1]} hold weights of different shapes: only equal networks can be averaged"
            )
    models[-1].set_weights(mean_weights(models, shares))
    write_lineage(out, command, [run / f"{architecture}.weights.h5" for run in runs])
    for name in ("recipe.json", "history.jsonl"):
        shutil.copyfile(runs[-1] / name, out / name)
    if (runs[-1] / EARLIER).exists():
        shutil.copyfile(runs[-1] / EARLIER, out / EARLIER)
    weights = out / f"{architecture}.weights.h5"
    store_half(models[-1], weights)
    return weights


def mean_weights(models: Sequence[keras.Model], shares: Sequence[float]) -> list[np.ndarray]:
    """The mean of every array of networks of one architecture, float32, by shares that are scaled to a sum of one."""
    parts = np.asarray(shares, np.float64) / np.sum(shares)
    return [
        np.tensordot(parts, np.stack([array.astype(np.float64) for array in arrays]), axes=1).astype(np.float32)
        for arrays in zip(*(model.get_weights() for model in models), strict=True)
    ]
