"""Load and faults on the whole program, each printed as a line: what was asked, what was seen.

    python -m tests.bench.public                     # all of them but the soak
    python -m tests.bench.public kills --count 20
    python -m tests.bench.public soak --minutes 30

Short forms run in the suite (``tests/test_faults.py``). The figures are for a quiet computer with two cores.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from tests import corpus, fakes
from tests.clips import write_clip
from tests.running import ROOT, Running, within

__all__ = ["Line", "clients", "clips", "flips", "full_disk", "kills", "leaver", "restart", "soak", "terminate"]

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Line:
    """One test: what was asked, what was seen, and whether that is enough."""

    test: str
    asked: str
    seen: str
    ok: bool


@contextlib.contextmanager
def _running(weights: Path, *arguments: str, warm: bool = True) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        temp = Path(folder) / "temp"
        temp.mkdir()
        with Running(weights, temp, *arguments) as server:
            if warm:
                server.settle()
                assert server.check(_photo())["verdict"]
            yield server


def _photo() -> bytes:
    return fakes.jpeg(fakes.group_photo())


def clients(weights: Path, count: int = 40, rounds: int = 5) -> Line:
    """Many people at once, each with a photo."""
    with _running(weights) as server:
        photo, before = _photo(), server.resources()
        statuses: Counter[int] = Counter()
        spent: list[float] = []
        broken = 0

        def one(_: int) -> None:
            nonlocal broken
            began = time.monotonic()
            path = server.upload(photo).json()[0]
            asked = server.ask(path)
            statuses[asked.status_code] += 1
            if asked.status_code == 200:
                if not server.result(asked).get("faces"):
                    broken += 1
                spent.append(time.monotonic() - began)

        with ThreadPoolExecutor(count) as pool:
            list(pool.map(one, range(count * rounds)))
        after = server.resources()
        grown = (after["rss"] - before["rss"]) / MEGABYTE
        alive = server.answers()
    times = sorted(spent)
    seen = (
        f"{dict(statuses)}, {broken} broken, p50 {statistics.median(times):.1f} s, "
        f"p95 {times[int(0.95 * (len(times) - 1))]:.1f} s, server +{grown:.0f} MB"
    )
    fine = set(statuses) <= {200, 503} and not broken and alive and grown <= 150
    return Line(f"{count} clients at once, {count * rounds} photos", "200 or 503 only, +150 MB at most", seen, fine)


def clips(weights: Path, count: int = 8, megabytes: int = 20) -> Line:
    """Large clips at the same moment."""
    with _running(weights) as server, tempfile.TemporaryDirectory() as folder:
        dice = np.random.default_rng(1)
        noise = [dice.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(8)]
        wanted = megabytes * MEGABYTE
        options = {"q": "2"}
        path = write_clip(Path(folder) / "a.avi", noise, "mjpeg", pixels="yuvj420p", options=options)
        frames = max(8, 8 * wanted // path.stat().st_size)
        data = write_clip(
            path, (noise[n % 8] for n in range(frames)), "mjpeg", pixels="yuvj420p", options=options
        ).read_bytes()

        def one(number: int) -> tuple[int, bool]:
            uploaded = server.upload(data + bytes([number]), f"{number}.avi")
            if uploaded.status_code != 200:
                return uploaded.status_code, False
            asked = server.ask(uploaded.json()[0], "analyze_video", f"{number}.avi")
            return asked.status_code, asked.status_code == 200 and bool(server.result(asked, "analyze_video"))

        began = time.monotonic()
        with ThreadPoolExecutor(count) as pool:
            done = list(pool.map(one, range(count)))
        spent = time.monotonic() - began
        resources = server.resources()
    seen = (
        f"{sum(fine for _, fine in done)} of {count} done ({len(data) / MEGABYTE:.0f} MB each) in {spent:.0f} s, worker "
        f"{resources.get('worker_rss', 0) / MEGABYTE:.0f} MB"
    )
    fine = all(fine for _, fine in done) and resources.get("worker_rss", 0) < 2048 * MEGABYTE
    return Line(f"{count} clips at once", "all done, worker under 2 GiB", seen, fine)


def kills(weights: Path, count: int = 20) -> Line:
    """The process that decodes is killed in the middle of a job, again and again."""
    told, next_ones = [], 0
    with _running(weights) as server:
        photo = _photo()
        for _ in range(count):
            path = server.upload(photo).json()[0]
            pid = server.worker()
            assert pid is not None
            os.kill(pid, signal.SIGSTOP)  # so that the job surely is in the middle
            asked = server.ask(path)
            time.sleep(0.5)
            os.kill(pid, signal.SIGKILL)
            began = time.monotonic()
            answer = server.result(asked)
            told.append((time.monotonic() - began, (answer.get("error") or {}).get("type")))
            next_ones += bool(server.result(server.ask(path)).get("faces"))
    slowest = max(spent for spent, _ in told)
    kinds = {kind for _, kind in told}
    seen = f"told {kinds} within {slowest:.2f} s at most, next job worked {next_ones} of {count} times"
    return Line(
        f"worker killed {count} times",
        "told within 2 s, next job works",
        seen,
        slowest <= 2 and next_ones == count and kinds == {"WorkerFailed"},
    )


def restart(weights: Path) -> Line:
    """The server itself is killed, and started again over what it left."""
    with tempfile.TemporaryDirectory() as folder:
        temp = Path(folder) / "temp"
        temp.mkdir()
        with Running(weights, temp) as first:
            first.upload(_photo(), "left-behind.jpg")
            worker = first.worker()
            first.process.kill()
            first.process.wait()
            gone = within(10, lambda: worker is None or not Path(f"/proc/{worker}/cmdline").exists())
            left = len(first.files())
        with Running(weights, temp) as second:
            after = len([path for path in second.files() if "left-behind" in path.name])
            page_s = second.page_s
            works = bool(second.check(_photo()).get("faces"))
    seen = f"{left} left, {after} after the restart, worker gone: {gone}, page after {page_s:.1f} s, works: {works}"
    return Line(
        "kill -9 and restart", "orphans swept, ready within 15 s", seen, left > 0 and not after and gone and works
    )


def full_disk(weights: Path) -> Line:
    """The temporary folder lies on a disk of 64 MB."""
    asked = "a sentence and 507, works again when freed"
    with tempfile.TemporaryDirectory() as folder:
        temp = Path(folder) / "temp"
        temp.mkdir()
        if subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(temp)], capture_output=True
        ).returncode:
            return Line("disk full", asked, "not run: this machine does not let a disk be mounted", True)
        try:
            with Running(weights, temp) as server:
                filler = temp / "filler"
                filler.write_bytes(bytes(44 * MEGABYTE))
                refused = server.upload(bytes(8 * MEGABYTE))
                alive = server.answers()
                filler.unlink()
                works = bool(server.check(_photo()).get("faces"))
        finally:
            subprocess.run(["umount", str(temp)], check=False)
    seen = f"{refused.status_code} {refused.text[:40]!r}, page there: {alive}, after freeing it works: {works}"
    return Line("disk full", asked, seen, refused.status_code == 507 and alive and works)


def terminate(weights: Path) -> Line:
    """SIGTERM in the middle of a job."""
    with _running(weights) as server:
        path = server.upload(_photo()).json()[0]
        pid = server.worker()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        server.ask(path)
        time.sleep(0.5)
        began = time.monotonic()
        server.process.terminate()
        status = server.process.wait(60)
        spent = time.monotonic() - began
        left = len(server.files())
        gone = within(5, lambda: not Path(f"/proc/{pid}/cmdline").exists())
    seen = f"ended with {status} after {spent:.1f} s, {left} files left, worker gone: {gone}"
    return Line(
        "SIGTERM mid-job", "ended within 10 s, folder empty", seen, spent <= 10 and not left and gone and status == 0
    )


def leaver(weights: Path) -> Line:
    """Clients that go away: in the middle of an upload, and while their check runs."""
    with _running(weights) as server:

        def half() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + bytes(MEGABYTE)
            raise ConnectionError

        headers = {"content-type": "multipart/form-data; boundary=x"}
        for _ in range(5):
            with contextlib.suppress(ConnectionError, httpx.HTTPError):
                httpx.post(f"{server.url}gradio_api/upload", content=half(), headers=headers)
            asked = server.ask(server.upload(_photo()).json()[0])
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{server.url}gradio_api/call/analyze_image/{asked.json()['event_id']}", timeout=0.05)
        began = time.monotonic()
        works = bool(server.check(_photo()).get("faces"))
        spent = time.monotonic() - began
    return Line("clients that go away", "others served", f"the next check worked: {works}, after {spent:.1f} s", works)


def soak(weights: Path, minutes: float = 30.0, every_s: float = 2.0) -> Line:
    """A job every two seconds, of all kinds, for long."""
    with _running(weights) as server, tempfile.TemporaryDirectory() as folder:
        cases = [
            case for case in corpus.CASES if not case.name.startswith(("many", "crowd", "bomb", "profile", "text b"))
        ]
        files = [(case, path.read_bytes()) for case, path in corpus.write(Path(folder), cases)]
        jobs = failed = 0
        samples: list[tuple[float, dict[str, int]]] = []
        began = time.monotonic()
        while time.monotonic() - began < 60 * minutes:
            started = time.monotonic()
            case, data = files[jobs % len(files)]
            endpoint = "analyze_video" if case.kind == "video" else "analyze_image"
            name = "".join(letter if letter.isalnum() else "_" for letter in case.name)
            answer = server.check(data or b" ", name, endpoint)
            failed += not answer or (answer.get("error") or {}).get("type") == "WorkerFailed"
            jobs += 1
            samples.append((time.monotonic() - began, server.resources()))
            time.sleep(max(0.0, every_s - (time.monotonic() - started)))
        uploads = server.files()
    warm = [sample for when, sample in samples if when >= 0.2 * samples[-1][0]] or [samples[-1][1]]
    hours = max(1e-3, 0.8 * samples[-1][0] / 3600)
    slope = {
        key: (statistics.mean(s[key] for s in warm[-10:]) - statistics.mean(s[key] for s in warm[:10]))
        / MEGABYTE
        / hours
        for key in ("rss", "worker_rss")
    }
    fds, threads = (warm[-1][key] - warm[0][key] for key in ("fds", "threads"))
    seen = (
        f"{jobs} jobs in {samples[-1][0] / 60:.1f} min, {failed} failed, files {fds:+d}, threads {threads:+d}, memory "
        f"{slope['rss']:+.0f} MB/h server and {slope['worker_rss']:+.0f} MB/h worker, {len(uploads)} uploads not yet deleted"
    )
    fine = not failed and fds <= 5 and threads <= 2 and (minutes < 10 or max(slope.values()) < 20)
    return Line(f"soak of {minutes:g} minutes", "files +5, threads +2, < 20 MB/h, no failure", seen, fine)


def flips(weights: Path, count: int = 1000) -> Line:
    """Bytes of six small files replaced at random, a thousand times, through the isolated detector."""
    from detector.errors import DetectorError, WorkerFailed
    from detector.isolation import IsolatedDetector

    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder, IsolatedDetector(weights) as detector:
        detector.wait()
        names = ("jpeg named.png", "portrait.webp", "portrait.gif", "portrait.heic", "talk.mp4", "talk.mkv")
        chosen = [case for case in corpus.CASES if case.name in names]
        sources = [path.read_bytes() for _, path in corpus.write(Path(folder), chosen)]
        pid, path = detector.pid, Path(folder) / "hurt"
        for seed in range(count):
            path.write_bytes(corpus.flipped(sources[seed % len(sources)], seed, 1 + seed % 24))
            began = time.monotonic()
            try:
                detector.analyze(path, heatmaps=False)
                outcomes["report"] += 1
            except WorkerFailed:
                outcomes[f"WORKER FAILED at seed {seed}"] += 1
            except DetectorError as error:
                outcomes[type(error).__name__ if str(error).endswith(".") else f"FAILED to end: {error}"] += 1
            slowest = max(slowest, time.monotonic() - began)
        same = detector.pid == pid
    seen = f"{dict(outcomes)}, slowest {slowest:.1f} s, the same process all along: {same}"
    fine = same and len(sources) == len(names) and not any("FAILED" in key for key in outcomes)
    return Line(f"{count} seeded flips of 6 files", "no crash, no hang, all typed", seen, fine)


_ALL: dict[str, Callable[..., Line]] = {
    "clients": clients,
    "clips": clips,
    "kills": kills,
    "restart": restart,
    "full": full_disk,
    "term": terminate,
    "leaver": leaver,
    "flips": flips,
    "soak": soak,
}


def main() -> int:
    """Run the tests that were named."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.public", description=__doc__.split("\n")[0])
    parser.add_argument("tests", nargs="*", choices=[*_ALL, []], help="default: all but the soak")
    parser.add_argument("--weights", type=Path, default=ROOT / "weights")
    parser.add_argument("--count", type=int, help="of clients, clips, kills or flips")
    parser.add_argument("--minutes", type=float, help="of the soak")
    options = parser.parse_args()
    lines = []
    for name in options.tests or [name for name in _ALL if name != "soak"]:
        more: dict[str, Any] = {}
        if options.count is not None and name in ("clients", "clips", "kills", "flips"):
            more["count"] = options.count
        if options.minutes is not None and name == "soak":
            more["minutes"] = options.minutes
        line = _ALL[name](options.weights, **more)
        lines.append(line)
        print(f"{'ok ' if line.ok else 'BAD'} | {line.test} | {line.asked} | {line.seen}", flush=True)
    return 0 if all(line.ok for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
