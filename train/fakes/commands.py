"""``python -m train fakes`` and ``examples``."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.arguments import number, whole_number
from train.command_line import ROOT, Commands, UsageError, add_landmarker_option, landmarker_of
from train.data.commands import add_cache_options, open_cache

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Register the commands of this package."""
    _add_fakes(
        commands.add_parser("fakes", help="train auto-encoders on genuine faces and make fakes with them; resumes")
    )
    examples = commands.add_parser("examples", help="make the page's example files from public-domain portraits")
    examples.add_argument(
        "--out", type=Path, default=ROOT / "detector" / "examples", help="folder (default that of the page)"
    )
    add_landmarker_option(examples, "needed")
    examples.set_defaults(run=_examples)


def _add_fakes(fakes: argparse.ArgumentParser) -> None:
    parts = ("train", "validation", "unseen")
    add_cache_options(fakes)
    fakes.add_argument("--out", type=Path, default=ROOT / "runs" / "fakes", help="folder (default runs/fakes)")
    fakes.add_argument("--members", type=whole_number(1), default=10, help="auto-encoders of the bank (default 10)")
    fakes.add_argument(
        "--minutes", type=number(0), default=1.5, help="of training for each; 0 takes the bank as it is (default 1.5)"
    )
    fakes.add_argument(
        "--count",
        type=whole_number(1),
        default=4000,
        help="fakes for training; a fifth as many to measure (default 4000)",
    )
    fakes.add_argument(
        "--taef2",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder with TAEF2's weights, which the bank starts from",
    )
    fakes.add_argument("--parts", nargs="*", choices=parts, default=parts, help="what to make (default all)")
    fakes.add_argument("--threads", type=whole_number(1), default=1, help="of the processor (default 1)")
    fakes.set_defaults(run=_fakes)


def _fakes(options: argparse.Namespace) -> int:
    from train.fakes.command import make

    make(open_cache(options), options.out, members=options.members, minutes=options.minutes, count=options.count,
         taef2=options.taef2, parts=tuple(options.parts), threads=options.threads)  # fmt: skip
    return 0


def _examples(options: argparse.Namespace) -> int:
    from train.fakes.examples import make_examples

    landmarker = landmarker_of(options)
    if landmarker is None:
        raise UsageError("The alterations need landmarks: name mediapipe's face_landmarker.task with --landmarker.")
    for entry in make_examples(options.out, landmarker):
        print(f"{entry['file']}: {entry['truth']}, {entry['title']}")
    return 0
