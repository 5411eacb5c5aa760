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
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from detector.errors import DetectorError, WorkerFailed
from detector.worker.isolation import IsolatedDetector
from tests import corpus
from tests.support import fakes
from tests.support.clips import write_clip
from tests.support.running import ROOT, Running, dawdling, within
from train.lineage import commit, machine

__all__ = [
    "Line",
    "clients",
    "clips",
    "dawdlers",
    "flips",
    "flips_through",
    "full_disk",
    "hub",
    "kills",
    "leaver",
    "quota",
    "restart",
    "soak",
    "table",
    "terminate",
    "write",
]

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


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]


def clients(weights: Path, count: int = 50, at_once: Sequence[int] = (1, 4, 16, 40)) -> Line:
    """Many people at once, each with a photo: ``count`` photos with so many clients, then with more."""
    told: list[str] = []
    fine, single = True, 0.0
    with _running(weights) as server:
        photo, before = _photo(), server.resources()

        def one(_: int) -> tuple[int, float, bool]:
            began = time.monotonic()
            asked = server.ask(server.upload(photo).json()[0])
            whole = asked.status_code != 200 or bool(server.result(asked).get("faces"))
            return asked.status_code, time.monotonic() - began, whole

        for level in at_once:
            with ThreadPoolExecutor(level) as pool:
                done = list(pool.map(one, range(count)))
            times = [spent for status, spent, _ in done if status == 200]
            single = single or statistics.median(times)
            told.append(
                f"{level}: p50 {statistics.median(times):.1f} s, p95 {_p95(times):.1f} s, "
                f"{sum(status == 503 for status, _, _ in done)} busy"
            )
            fine = fine and {status for status, _, _ in done} <= {200, 503} and all(whole for _, _, whole in done)
            fine = fine and _p95(times) <= 10 * single
        grown = (server.resources()["rss"] - before["rss"]) / MEGABYTE
        fine = fine and server.answers() and grown <= 150
    return Line(
        f"{', '.join(map(str, at_once))} clients at once, {count * len(at_once)} photos",
        "200 or 503 only, p95 <= 10 times a single one, +150 MB at most",
        f"{'; '.join(told)}; server +{grown:.0f} MB",
        fine,
    )


def clips(weights: Path, count: int = 8, megabytes: int = 20) -> Line:
    """Large clips at the same moment, and more people who find the queue full."""
    with _running(weights) as server, tempfile.TemporaryDirectory() as folder:
        dice = np.random.default_rng(1)
        noise = [dice.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(8)]
        wanted = megabytes * MEGABYTE
        options = {"qmin": "2", "qmax": "2"}  # every frame as large as the next, so that the length gives the size
        path = write_clip(Path(folder) / "a.avi", noise, "mjpeg", pixels="yuvj420p", options=options)
        frames = max(8, 8 * wanted // path.stat().st_size)
        data = write_clip(
            path, (noise[n % 8] for n in range(frames)), "mjpeg", pixels="yuvj420p", options=options
        ).read_bytes()
        photo = server.upload(_photo()).json()[0]

        def ask(number: int) -> httpx.Response:
            uploaded = server.upload(data + bytes([number]), f"{number}.avi")
            return server.ask(uploaded.json()[0], "analyze_video", f"{number}.avi")

        began = time.monotonic()
        with ThreadPoolExecutor(count) as pool:
            asked = list(pool.map(ask, range(count)))
            busy: list[float] = []
            for _ in range(4):
                when = time.monotonic()
                if server.ask(photo).status_code == 503:
                    busy.append(time.monotonic() - when)
            done = list(
                pool.map(lambda one: one.status_code == 200 and bool(server.result(one, "analyze_video")), asked)
            )
        spent = time.monotonic() - began
        worker = server.resources().get("worker_rss", 0) / MEGABYTE
    seen = (
        f"{sum(done)} of {count} done ({len(data) / MEGABYTE:.0f} MB each) in {spent:.0f} s, worker {worker:.0f} MB; "
        f"{len(busy)} of 4 more were told so, the slowest after {1000 * max(busy, default=0):.0f} ms"
    )
    fine = all(done) and worker < 2048 and bool(busy) and max(busy) < 0.2
    return Line(f"{count} clips at once", "all done, worker under 2 GiB, then busy within 200 ms", seen, fine)


def quota(weights: Path, count: int = 40, megabytes: int = 5, room: int = 100) -> Line:
    """Uploads that nobody asks a check for, from many clients at once: more than there is room for."""
    with _running(weights, "--quota-mb", str(room)) as server:

        def one(number: int) -> int:
            return server.upload(bytes([number]) * (megabytes * MEGABYTE), f"{number}.jpg").status_code

        def held() -> float:
            sizes = 0
            for path in server.files():
                # What is deleted between the listing and this look takes no room.
                with contextlib.suppress(FileNotFoundError):
                    sizes += path.stat().st_size if "uploads" in path.parts else 0
            return sizes / MEGABYTE

        with ThreadPoolExecutor(count) as pool:
            statuses = Counter(pool.map(one, range(count)))
        most, began = held(), time.monotonic()
        gone = within(360, lambda: held() < megabytes)
        spent = time.monotonic() - began
        works = bool(server.check(_photo()).get("faces"))
    seen = f"{dict(statuses)}, {most:.0f} MB held, deleted: {gone}, after {spent:.0f} s, then works: {works}"
    fine = set(statuses) == {200, 507} and most <= room and gone and works
    return Line(
        f"{count} uploads of {megabytes} MB, no check", f"at most {room} MB, then 507; deleted in 6 min", seen, fine
    )


def dawdlers(weights: Path, count: int = 50, checks: int = 20) -> Line:
    """Clients that send a kilobyte a second, and what the others notice of them."""
    with _running(weights) as server:
        photo = _photo()

        def timed() -> float:
            began = time.monotonic()
            assert server.check(photo)["faces"]
            return time.monotonic() - began

        alone = _p95([timed() for _ in range(checks)])
        with dawdling(server.url, count) as threads:
            time.sleep(2)
            beside = _p95([timed() for _ in range(checks)])
            still = sum(thread.is_alive() for thread in threads)
    seen = f"p95 of a check {alone:.2f} s alone, {beside:.2f} s beside {still} slow uploads"
    return Line(f"{count} slow clients", "p95 of others +20 % at most", seen, beside <= 1.2 * alone and still == count)


def hub(weights: Path) -> Line:
    """From the start of the process to the page, over local weights, whatever the Hub does."""
    told: list[str] = []
    slowest, asked_in_all, works = 0.0, 0, False
    for name, answer in _HUBS.items():
        with tempfile.TemporaryDirectory() as folder, _bad_hub(answer) as (address, asked):
            temp = Path(folder) / "temp"
            temp.mkdir()
            environment = {
                "HF_ENDPOINT": address,
                "DETECTOR_WEIGHTS_REPO": "owner/name",
                "DETECTOR_WEIGHTS_REVISION": "a" * 40,
            }
            with Running(weights, temp, "--no-spare", environment=environment) as server:
                if name == "hanging":  # one of them shows that the page is not all there is
                    works = bool(server.check(_photo()).get("faces"))
            slowest = max(slowest, server.page_s)
            told.append(f"{name} {server.page_s:.1f} s")
            asked_in_all += len(asked)
    seen = f"page after: {', '.join(told)}; the Hub was asked {asked_in_all} times; works: {works}"
    return Line("bad Hub, local weights", "page within 5 s", seen, slowest <= 5 and not asked_in_all and works)


_HUBS: dict[str, bytes | None] = {
    "hanging": None,
    "404": b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
    "429": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n",
    "closed": b"",
}
"""What a Hub answers; None: nothing, and it keeps the connection."""


@contextlib.contextmanager
def _bad_hub(answer: bytes | None) -> Iterator[tuple[str, list[int]]]:
    """The address of a Hub that gives everybody this answer, and a list with an entry for each who asked."""
    asked: list[int] = []
    kept: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):  # the listener was closed
                while True:
                    visitor = listener.accept()[0]
                    asked.append(len(asked))
                    if answer is None:
                        kept.append(visitor)
                        continue
                    with visitor:
                        visitor.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
        listener.shutdown(socket.SHUT_RDWR)
    for visitor in kept:
        visitor.close()


def kills(weights: Path, count: int = 20) -> Line:
    """The process that decodes is killed in the middle of a job, again and again."""
    told, next_ones, waits = [], 0, []
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
            began = time.monotonic()
            next_ones += bool(server.result(server.ask(path)).get("faces"))
            waits.append(time.monotonic() - began)
    slowest = max(spent for spent, _ in told)
    kinds = {kind for _, kind in told}
    seen = (
        f"told {kinds} within {slowest:.2f} s at most, next job worked {next_ones} of {count} times, "
        f"after {statistics.median(waits):.1f} s (median; the slowest {max(waits):.1f} s)"
    )
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
            workers = first.workers()
            first.process.kill()
            first.process.wait()
            gone = within(10, lambda: not any(map(_alive, workers)))
            left = len(first.files())
        with Running(weights, temp) as second:
            after = len([path for path in second.files() if "left-behind" in path.name])
            page_s = second.page_s
            works = bool(second.check(_photo()).get("faces"))
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
