"""``schema``: the JSON Schema of a report, for programs that read reports."""

from __future__ import annotations

import argparse
import json

from detector.commands.command import OK, Load, add_command

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command and its arguments."""
    add_command(
        commands,
        "schema",
        run,
        summary="print the JSON Schema of a report",
        description="Prints the JSON Schema (draft 2020-12) of what analyze --json writes, one object a file.",
        example="python -m detector schema > report.schema.json",
        weights=False,
    )


def run(options: argparse.Namespace, load: Load) -> int:  # noqa: ARG001 - nothing is loaded for this
    """Print the schema."""
    from detector.report.schema import json_schema

    print(json.dumps(json_schema(), indent=2))
    return OK
