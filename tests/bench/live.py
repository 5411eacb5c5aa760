"""How many faces a live check scores in a second: frames of a made camera through the isolated worker, as the page sends them.

python -m tests.bench.live [--seconds 20]

Waiting for the processor counts: on a machine with other work the rate by the clock is lower, so the processor time of a face
is given beside it, and the rate that it allows on two cores.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from detector.worker.isolation import IsolatedDetector
from tests.conftest import SHIPPED
from tests.support.camera import camera_jpegs

__all__ = ["main"]

_CORES = 2
_WARM_UP = 5
"""Frames that are not counted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rate; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.live", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=20.0, help="how long to go on (default %(default)s)")
    parser.add_argument("--weights", type=Path, default=SHIPPED, help="folder with manifest.json")
    options = parser.parse_args(arguments)
    frames = itertools.cycle(camera_jpegs(60))
    with IsolatedDetector(options.weights) as detector:
        detector.wait()
        for frame in itertools.islice(frames, _WARM_UP):
            detector.watch("bench", frame, time.monotonic())
        began, spent, scored = time.monotonic(), _cpu_s(detector.pid), 0
        while time.monotonic() - began < options.seconds:
            snapshot = detector.watch("bench", next(frames), time.monotonic())
            scored += snapshot.person is not None and snapshot.person.obstacle is None
        wall, cpu = time.monotonic() - began, _cpu_s(detector.pid) - spent
    print(f"{scored} faces in {wall:.1f} s: {scored / wall:.1f} a second by the clock, on {os.cpu_count()} cores")
    print(
        f"{1000 * cpu / scored:.0f} ms of processor time a face: {_CORES * scored / cpu:.1f} a second on {_CORES} free cores"
    )
    return 0


def _cpu_s(pid: int) -> float:
    """Processor seconds that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
