"""What is concluded from scores, and what tests a conclusion."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detector.records.arrays import FloatMap, check_unit
from detector.sentences import Sentence

__all__ = ["ErrorRate", "Heatmap", "KnownKind", "Obstacle", "RegionCheck", "Rejection", "Stability", "Verdict"]


class Verdict(enum.StrEnum):
    """The verdict on a face or a file. The order of ``SEVERITY`` decides which face's verdict a file gets."""

    NO_CLEAR_SIGNS = "no_clear_signs"
    INCONCLUSIVE = "inconclusive"
    SOME_SIGNS = "some_signs"
    STRONG_SIGNS = "strong_signs"
    NOT_ANALYSED = "not_analysed"


class Obstacle(enum.StrEnum):
    """Why a face cannot be analysed: the quality gate that it does not pass."""

    TOO_SMALL = "too_small"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    TOO_BLURRED = "too_blurred"
    TURNED_AWAY = "turned_away"


@dataclass(frozen=True)
class Rejection:
    """A quality gate that a face does not pass, in kind and in words."""

    obstacle: Obstacle
    reason: Sentence
    """Names the measurement, the limit, and what may help."""


@dataclass(frozen=True)
class ErrorRate:
    """How often test faces of known kind fell into a band, as measured by the evaluation behind the manifest."""

    verdict: Verdict
    genuine: int
    """Genuine test faces with this verdict."""
    fake: int
    """Altered or generated test faces with this verdict."""


@dataclass(frozen=True)
class KnownKind:
    """One kind of fakes that the deciding model was tested on."""

    kind: str
    """Such as "swap"; a name of the data itself where it belongs to no kind that readers know."""
    found: int
    """Test faces that were said to show signs."""
    tested: int

    def __post_init__(self) -> None:
        if not 0 <= self.found <= self.tested or not self.tested:
            raise ValueError(f"KnownKind: expected 0 <= found <= tested and tested > 0, got {self}")


@dataclass(frozen=True)
class Heatmap:
    """Grad-CAM of one crop and one model, on a scale that is the same for every picture."""

    towards_fake: FloatMap
    """(h, w) float32 in [0, 1]: share of the fixed full scale by which a place raised the logit of "fake"."""
    towards_real: FloatMap
    """The same for "real"."""
    model: str

    def __post_init__(self) -> None:
        for name, values in (("towards_fake", self.towards_fake), ("towards_real", self.towards_real)):
            if values.ndim != 2 or values.dtype != np.float32:
                raise ValueError(f"Heatmap.{name}: expected (h, w) float32, got {values.shape} {values.dtype}")
            if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
                raise ValueError(f"Heatmap.{name}: expected finite values in [0, 1]")


@dataclass(frozen=True)
class Stability:
    """How far a score moves when the picture changes in ways that mean nothing to a person."""

    scores: Mapping[str, float]
    """Calibrated p_fake by view: "as_is" and "mirrored" (the two halves of the score), "jpeg", "half_size", "shifted"
    (the score, moved by what the change does to the crop as it is; ``stability.changed_logits``)."""
    holds: bool
    """Whether all of them, and the score itself, lie in one band."""
    decided: bool = False
    """Whether the verdict was changed for it; one that was taken back for another reason already stays as it was."""
    skipped: tuple[str, ...] = ()
    """Views that were not scored, since they could hardly have changed the verdict (``probes.spread``)."""

    def __post_init__(self) -> None:
        if not self.scores:
            raise ValueError("Stability.scores: expected at least one view")
        for value in self.scores.values():
            check_unit(value, "Stability.scores")

    @property
    def lowest(self) -> float:
        return min(self.scores.values())

    @property
    def highest(self) -> float:
        return max(self.scores.values())


@dataclass(frozen=True)
class RegionCheck:
    """What hiding the hottest region of a heatmap does to the score, against hiding random places of the same size."""

    hottest: str
    """The face region with the strongest evidence on average, a word of ``regions.REGIONS``."""
    towards_fake: bool
    """Whether the evidence there raised the score; else it lowered it."""
    hidden: float
    """p_fake with that region hidden: the score, moved by what hiding it does to the crop as it is."""
    elsewhere: tuple[float, ...]
    """p_fake with each of the random places hidden, likewise."""
    matters: bool
    """Whether hiding it changes the score clearly more, so that the region may be named."""

    def __post_init__(self) -> None:
        if not self.elsewhere:
            raise ValueError("RegionCheck.elsewhere: expected at least one random place")
        for value in (self.hidden, *self.elsewhere):
            check_unit(value, "RegionCheck")
