"""A server that is asked to end finishes what it accepted and takes nothing new; behind a proxy another one takes that."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

import app
from detector.web.gate import surface
from detector.web.gradio_import import gr
from detector.web.rules import Rules
from detector.web.stopping import Stop
from detector.web.uploads import Uploads
from detector.words import server as words
from tests import ROOT
from tests.support import fakes


@dataclass
class Served:
    """A running page, its detector and the request to end."""

    blocks: gr.Blocks
    detector: fakes.FakeDetector
    stop: Stop

    @property
    def url(self) -> str:
        return str(self.blocks.local_url)

    def ends(self, seconds: float) -> threading.Thread:
        """Asks it to end, and waits for that beside the test."""
        self.stop.ask()
        thread = threading.Thread(target=self.stop.wait, args=(self.blocks, seconds))
        thread.start()
        return thread


@contextmanager
def serve(root: Path) -> Iterator[Served]:
    detector, stop = fakes.FakeDetector(), Stop()
    with ExitStack() as stack:
        uploads = stack.enter_context(Uploads(300, root=root))
        blocks = app.build_app(detector)
        options = {**app.launch_options(), **surface(Rules(), uploads, stop)}
        blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
        stack.callback(blocks.close)
        yield Served(blocks, detector, stop)


@pytest.fixture(scope="module")
def photo() -> bytes:
    return fakes.jpeg(fakes.group_photo())


def upload(url: str, photo: bytes) -> httpx.Response:
    return httpx.post(f"{url}gradio_api/upload", files={"files": ("a.jpg", photo)}, timeout=30)


def accept(url: str, path: str) -> httpx.Response:
    image = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "a.jpg"}
    return httpx.post(f"{url}gradio_api/call/analyze_image", json={"data": [image, None]}, timeout=30)


def result(url: str, accepted: httpx.Response) -> str:
    """The events of a check until it is done."""
    return httpx.get(f"{url}gradio_api/call/analyze_image/{accepted.json()['event_id']}", timeout=60).text


def test_what_was_accepted_is_finished_and_nothing_new_begins(tmp_path: Path, photo: bytes) -> None:
    with serve(tmp_path) as page:
        path = upload(page.url, photo).json()[0]
        page.detector.hold.clear()
        accepted = [accept(page.url, path) for _ in range(2)]
        ending = page.ends(30)
        for refused in (upload(page.url, photo), accept(page.url, path)):
            assert refused.status_code == 502 and words.STOPPING in refused.text
        ending.join(1)
        assert ending.is_alive(), "a check still runs and one waits"
        page.detector.hold.set()
        assert all("event: complete" in result(page.url, one) for one in accepted)
        ending.join(10)
        assert not ending.is_alive()


def test_a_check_that_never_ends_holds_nobody_up(tmp_path: Path, photo: bytes) -> None:
    with serve(tmp_path) as page:
        page.detector.hold.clear()
        accept(page.url, upload(page.url, photo).json()[0])
        began = time.monotonic()
        page.ends(0.5).join(10)
        assert 0.4 < time.monotonic() - began < 5
        page.detector.hold.set()


@dataclass
class Program:
    """A page in a process of its own."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int


@contextmanager
def program(folder: Path) -> Iterator[Program]:
    folder.mkdir()
    port = free_port()
    command = [sys.executable, "-m", "tests.support.page_process", str(folder), str(port)]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "TMPDIR": str(folder)}) as process:
        try:
            wait_for(port)
            yield Program(process, folder, port)
        finally:
            process.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@contextmanager
def proxy(pages: dict[str, Program], folder: Path) -> Iterator[str]:
    """The proxy of ``compose.yaml``, with these servers in place of its own."""
    folder.mkdir()
    content = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["configs"]["nginx"]["content"]
    port = free_port()
    site = content.replace("$$", "$").replace("listen 8080", f"listen 127.0.0.1:{port}")
    for name, page in pages.items():
        site = site.replace(f"{name}:7860", f"127.0.0.1:{page.port}")
    kept = "".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    # As root its workers would lose the rights to this folder.
    user = "user root; " if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off; pid {folder}/pid; error_log stderr; events {{}} http {{ access_log off; {kept} {site} }}",
        encoding="utf-8",
    )
    with subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]) as running:
        try:
            wait_for(port)
            yield f"http://127.0.0.1:{port}/"
        finally:
            running.terminate()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed")
def test_one_of_two_servers_is_restarted_and_no_check_is_lost(tmp_path: Path, photo: bytes) -> None:
    with (
        program(tmp_path / "1") as one,
        program(tmp_path / "2") as two,
        proxy({"page1": one, "page2": two}, tmp_path / "nginx") as url,
    ):
        path = upload(url, photo).json()[0]
        first, other = (one, two) if path.startswith(str(one.folder)) else (two, one)
        hold = first.folder / "hold"
        hold.touch()
        accepted = [accept(url, path) for _ in range(3)]
        first.process.terminate()
        time.sleep(1)
        for _ in range(3):  # who comes now is served by the other one
            moved = upload(url, photo).json()[0]
            assert moved.startswith(str(other.folder))
            assert "event: complete" in result(f"http://127.0.0.1:{other.port}/", accept(url, moved))
        assert first.process.poll() is None
        hold.unlink()
        assert all("event: complete" in result(url, each) for each in accepted)
        assert first.process.wait(60) == 0
        moved = upload(url, photo).json()[0]
        assert "event: complete" in result(url, accept(url, moved))
