"""Load and faults on the whole program, each printed as a line: what was asked, what was seen.

    python -m tests.bench.public                     # all of them but the soak
    python -m tests.bench.public kills --count 20
    python -m tests.bench.public soak --minutes 30 --out public.json
    python -m tests.bench.public --table public.json

With ``--out`` each line is also written to a file, beside what other runs have written there, with commit, machine, versions
and the load that the machine had before; ``--table`` makes a table of it.

Short forms run in the suite (``tests/web/test_faults.py``). The figures are for a quiet computer with two cores.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench.public_faults import flips, full_disk, kills, leaver, restart, soak, terminate
from tests.bench.public_line import Line
from tests.bench.public_load import clients, clips, dawdlers, hub, quota
from tests.support.running import ROOT
from train.lineage import commit, machine

__all__ = ["Line", "main", "table", "write"]

_ALL: dict[str, Callable[..., Line]] = {
    "clients": clients,
    "clips": clips,
    "quota": quota,
    "dawdlers": dawdlers,
    "hub": hub,
    "kills": kills,
    "restart": restart,
    "full": full_disk,
    "term": terminate,
    "leaver": leaver,
    "flips": flips,
    "soak": soak,
}


_COUNTED = ("clients", "clips", "quota", "dawdlers", "kills", "flips")


def write(path: Path, name: str, line: Line, load: float) -> None:
    """Put a line into a file of results, in place of an older one of that name.

    Args:
        path: JSON; made where it is missing.
        name: of the test, as on the command line.
        line: what was seen.
        load: of the machine before the test began, processes that wait or run.
    """
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    packages = ("gradio", "tensorflow", "keras", "pillow", "av", "opencv-python-headless", "mediapipe")
    versions = {}
    for package in packages:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    results[name] = {
        **asdict(line),
        "commit": commit(),
        "machine": f"{machine()}, {os.cpu_count()} cores",
        "versions": versions,
        "load_before": round(load, 2),
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    path.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def table(path: Path) -> str:
    """What was written to a file, as Markdown: the lines, then what they were measured on."""
    results: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    ordered = [results[name] for name in _ALL if name in results]
    rows = ["| test | asked | seen | | load before | commit |", "|---|---|---|---|---|---|"]
    rows += [
        "| "
        + " | ".join(str(one[key]).replace("|", "\\|") for key in ("test", "asked", "seen"))
        + f" | {'ok' if one['ok'] else 'BAD'} | {one['load_before']} | {one['commit'][:10]} |"
        for one in ordered
    ]
    places = {
        f"{one['machine']}; {', '.join(f'{name} {version}' for name, version in one['versions'].items())}"
        for one in ordered
    }
    return "\n".join([*rows, "", *sorted(places)])


def main() -> int:
    """Run the tests that were named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.public", description=__doc__.split("\n")[0])
    parser.add_argument("tests", nargs="*", choices=[*_ALL, []], help="default: all but the soak")
    parser.add_argument("--weights", type=Path, default=ROOT / "weights")
    parser.add_argument("--count", type=int, help="of photos a level, clips, uploads, slow clients, kills or flips")
    parser.add_argument("--minutes", type=float, help="of the soak")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also write each line there, as JSON")
    parser.add_argument("--table", type=Path, metavar="FILE", help="only print what was written there, as Markdown")
    options = parser.parse_args()
    if options.table is not None:
        print(table(options.table))
        return 0
    lines = []
    for name in options.tests or [name for name in _ALL if name != "soak"]:
        more: dict[str, Any] = {}
        if options.count is not None and name in _COUNTED:
            more["count"] = options.count
        if options.minutes is not None and name == "soak":
            more["minutes"] = options.minutes
        load = os.getloadavg()[0]
        line = _ALL[name](options.weights, **more)
        lines.append(line)
        print(f"{'ok ' if line.ok else 'BAD'} | {line.test} | {line.asked} | {line.seen}", flush=True)
        if options.out is not None:
            write(options.out, name, line, load)
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
