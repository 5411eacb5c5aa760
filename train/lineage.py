"""How a figure or a weights file came to be: commands, commit of the working copy, machine.

A run's folder holds ``lineage.json``: ``{"command": ..., "commit": ...}``. It is written when training starts, since the
working copy may be another one by the time the result is shipped. Runs of older versions hold the same in
``provenance.json``, which is still read.
"""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Lineage", "commit", "machine", "read_lineage", "this_command", "write_lineage"]

_AND = " && "
_ROOT = Path(__file__).resolve().parent.parent
_NAMES = ("lineage.json", "provenance.json")
"""Of the file, the present name first."""


@dataclass(frozen=True)
class Lineage:
    """What made a run."""

    command: str
    """Command lines joined by `` && ``, those of the runs that it started from first."""
    commit: str
    """Of the working copy that ran the last of them, as ``commit`` gives it."""


def commit() -> str:
    """The commit of the working copy, 40 hexadecimal digits; "unknown" where the code does not lie in a Git repository."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True, cwd=_ROOT)  # noqa: S607
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def machine() -> str:
    """Processor, system and Python version, in words."""
    return f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def this_command() -> str:
    """The command line of this process."""
    return shlex.join(["python", *sys.orig_argv[1:]])


def write_lineage(out: Path, command: str | None = None, starts: Sequence[Path] = ()) -> None:
    """Write ``out/lineage.json``; the folder is made where needed.

    Args:
        out: folder of the run.
        command: that makes it; None for that of this process.
        starts: weights files that it starts from; the commands that made them are put in front, each once.
    """
    commands: list[str] = []
    for earlier in filter(None, map(_made_with, starts)):
        # Runs that are averaged mostly descend from the same one.
        commands = list(dict.fromkeys(commands + earlier.split(_AND)))
    commands.append(command or this_command())
    out.mkdir(parents=True, exist_ok=True)
    content = asdict(Lineage(_AND.join(commands), commit()))
    (out / _NAMES[0]).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def read_lineage(run: Path) -> Lineage:
    """The lineage of a run.

    Raises:
        FileNotFoundError: the folder holds none.
    """
    for name in _NAMES:
        if (run / name).exists():
            content = json.loads((run / name).read_text(encoding="utf-8"))
            return Lineage(content["command"], content["commit"])
    raise FileNotFoundError(f"{run / _NAMES[0]} does not exist; name a folder as `python -m train fit` writes it.")


def _made_with(weights: Path) -> str | None:
    """The commands behind a weights file: of the run beside it, or of its entry in the manifest beside it."""
    try:
        return read_lineage(weights.parent).command
    except FileNotFoundError:
        pass
    manifest = weights.parent / "manifest.json"
    if not manifest.exists():
        return None
    models = json.loads(manifest.read_text(encoding="utf-8"))["models"].values()
    return next((model.get("trained_with") for model in models if model["file"]["name"] == weights.name), None)
