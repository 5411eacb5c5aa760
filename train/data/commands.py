"""``python -m train leakage``, and the options that name the data for all commands."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from detector.arguments import whole_number
from train.command_line import (
    ROOT,
    Commands,
    UsageError,
    add_landmarker_option,
    landmarker_of,
    path_from_environment,
)
from train.data.names import Layout

if TYPE_CHECKING:
    from train.data.cache import Cache

__all__ = ["add_cache_options", "add_commands", "add_data_option", "data_of", "open_cache"]


def add_commands(commands: Commands) -> None:
    """Register the command of this package."""
    leakage = commands.add_parser(
        "leakage", help="look for the same face picture in two groups; exit 1 if train and dev share one"
    )
    add_cache_options(leakage)
    leakage.add_argument("--sheet", type=Path, metavar="PNG", help="draw the pairs that cross, for inspection")
    leakage.set_defaults(run=_leakage)


def add_data_option(parser: argparse.ArgumentParser, what: str) -> None:
    """Add ``--data``; ``data_of`` reads it."""
    parser.add_argument(
        "--data", type=Path, metavar="DIR", default=path_from_environment("DETECTOR_DATA"),
        help=f"{what} (default $DETECTOR_DATA)",
    )  # fmt: skip


def add_cache_options(parser: argparse.ArgumentParser) -> None:
    """Add what ``open_cache`` reads."""
    add_data_option(
        parser,
        "folder with faces.tsv or clips.tsv, or with real/ and fake/, or FaceForensics++, DFDC or Celeb-DF v2 as published",
    )
    parser.add_argument(
        "--layout", choices=[layout.value for layout in Layout], help="of --data (default: the first that it fits)"
    )
    parser.add_argument("--frames", type=whole_number(1), default=8, help="frames taken of each clip (default 8)")
    parser.add_argument(
        "--cache", type=Path, default=ROOT / "cache",
        help="folder for the cut faces (default cache/); --data is needed only to fill it",
    )  # fmt: skip
    add_landmarker_option(parser, "for the landmarks that pseudo-fakes are made with")


def data_of(options: argparse.Namespace) -> Path:
    """The folder named by ``--data``.

    Raises:
        UsageError: none was named, or it does not exist.
    """
    folder: Path | None = options.data
    if folder is None:
        raise UsageError("No data: name the folder with --data, or in the environment variable DETECTOR_DATA.")
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; name the one with the data with --data.")
    return folder


def open_cache(options: argparse.Namespace) -> Cache:
    """The cache of faces, filled from the data first where it is not there yet.

    Raises:
        UsageError: the cache has to be filled, but the data or the landmarker named does not exist.
    """
    from train.data.cache import Cache, build_cache
    from train.data.published import read_samples

    if (options.cache / "index.jsonl").exists():
        return Cache(options.cache)
    if "WORLD_SIZE" in os.environ:
        raise UsageError(
            f"{options.cache} holds no cut faces yet, and the processes that torchrun starts would all cut them at once. Fill "
            "it first by one process: python -m train leakage with the same --data and --cache."
        )
    folder, landmarker = data_of(options), landmarker_of(options)
    if landmarker is None:
        print(
            "No --landmarker: the faces get no landmarks, so no pseudo-fakes can be made from this cache.",
            file=sys.stderr,
        )
    return build_cache(
        folder, options.cache, landmarker, samples=read_samples(folder, options.layout), frames=options.frames
    )


def _leakage(options: argparse.Namespace) -> int:
    from train.data.leakage import report

    return report(open_cache(options), options.sheet)
