"""What every command shares: how it is called, its exit status, and text that is safe on a terminal."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from detector.pipeline.detector import Detector

__all__ = ["FAILED", "OK", "Load", "Run", "add_command", "printable"]

OK, FAILED = 0, 2

Load = Callable[[Path | None], AbstractContextManager["Detector"]]
"""Makes the detector from the folder with the weights."""
Run = Callable[[argparse.Namespace, Load], int]
"""Runs a command with its parsed arguments; gives the exit status."""


def add_command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Run,
    *,
    summary: str,
    description: str,
    example: str,
    weights: bool = True,
) -> argparse.ArgumentParser:
    """Add a command that ``run`` answers.

    Args:
        commands: what ``add_subparsers`` gave.
        name: as it is typed.
        run: called with the parsed arguments.
        summary: a few words for the list of commands.
        description: sentences for its own help.
        example: a line that works as it stands.
        weights: whether it takes ``--weights``.
    """
    options: dict[str, Any] = {"help": summary, "description": description, "epilog": f"Example: {example}"}
    parser = commands.add_parser(name, **options)
    parser.set_defaults(run=run)
    if weights:
        parser.add_argument("--weights", type=Path, metavar="DIR", help="folder with manifest.json and weights")
    return parser


def printable(text: str) -> str:
    """The text without characters that could steer a terminal or turn its writing direction."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
