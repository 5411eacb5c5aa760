"""How fast ``photo-check scan`` is with 1 and 2 workers, and what a million files would take, by calculation.

    python -m tests.bench.scan_rate [--files 60] [--workers 1 2] [--price 0.05] [--data FOLDER] [--out FILE]

The pictures are made from the page's examples at several sizes (or the first ones of ``--data``). The rate of a scan is that
between its first and its last result, so that the start of the workers, which a long scan pays once, is told apart.
Memory is the sum over all of its processes of what each has for itself and its share of what they have in common (PSS),
looked at five times a second. The process that writes the table grows with the files: by how much is measured with two scans
of many links to one picture, with as long a list of what is done. Linux only. Everything beyond the measured files is
calculated: the rate is taken as constant, and a machine as having a core for each worker.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests import ROOT
from train.lineage import commit, machine

__all__ = ["Scan", "calculated", "main", "pictures"]

MILLION = 1_000_000
_LINKS = (4_000, 24_000)
_SIDES = (480, 800, 1200, 1600)
"""Longest sides of the pictures, pixels."""


@dataclass(frozen=True)
class Scan:
    """One measured scan."""

    workers: int
    files: int
    start_s: float
    """Until the first result."""
    seconds: float
    """From the first result to the last."""
    memory_mb: float
    """Highest, of all processes together."""
    bytes_a_row: float
    """Of the list of what is done."""

    @property
    def rate(self) -> float:
        """Files a second, the start left out."""
        return (self.files - 1) / self.seconds


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, calculate, print, write; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.scan_rate", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--files", type=int, default=60, help="pictures of each scan (default 60)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument(
        "--price", type=float, default=0.05, help="of a core for an hour, in any currency (default 0.05)"
    )
    parser.add_argument("--data", type=Path, help="folder of pictures to take instead")
    parser.add_argument("--provisional", help="why the figures are not final, for example that the machine was busy")
    parser.add_argument("--out", type=Path, help="JSON file for all figures")
    options = parser.parse_args(arguments)
    if options.files < 10:
        parser.error("--files: a rate needs at least 10")
    with tempfile.TemporaryDirectory(prefix="scan-rate-") as name:
        folder = Path(name)
        count = pictures(folder / "pictures", options.files, options.data)
        scans = [measured(folder, count, workers) for workers in options.workers]
        growth = bytes_a_file(folder)
    result = {
        "date": date.today().isoformat(), "machine": machine(), "cores": os.cpu_count(), "load_before": os.getloadavg()[0],
        "commit": commit(), "provisional": options.provisional,
        "scans": [{**asdict(scan), "rate": scan.rate} for scan in scans],
        "table_bytes_a_file": growth, "million": [calculated(scan, growth, options.price) for scan in scans],
    }  # fmt: skip
    print(*_lines(result, options.price), sep="\n")
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


def pictures(folder: Path, count: int, data: Path | None) -> int:
    """Fill a folder with so many different pictures, or as many as ``data`` has; returns their number."""
    folder.mkdir()
    if data is not None:
        found = sorted(path for path in data.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))[:count]
        for number, path in enumerate(found):
            (folder / f"{number}{path.suffix}").symlink_to(path.resolve())
        return len(found)
    examples = sorted((ROOT / "detector" / "examples").glob("*.jpg"))
    for number in range(count):
        with Image.open(examples[number % len(examples)]) as opened:
            image = opened.convert("RGB")
        side = _SIDES[number // len(examples) % len(_SIDES)]
        image = image.resize([max(1, round(length * side / max(image.size))) for length in image.size])
        # One pixel makes its content another one: copies are checked only once.
        image.putpixel((0, 0), (number % 256, number // 256, 7))
        image.save(folder / f"{number}.png")
    return count


def measured(folder: Path, files: int, workers: int) -> Scan:
    """Scan the pictures of ``folder`` with so many workers."""
    out = folder / f"workers{workers}.csv"
    listing = out.with_name(out.name + ".done.jsonl")
    command = [sys.executable, "-m", "detector", "scan", str(folder / "pictures"), "--out", str(out), "--workers",
               str(workers)]  # fmt: skip
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    first = last = 0.0
    lines, most = 0, 0.0
    while process.poll() is None:
        seen = listing.read_bytes().count(b"\n") if listing.exists() else 0
        now = time.monotonic()
        if seen and not lines:
            first = now
        if seen > lines:
            lines, last = seen, now
        most = max(most, sum(_pss_mb(one) for one in _tree(process.pid)))
        time.sleep(0.2)
    content = listing.read_bytes()
    if process.returncode or content.count(b"\n") != files:
        raise RuntimeError(
            f"the scan ended with {process.returncode} and {content.count(bytes([10]))} of {files} files"
        )
    last = last if lines == files else time.monotonic()
    return Scan(workers, files, round(first - started, 2), round(last - first, 2), round(most, 1), len(content) / files)


def bytes_a_file(folder: Path) -> float:
    """By how many bytes the process that writes the table grows with each file."""
    out = folder / "workers1.csv.done.jsonl"
    if not out.exists():
        out = next(folder.glob("workers*.csv.done.jsonl"))
    row = json.loads(out.read_text(encoding="utf-8").splitlines()[0])
    picture = folder / "tiny.png"
    Image.new("RGB", (8, 8)).save(picture)
    peaks = []
    for links in _LINKS:
        place = folder / f"links{links}"
        place.mkdir()
        for number in range(links):
            (place / f"{number:06d}{picture.suffix}").hardlink_to(picture.resolve())
        lines = [
            json.dumps(row | {"sha256": hashlib.sha256(str(number).encode()).hexdigest()}) for number in range(links)
        ]
        own = json.dumps(row | {"sha256": hashlib.sha256(picture.read_bytes()).hexdigest()})
        (folder / f"links{links}.csv.done.jsonl").write_text("\n".join([own, *lines]) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "detector", "scan", str(place), "--out", str(folder / f"links{links}.csv")]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        peak = 0
        while process.poll() is None:
            peak = max(peak, _peak_bytes(process.pid))
            time.sleep(0.02)
        if process.returncode:
            raise RuntimeError(f"the scan of {links} links ended with {process.returncode}")
        peaks.append(peak)
    return float(np.diff(peaks)[0] / np.diff(_LINKS)[0])


def calculated(scan: Scan, table_bytes_a_file: float, price: float) -> dict[str, float]:
    """What a million files would take, from a measured scan.

    Returns:
        ``hours`` from start to end; ``core_hours``, a core for each worker; ``cost`` at ``price`` for a core-hour;
        ``memory_mb``, the measured peak and what the table's process grows by; ``list_mb`` on disk.
    """
    hours = (scan.start_s + MILLION / scan.rate) / 3600
    return {
        "workers": scan.workers,
        "hours": hours,
        "core_hours": hours * scan.workers,
        "cost": hours * scan.workers * price,
        "memory_mb": scan.memory_mb + table_bytes_a_file * (MILLION - scan.files) / 1e6,
        "list_mb": scan.bytes_a_row * MILLION / 1e6,
    }


def _tree(root: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(path.parent.name))
    found = [root]
    for process in found:
        found += children.get(process, [])
    return found


def _peak_bytes(process: int) -> int:
    """The highest resident memory so far of a process alone, without its workers."""
    try:
        for line in Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # It has ended.
    return 0


def _pss_mb(process: int) -> float:
    try:
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass  # It has ended.
    return 0.0


def _lines(result: dict[str, Any], price: float) -> list[str]:
    lines = [f"PROVISIONAL: {result['provisional']}"] if result["provisional"] else []
    lines.append(f"{result['machine']}, {result['cores']} cores, load before {result['load_before']:.1f}")
    for scan, far in zip(result["scans"], result["million"], strict=True):
        lines.append(
            f"{scan['workers']} workers: {scan['files']} files, first after {scan['start_s']:.1f} s, then {scan['rate']:.2f} "
            f"files a second, {scan['memory_mb']:.0f} MB"
        )
        lines.append(
            f"  a million by calculation: {far['hours']:.0f} h, {far['core_hours']:.0f} core-hours, cost {far['cost']:.2f} at "
            f"{price} a core-hour, {far['memory_mb']:.0f} MB of memory, {far['list_mb']:.0f} MB of list"
        )
    return lines


if __name__ == "__main__":
    sys.exit(main())
