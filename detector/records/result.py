"""The result of an analysis: one report, with its faces and, in a clip, their course over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from detector.records.arrays import check_unit
from detector.records.faces import Box, FaceCrop
from detector.records.manifest import ModelInfo
from detector.records.media import ClipCounts, InputInfo, Preview
from detector.records.origin import Provenance
from detector.records.verdicts import Heatmap, Obstacle, RegionCheck, Stability, Verdict
from detector.sentences import Sentence

__all__ = ["Appearance", "FaceResult", "Moment", "Report", "TimePoint"]


@dataclass(frozen=True)
class TimePoint:
    """A person in one sampled frame."""

    time_s: float
    p_fake: float | None
    """Calibrated score of this frame alone; None where the face could not be scored there."""
    box: Box
    sample: int
    """Running number of the sampled frame, 0, 1, ..."""


@dataclass(frozen=True)
class Moment:
    """A frame that weighs in a person's score."""

    time_s: float
    p_fake: float
    """Of this frame alone."""
    crop: FaceCrop
    heatmap: Heatmap | None
    """None if not asked for."""
    sample: int
    """Running number of the sampled frame."""


@dataclass(frozen=True)
class Appearance:
    """One person over the time of a clip."""

    points: tuple[TimePoint, ...]
    """In order of time."""
    gaps: tuple[tuple[float, float], ...]
    """(from, to) in seconds in which the face was not found."""
    moments: tuple[Moment, ...]
    """The most suspicious ones, highest score first; none where nothing could be scored."""
    frames: int
    """Frames of the clip that were sampled."""
    scored_by: str
    """The image model whose scores of single frames these are."""
    shown_s: float
    """When the frame was whose crop stands for the person (``FaceResult.crop``), seconds."""
    parts: tuple[tuple[float, float], ...] = ()
    """(from, to) in seconds of short parts that show signs though the whole does not; in order of time."""

    @property
    def first_s(self) -> float:
        return self.points[0].time_s

    @property
    def last_s(self) -> float:
        return self.points[-1].time_s


@dataclass(frozen=True)
class FaceResult:
    """One face of a report: of a picture, or one person of a clip, whose crop is that of the most suspicious frame."""

    crop: FaceCrop
    verdict: Verdict
    reason: Sentence
    """For the user."""
    p_fake: float | None
    """Calibrated score of the report's model; None when not analysed."""
    models: Mapping[str, float] = field(default_factory=dict)
    """Calibrated p_fake of every model that scored the face."""
    heatmap: Heatmap | None = None
    over_time: Appearance | None = None
    """None in a picture."""
    stability: Stability | None = None
    """None where it was not tested."""
    region: RegionCheck | None = None
    """None where it was not checked: without a heatmap, or with one that is as good as empty."""
    obstacle: Obstacle | None = None
    """The quality gate that the face does not pass, in a clip the one that most frames fail; None where all are passed."""

    def __post_init__(self) -> None:
        if (self.p_fake is None) != (self.verdict is Verdict.NOT_ANALYSED):
            raise ValueError("FaceResult: p_fake must be None exactly when the verdict is not_analysed")
        for value in (*self.models.values(), *(() if self.p_fake is None else (self.p_fake,))):
            check_unit(value, "FaceResult.p_fake")


@dataclass(frozen=True)
class Report:
    """The one result that page, command line, JSON and evaluation share."""

    input: InputInfo
    verdict: Verdict
    reason: Sentence
    p_fake: float | None
    """Of the face that decides; None when nothing was analysed."""
    faces: tuple[FaceResult, ...]
    """In reading order: top to bottom, then left to right; the people of a clip in order of first appearance."""
    model: ModelInfo
    versions: Mapping[str, str]
    """Python and library versions, and the detector's own."""
    limits: tuple[str, ...]
    """Sentences that belong beside every result."""
    preview: Preview | None = None
    """The photo made smaller, or a frame of the clip that shows the person who decides; not part of the JSON."""
    options: Mapping[str, object] = field(default_factory=dict)
    counts: ClipCounts | None = None
    """None for a picture."""
    provenance: Provenance | None = None
    """None where it was not read."""
    made_at: str | None = None
    """When the analysis ended, UTC, ISO 8601 to the second."""
    deciding: int | None = None
    """Index in ``faces`` of the one that decides; None when nothing was analysed. Not part of the JSON."""
    stored_size: tuple[int, int] | None = None
    """(width, height) in the file of a picture that was made smaller for reading; else None. Not part of the JSON."""

    def __post_init__(self) -> None:
        if self.deciding is not None and not 0 <= self.deciding < len(self.faces):
            raise ValueError(f"Report.deciding: expected an index of {len(self.faces)} faces, got {self.deciding}")

    def without_pixels(self) -> Report:
        """The same without the preview's pixels, for those who keep many reports."""
        return self if self.preview is None else replace(self, preview=replace(self.preview, rgb=None))
