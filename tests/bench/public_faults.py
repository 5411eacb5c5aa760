"""Killed processes, a full disk, restarts, broken files and an hour of use, as ``tests.bench.public`` has them."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx

from detector.errors import DetectorError, WorkerFailed
from detector.worker.isolation import IsolatedDetector
from tests import corpus
from tests.bench.public_line import MEGABYTE, Line, a_photo, running
from tests.support.running import Running, within

__all__ = ["flips", "flips_through", "full_disk", "kills", "leaver", "restart", "soak", "terminate"]


def kills(weights: Path, count: int = 20) -> Line:
    """The process that decodes is killed in the middle of a job, again and again."""
    outcomes, next_ones, waits = [], 0, []
    with running(weights) as server:
        photo = a_photo()
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
            outcomes.append((time.monotonic() - began, (answer.get("error") or {}).get("type")))
            began = time.monotonic()
            next_ones += bool(server.result(server.ask(path)).get("faces"))
            waits.append(time.monotonic() - began)
    slowest = max(spent for spent, _ in outcomes)
    kinds = {kind for _, kind in outcomes}
    seen = (
        f"answered {kinds} within {slowest:.2f} s at most, next job worked {next_ones} of {count} times, "
        f"after {statistics.median(waits):.1f} s (median; the slowest {max(waits):.1f} s)"
    )
    return Line(
        f"worker killed {count} times",
        "answered within 2 s, next job works",
        seen,
        slowest <= 2 and next_ones == count and kinds == {"WorkerFailed"},
    )


def restart(weights: Path) -> Line:
    """The server itself is killed, and started again over what it left."""
    with tempfile.TemporaryDirectory() as folder:
        temp = Path(folder) / "temp"
        temp.mkdir()
        with Running(weights, temp) as first:
            first.upload(a_photo(), "left-behind.jpg")
            workers = first.workers()
            first.process.kill()
            first.process.wait()
            gone = within(10, lambda: not any(map(_alive, workers)))
            left = len(first.files())
        with Running(weights, temp) as second:
            after = len([path for path in second.files() if "left-behind" in path.name])
            page_s = second.page_s
            works = bool(second.check(a_photo()).get("faces"))
    seen = f"{left} left, {after} after the restart, worker gone: {gone}, page after {page_s:.1f} s, works: {works}"
    return Line(
        "kill -9 and restart",
        "orphans swept, ready within 15 s",
        seen,
        left > 0 and not after and gone and works and page_s <= 15,
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
                works = bool(server.check(a_photo()).get("faces"))
        finally:
            subprocess.run(["umount", str(temp)], check=False)
    seen = f"{refused.status_code} {refused.text[:40]!r}, page there: {alive}, after freeing it works: {works}"
    return Line("disk full", asked, seen, refused.status_code == 507 and alive and works)


def terminate(weights: Path) -> Line:
    """SIGTERM in the middle of a job."""
    with running(weights) as server:
        path = server.upload(a_photo()).json()[0]
        pid = server.worker()
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        server.ask(path)
        time.sleep(0.5)
        workers = server.workers()
        began = time.monotonic()
        server.process.terminate()
        status = server.process.wait(60)
        spent = time.monotonic() - began
        left = len(server.files())
        gone = within(5, lambda: not any(map(_alive, workers)))
    seen = f"ended with {status} after {spent:.1f} s, {left} files left, worker gone: {gone}"
    return Line(
        "SIGTERM mid-job", "ended within 10 s, folder empty", seen, spent <= 10 and not left and gone and status == 0
    )


def leaver(weights: Path) -> Line:
    """Clients that go away: in the middle of an upload, and while their check runs."""
    with running(weights) as server:

        def half() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.jpg"\r\n\r\n' + bytes(MEGABYTE)
            raise ConnectionError

        headers = {"content-type": "multipart/form-data; boundary=x"}
        for _ in range(5):
            with contextlib.suppress(ConnectionError, httpx.HTTPError):
                httpx.post(f"{server.url}gradio_api/upload", content=half(), headers=headers)
            asked = server.ask(server.upload(a_photo()).json()[0])
            with contextlib.suppress(httpx.HTTPError):
                httpx.get(f"{server.url}gradio_api/call/analyze_image/{asked.json()['event_id']}", timeout=0.05)
        began = time.monotonic()
        works = bool(server.check(a_photo()).get("faces"))
        spent = time.monotonic() - began
        idle = within(5, lambda: _busy(server) < 0.1)
        halves = len([path for path in server.files() if path.stat().st_size >= MEGABYTE])
    seen = f"the next check worked: {works}, after {spent:.1f} s; then idle within 5 s: {idle}; {halves} halves kept"
    return Line("clients that go away", "others served, idle within 5 s", seen, works and idle)


def _busy(server: Running) -> float:
    """Share of a processor that server and worker use, over half a second."""

    def ticks() -> int:
        stats = [Path(f"/proc/{pid}/stat").read_text() for pid in (server.process.pid, *server.workers()[:1])]
        return sum(sum(map(int, stat.rsplit(")", 1)[1].split()[11:13])) for stat in stats)

    before = ticks()
    time.sleep(0.5)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / 0.5


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists()


def soak(weights: Path, minutes: float = 30.0, every_s: float = 2.0) -> Line:
    """A job every two seconds, of all kinds, for long."""
    with running(weights) as server, tempfile.TemporaryDirectory() as folder:
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
    # Memory has settled once every kind of file was there; a short run is judged on its later part.
    warm = samples[min(len(files), len(samples) // 3) :]
    hours = [when / 3600 for when, _ in warm]
    slope, first = {}, {}
    for key in ("rss", "worker_rss"):
        line = statistics.linear_regression(hours, [sample[key] / MEGABYTE for _, sample in warm])
        slope[key], first[key] = line.slope, line.intercept + line.slope * hours[0]
    fds, threads = (warm[-1][1][key] - warm[0][1][key] for key in ("fds", "threads"))
    seen = (
        f"{jobs} jobs in {samples[-1][0] / 60:.1f} min, {failed} failed, files {fds:+d}, threads {threads:+d}, memory "
        f"{first['rss']:.0f} MB {slope['rss']:+.0f} MB/h server and {first['worker_rss']:.0f} MB "
        f"{slope['worker_rss']:+.0f} MB/h worker, {len(uploads)} uploads not yet deleted"
    )
    fine = not failed and fds <= 5 and threads <= 2 and (minutes < 10 or max(slope.values()) < 20)
    return Line(f"soak of {minutes:g} minutes", "files +5, threads +2, < 20 MB/h, no failure", seen, fine)


def flips(weights: Path, count: int = 1000) -> Line:
    """Bytes of six small files replaced at random, a thousand times, through the isolated detector."""
    with IsolatedDetector(weights) as detector:
        return flips_through(detector, count)


def flips_through(detector: IsolatedDetector, count: int) -> Line:
    """The same through a detector that is there already."""
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
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
