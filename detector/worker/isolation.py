"""A detector in a process of its own, for untrusted files: the server survives what they break.

``IsolatedDetector`` answers like ``pipeline.Detector``, but decoding and inference happen in a child process that

* may use so much memory, processor time and wall time and no more (``bounds``), and is killed with all it started when it
  does, when it stops answering, or when the file makes a decoder crash; the caller gets a sentence within a second or two;
* is replaced at once after it died, whether somebody was waiting for it or not; with ``spare`` by a second child that has
  loaded its models already and stands by, since loading takes many seconds;
* has a temporary folder of its own, which goes when it does: what is killed cannot tidy up;
* ends when this process ends, however that happens: it watches the other end of the pipe.

``child`` holds one child process, ``serving`` runs in it. One job runs at a time.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from detector.errors import Cancelled, DetectorClosed, DetectorError, WorkerFailed
from detector.media.inputs import Source, as_file
from detector.records import AnalysisOptions, LiveSnapshot, Manifest, ModelInfo, Progress, Report, Watcher
from detector.sentences import Sentence
from detector.weights.manifest import load_manifest, weights_folder
from detector.words import server as words
from detector.worker.bounds import Bounds, memory_for_another
from detector.worker.child import POLL_S, Child, Job

__all__ = ["STARTING", "IsolatedDetector"]

STARTING = "starting"
"""The stage of which progress is reported while a child loads its models."""
_TRIES = 3
"""Starts in a row that may fail before no further is made until somebody asks for work."""

_logger = logging.getLogger(__name__)


class IsolatedDetector:
    """``pipeline.Detector`` in a child process. A context manager; may be shared between threads, which take turns.

    It is there at once, while the child still loads its models; what is wrong with them is raised by ``wait`` and by every
    job.

    Args:
        weights_dir: as for ``load_detector``.
        bounds: what one job may use.
        spare: whether a second child stands by to take the place of one that dies. It costs the memory of the models once
            more (0.7 GB); without it the job after a death waits until they are loaded. None is started where memory is short.

    Raises:
        ManifestInvalid: the manifest cannot be read.
    """

    def __init__(
        self,
        weights_dir: str | os.PathLike[str] | None = None,
        bounds: Bounds | None = None,
        *,
        spare: bool = False,
    ) -> None:
        self._weights_dir = None if weights_dir is None else os.fspath(weights_dir)
        self._bounds = bounds or Bounds()
        self._manifest = load_manifest(weights_folder(None if weights_dir is None else Path(weights_dir)))
        self._turn = threading.Lock()
        self._changing = threading.Lock()
        """Held while a child is replaced."""
        self._wants_spare = spare
        self._spare: Child | None = None
        self._closed = False
        self._failures = 0
        self._numbers = itertools.count(1)
        with self._changing:  # whoever watches the child must not look for it here before it is
            self._child = self._spawn()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the children; a job that runs ends with ``WorkerFailed``."""
        with self._changing:
            if self._closed:
                return
            self._closed = True
            children = (self._child, self._spare)
        for child in children:
            if child is not None:
                child.kill()

    def wait(self) -> None:
        """Return once the models are loaded.

        Raises:
            DetectorError: they cannot be.
            WorkerFailed: the child died, or took longer than ``Bounds.start_s``.
        """
        self._ready()

    @property
    def pid(self) -> int:
        """Process that does the work now; another one after it had to be replaced."""
        return self._child.process.pid

    @property
    def standing_by(self) -> int | None:
        """Process that has loaded its models and waits for the other to die; None where there is none, or not yet."""
        spare = self._spare
        return spare.process.pid if spare is not None and spare.facts else None

    @property
    def manifest(self) -> Manifest:
        """Thresholds, gates and the default model."""
        manifest: Manifest = self._child.facts.get("manifest", self._manifest)
        return manifest

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The image models that can be asked for, by name."""
        models: Mapping[str, ModelInfo] = self._ready().facts["models"]
        return models

    @property
    def clip_models(self) -> tuple[str, ...]:
        """What can decide about a clip."""
        names: tuple[str, ...] = self._ready().facts["clip_models"]
        return names

    def analyze(
        self,
        path: Source,
        *,
        model: str | None = None,
        heatmaps: bool = True,
        name: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        stability: bool = True,
        verdict_only: bool = False,
    ) -> Report:
        """Analyse a file; arguments and errors are those of ``pipeline.Detector.analyze``.

        Raises:
            WorkerFailed: the child broke off or reached a bound; nothing is known about the file.
        """
        options = AnalysisOptions(model, heatmaps, stability, verdict_only)
        with as_file(path, name) as (file, shown):
            # The name is the given one's, not that of what a relative or linked path leads to.
            arguments = (os.path.abspath(file), options, shown)
            report: Report = self._work("analyze", arguments, Watcher.of(progress, cancelled))
        return report

    def annotate(
        self,
        path: str | os.PathLike[str],
        report: Report,
        target: str | os.PathLike[str],
        *,
        heat: bool = False,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """Write a clip with its marks; arguments and errors are those of ``pipeline.Detector.annotate``.

        Raises:
            WorkerFailed: the child broke off or reached a bound; what it wrote so far is removed.
        """
        arguments = (os.path.abspath(path), report.without_pixels(), os.path.abspath(target), heat)
        try:
            self._work("annotate", arguments, Watcher.of(progress, cancelled))
        except (WorkerFailed, Cancelled):
            Path(target).unlink(missing_ok=True)
            raise

    def watch(self, session: str, frame: bytes, time_s: float) -> LiveSnapshot:
        """Look at the next frame of a camera; arguments and errors are those of ``pipeline.Detector.watch``. The frame goes to
        the child through its pipe and lies on no disk. Where a child had to be replaced, the check begins anew.

        Raises:
            WorkerFailed: the child broke off or reached a bound.
        """
        snapshot: LiveSnapshot = self._work("watch", (session, frame, time_s), Watcher())
        return snapshot

    def end_watch(self, session: str) -> None:
        """Forget a live check; as ``pipeline.Detector.end_watch``, and nothing where the child died, which forgot it."""
        with contextlib.suppress(WorkerFailed):
            self._work("end_watch", (session,), Watcher())

    # The children ----------------------------------------------------------------------------------------------------

    def _spawn(self) -> Child:
        child = Child(self._weights_dir, self._bounds)
        threading.Thread(target=self._watch, args=(child,), name="detector-watch", daemon=True).start()
        return child

    def _watch(self, child: Child) -> None:
        """Watch a child to its end: start a spare once it works, and replace it afterwards."""
        child.ready.wait()
        with self._changing:
            self._stand_by(child)
        child.process.wait()
        child.tidy()
        with self._changing:
            if self._closed:
                return
            _logger.warning("worker %d ended with status %s", child.process.pid, child.process.returncode)
            if self._spare is child:
                self._spare = None
                if child.facts:  # it could be loaded, so another can
                    self._stand_by(self._child)
            # With an error the weights are wrong, and would be again.
            elif self._child is child and child.error is None:
                self._failures = 0 if child.facts else self._failures + 1
                if self._failures < _TRIES:
                    self._replace()

    def _stand_by(self, child: Child) -> None:
        """Start a spare if ``child`` is the one that works; not before it has loaded, since two take each other's time."""
        wanted = self._wants_spare and not self._closed and self._spare is None
        if wanted and child is self._child and child.facts and memory_for_another():
            self._spare = self._spawn()

    def _replace(self) -> None:
        """Let the spare take the place of a child that died, or a new child where there is none."""
        spare, self._spare = self._spare, None
        usable = spare is not None and spare.process.poll() is None
        self._child = spare if spare is not None and usable else self._spawn()
        self._stand_by(self._child)

    def _ready(self, watcher: Watcher | None = None) -> Child:
        """The child, once it can work."""
        with self._changing:
            if self._closed:
                raise DetectorClosed(Sentence("This detector was closed; load another one."))
            if self._child.process.poll() is not None and self._child.error is None:
                self._failures = 0
                self._replace()
            child = self._child
        if watcher is not None and not child.ready.is_set():
            watcher.progress(STARTING, 0, 0)
        child.ready.wait(self._bounds.start_s)
        if child.error is not None:
            raise child.error
        if not child.facts:
            child.kill()
            raise WorkerFailed(words.WILL_NOT_START)
        return child

    def _work(self, verb: str, arguments: tuple[Any, ...], watcher: Watcher) -> Any:
        number = next(self._numbers)
        began = time.monotonic()
        outcome = "failed"
        while not self._turn.acquire(timeout=POLL_S):
            watcher.raise_if_cancelled()
        try:
            child = self._ready(watcher)
            value = Job(child, self._bounds, number, watcher).run((verb, arguments))
            outcome = "done"
            return value
        except DetectorError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._turn.release()
            # Never a name, a path or a score: who reads the log learns nothing about anybody's file. Frames come ten a second.
            level = logging.DEBUG if verb == "watch" and outcome == "done" else logging.INFO
            _logger.log(level, "job %d %s: %s after %.2f s", number, verb, outcome, time.monotonic() - began)
