"""``self-check``: what ``detector.self_check`` finds, printed as it is found."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from detector.commands.command import FAILED, OK, Load, add_command

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command and its arguments."""
    parser = add_command(
        commands,
        "self-check",
        run,
        summary="try everything that an analysis needs",
        description="Tries versions, weights, decoders, the temporary folder, and one photo and one video from end to end, "
        "and says what works. Exit status: 0 if all of it works, 2 otherwise.",
        example="python -m detector self-check",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(options: argparse.Namespace, load: Load) -> int:  # noqa: ARG001 - it tries the isolated detector
    """Print each check; 0 if all is well."""
    from detector.self_check import self_check

    status, found = OK, []
    for check in self_check(options.weights):
        status = status if check.ok else FAILED
        found.append(asdict(check))
        if not options.json:
            mark = "well " if check.ok else "NOT WELL"
            print(f"{mark} {check.name} ({check.seconds:.1f} s)\n  {check.words}", flush=True)
    if options.json:
        print(json.dumps({"ok": status == OK, "checks": found}, allow_nan=False))
    else:
        print("Everything works." if status == OK else "Something does not work; see above.")
    return status
