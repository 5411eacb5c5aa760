"""``weights/manifest.json``: models, thresholds, and where the weights come from."""

from __future__ import annotations

import hashlib
import json
import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from detector.records.arrays import check_unit
from detector.records.faces import CropSpec
from detector.records.media import MediaKind
from detector.records.verdicts import ErrorRate

__all__ = [
    "Bands",
    "Calibration",
    "ClipRules",
    "FrameMean",
    "HubPin",
    "Manifest",
    "ModelInfo",
    "ModelSpec",
    "QualityGates",
    "SharedTrunk",
    "ShortPart",
    "ViewSpread",
    "WeightFile",
]


@dataclass(frozen=True)
class QualityGates:
    """Below (or above) these a face is shown but not analysed. From the manifest."""

    min_size_px: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    max_abs_yaw: float


@dataclass(frozen=True)
class Calibration:
    """Platt scaling (Platt 1999): p_fake = sigmoid(scale * fake_logit + offset), fitted on held-out groups."""

    scale: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0 and math.isfinite(self.offset)):
            raise ValueError(f"Calibration: expected scale > 0 and a finite offset, got {self}")


@dataclass(frozen=True)
class Bands:
    """Where calibrated ``p_fake`` is cut into verdicts: below the first, from the second, from the third (if any)."""

    no_clear_signs_below: float
    some_signs_from: float
    strong_signs_from: float | None
    """None where the measured evidence does not carry a "strong" band."""
    signs_need_sharpness: float = 0.0
    """Least ``FaceQuality.sharpness`` of a face for which "some" and "strong" signs are given: of genuine faces that are more
    blurred, too many score as high."""

    def __post_init__(self) -> None:
        for cut in self.cuts:
            check_unit(cut, "Bands")
        if list(self.cuts) != sorted(self.cuts):
            raise ValueError(f"Bands: expected ascending cuts, got {list(self.cuts)}")

    @property
    def cuts(self) -> tuple[float, ...]:
        """The two or three scores at which one verdict ends and the next begins, ascending."""
        cuts = (self.no_clear_signs_below, self.some_signs_from, self.strong_signs_from)
        return tuple(cut for cut in cuts if cut is not None)


@dataclass(frozen=True)
class WeightFile:
    """A file named in the manifest, with what it must be."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class HubPin:
    """Where on the Hugging Face Hub the weights live."""

    repo: str
    """owner/name."""
    revision: str
    """40 hexadecimal digits: a commit, never a branch."""


@dataclass(frozen=True)
class SharedTrunk:
    """An image model whose convolutional trunk a video model has as well, array for array."""

    model: str
    """Its name in the manifest."""
    sha256: str
    """Of its weights file when the two were compared; with other weights in its place nothing is shared."""


@dataclass(frozen=True)
class ViewSpread:
    """How far the views of the stability test move a score, by score: what 999 of 1,000 held-out faces stay within.

    Between its knots it is interpolated; beyond them it is that of the outermost.
    """

    logits: tuple[float, ...]
    """Scores for which it was fitted, the knots: fake logits, uncalibrated, ascending."""
    falls: Mapping[str, tuple[float, ...]]
    """By view, how far below the score it may lie at each knot, logits."""
    rises: Mapping[str, tuple[float, ...]]
    """The same above."""
    faces: int
    """Held-out faces on which it was fitted."""
    fitted_with: str
    """Command that fitted it."""

    def __post_init__(self) -> None:
        if len(self.logits) < 2 or any(b <= a for a, b in zip(self.logits, self.logits[1:], strict=False)):
            raise ValueError(f"ViewSpread.logits: expected at least two, ascending, got {self.logits}")
        for values in (*self.falls.values(), *self.rises.values()):
            if len(values) != len(self.logits) or not all(0 <= value < math.inf for value in values):
                raise ValueError(
                    "ViewSpread: expected for every view as many distances of at least 0 as there are logits"
                )

    def reach(self, view: str, logit: float) -> tuple[float, float]:
        """How far a view may lie below and above a score; infinitely far where the view was not measured."""
        return self._at(self.falls.get(view), logit), self._at(self.rises.get(view), logit)

    @property
    def digest(self) -> str:
        """SHA-256 of the whole, for a report."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def _at(self, values: Sequence[float] | None, logit: float) -> float:
        if values is None:
            return math.inf
        after = bisect_right(self.logits, logit)
        if after in (0, len(self.logits)):
            return values[0 if after == 0 else -1]
        low, high = self.logits[after - 1 : after + 1]
        share = (logit - low) / (high - low)
        return values[after - 1] * (1 - share) + values[after] * share


@dataclass(frozen=True)
class ModelSpec:
    """Everything about a model that cannot live inside it."""

    name: str
    architecture: str
    kind: MediaKind
    file: WeightFile
    crop: CropSpec
    calibration: Calibration
    bands: Bands
    heatmap_full_scale: float
    """Grad-CAM value (in logits of evidence) drawn at full strength; fixed for the model, never per picture."""
    track_record: tuple[ErrorRate, ...]
    trained_with: str
    """Command that trained it."""
    trained_at_commit: str
    trunk: SharedTrunk | None = None
    """Of a video model: where its features are made as well, so that its own trunk need not be loaded."""
    spread: ViewSpread | None = None
    """Of an image model: which views can change a verdict. None for weights whose views were not measured: all are scored."""


@dataclass(frozen=True)
class ShortPart:
    """When a short part of a clip shows signs though the clip as a whole does not."""

    frames: int
    """Sampled frames of a person, one after another, whose mean is compared."""
    cut: float
    """Least mean of their fake logits, uncalibrated."""
    genuine: int
    """Genuine clips on which the cut was fitted."""
    raised: int
    """Of these, those with such a part."""
    fitted_with: str
    """Command that fitted it."""

    def __post_init__(self) -> None:
        if self.frames < 1 or not math.isfinite(self.cut) or not 0 <= self.raised <= self.genuine:
            raise ValueError(
                f"ShortPart: expected frames of at least 1, a finite cut and 0 <= raised <= genuine, got {self}"
            )


@dataclass(frozen=True)
class FrameMean:
    """How the mean of an image model's logits over a person's frames becomes a score of its own."""

    calibration: Calibration
    """Of the mean logit; fitted on clips, since a mean varies less than one frame does."""
    bands: Bands
    track_record: tuple[ErrorRate, ...]
    """On clips."""
    fitted_with: str
    """Command that fitted it, or what stands in for that."""
    short: ShortPart | None = None
    """None where short parts are not looked for."""


@dataclass(frozen=True)
class ClipRules:
    """How clips are sampled and judged."""

    samples: int
    """Places of a clip that are sampled, spread evenly; of a long one more, see ``most_samples``."""
    stretch: int
    """Consecutive frames at each."""
    min_frames: int
    """A person is analysed if the face can be scored in at least so many frames."""
    min_share: float
    """Share of the sampled frames in which a face must be seen for more than "inconclusive"."""
    max_disagreement: float | None
    """Difference of frame mean and video model in p_fake from which a result is inconclusive; None without a video model."""
    frame_mean: Mapping[str, FrameMean]
    """By image model; one without an entry decides nothing about clips."""
    most_samples: int | None = None
    """Places of a long clip (``clip_places.EVERY_S`` apart until there are so many); None for ``samples`` at any length."""

    def __post_init__(self) -> None:
        if self.samples < 1 or self.stretch < 1 or self.min_frames < 1:
            raise ValueError("ClipRules: expected samples, stretch and min_frames of at least 1")
        if self.most_samples is not None and self.most_samples < self.samples:
            raise ValueError("ClipRules: expected most_samples to be no fewer than samples")
        check_unit(self.min_share, "ClipRules.min_share")
        if self.max_disagreement is not None:
            check_unit(self.max_disagreement, "ClipRules.max_disagreement")


@dataclass(frozen=True)
class Manifest:
    """``weights/manifest.json`` as a record."""

    models: Mapping[str, ModelSpec]
    default_image_model: str
    face_detectors: Mapping[str, WeightFile]
    """"short_range" and "full_range"."""
    gates: QualityGates
    hub: HubPin | None
    clips: ClipRules | None = None
    """None for weights that are for pictures only."""
    default_video_model: str | None = None
    """None where the mean over the frames decides about clips."""


@dataclass(frozen=True)
class ModelInfo:
    """Which weights produced a score."""

    name: str
    architecture: str
    revision: str
    """Hub revision, or "local" for a file from the working copy."""
    sha256: str
