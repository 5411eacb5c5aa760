"""Short forms of the faults and the load in ``tests.bench.public``, and what a job leaves behind, over tiny weights.

It is the whole program, as its users start it. One server serves all of these tests in turn, since each start costs seconds;
the last test kills it.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from tests.support import fakes
from tests.support.clips import counting_frames, write_clip
from tests.support.running import ROOT, Running, within

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="signals and /proc")]

MARKER = "Zanzibarplanted"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the servers write: TMPDIR, log and cache."""
    return tmp_path_factory.mktemp("faults")


@pytest.fixture(scope="module")
def deaf_hub() -> Iterator[socket.socket]:
    """A Hub that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        yield listener


@pytest.fixture(scope="module")
def server(clip_weights: Path, place: Path, deaf_hub: socket.socket) -> Iterator[Running]:
    (place / "temp").mkdir()
    environment = {
        "HF_ENDPOINT": f"http://127.0.0.1:{deaf_hub.getsockname()[1]}",
        "DETECTOR_WEIGHTS_REPO": "owner/name",
        "DETECTOR_WEIGHTS_REVISION": "a" * 40,
    }
    with Running(clip_weights, place / "temp", environment=environment) as running:
        running.settle()
        yield running


@pytest.fixture(scope="module")
def photo() -> bytes:
    return fakes.jpeg(fakes.group_photo())


def test_local_weights_win_over_the_network(server: Running, photo: bytes, deaf_hub: socket.socket) -> None:
    assert len(server.check(photo)["faces"]) == 3
    with pytest.raises(TimeoutError):
        deaf_hub.accept()


def test_many_people_at_once_are_served_or_refused(server: Running, photo: bytes) -> None:
    def one(_: int) -> int:
        asked = server.ask(server.upload(photo).json()[0])
        if asked.status_code == 200:
            assert len(server.result(asked)["faces"]) == 3
        return asked.status_code

    def round_of(count: int) -> dict[str, int]:
        with ThreadPoolExecutor(count) as pool:
            statuses = list(pool.map(one, range(count)))
        assert 200 in statuses
        assert set(statuses) <= {200, 503}
        return server.resources()

    def one_like_the_other() -> bool:
        """Whether a round left no more behind than the round before it; pools of threads grow at first."""
        before, after = round_of(16), round_of(16)
        grown = {name: after[name] - before[name] for name in ("fds", "threads", "rss")}
        return grown["fds"] <= 5 and grown["threads"] <= 1 and grown["rss"] < 50 << 20

    assert within(60, one_like_the_other)


def test_a_killed_worker_is_reported_and_replaced_while_the_page_lives(server: Running, photo: bytes) -> None:
    # The second one may still be loading its models.
    assert within(60, lambda: len(server.workers()) == 2)
    path = server.upload(photo).json()[0]
    first, second = server.workers()
    os.kill(first, signal.SIGSTOP)
    asked = server.ask(path)
    time.sleep(0.3)
    os.kill(first, signal.SIGKILL)
    began = time.monotonic()
    answer = server.result(asked)
    assert time.monotonic() - began < 2
    assert answer["error"]["type"] == "WorkerFailed"
    assert "Please try again" in answer["error"]["message"]
    assert server.answers()
    assert len(server.result(server.ask(path))["faces"]) == 3
    assert server.worker() == second, "the one that stood by took over"


@pytest.mark.parametrize(
    "wanted",
    [
        "/etc/passwd",
        f"{ROOT}/weights/manifest.json",
        f"{ROOT}/app.py",
        "/proc/self/environ",
        "../../../../../../etc/passwd",
        "..%2f..%2f..%2f..%2fetc%2fpasswd",
        "file:///etc/passwd",
        "http://127.0.0.1:9/x",
        "OWNER",
        "LOG",
    ],
)
def test_no_file_of_the_computer_is_read_or_named(server: Running, wanted: str) -> None:
    (folder,) = server.temp.glob("photo-check-*")
    wanted = {"OWNER": f"{folder}/owner", "LOG": f"{server.log}"}.get(wanted, wanted)
    got = httpx.get(f"{server.url}gradio_api/file={wanted}", timeout=20)
    assert got.status_code in (400, 403, 404)
    for endpoint in ("analyze_image", "analyze_video"):
        asked = server.ask(wanted, endpoint)
        text = asked.text
        if "event_id" in text:
            event = asked.json()["event_id"]
            text = httpx.get(f"{server.url}gradio_api/call/{endpoint}/{event}", timeout=20).text
            assert "event: error" in text
        for said in (got.text, text):
            assert "root:" not in said
            assert not _places(said.replace(wanted, ""), server)


@pytest.mark.parametrize("path", ["monitoring", "monitoring/summary", "docs", "openapi.json", "gradio_api/run-history"])
def test_there_is_no_page_to_watch_others(server: Running, path: str) -> None:
    assert httpx.get(f"{server.url}{path}").status_code == 404


def test_errors_of_the_running_program_name_no_place(server: Running) -> None:
    answers = [
        httpx.post(f"{server.url}gradio_api/call/analyze_image", json={"data": "no list"}),
        httpx.post(f"{server.url}gradio_api/call/analyze_image", content=b"{"),
        httpx.post(f"{server.url}gradio_api/call/nothing", json={"data": []}),
        httpx.post(f"{server.url}gradio_api/run/analyze_video", json={"data": [{"path": 5}, None]}),
        httpx.post(f"{server.url}gradio_api/upload", content=b"x", headers={"content-type": "multipart/form-data"}),
        httpx.get(f"{server.url}config"),
        httpx.get(f"{server.url}gradio_api/info"),
        httpx.get(f"{server.url}nowhere"),
    ]
    for answer in answers:
        assert not _places(answer.text, server), answer.url
        assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "name",
    [
        "../../../../etc/passwd.jpg",
        "..\\..\\windows\\system.jpg",
        "/etc/cron.d/x.jpg",
        "face \u202egpj.exe.jpg",
        "line\nfeed\r.jpg",
        "owner",
        "..",
        "x" * 3000 + ".jpg",
        "<img src=x onerror=alert(1)>.jpg",
        "~/.bashrc;`id`$(id).jpg",
    ],
)
def test_a_name_is_only_a_name(server: Running, photo: bytes, name: str) -> None:
    (folder,) = server.temp.glob("photo-check-*")
    sent = server.upload(photo, name)
    if sent.status_code != 200:
        assert sent.status_code < 500
        return
    path = Path(sent.json()[0])
    assert path.resolve().is_relative_to(folder / "uploads")
    report = server.result(server.ask(str(path), name=name))
    assert len(report["faces"]) == 3
    shown = report["input"]["name"]
    assert len(shown) <= 110
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00-\x1f/\\\\]", shown)


def test_the_log_and_the_disk_keep_nothing_of_anybody(
    server: Running, clip_weights: Path, place: Path, photo: bytes
) -> None:
    """Jobs of every end under a marked name; then the server is killed, and the next one ended in the middle of a job."""
    clip = write_clip(place / "c.mp4", counting_frames(30)).read_bytes()
    (place / "c.mp4").unlink()
    assert len(server.check(photo, f"{MARKER}.jpg")["faces"]) == 3
    assert server.check(clip, f"{MARKER}.mp4", "analyze_video")["error"] is None
    broken = server.check(photo[:1000], f"{MARKER}.jpg")
    assert broken["error"]["type"] == "DamagedMedia"
    # An upload that is gone when its check begins: Gradio prints such an error with the path.
    path = server.upload(photo, f"{MARKER}.jpg").json()[0]
    Path(path).unlink()
    assert server.result(server.ask(path, name=f"{MARKER}.jpg")) == {}
    noise, needle = _noise(place)
    server.upload(noise, f"{MARKER}.png")
    workers = server.workers()
    server.process.kill()
    server.process.wait()
    assert within(10, lambda: not any(map(_alive, workers))), "no worker outlives its server"
    assert any(needle in file.read_bytes() for file in server.files()), "a kill leaves it"

    with Running(clip_weights, server.temp, "--no-spare") as again:
        assert not [file for file in again.files() if MARKER in file.name or needle in file.read_bytes()]
        path = again.upload(noise, f"{MARKER}.png").json()[0]
        assert within(60, lambda: again.worker() is not None)
        worker = again.worker()
        assert worker is not None
        os.kill(worker, signal.SIGSTOP)
        again.ask(path, name=f"{MARKER}.png")
        time.sleep(0.3)
        began = time.monotonic()
        again.process.terminate()
        assert again.process.wait(30) == 0
        assert time.monotonic() - began < 10
        assert within(5, lambda: not _alive(worker))
    assert server.files() == [], "uploads and results are gone at exit"
    assert not [*server.temp.rglob("photo-check-*"), *server.temp.rglob("worker-*")]
    log = server.log.read_text()
    assert " analyze: done after" in log
    assert "DamagedMedia" in log
    assert "WorkerFailed" in log
    # With the separator: a test before this one asked for the log itself, which lies beside that folder.
    assert f"{server.temp}{os.sep}" not in log
    for file in place.rglob("*"):  # log and cache of examples
        assert MARKER.lower() not in str(file).lower()
        if file.is_file():
            data = file.read_bytes()
            assert MARKER.lower().encode() not in data.lower()
            assert needle not in data


def _noise(place: Path) -> tuple[bytes, bytes]:
    """A picture that is like no other, and a part of its bytes."""
    path = place / "noise.png"
    Image.fromarray(np.random.default_rng(3).integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(path)
    data = path.read_bytes()
    path.unlink()
    return data, data[200:232]


def _places(text: str, server: Running) -> list[str]:
    """Places of this computer that a text names; those of one's own uploads, which the page hands out, are none."""
    known = [str(ROOT), str(server.log), "/root/", "/usr/", "/home/", "site-packages"]
    return [place for place in known if place in text]


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}/cmdline").exists()
