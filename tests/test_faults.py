"""Short forms of the faults in ``tests.bench.public``, and what a job leaves behind: the whole program over tiny weights."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests import fakes
from tests.clips import counting_frames, write_clip
from tests.running import Running, within

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and /proc")

MARKER = "Zanzibarplanted"


def test_a_day_in_the_life_of_the_server(clip_weights: Path, tmp_path: Path) -> None:
    """One server for all of it, since each start costs seconds: faults one after another, and it goes on working."""
    temp = tmp_path / "temp"
    temp.mkdir()
    photo = fakes.jpeg(fakes.group_photo())
    clip = write_clip(tmp_path / "c.mp4", counting_frames(30)).read_bytes()
    with Running(clip_weights, temp) as server:
        server.settle()
        # Photo, clip and a broken file, each with a name that must not be found again.
        assert len(server.check(photo, f"{MARKER}.jpg")["faces"]) == 3
        assert server.check(clip, f"{MARKER}.mp4", "analyze_video")["error"] is None
        broken = server.check(photo[:1000], f"{MARKER}.jpg")
        assert broken["error"]["type"] == "DamagedMedia"
        # An upload that is gone when its check begins: Gradio prints such an error with the path.
        path = server.upload(photo, f"{MARKER}.jpg").json()[0]
        Path(path).unlink()
        assert server.result(server.ask(path, name=f"{MARKER}.jpg")) == {}

        # The worker dies in the middle of a job.
        path = server.upload(photo).json()[0]
        first = server.worker()
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        asked = server.ask(path)
        time.sleep(0.3)
        os.kill(first, signal.SIGKILL)
        began = time.monotonic()
        answer = server.result(asked)
        assert answer["error"]["type"] == "WorkerFailed"
        assert "Please try again" in answer["error"]["message"]
        assert time.monotonic() - began < 2
        assert len(server.result(server.ask(path))["faces"]) == 3
        assert server.worker() not in (None, first)

        # SIGTERM in the middle of another.
        second = server.worker()
        assert second is not None
        os.kill(second, signal.SIGSTOP)
        server.ask(path)
        time.sleep(0.3)
        began = time.monotonic()
        server.process.terminate()
        assert server.process.wait(30) == 0
        assert time.monotonic() - began < 10
        assert within(5, lambda: not Path(f"/proc/{second}/cmdline").exists())
        assert server.files() == [], "uploads and results are gone at exit"
        assert not list(temp.glob("photo-check-*"))
        log = server.log.read_text()
        assert " analyze: done after" in log
        assert "WorkerFailed" in log
        assert MARKER.lower() not in log.lower()
        assert str(temp) not in log


def test_nothing_of_a_picture_stays_on_the_disk_of_a_killed_server(clip_weights: Path, tmp_path: Path) -> None:
    temp = tmp_path / "temp"
    temp.mkdir()
    dice = np.random.default_rng(3)
    Image.fromarray(dice.integers(0, 255, (64, 64, 3), dtype=np.uint8)).save(tmp_path / "noise.png")
    data = (tmp_path / "noise.png").read_bytes()
    needle = data[200:232]
    with Running(clip_weights, temp) as server:
        server.upload(data, f"{MARKER}.png")
        worker = server.worker()
        server.process.kill()
        server.process.wait()
        assert within(10, lambda: worker is None or not Path(f"/proc/{worker}/cmdline").exists())
        assert any(needle in path.read_bytes() for path in server.files()), "a kill leaves it"
    with Running(clip_weights, temp) as again:
        assert not [path for path in again.files() if MARKER in path.name or needle in path.read_bytes()]
        found = subprocess.run(["grep", "-rl", MARKER, str(temp)], capture_output=True, text=True, check=False)
        assert found.stdout == ""


def test_a_server_without_the_hub_is_there_at_once(clip_weights: Path, tmp_path: Path) -> None:
    """Local weights win over the network, whatever the Hub does: here it takes connections and never answers."""
    import socket

    temp = tmp_path / "temp"
    temp.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        address = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        environment = {
            "HF_ENDPOINT": address,
            "DETECTOR_WEIGHTS_REPO": "owner/name",
            "DETECTOR_WEIGHTS_REVISION": "a" * 40,
        }
        with Running(clip_weights, temp, environment=environment) as server:
            assert server.check(fakes.jpeg(fakes.group_photo()))["faces"]
        deaf.settimeout(0.1)
        with pytest.raises(TimeoutError):
            deaf.accept()
