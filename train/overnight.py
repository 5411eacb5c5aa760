"""``python -m train all``: every step from labelled faces to shipped weights with their card, one after another.

Each step is a command of its own that anybody can run by hand; what is done is noted in ``steps.jsonl`` of the run's folder,
and a run that was interrupted goes on with the step that it was at, which itself resumes.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.arguments import positive_number
from train.command_line import ROOT, Commands, UsageError, add_device_option, add_weights_option
from train.data.commands import add_cache_options, data_of

__all__ = ["Step", "add_commands", "run_steps", "steps_of"]

_FAKES, _GENERATOR, _BLENDING = 0.15, 0.35, 0.3
"""Shares of the hours; the rest is for calibrating and measuring, which take as long as they take."""
_MEMBERS = 8
_LEAST_HOURS = 0.25
_CROPS = 100_000_000
"""More than anybody's hours hold, so that the minutes decide."""
_BLENDING_MIX = ("--copies", "0.1", "--swaps", "0.3", "--self-blended", "0.25", "--seed", "37")
_GENERATOR_MIX = ("--copies", "0.36", "--swaps", "0.14", "--self-blended", "0.08", "--seed", "31")
_DONE = "steps.jsonl"


@dataclass(frozen=True)
class Step:
    """One command of ``python -m train``."""

    name: str
    arguments: tuple[str, ...]

    @property
    def line(self) -> str:
        """As it is typed."""
        return shlex.join(["python", "-m", "train", *self.arguments])


def add_commands(commands: Commands) -> None:
    """Register ``all``."""
    everything = commands.add_parser(
        "all", help="fakes, two experts, average, ship, gates, views, evaluate and card; resumes"
    )
    add_cache_options(everything)
    everything.add_argument(
        "--hours", type=positive_number, default=8, help="for the fakes and the training (default 8)"
    )
    everything.add_argument("--out", type=Path, default=ROOT / "runs" / "all", help="folder (default runs/all)")
    everything.add_argument("--taef2", type=Path, required=True, metavar="DIR", help="folder with TAEF2's weights")
    add_device_option(everything)
    add_weights_option(everything)
    everything.set_defaults(run=_all)


def _all(options: argparse.Namespace) -> int:
    if not options.hours >= _LEAST_HOURS:
        raise UsageError(f"--hours {options.hours:g}: nothing is learnt in less than {_LEAST_HOURS:g} hours.")
    return run_steps(steps_of(options), options.out, _run)


def steps_of(options: argparse.Namespace) -> list[Step]:
    """The steps in their order."""
    data, cache, out = str(data_of(options)), str(options.cache), options.out
    start = options.weights / "efficientnet.weights.h5"
    table = ["--data", data, "--cache", cache]
    for name in ("layout", "frames", "landmarker"):
        if (value := getattr(options, name, None)) is not None:
            table += [f"--{name}", str(value)]
    weights, fakes = ["--weights", str(options.weights)], str(out / "fakes")
    train = ["expert", *table, "--fakes", fakes, "--crops", str(_CROPS), "--device", options.device]
    train += ["--start", str(start)] if start.exists() else []
    minutes, generator, blending = options.hours * 60, str(out / "generator"), str(out / "blending")
    of_network = f"{minutes * _FAKES / 2 / _MEMBERS:.2f}"
    return [
        Step("fakes", ("fakes", *table, "--out", fakes, "--taef2", str(options.taef2), "--members", str(_MEMBERS),
                       "--minutes", of_network, "--count", str(max(200, round(minutes * _FAKES * 20))))),
        Step("generator", (*train, *_GENERATOR_MIX, "--minutes", f"{minutes * _GENERATOR:.1f}", "--out", generator)),
        Step("blending", (*train, *_BLENDING_MIX, "--minutes", f"{minutes * _BLENDING:.1f}", "--out", blending)),
        Step("average", ("average", blending, generator, "--shares", "0.5", "0.5", "--out", str(out / "efficientnet"))),
        Step("ship", ("ship", str(out / "efficientnet"), *table, *weights)),
        Step("gates", ("gates", *table, *weights)),
        Step("views", ("views", *table, *weights)),
        Step("evaluate", ("evaluate", "--data", data, "--cache", cache, "--scores", str(out / "scores.jsonl"), *weights)),
    ]  # fmt: skip


def run_steps(steps: Sequence[Step], out: Path, run: Callable[[Step], int]) -> int:
    """Run what is not done yet.

    Args:
        steps: in their order.
        out: folder; ``steps.jsonl`` in it lists what was done, with the command and its minutes.
        run: carries out one step and returns its exit status.

    Returns:
        0, or the exit status of the step that failed.
    """
    out.mkdir(parents=True, exist_ok=True)
    record = out / _DONE
    lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    done = {json.loads(line)["command"] for line in lines}
    for number, step in enumerate(steps, 1):
        if step.line in done:
            continue
        print(f"{number} of {len(steps)}, {step.name}: {step.line}", file=sys.stderr)
        started = time.monotonic()
        if status := run(step):
            print(f"{step.name} stopped with status {status}; the same command goes on from here.", file=sys.stderr)
            return status
        row = {"step": step.name, "command": step.line, "minutes": round((time.monotonic() - started) / 60, 1)}
        with open(record, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
    return 0


def _run(step: Step) -> int:
    # A process each: what one step holds in memory is free for the next.
    return subprocess.run([sys.executable, "-m", "train", *step.arguments], cwd=ROOT, check=False).returncode  # noqa: S603
