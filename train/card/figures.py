"""The pictures of the model card, drawn from scored files and ``evaluation.json``. Small PNGs in ``weights/figures/``."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

mpl.use("Agg")  # no window is ever opened

from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from train.card.card import read_histories
from train.measuring.scoring import Scored
from train.measuring.summary import Columns
from train.metrics import roc

__all__ = ["FIGURES", "draw_figures"]

FIGURES = ("roc.png", "reliability.png", "confusion.png", "training.png")
_DPI = 80


def draw_figures(weights: Path, clean: Sequence[Scored], evaluation: Mapping[str, Any]) -> None:
    """Draw every picture into ``weights/figures``.

    Args:
        weights: folder with the histories that ``fit`` wrote.
        clean: the scored files of the evaluated subset.
        evaluation: the content of ``evaluation.json``.
    """
    folder = weights / "figures"
    folder.mkdir(exist_ok=True)
    names = list(evaluation["models"])
    histories = read_histories(weights, evaluation)
    for name, figure in (
        ("roc.png", _rocs(clean, evaluation)),
        ("reliability.png", _reliability(evaluation)),
        ("confusion.png", _confusion(evaluation)),
        ("training.png", _training({model: histories[model] for model in names})),
    ):
        figure.savefig(folder / name, dpi=_DPI, pil_kwargs={"optimize": True})
        plt.close(figure)


def _rocs(clean: Sequence[Scored], evaluation: Mapping[str, Any]) -> Figure:
    """One panel a source, that on which the default model is worst first; one curve a model."""
    by_model = {name: Columns(clean, name) for name in evaluation["models"]}
    ours = evaluation["models"][evaluation["default"]]["by_source"]
    sources = sorted((name for name in ours if "auc" in ours[name]), key=lambda name: float(ours[name]["auc"]))
    columns = min(2, max(1, len(sources)))
    lines = max(1, math.ceil(len(sources) / columns))
    figure, axes = plt.subplots(
        lines, columns, figsize=(3.6 * columns, 3.3 * lines), squeeze=False, layout="constrained"
    )
    for axis in axes.flat[len(sources) :]:
        axis.set_axis_off()
    for axis, source in zip(axes.flat, sources, strict=False):
        for name, c in by_model.items():
            keep = c.source == source
            if 0 < c.fake[keep].sum() < keep.sum():
                alarms, hits = roc(c.fake[keep], c.p_fake[keep])
                value = evaluation["models"][name]["by_source"][source]["auc"]
                axis.plot(
                    alarms, hits, label=f"{name} {value:.2f}", linewidth=2 if name == evaluation["default"] else 1
                )
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, linestyle=":")
        axis.set(title=source, xlabel="genuine flagged", ylabel="fakes found", xlim=(0, 1), ylim=(0, 1.01))
        axis.legend(loc="lower right", fontsize=8, title="AUC", title_fontsize=8)
    return figure


def _reliability(evaluation: Mapping[str, Any]) -> Figure:
    figure, axis = plt.subplots(figsize=(4.6, 4.2), layout="constrained")
    axis.plot([0, 1], [0, 1], color="0.7", linewidth=1, linestyle=":", label="perfect")
    for name, result in evaluation["models"].items():
        bins = result["calibration"]["reliability"]
        error = result["calibration"]["ece15_balanced"]
        (line,) = axis.plot(
            [b["p_fake"] for b in bins], [b["fake"] for b in bins], label=f"{name}, error {error:.3f}", linewidth=1
        )
        axis.scatter(
            [b["p_fake"] for b in bins], [b["fake"] for b in bins], s=[4 + 300 * b["weight"] for b in bins],
            color=line.get_color(), alpha=0.6,
        )  # fmt: skip
    axis.set(xlabel="p_fake", ylabel="share of fakes, both classes weighted one half", xlim=(0, 1), ylim=(0, 1))
    axis.legend(loc="upper left", fontsize=8)
    return figure


def _confusion(evaluation: Mapping[str, Any]) -> Figure:
    """Truth against verdict, one panel a model: counts, coloured by their share of the truth."""
    models = evaluation["models"]
    figure, axes = plt.subplots(
        len(models), 1, figsize=(6, 1.7 * len(models) + 0.2), squeeze=False, layout="constrained"
    )
    for axis, (name, result) in zip(axes[:, 0], models.items(), strict=True):
        record = result["track_record"]
        counts = np.array([[row[truth] for row in record] for truth in ("genuine", "fake")], float)
        shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
        axis.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (line, column), share in np.ndenumerate(shares):
            text = f"{counts[line, column]:.0f}\n{share:.0%}"
            axis.text(
                column, line, text, ha="center", va="center", fontsize=8, color="white" if share > 0.5 else "black"
            )
        axis.set_xticks(range(len(record)), [str(row["verdict"]).replace("_", " ") for row in record], fontsize=8)
        axis.set_yticks(range(2), ["genuine", "fake"], fontsize=8)
        axis.set_title(name, fontsize=9)
    return figure


def _training(histories: Mapping[str, list[dict[str, Any]]]) -> Figure:
    """AUC against crops seen; histories that count epochs have a panel of their own."""
    panels: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for name, rows in histories.items():
        if rows:
            panels.setdefault("crops" if "crops" in rows[0] else "epoch", {})[name] = rows
    panels = panels or {"crops": {}}
    figure, axes = plt.subplots(1, len(panels), figsize=(5.4 * len(panels), 3.6), squeeze=False, layout="constrained")
    for axis, (x, found) in zip(axes[0], panels.items(), strict=True):
        for name, rows in found.items():
            _curves(axis, name, x, rows)
        axis.axhline(0.5, color="0.7", linewidth=1, linestyle=":")
        axis.set(xlabel="crops seen in training" if x == "crops" else "epochs", ylabel="AUC")
        if axis.get_legend_handles_labels()[0]:
            axis.legend(fontsize=8)
    return figure


def _curves(axis: Axes, name: str, x: str, rows: Sequence[Mapping[str, Any]]) -> None:
    for key in rows[0]:
        if "auc" in key.lower() and isinstance(rows[0][key], int | float):
            kept = [row for row in rows if key in row and x in row]
            axis.plot([row[x] for row in kept], [row[key] for row in kept], marker=".", label=f"{name}: {key}")
