"""What the commands of ``python -m train`` share: the folders they start from and the options they have in common."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

__all__ = ["ROOT", "Commands", "UsageError", "add_device_option", "add_landmarker_option", "add_weights_option",
           "landmarker_of", "path_from_environment"]  # fmt: skip

if TYPE_CHECKING:
    Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
else:
    Commands = object
"""What ``ArgumentParser.add_subparsers`` returns."""

ROOT = Path(__file__).resolve().parent.parent
"""The repository, in which runs and caches lie unless an option names another place."""


class UsageError(ValueError):
    """A command was called without something it needs, or with options that contradict each other."""


def path_from_environment(name: str) -> Path | None:
    """The path in an environment variable; None where it is unset or empty."""
    return Path(value) if (value := os.environ.get(name)) else None


def add_weights_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--weights``, the folder with the manifest."""
    parser.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder with manifest.json")


def add_device_option(parser: argparse.ArgumentParser) -> None:
    """Add ``--device``, which ``fitting.devices.choose_device`` reads."""
    parser.add_argument(
        "--device", choices=("auto", "cuda", "mps", "cpu"), default="auto",
        help="where the network runs (default auto: the first of the others that is there)",
    )  # fmt: skip


def add_landmarker_option(parser: argparse.ArgumentParser, purpose: str) -> None:
    """Add ``--landmarker``; ``landmarker_of`` reads it."""
    parser.add_argument(
        "--landmarker", type=Path, metavar="FILE", default=path_from_environment("DETECTOR_LANDMARKER"),
        help=f"mediapipe's face_landmarker.task (default $DETECTOR_LANDMARKER), {purpose}",
    )  # fmt: skip


def landmarker_of(options: argparse.Namespace) -> Path | None:
    """The model file named by ``--landmarker``, or None where none was named.

    Raises:
        UsageError: the named file does not exist.
    """
    path: Path | None = options.landmarker
    if path is not None and not path.is_file():
        raise UsageError(f"{path} does not exist; name mediapipe's face_landmarker.task with --landmarker.")
    return path
