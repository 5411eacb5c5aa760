"""What an analysis is asked to do, and who follows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from detector.errors import Cancelled
from detector.sentences import Sentence

__all__ = ["AnalysisOptions", "Progress", "Watcher"]

Progress = Callable[[str, int, int], None]
"""Called with a stage, how much of it is done, and how much there is."""


@dataclass(frozen=True)
class AnalysisOptions:
    """What ``Detector.analyze`` is asked to do; the defaults are its own."""

    model: str | None = None
    """The model that decides; None for the manifest's default."""
    heatmaps: bool = True
    """Whether heatmaps are computed."""
    stability: bool = True
    """Whether each face is scored again after small changes, and its verdict taken back where it does not hold."""
    verdict_only: bool = False
    """Whether to leave out what no verdict rests on: the other models' scores, and the test of a photo's hottest regions."""


def _ignored(stage: str, done: int, total: int) -> None:
    """Progress that nobody follows."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Watcher:
    """Who follows a piece of work and may stop it; the default does neither."""

    progress: Progress = _ignored
    cancelled: Callable[[], bool] = _never
    """Called often; once it returns True, the work stops."""

    @classmethod
    def of(cls, progress: Progress | None, cancelled: Callable[[], bool] | None) -> Watcher:
        """One of two callables, either of which may be missing."""
        return cls(progress or _ignored, cancelled or _never)

    def raise_if_cancelled(self) -> None:
        """Raise ``Cancelled`` once ``cancelled`` returns True."""
        if self.cancelled():
            raise Cancelled(Sentence("The analysis was stopped."))
