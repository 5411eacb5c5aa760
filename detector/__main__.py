"""The command line: the same Report as the page, without a browser.

    python -m detector analyze [--weights DIR] [--json -|PATH] [--csv OUT.csv] [--model NAME] [--verdict-only] [--heatmaps DIR]
                               [--annotated OUT.mp4] [--html OUT.html] [--lang LANGUAGE]
                               FILE [FILE ...]
    python -m detector scan [--weights DIR] --out PATH [--overview OUT.html] [--thumbnails DIR] [--workers N] [--model NAME]
                            [--retry] [--lang LANGUAGE] [--engine {pool,ray}] [--address HOST:PORT] FOLDER [FOLDER ...]
    python -m detector models [--weights DIR] [--json]
    python -m detector export [--weights DIR] [--format {litert,onnx,page}] [--precision {float32,float16,int8}] [--out PATH]
                              [--packages DIR] [--photos FILE [FILE ...]] [MODEL]
    python -m detector self-check [--weights DIR] [--json]
    python -m detector schema

Exit status: 0 if every file could be read (whatever its verdict), 2 otherwise.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from detector.commands import analyze, check, export, models, scan, schema
from detector.commands.command import FAILED, Load
from detector.errors import DetectorError
from detector.runtime.console import native_noise_hidden
from detector.runtime.environment import missing_library, prepare
from detector.version import VERSION

if TYPE_CHECKING:
    from detector.pipeline.detector import Detector

__all__ = ["command_line", "main"]

BROKEN_PIPE = 141
"""128 + SIGPIPE, as the shell reports a program whose reader went away."""


def main(arguments: Sequence[str] | None = None, load: Load | None = None) -> int:
    """Run one command; the return value is the exit status.

    Args:
        arguments: without the program's name; default ``sys.argv``.
        load: makes the detector from the weights folder; default ``detector.load_detector``.
    """
    options = command_line().parse_args(arguments)
    if options.command != "self-check":  # which names what is wrong
        prepare()
    for stream in (sys.stdout, sys.stderr):
        # A file name that the terminal's encoding lacks must not stop a run of a thousand files.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        status: int = options.run(options, load or _load)
        sys.stdout.flush()
    except BrokenPipeError:
        # Else the interpreter complains about the same pipe once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except DetectorError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    except ImportError as error:
        if not (sentence := missing_library(error)):
            raise
        print(f"error: {sentence}", file=sys.stderr)
        return FAILED
    return status


def _program() -> str:
    """What the user typed: the program of the installed package, or this module."""
    return "photo-check" if Path(sys.argv[0]).stem == "photo-check" else "python -m detector"


def command_line() -> argparse.ArgumentParser:
    """The parser of all commands; what it parsed has ``run``, the command."""
    parser = argparse.ArgumentParser(
        prog=_program(),
        description="Looks for signs that faces in photos and videos were altered or generated. "
        "A score is an estimate, not evidence.",
        epilog=f"Example: {_program()} analyze photo.jpg",
    )
    parser.add_argument("--version", action="version", version=f"detector {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in (analyze, scan, models, export, check, schema):
        command.add_to(commands)
    return parser


def _load(weights: Path | None) -> Detector:
    # Before TensorFlow is imported: its errors are enough, its start-up messages are for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with native_noise_hidden():
        from detector import load_detector

        return load_detector(weights)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
