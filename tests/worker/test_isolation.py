"""The detector in a process of its own: the same answers, and what becomes of a job whose process dies or goes too far."""

from __future__ import annotations

import inspect
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from detector.errors import (
    Cancelled,
    DamagedMedia,
    DetectorClosed,
    UnknownModel,
    UnsupportedMedia,
    WeightsCorrupt,
    WorkerFailed,
)
from detector.media.images import read_image
from detector.pipeline.analyser import Analyser
from detector.report import serialise as report
from detector.worker import bounds as limits
from detector.worker import isolation
from detector.worker.bounds import Bounds
from detector.worker.child import Child
from detector.worker.isolation import IsolatedDetector
from tests import ROOT
from tests.support.camera import camera_jpegs
from tests.support.clips import counting_frames, write_clip
from tests.support.running import isolated_in, within

if TYPE_CHECKING:
    from detector import Detector

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the process and its limits need a POSIX system")


@pytest.fixture(scope="module")
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the processes have their temporary folders."""
    return tmp_path_factory.mktemp("temp")


@pytest.fixture(scope="module")
def isolated(clip_weights: Path, temp: Path) -> Iterator[IsolatedDetector]:
    with isolated_in(temp, clip_weights) as detector:
        yield detector
    assert not list(temp.glob("worker-*")), "the last one's folder is gone too"


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clips") / "count.mp4", counting_frames(40, (320, 240)))


def test_it_answers_as_the_detector_does(
    isolated: IsolatedDetector, tiny_detector_for_clips: Detector, portrait: Path, clip: Path
) -> None:
    assert isolated.manifest == tiny_detector_for_clips.manifest
    assert isolated.models == tiny_detector_for_clips.models
    assert isolated.clip_models == tiny_detector_for_clips.clip_models
    public = [name for name in vars(Analyser) if not name.startswith("_")]
    for name in public:
        ours, theirs = (getattr(type(each), name) for each in (isolated, tiny_detector_for_clips))
        if callable(ours):
            assert inspect.signature(ours) == inspect.signature(theirs) == inspect.signature(getattr(Analyser, name))
    for path in (portrait, clip):
        there, here = isolated.analyze(path, name="x"), tiny_detector_for_clips.analyze(path, name="x")
        assert report.to_json(replace(there, made_at=here.made_at)) == report.to_json(here)
    steps: list[tuple[str, int, int]] = []
    isolated.analyze(clip, progress=lambda *step: steps.append(step))
    assert steps[0][0] == "reading"
    assert steps[-1][1] == steps[-1][2]


def test_pixels_and_bytes_are_analysed_like_their_file(isolated: IsolatedDetector, portrait: Path) -> None:
    of_file = isolated.analyze(portrait)
    of_bytes = isolated.analyze(portrait.read_bytes(), name=portrait.name)
    assert (of_bytes.p_fake, of_bytes.input) == (of_file.p_fake, of_file.input)
    assert isolated.analyze(read_image(portrait).frame.rgb).p_fake == of_file.p_fake
    with pytest.raises(UnsupportedMedia, match="NoneType"):
        isolated.analyze(None)  # type: ignore[arg-type]


def test_a_camera_is_watched_as_by_the_detector_and_nothing_lies_on_the_disk(
    isolated: IsolatedDetector, tiny_detector_for_clips: Detector, temp: Path
) -> None:
    before = sorted(temp.rglob("*"))
    for second, frame in enumerate(camera_jpegs(3)):
        there, here = (each.watch("me", frame, float(second)) for each in (isolated, tiny_detector_for_clips))
        assert (there.faces, there.running_s) == (1, second)
        assert there.person is not None and here.person is not None
        assert (there.person.reason, there.person.models) == (here.person.reason, here.person.models)
    with pytest.raises(UnsupportedMedia, match="did not arrive as JPEG"):
        isolated.watch("me", b"text", 3.0)
    assert sorted(temp.rglob("*")) == before
    isolated.end_watch("me")
    assert isolated.watch("me", frame, 9.0).running_s == 0.0


def test_errors_keep_their_kind_and_sentence(isolated: IsolatedDetector, tmp_path: Path) -> None:
    (tmp_path / "half.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(DamagedMedia, match="ends too early"):
        isolated.analyze(tmp_path / "half.jpg")
    with pytest.raises(UnknownModel, match="choose one of"):
        isolated.analyze(ROOT / "tests", model="nope")


def test_a_fault_in_the_program_is_loud_but_names_no_file(isolated: IsolatedDetector, portrait: Path) -> None:
    with pytest.raises(RuntimeError, match=r"TypeError at engine\.py.* < serving\.py") as caught:
        isolated.analyze(portrait, model=["secret"])  # type: ignore[arg-type]
    assert portrait.name not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_job_can_be_stopped(isolated: IsolatedDetector, clip: Path) -> None:
    pid = isolated.pid
    with pytest.raises(Cancelled):
        isolated.analyze(clip, cancelled=lambda: True)
    assert isolated.pid == pid, "it stopped by itself"


@pytest.mark.slow
def test_a_killed_process_is_noticed_at_once_and_replaced(
    isolated: IsolatedDetector, portrait: Path, temp: Path, tmp_path: Path
) -> None:
    killed: list[tuple[float, int]] = []

    def kill(*_: object) -> None:
        if not killed:
            killed.append((time.monotonic(), isolated.pid))
            os.kill(isolated.pid, signal.SIGKILL)

    long = write_clip(tmp_path / "long.mp4", counting_frames(200, (640, 480)))
    found = isolated.analyze(long)
    (folder,) = temp.glob("worker-*")
    assert list(folder.iterdir()), "TensorFlow's code, which a killed process leaves behind"
    with pytest.raises(WorkerFailed, match="Please try again"):
        isolated.annotate(long, found, tmp_path / "marked.mp4", progress=kill)
    ((when, pid),) = killed
    assert time.monotonic() - when < 2
    assert not (tmp_path / "marked.mp4").exists()
    steps: list[tuple[str, int, int]] = []
    assert isolated.analyze(portrait, progress=lambda *step: steps.append(step)).faces
    assert isolated.pid != pid
    assert steps[0] == ("starting", 0, 0), "whoever waits for the next process sees so"
    assert not folder.exists()
    assert len(list(temp.glob("worker-*"))) == 1


def test_a_spare_takes_the_place_of_a_killed_process_at_once(
    tiny_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With children that need not load; ``test_faults`` kills real ones."""
    started = _children_that_are_loaded(monkeypatch)
    with IsolatedDetector(tiny_weights, spare=True) as detector:
        assert within(5, lambda: detector.standing_by is not None)
        first, second = (child.process.pid for child in started)
        assert (detector.pid, detector.standing_by) == (first, second)
        os.kill(first, signal.SIGKILL)
        assert within(2, lambda: detector.pid == second)
        assert within(2, lambda: detector.standing_by not in (None, second)), "and there is another spare"
        third = started[2].process.pid
        assert detector.standing_by == third and len(started) == 3
        os.kill(third, signal.SIGKILL)
        assert within(2, lambda: len(started) == 4), "a spare that dies is replaced as well"
        assert detector.pid == second
    assert not any(_alive(child.process.pid) for child in started)


def test_a_closed_detector_raises_that(tiny_weights: Path, portrait: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _children_that_are_loaded(monkeypatch)
    detector = IsolatedDetector(tiny_weights)
    detector.close()
    detector.close()
    for ask in (detector.wait, lambda: detector.models, lambda: detector.clip_models):
        with pytest.raises(DetectorClosed, match="closed; load another one"):
            ask()
    with pytest.raises(DetectorClosed):
        detector.analyze(portrait)


def test_without_a_spare_one_process_follows_another(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = _children_that_are_loaded(monkeypatch)
    with IsolatedDetector(tiny_weights) as detector:
        os.kill(detector.pid, signal.SIGKILL)
        assert within(2, lambda: len(started) == 2), "at once, without anybody's asking"
        assert detector.standing_by is None
        assert len(started) == 2


def test_a_spare_is_not_worth_the_last_memory(tiny_weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = _children_that_are_loaded(monkeypatch)
    monkeypatch.setattr(limits, "SPARE_FREE", 1 << 60)
    with IsolatedDetector(tiny_weights, spare=True) as detector:
        time.sleep(0.2)
        assert len(started) == 1
        assert detector.standing_by is None


def _children_that_are_loaded(monkeypatch: pytest.MonkeyPatch) -> list[_Loaded]:
    """Put children in the place of real ones; the list holds those that were started."""
    started: list[_Loaded] = []

    def start(*_: object) -> _Loaded:
        started.append(_Loaded())
        return started[-1]

    monkeypatch.setattr(isolation, "Child", start)
    return started


@pytest.mark.parametrize(
    ("bounds", "sentence"), [(Bounds(silent_s=0.3), "too long"), (Bounds(resident_bytes=1 << 16), "too much memory")]
)
def test_a_process_that_hangs_or_grows_is_ended(
    bounds: Bounds, sentence: str, tiny_weights: Path, portrait: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decoder that hangs in native code neither answers nor reads: like a child that never reads its pipe."""
    started = _children_that_are_loaded(monkeypatch)
    with IsolatedDetector(tiny_weights, bounds) as detector:
        began = time.monotonic()
        with pytest.raises(WorkerFailed, match=sentence):
            detector.analyze(portrait)
        assert time.monotonic() - began < 2
        assert not _alive(started[0].process.pid)
        assert within(2, lambda: len(started) == 2), "and the next one is started"


@pytest.mark.slow
def test_the_kernel_holds_the_limits_and_nothing_outlives_the_server(tiny_weights: Path, tmp_path: Path) -> None:
    Image.new("RGB", (6000, 5000), "grey").save(tmp_path / "large.png")
    code = (
        "import json, sys, time\n"
        "from detector.errors import DetectorError\n"
        "from detector.worker.bounds import Bounds\n"
        "from detector.worker.isolation import IsolatedDetector\n"
        "detector = IsolatedDetector(sys.argv[1], Bounds(extra_bytes=64 << 20))\n"
        "try: said = detector.analyze(sys.argv[2]).reason\n"
        "except DetectorError as error: said = str(error)\n"
        "print(json.dumps([said, detector.pid]), flush=True)\n"
        "time.sleep(60)\n"
    )
    command = [sys.executable, "-c", code, str(tiny_weights), str(tmp_path / "large.png")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        said, pid = json.loads(server.stdout.readline())
        assert "memory" in said or "try again" in said
        # Let a replacement, if there has to be one, come up before the server goes.
        server.kill()
    assert within(10, lambda: not _alive(pid))


@pytest.mark.slow
def test_wrong_weights_are_a_sentence(tiny_weights: Path, tmp_path: Path) -> None:
    for file in tiny_weights.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    data = bytearray((tmp_path / "tiny.weights.h5").read_bytes())
    data[-1] ^= 1
    (tmp_path / "tiny.weights.h5").write_bytes(data)
    with IsolatedDetector(tmp_path) as detector:
        with pytest.raises(WeightsCorrupt, match="SHA-256"):
            detector.wait()
        with pytest.raises(WeightsCorrupt, match="SHA-256"):
            detector.analyze(ROOT / "README.md")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


class _Loaded(Child):
    """A child that has loaded its models, as far as anybody can see, and does nothing."""

    def __init__(self) -> None:
        mine, self._theirs = multiprocessing.Pipe()
        self.process = subprocess.Popen(["sleep", "60"], start_new_session=True)
        self.pipe, self.error, self.facts = mine, None, {"models": {}}
        self.ready = threading.Event()
        self.ready.set()
        self._temp = tempfile.mkdtemp()
