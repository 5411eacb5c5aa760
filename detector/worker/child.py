"""The child process as the server holds it: its pipe, its folder, its end; and one job that it is given.

The two speak pickled tuples over a socket pair that nobody else can reach. ``serving`` is the other end.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from detector.errors import Cancelled, DetectorError, WorkerFailed
from detector.paths import ROOT
from detector.records import Watcher
from detector.sentences import Sentence
from detector.words import server as words
from detector.worker.bounds import Bounds, resident_bytes

__all__ = ["POLL_S", "Child", "Job"]

POLL_S = 0.05
"""Seconds between two checks of the child while a job runs."""
_STOP_S = 2.0
"""Seconds that a job has to end by itself once it was cancelled."""


class Child:
    """One child process, this end of its pipe, and the folder for what it keeps for a while."""

    def __init__(self, weights_dir: str | None, bounds: Bounds) -> None:
        # Of its own, so that it can be removed as a whole: TensorFlow keeps the code there that it makes of our functions.
        self._temp = tempfile.mkdtemp(prefix="worker-")
        mine, theirs = socket.socketpair()
        with theirs:
            paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
            self.process = subprocess.Popen(  # noqa: S603 - this interpreter and our own module
                [sys.executable, "-m", "detector.worker.serving", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # a group of its own: killed as one, and Ctrl-C is not for it
                env={
                    "TF_CPP_MIN_LOG_LEVEL": "2",
                    # Each of its forty threads would keep freed memory in heaps of its own.
                    "MALLOC_ARENA_MAX": "2",
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(paths),
                    "TMPDIR": self._temp,
                },
            )
        self.pipe = Connection(mine.detach())
        self.facts: dict[str, Any] = {}
        self.error: DetectorError | None = None
        self.ready = threading.Event()
        self.pipe.send((weights_dir, bounds, self._temp))
        threading.Thread(target=self._receive_start, name="detector-start", daemon=True).start()

    def _receive_start(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            kind, value = self.pipe.recv()
            if kind == "ready":
                self.facts = value
            else:
                self.error = value
        self.ready.set()

    def kill(self) -> None:
        """End it and everything it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.tidy()

    def tidy(self) -> None:
        """Remove what it leaves behind."""
        shutil.rmtree(self._temp, ignore_errors=True)


class Job:
    """One piece of work, from sending it to the answer or the child's end."""

    def __init__(self, child: Child, bounds: Bounds, number: int, watcher: Watcher) -> None:
        self._child, self._bounds, self._number, self._watcher = child, bounds, number, watcher

    def run(self, call: tuple[Any, ...]) -> Any:
        """Send the call and wait for what comes of it."""
        began = last_sign = time.monotonic()
        stop_by = float("inf")
        try:
            self._child.pipe.send(("job", self._number, call))
            while True:
                if self._child.pipe.poll(POLL_S):
                    kind, value = self._child.pipe.recv()
                    last_sign = time.monotonic()
                    if kind == "progress":
                        self._watcher.progress(*value)
                    elif kind == "done":
                        return value
                    elif kind == "error":
                        raise value
                    else:
                        raise RuntimeError(f"the worker met a fault in the program: {value}")
                now = time.monotonic()
                if stop_by == float("inf") and self._watcher.cancelled():
                    stop_by = now + _STOP_S
                    self._child.pipe.send(("cancel", self._number, None))
                if now > stop_by:
                    self._child.kill()
                    raise Cancelled(Sentence("The analysis was stopped."))
                self._enforce(now - began, now - last_sign)
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            self._child.kill()
            raise self._lost() from error

    def _enforce(self, spent_s: float, silent_s: float) -> None:
        if spent_s > self._bounds.wall_s or silent_s > self._bounds.silent_s:
            self._child.kill()
            raise WorkerFailed(words.TOOK_TOO_LONG)
        if resident_bytes(self._child.process.pid) > self._bounds.resident_bytes:
            self._child.kill()
            raise WorkerFailed(words.TOOK_TOO_MUCH)

    def _lost(self) -> WorkerFailed:
        out_of_time = self._child.process.returncode == -signal.SIGXCPU
        return WorkerFailed(words.TOOK_TOO_LONG if out_of_time else words.BROKE_OFF)
