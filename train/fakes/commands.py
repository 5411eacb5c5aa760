"""``python -m train examples``."""

from __future__ import annotations

import argparse
from pathlib import Path

from train.command_line import ROOT, Commands, UsageError, add_landmarker_option, landmarker_of

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Register the command of this package."""
    examples = commands.add_parser("examples", help="make the page's example files from public-domain portraits")
    examples.add_argument(
        "--out", type=Path, default=ROOT / "detector" / "examples", help="folder (default that of the page)"
    )
    add_landmarker_option(examples, "needed")
    examples.set_defaults(run=_examples)


def _examples(options: argparse.Namespace) -> int:
    from train.fakes.examples import make_examples

    landmarker = landmarker_of(options)
    if landmarker is None:
        raise UsageError("The alterations need landmarks: name mediapipe's face_landmarker.task with --landmarker.")
    for entry in make_examples(options.out, landmarker):
        print(f"{entry['file']}: {entry['truth']}, {entry['title']}")
    return 0
