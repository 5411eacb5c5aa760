"""What every detector can do, in this process or in another: all that the page and the command line rely on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Protocol, Self

from detector.media.inputs import Source
from detector.records import LiveSnapshot, Manifest, ModelInfo, Progress, Report

__all__ = ["Analyser"]


class Analyser(Protocol):
    """``pipeline.Detector`` and ``worker.IsolatedDetector`` alike. A context manager that closes at its end.

    After ``close`` every method raises ``DetectorClosed``, but for ``close`` itself.
    """

    @property
    def manifest(self) -> Manifest:
        """Thresholds, gates and the default models."""

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The image models that can be asked for, by name."""

    @property
    def clip_models(self) -> tuple[str, ...]:
        """What can decide about a clip: video models, and image models whose mean over the frames has a rule."""

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
        """Analyse a photo or a clip; see ``Detector.analyze``."""

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
        """Write a clip with what its report says drawn into it; see ``Detector.annotate``."""

    def watch(self, session: str, frame: bytes, time_s: float) -> LiveSnapshot:
        """Look at the next frame of a camera; see ``Detector.watch``."""

    def end_watch(self, session: str) -> None:
        """Forget a live check; see ``Detector.end_watch``."""

    def wait(self) -> None:
        """Return once the models are loaded; raise what is wrong with them."""

    def close(self) -> None:
        """Free what is held."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
