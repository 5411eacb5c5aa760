"""Many clients, many uploads, slow clients and a bad Hub, as ``tests.bench.public`` has them."""

from __future__ import annotations

import contextlib
import socket
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np

from tests.bench.public_line import MEGABYTE, Line, a_photo, p95, running
from tests.support.clips import write_clip
from tests.support.running import Running, dawdling, within

__all__ = ["clients", "clips", "dawdlers", "hub", "quota"]


def clients(weights: Path, count: int = 50, at_once: Sequence[int] = (1, 4, 16, 40)) -> Line:
    """Many people at once, each with a photo: ``count`` photos with so many clients, then with more."""
    outcomes: list[str] = []
    fine, single = True, 0.0
    with running(weights) as server:
        photo, before = a_photo(), server.resources()

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
            outcomes.append(
                f"{level}: p50 {statistics.median(times):.1f} s, p95 {p95(times):.1f} s, "
                f"{sum(status == 503 for status, _, _ in done)} busy"
            )
            fine = fine and {status for status, _, _ in done} <= {200, 503} and all(whole for _, _, whole in done)
            fine = fine and p95(times) <= 10 * single
        grown = (server.resources()["rss"] - before["rss"]) / MEGABYTE
        fine = fine and server.answers() and grown <= 150
    return Line(
        f"{', '.join(map(str, at_once))} clients at once, {count * len(at_once)} photos",
        "200 or 503 only, p95 <= 10 times a single one, +150 MB at most",
        f"{'; '.join(outcomes)}; server +{grown:.0f} MB",
        fine,
    )


def clips(weights: Path, count: int = 8, megabytes: int = 20) -> Line:
    """Large clips at the same moment, and more people who find the queue full."""
    with running(weights) as server, tempfile.TemporaryDirectory() as folder:
        dice = np.random.default_rng(1)
        noise = [dice.integers(0, 255, (480, 640, 3), dtype=np.uint8) for _ in range(8)]
        wanted = megabytes * MEGABYTE
        options = {"qmin": "2", "qmax": "2"}  # every frame as large as the next, so that the length gives the size
        path = write_clip(Path(folder) / "a.avi", noise, "mjpeg", pixels="yuvj420p", options=options)
        frames = max(8, 8 * wanted // path.stat().st_size)
        data = write_clip(
            path, (noise[n % 8] for n in range(frames)), "mjpeg", pixels="yuvj420p", options=options
        ).read_bytes()
        photo = server.upload(a_photo()).json()[0]

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
        f"{len(busy)} of 4 more got that answer, the slowest after {1000 * max(busy, default=0):.0f} ms"
    )
    fine = all(done) and worker < 2048 and bool(busy) and max(busy) < 0.2
    return Line(f"{count} clips at once", "all done, worker under 2 GiB, then busy within 200 ms", seen, fine)


def quota(weights: Path, count: int = 40, megabytes: int = 5, room: int = 100) -> Line:
    """Uploads that nobody asks a check for, from many clients at once: more than there is room for."""
    with running(weights, "--quota-mb", str(room)) as server:

        def one(number: int) -> int:
            return server.upload(bytes([number]) * (megabytes * MEGABYTE), f"{number}.jpg").status_code

        def held() -> float:
            sizes = 0
            for path in server.files():
                # What is deleted between the listing and this check takes no room.
                with contextlib.suppress(FileNotFoundError):
                    sizes += path.stat().st_size if "uploads" in path.parts else 0
            return sizes / MEGABYTE

        with ThreadPoolExecutor(count) as pool:
            statuses = Counter(pool.map(one, range(count)))
        most, began = held(), time.monotonic()
        gone = within(360, lambda: held() < megabytes)
        spent = time.monotonic() - began
        works = bool(server.check(a_photo()).get("faces"))
    seen = f"{dict(statuses)}, {most:.0f} MB held, deleted: {gone}, after {spent:.0f} s, then works: {works}"
    fine = set(statuses) == {200, 507} and most <= room and gone and works
    return Line(
        f"{count} uploads of {megabytes} MB, no check", f"at most {room} MB, then 507; deleted in 6 min", seen, fine
    )


def dawdlers(weights: Path, count: int = 50, checks: int = 20) -> Line:
    """Clients that send a kilobyte a second, and what the others notice of them."""
    with running(weights) as server:
        photo = a_photo()

        def timed() -> float:
            began = time.monotonic()
            assert server.check(photo)["faces"]
            return time.monotonic() - began

        alone = p95([timed() for _ in range(checks)])
        with dawdling(server.url, count) as threads:
            time.sleep(2)
            beside = p95([timed() for _ in range(checks)])
            still = sum(thread.is_alive() for thread in threads)
    seen = f"p95 of a check {alone:.2f} s alone, {beside:.2f} s beside {still} slow uploads"
    return Line(f"{count} slow clients", "p95 of others +20 % at most", seen, beside <= 1.2 * alone and still == count)


def hub(weights: Path) -> Line:
    """From the start of the process to the page, over local weights, whatever the Hub does."""
    outcomes: list[str] = []
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
                    works = bool(server.check(a_photo()).get("faces"))
            slowest = max(slowest, server.page_s)
            outcomes.append(f"{name} {server.page_s:.1f} s")
            asked_in_all += len(asked)
    seen = f"page after: {', '.join(outcomes)}; the Hub was asked {asked_in_all} times; works: {works}"
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
