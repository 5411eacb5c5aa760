"""Pictures of a training: learning curves and a confusion matrix, as PNG files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

__all__ = ["draw_confusion", "draw_learning_curves"]

# Without a screen; figures are made by Figure and never by pyplot, which would keep them all open.
mpl.use("agg")


def draw_learning_curves(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Loss, accuracy and AUC over the epochs, training and validation (the seed's Fig. 4 and 5, with labelled axes).

    Args:
        rows: one an epoch, with "epoch" (from 1), "loss", "accuracy", "auc" and the same with the prefix "validation_".
        path: the PNG file.
    """
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    axes = figure.subplots(1, 3)
    epochs = [row["epoch"] for row in rows]
    for axis, key in zip(axes, ("loss", "accuracy", "auc"), strict=True):
        axis.plot(epochs, [row[key] for row in rows], ".-", label="training (augmented, dropout on)")
        axis.plot(epochs, [row[f"validation_{key}"] for row in rows], ".-", label="validation (unseen groups)")
        axis.set_xlabel("epoch")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set_ylabel("AUC" if key == "auc" else key)
        if key != "loss":
            axis.set_ylim(0.0, 1.0)
            axis.axhline(0.5, color="grey", linewidth=0.8, linestyle=":")
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(path, dpi=110)


def draw_confusion(counts: np.ndarray, path: Path, title: str) -> None:
    """A confusion matrix (the seed's Fig. 6), with counts and the share of each true class.

    Args:
        counts: (2, 2) int; rows are true, columns are predicted: fake, real.
        path: the PNG file.
        title: stands above it.
    """
    figure = Figure(figsize=(4.2, 3.8), layout="constrained")
    axis = figure.subplots()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axis.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row in range(2):
        for column in range(2):
            text = f"{counts[row, column]}\n{shares[row, column]:.0%}"
            axis.text(column, row, text, ha="center", va="center", color="w" if shares[row, column] > 0.5 else "k")
    axis.set_xticks([0, 1], ["fake", "real"])
    axis.set_yticks([0, 1], ["fake", "real"])
    axis.set_xlabel("predicted")
    axis.set_ylabel("true")
    axis.set_title(title, fontsize=9)
    figure.savefig(path, dpi=110)
