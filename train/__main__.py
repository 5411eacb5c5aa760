"""``python -m train``: fit a model, put it among the shipped weights, measure what is shipped."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from subprocess import CalledProcessError

import train.card.commands
import train.data.commands
import train.fakes.commands
import train.federated.commands
import train.fitting.commands
import train.measuring.commands
import train.overnight
from detector.errors import DetectorError

__all__ = ["build_parser", "main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status, 2 for a command that could not be carried out."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(arguments)
    options.command_line = shlex.join(["python", "-m", "train", *arguments])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        return int(options.run(options))
    except KeyboardInterrupt:
        return 130
    except (DetectorError, OSError, ValueError, ImportError, CalledProcessError) as error:
        if options.traceback:
            raise
        print(_explain(error), file=sys.stderr)
        return 2


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; each package registers its own. Loads no library."""
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    parser.add_argument("--traceback", action="store_true", help="show where in the code an error arose")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    train.data.commands.add_commands(commands)
    train.fakes.commands.add_commands(commands)
    train.fitting.commands.add_commands(commands)
    train.measuring.commands.add_commands(commands)
    train.card.commands.add_commands(commands)
    train.federated.commands.add_commands(commands)
    train.overnight.add_commands(commands)
    clips = commands.add_parser("clips", help="train, calibrate and measure on video clips").add_subparsers(
        required=True, metavar="COMMAND"
    )
    train.fitting.commands.add_clip_commands(clips)
    train.measuring.commands.add_clip_commands(clips)
    train.card.commands.add_clip_commands(clips)
    return parser


def _explain(error: Exception) -> str:
    """What went wrong, in a sentence or a line for each field at fault."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        places = [(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()]
        return "\n".join(f"{place}: {message}" if place else message for place, message in places)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return f"The package {error.name} is not installed; run: pip install -r requirements-train.txt"
    return str(error)


if __name__ == "__main__":
    sys.exit(main())
