"""The child process: loads the detector, then does one job after another until the other end of the pipe closes.

    python -m detector.worker.serving FILE_DESCRIPTOR

``child`` is the other end.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detector.errors import DetectorError, WorkerFailed
from detector.records import LiveSnapshot, Report, Watcher
from detector.runtime import memory
from detector.runtime.console import native_noise_hidden
from detector.runtime.environment import missing_library, prepare
from detector.words import server as words
from detector.worker.bounds import bound_cpu, bound_data, bound_process

if TYPE_CHECKING:
    from detector.pipeline.detector import Detector

__all__ = ["serve"]

Job = tuple[int, tuple[str, tuple[Any, ...]]]
"""Its number, what is to be done, and with what."""


class _Requests:
    """What the server sends: jobs, and which of them are to be stopped. When it is gone, so is this process.

    Args:
        pipe: from the server.
        temp: the folder that goes with the process.
    """

    def __init__(self, pipe: Connection, temp: str) -> None:
        self._pipe, self._temp = pipe, temp
        self.jobs: queue.Queue[Job] = queue.Queue()
        self.stopped: set[int] = set()
        # From the start: a server that goes while the models are being loaded is not to be outlived by that.
        threading.Thread(target=self._receive, name="requests", daemon=True).start()

    def _receive(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                kind, number, call = self._pipe.recv()
                if kind == "cancel":
                    self.stopped.add(number)
                else:
                    self.jobs.put((number, call))
        # The server is gone: whatever is being done is for nobody.
        shutil.rmtree(self._temp, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


def serve(pipe: Connection) -> None:
    """Load the detector, then do one job after another until the other end is gone."""
    weights_dir, bounds, temp = pipe.recv()
    bound_process()
    requests = _Requests(pipe, temp)
    try:
        detector = _loaded(weights_dir)
    except DetectorError as error:
        pipe.send(("error", error))
        return
    bound_data(bounds.extra_bytes)
    facts = {"manifest": detector.manifest, "models": detector.models, "clip_models": detector.clip_models}
    pipe.send(("ready", facts))
    while True:
        number, (verb, arguments) = requests.jobs.get()
        bound_cpu(bounds.cpu_s)
        # Whoever sweeps the folder above takes an empty one that lay there for long.
        os.makedirs(temp, mode=0o700, exist_ok=True)
        answer = _answer(detector, verb, arguments, _watcher(pipe, requests, number))
        requests.stopped.discard(number)
        pipe.send(answer)
        del answer
        memory.give_back()


def _loaded(weights_dir: str | None) -> Detector:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with native_noise_hidden(), memory.collected_later():
        prepare()
        try:
            from detector.pipeline.detector import load_detector
        except ImportError as error:
            if not (sentence := missing_library(error)):
                raise
            raise WorkerFailed(sentence) from error

        detector = load_detector(weights_dir)
        detector.warm_up()
    return detector


def _watcher(pipe: Connection, requests: _Requests, number: int) -> Watcher:
    """Passes progress on to the server, and cancellations of that job back."""

    def progress(stage: str, done: int, total: int) -> None:
        pipe.send(("progress", (stage, done, total)))

    return Watcher(progress, lambda: number in requests.stopped)


def _answer(detector: Detector, verb: str, arguments: tuple[Any, ...], watcher: Watcher) -> tuple[str, Any]:
    """("done", result), ("error", a ``DetectorError``), or ("fault", where the program broke)."""
    followed: dict[str, Callable[..., Report | None]] = {
        "analyze": detector.analyze_as,
        "annotate": detector.annotate_as,
    }
    # Done in a moment, so that nobody follows or stops them.
    short: dict[str, Callable[..., LiveSnapshot | None]] = {"watch": detector.watch, "end_watch": detector.end_watch}
    try:
        return "done", short[verb](*arguments) if verb in short else followed[verb](*arguments, watcher)
    except DetectorError as error:
        return "error", _plain(error)
    except MemoryError:
        return "error", WorkerFailed(words.TOOK_TOO_MUCH)
    except Exception as error:  # noqa: BLE001 - a fault in the program, made loud in the server
        return "fault", _where(error)


def _plain(error: DetectorError) -> DetectorError:
    """The error without what caused it, which may hold a decoder's objects."""
    return type(error)(error.sentence)


def _where(error: Exception) -> str:
    """Kind of an error and the lines it came through, without its text, which could hold the name of somebody's file."""
    lines = [
        f"{Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    return f"{type(error).__name__} at {' < '.join(reversed(lines))}"


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, EOFError, KeyboardInterrupt):
        serve(Connection(int(sys.argv[1])))
