"""The results of ``tests.bench.speed`` for readers: the table, the section of ``docs/speed.md``, the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.sections import Section

__all__ = ["SECTION", "draw", "section", "table"]

SECTION = Section("tests/bench/results/speed.json", "tests/bench/speed.py")

Result = dict[str, Any]


def section(result: Result) -> str:
    """The section on speed of ``docs/speed.md``, all of its figures from one run, without the marks."""
    versions = ", ".join(f"{name} {number}" for name, number in result["versions"].items())
    lines = [
        f"Measured on {result['date']} on {result['machine']}, load {result['load']:.1f} at the start, with {versions}, at "
        f"commit `{result['commit'][:12]}`:",
        "`python -m tests.bench.speed --publish`. The sides of a ratio run in one process on the same files, in "
        f"{result['rounds']} rounds of A B C C B A, the naive baseline in as many of them as fit into "
        f"{result['naive_seconds']:.0f} s (one for a clip); brackets are 95 % intervals.",
        "",
        "*Whole* is what the page does: the scores of all models, heatmaps, the tests of small changes and hidden regions. "
        "*Verdict* leaves out what no verdict rests on, the other models' scores and the hidden regions (`--verdict-only`). "
        "The *floor* is decoding and one batched pass of the default model over the faces, and nothing else. The *usual "
        "shape* reads all frames, runs MTCNN and `keras.predict` on each of as many frames as ours, and Grad-CAM in eager "
        "mode, with the same default model, without either test.",
        "",
        *table(result),
        "",
        f"Models are loaded and warm after {result['load_and_warm_up_s']:.1f} s.",
    ]
    if result.get("peak_memory_mib") is not None:
        lines[-1] += (
            " Loading them, then a photo of 8 MP and a clip of 1080p, all in one process, takes at most "
            f"{result['peak_memory_mib']} MiB of memory."
        )
    if result.get("page_s") is not None:
        lines[-1] += f" The page answers {result['page_s']:.1f} s after `python app.py`, while the models still load."
    if result.get("annotated_share") is not None:
        lines[-1] += (
            f" A marked video, made only when asked for, takes {result['annotated_share']:.1f} times its length."
        )
    lines += ["", "![Seconds a file, and how they grow](../tests/bench/results/speed.png)"]
    return "\n".join(lines)


def table(result: Result) -> list[str]:
    """Markdown."""
    lines = [
        "| file | verdict, ms | whole, ms | decoding, ms | floor, ms | whole / floor | naive baseline, ms "
        "| naive baseline / verdict | naive baseline / whole |",
        "|---|" + "---|" * 8,
    ]
    for row in result["cases"]:
        cells = [
            row["name"],
            *(f"{1000 * row[key]:.0f}" for key in ("verdict_s", "ours_s")),
            f"{row['stages_ms']['decode']:.0f}",
            f"{1000 * row['floor_s']:.0f}",
            _with_interval(row["ours_over_floor"], 2),
            f"{1000 * row['naive_s']:.0f}",
            *(_with_interval(row[key], 1) for key in ("naive_over_verdict", "naive_over_ours")),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _with_interval(found: Sequence[float], digits: int) -> str:
    middle, low, high = (f"{value:.{digits}f}" for value in found)
    return f"{middle} ({low} to {high})"


def draw(result: Result, path: Path) -> None:
    """Bars of the sides on a scale of powers of ten; below them, cost against faces and against length."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    names = [row["name"] for row in result["cases"]]
    at = np.arange(len(names))
    figure, (bars, faces, length) = pyplot.subplots(
        3, 1, figsize=(9, 0.55 * len(names) + 6), layout="constrained", height_ratios=[0.55 * len(names) + 1, 2, 2]
    )
    sides = (("floor_s", "floor"), ("verdict_s", "verdict"), ("ours_s", "whole"), ("naive_s", "naive baseline"))
    for offset, (key, words) in enumerate(sides):
        bars.barh(at + 0.2 * (offset - 1.5), [row[key] for row in result["cases"]], 0.19, label=words)
    bars.set_yticks(at, names)
    bars.invert_yaxis()
    bars.set_xscale("log")
    bars.set_xlabel("seconds")
    bars.legend()
    for axes, key, words in ((faces, "faces", "faces in a photo"), (length, "seconds", "seconds of a clip, 720p")):
        points = result["curves"].get(key, [])
        axes.plot([x for x, _ in points], [y for _, y in points], "o-")
        axes.set_xlabel(words)
        axes.set_ylabel("whole, seconds")
        axes.set_ylim(bottom=0)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
