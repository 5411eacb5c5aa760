"""The whole program as it is started by its users, in a process and a temporary folder of its own, for tests of faults."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import pytest

from detector.web.gallery import CACHE_VARIABLE, read_examples
from detector.worker.isolation import IsolatedDetector
from tests import ROOT

__all__ = ["ROOT", "Running", "dawdling", "in_new_python", "isolated_in", "within"]


def within(seconds: float, holds: Callable[[], bool]) -> bool:
    """Whether something comes to hold in that time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.05)
    return holds()


def in_new_python(code: str) -> None:
    """Run a text in a Python that has imported nothing yet; it must not raise."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr


class HungUpError(Exception):
    """A client that ends the connection in the middle of its upload."""


@contextlib.contextmanager
def dawdling(url: str, count: int) -> Iterator[list[threading.Thread]]:
    """So many clients that send a kilobyte of an upload a second; the threads that live are those not yet turned away.

    Args:
        url: of the page, with a slash at its end.
        count: of clients.
    """
    done = threading.Event()

    def drip() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        while not done.wait(0.1):
            yield b"x" * 100
        raise HungUpError

    def dawdle() -> None:
        # With its length, as browsers send it: room for the most that may come is set aside for one without.
        headers = {"content-type": "multipart/form-data; boundary=x", "content-length": "100000"}
        with contextlib.suppress(httpx.HTTPError, HungUpError):
            httpx.post(f"{url}gradio_api/upload", content=drip(), headers=headers, timeout=60)

    threads = [threading.Thread(target=dawdle, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield threads
    finally:
        done.set()
        for thread in threads:
            thread.join(10)


@contextlib.contextmanager
def isolated_in(temp: Path, weights: Path) -> Iterator[IsolatedDetector]:
    """The detector in a process of its own that has loaded, with its temporary folders below ``temp``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(temp))
        with IsolatedDetector(weights) as detector:
            detector.wait()
            yield detector


class Running:
    """``python app.py`` on a free port. A context manager; entering it waits for the page, not for the models.

    Args:
        weights: folder with the manifest.
        temp: an empty folder, which becomes its TMPDIR; its log is kept beside it.
        arguments: further ones of the command line.
        environment: further variables.
    """

    def __init__(self, weights: Path, temp: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.temp, self.log = temp, temp.with_name(temp.name + ".log")
        # One for all requests: making one takes longer than many an answer. A connection is used again at once or not at
        # all, long before the server ends it.
        self._client = httpx.Client(timeout=120, limits=httpx.Limits(max_connections=None, keepalive_expiry=1))
        self.url = f"http://127.0.0.1:{port}/"
        command = [
            sys.executable,
            "app.py",
            "--port",
            str(port),
            "--weights",
            str(weights),
            "--per-minute",
            "100000",
            *arguments,
        ]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                env={
                    **os.environ,
                    "TMPDIR": str(temp),
                    CACHE_VARIABLE: str(temp.with_name("cache")),
                    "GRADIO_ANALYTICS_ENABLED": "0",
                    **(environment or {}),
                },
            )
        self.began = time.monotonic()

    def __enter__(self) -> Self:
        assert within(180, lambda: self.answers() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()
        self.page_s = time.monotonic() - self.began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()
        if self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(30)
            self.process.kill()
            self.process.wait()

    def settle(self) -> None:
        """Wait until the examples are computed, which also are jobs, so that the next job is one's own."""
        wanted = len(read_examples())
        assert within(300, lambda: self.log.read_text().count(" analyze: ") >= wanted), self.log.read_text()

    def answers(self) -> bool:
        """Whether the page is there."""
        try:
            return self._client.get(self.url, timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def upload(self, data: bytes, name: str = "photo.jpg") -> httpx.Response:
        return self._client.post(f"{self.url}gradio_api/upload", files={"files": (name, data)})

    def ask(self, path: str, endpoint: str = "analyze_image", name: str = "photo.jpg") -> httpx.Response:
        """Ask for a check of an upload; the answer holds an event_id."""
        file = {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
        return self._client.post(f"{self.url}gradio_api/call/{endpoint}", json={"data": [file, None]}, timeout=60)

    def result(self, asked: httpx.Response, endpoint: str = "analyze_image", timeout: float = 300) -> dict[str, Any]:
        """The report of a check that was asked for; {} where the event failed."""
        event = asked.json()["event_id"]
        text = self._client.get(f"{self.url}gradio_api/call/{endpoint}/{event}", timeout=timeout).text
        lines = text.split("event: complete\ndata: ")
        found: dict[str, Any] = json.loads(lines[1].split("\n")[0])[0] if len(lines) > 1 else {}
        return found

    def check(self, data: bytes, name: str = "photo.jpg", endpoint: str = "analyze_image") -> dict[str, Any]:
        """Upload and check a file."""
        return self.result(self.ask(self.upload(data, name).json()[0], endpoint, name), endpoint)

    def worker(self) -> int | None:
        """The process that decodes, if it lives: the oldest, since what stands by was started after it."""
        return next(iter(self.workers()), None)

    def workers(self) -> list[int]:
        """The process that decodes and the one that stands by, where they live, in the order of their start."""
        found: list[tuple[int, int]] = []
        for place in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, IndexError, ValueError):
                status = (place / "stat").read_text().rsplit(")", 1)[1].split()
                ours = int(status[1]) == self.process.pid and status[0] != "Z"
                if ours and b"detector.worker.serving" in (place / "cmdline").read_bytes():
                    found.append((int(status[19]), int(place.name)))
        return [pid for _, pid in sorted(found)]

    def kill_worker(self) -> None:
        if (pid := self.worker()) is not None:
            os.kill(pid, signal.SIGKILL)

    def resources(self) -> dict[str, int]:
        """Memory (bytes), open files and threads of the server, and memory of its worker."""
        workers = self.workers()
        found = {"fds": len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))}
        found["threads"] = len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))
        for name, pid in (("rss", self.process.pid), *zip(("worker_rss", "spare_rss"), workers, strict=False)):
            with contextlib.suppress(OSError):
                found[name] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return found

    def files(self) -> list[Path]:
        """What lies in its temporary folder, the owner file left aside."""
        return [path for path in self.temp.rglob("*") if path.is_file() and path.name != "owner"]
