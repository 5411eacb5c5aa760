"""Frozen records that pass between the stages. Shapes, dtypes, units and ranges are checked where a record is made.

Conventions that hold everywhere: pictures are RGB uint8 with axes (height, width, channel); boxes are in pixels of the
upright frame, x to the right and y down, right and bottom exclusive; angles are degrees, positive clockwise as seen; time
is seconds of the container's own clock; ``p_fake`` is in [0, 1], 1 meaning "looks altered or generated".
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Appearance",
    "Bands",
    "Box",
    "Calibration",
    "ClipCounts",
    "ClipRules",
    "ContentCredentials",
    "CropSpec",
    "Detection",
    "ErrorRate",
    "FaceCrop",
    "FaceQuality",
    "FaceResult",
    "FaceTrack",
    "FloatMap",
    "Frame",
    "FrameMean",
    "Heatmap",
    "HubPin",
    "InputInfo",
    "LoadedImage",
    "Manifest",
    "ModelInfo",
    "ModelSpec",
    "Moment",
    "Provenance",
    "ProvenanceFact",
    "QualityGates",
    "RegionCheck",
    "Report",
    "SharedTrunk",
    "Sighting",
    "Stability",
    "TimePoint",
    "UInt8Image",
    "Verdict",
    "WeightFile",
]

UInt8Image = NDArray[np.uint8]
FloatMap = NDArray[np.float32]


def _check_rgb(array: np.ndarray, name: str) -> None:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError(f"{name}: expected a non-empty (H, W, 3) uint8 RGB array, got {array.shape} {array.dtype}")


def _check_unit(value: float, name: str) -> None:
    if not (math.isfinite(value) and 0.0 <= value <= 1.0):
        raise ValueError(f"{name}: expected a number in [0, 1], got {value!r}")


class Verdict(enum.StrEnum):
    """What is said of a face or a file. The order of ``SEVERITY`` decides which face speaks for a file."""

    NO_CLEAR_SIGNS = "no_clear_signs"
    INCONCLUSIVE = "inconclusive"
    SOME_SIGNS = "some_signs"
    STRONG_SIGNS = "strong_signs"
    NOT_ANALYSED = "not_analysed"


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in pixels of the upright frame; right and bottom are exclusive. May reach beyond the frame."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        values = (self.left, self.top, self.right, self.bottom)
        if not all(math.isfinite(v) for v in values) or self.right <= self.left or self.bottom <= self.top:
            raise ValueError(f"Box: expected finite left < right and top < bottom, got {values}")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def center(self) -> tuple[float, float]:
        """(x, y) in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        overlap_w = min(self.right, other.right) - max(self.left, other.left)
        overlap_h = min(self.bottom, other.bottom) - max(self.top, other.top)
        if overlap_w <= 0 or overlap_h <= 0:
            return 0.0
        overlap = overlap_w * overlap_h
        return overlap / (self.width * self.height + other.width * other.height - overlap)


@dataclass(frozen=True)
class Frame:
    """One decoded, upright picture."""

    rgb: UInt8Image
    """(H, W, 3) uint8 RGB."""
    index: int = 0
    """Position in decoding order; 0 for a still image."""
    time_s: float | None = None
    """Presentation time in seconds; None for a still image."""

    def __post_init__(self) -> None:
        _check_rgb(self.rgb, "Frame.rgb")


@dataclass(frozen=True)
class InputInfo:
    """What is known of the input file itself."""

    name: str
    """Base name as given by the user, without folders."""
    sha256: str
    """Hex digest of the file's bytes."""
    kind: str
    """"image" or "video"."""
    format: str
    """Container as found in the bytes, for example "JPEG"."""
    bytes: int
    width: int
    """Pixels, after orientation is applied."""
    height: int
    notes: tuple[str, ...] = ()
    """Sentences for the user, such as "Only the first of 12 frames was read."."""
    duration_s: float | None = None
    """Length of a clip as measured from its time stamps, seconds; None for a picture."""
    fps: float | None = None
    """Frames per second as measured, on average; None for a picture and for a clip of one frame."""
    codec: str | None = None
    """FFmpeg's name of a clip's coding, such as "h264"."""


@dataclass(frozen=True)
class ClipCounts:
    """What became of a clip's frames."""

    in_file: int
    """Frames that the file holds, by its packets."""
    decoded: int
    """Frames decoded: the wanted ones, and those on the way to one that had to be."""
    undecodable: int
    """Frames on the way that could not be decoded."""
    sampled: int
    """Frames that were looked at."""


@dataclass(frozen=True)
class LoadedImage:
    """A still image with its file's facts."""

    frame: Frame
    info: InputInfo


@dataclass(frozen=True)
class Detection:
    """A face as found by the face detector, before cropping."""

    box: Box
    keypoints: NDArray[np.float32]
    """(6, 2) float32 pixels (x, y): the subject's right eye, left eye, nose tip, mouth centre, right ear, left ear."""
    score: float
    """The face detector's own confidence that this is a face, in [0, 1]; says nothing about altered or not."""

    def __post_init__(self) -> None:
        if self.keypoints.shape != (6, 2) or self.keypoints.dtype != np.float32:
            raise ValueError(
                f"Detection.keypoints: expected (6, 2) float32, got {self.keypoints.shape} {self.keypoints.dtype}"
            )
        _check_unit(self.score, "Detection.score")


@dataclass(frozen=True)
class CropSpec:
    """How a face becomes the square that a model sees. Travels with the weights in the manifest."""

    size: int
    """Side of the square crop, pixels."""
    margin: float
    """Context added on each side, as a share of the longer side of the face box."""
    interpolation: str = "area-cubic"
    """"area-cubic": pixel-area averaging when the crop shrinks, bicubic when it grows."""
    border: str = "inside"
    """"inside": the square is moved, then shrunk, so that it stays inside the picture; no pixel is ever invented."""
    upright_above_deg: float = 20.0
    """A face whose eye line is tilted by more than this is turned upright before it is cropped."""

    def __post_init__(self) -> None:
        if self.size < 16 or not 0.0 <= self.margin <= 2.0:
            raise ValueError(f"CropSpec: expected size >= 16 and margin in [0, 2], got {self.size} and {self.margin}")
        if self.interpolation != "area-cubic" or self.border != "inside":
            raise ValueError(f"CropSpec: unknown interpolation {self.interpolation!r} or border {self.border!r}")


@dataclass(frozen=True)
class FaceQuality:
    """Measured on the face box in the original pixels, before any resizing."""

    size_px: float
    """Shorter side of the face box, original pixels."""
    sharpness: float
    """Variance of the Laplacian of the grey face resized to a fixed 112 px side; higher is sharper."""
    brightness: float
    """Mean of the grey face, in [0, 255]."""
    roll_deg: float
    """Tilt of the eye line; 0 is level."""
    yaw: float
    """Nose tip's offset from the eyes' midpoint along the eye line, in eye distances; 0 is frontal, beyond +-0.6 a profile."""


@dataclass(frozen=True)
class FaceCrop:
    """The pixels a model is given, with where they came from. The face shown is the face scored."""

    rgb: UInt8Image
    """(size, size, 3) uint8 RGB, as cut by ``faces.crop_face``."""
    source: Box
    """The square of the frame that was cut (before any upright turn: its bounding square)."""
    detection: Detection
    quality: FaceQuality
    keypoints: NDArray[np.float32] | None = None
    """(6, 2) float32 pixels (x, y) of ``rgb``: the detection's keypoints as they stand in the crop; None where the crop
    was not cut from a picture."""

    def __post_init__(self) -> None:
        _check_rgb(self.rgb, "FaceCrop.rgb")
        if self.rgb.shape[0] != self.rgb.shape[1]:
            raise ValueError(f"FaceCrop.rgb: expected a square, got {self.rgb.shape}")


@dataclass(frozen=True)
class Sighting:
    """One person in one sampled frame of a clip."""

    sample: int
    """Running number of the sampled frame, 0, 1, ..."""
    time_s: float
    """Seconds from the clip's beginning."""
    position: int
    """Which of the faces of that frame it is."""
    crop: FaceCrop


@dataclass(frozen=True)
class FaceTrack:
    """One person across a clip."""

    id: int
    """1, 2, ... in order of first sighting."""
    sightings: tuple[Sighting, ...]
    """In order of time, at most one a frame."""
    gaps: tuple[tuple[float, float], ...]
    """(from, to) in seconds: between two sightings, the face was not found in the frames looked at."""

    def __post_init__(self) -> None:
        samples = [sighting.sample for sighting in self.sightings]
        if not samples or samples != sorted(set(samples)):
            raise ValueError(f"FaceTrack.sightings: expected at least one, ascending and one a frame, got {samples}")

    @property
    def first_s(self) -> float:
        return self.sightings[0].time_s

    @property
    def last_s(self) -> float:
        return self.sightings[-1].time_s


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
        cuts = [self.no_clear_signs_below, self.some_signs_from]
        if self.strong_signs_from is not None:
            cuts.append(self.strong_signs_from)
        for cut in cuts:
            _check_unit(cut, "Bands")
        if cuts != sorted(cuts):
            raise ValueError(f"Bands: expected ascending cuts, got {cuts}")


@dataclass(frozen=True)
class ErrorRate:
    """How often test faces of known kind fell into a band, as measured by the evaluation behind the manifest."""

    verdict: Verdict
    genuine: int
    """Genuine test faces with this verdict."""
    fake: int
    """Altered or generated test faces with this verdict."""


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
class ModelSpec:
    """Everything about a model that cannot live inside it."""

    name: str
    architecture: str
    kind: str
    """"image" or "video"."""
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


@dataclass(frozen=True)
class ClipRules:
    """How clips are looked at and judged."""

    samples: int
    """Places of a clip that are looked at, spread evenly; of a long one more, see ``most_samples``."""
    stretch: int
    """Consecutive frames at each."""
    min_frames: int
    """A person is analysed if the face can be scored in at least so many frames."""
    min_share: float
    """Share of the frames looked at in which a face must be seen for more than "inconclusive"."""
    max_disagreement: float | None
    """Difference of frame mean and video model in p_fake from which a result is inconclusive; None without a video model."""
    frame_mean: Mapping[str, FrameMean]
    """By image model; one without an entry has no say on clips."""
    most_samples: int | None = None
    """Places of a long clip (``video.EVERY_S`` apart until there are so many); None for ``samples`` at any length."""

    def __post_init__(self) -> None:
        if self.samples < 1 or self.stretch < 1 or self.min_frames < 1:
            raise ValueError("ClipRules: expected samples, stretch and min_frames of at least 1")
        if self.most_samples is not None and self.most_samples < self.samples:
            raise ValueError("ClipRules: expected most_samples to be no fewer than samples")
        _check_unit(self.min_share, "ClipRules.min_share")
        if self.max_disagreement is not None:
            _check_unit(self.max_disagreement, "ClipRules.max_disagreement")


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


@dataclass(frozen=True)
class TimePoint:
    """A person in one frame that was looked at."""

    time_s: float
    p_fake: float | None
    """Calibrated score of this frame alone; None where the face could not be scored there."""
    box: Box


@dataclass(frozen=True)
class Moment:
    """A frame that weighs in a person's score."""

    time_s: float
    p_fake: float
    """Of this frame alone."""
    crop: FaceCrop
    heatmap: Heatmap | None = None


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
    """Frames of the clip that were looked at."""
    scored_by: str
    """The image model whose scores of single frames these are."""

    @property
    def first_s(self) -> float:
        return self.points[0].time_s

    @property
    def last_s(self) -> float:
        return self.points[-1].time_s


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

    def __post_init__(self) -> None:
        if not self.scores:
            raise ValueError("Stability.scores: expected at least one view")
        for value in self.scores.values():
            _check_unit(value, "Stability.scores")

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
            _check_unit(value, "RegionCheck")


@dataclass(frozen=True)
class FaceResult:
    """One face of a report: of a picture, or one person of a clip, whose crop is that of the most suspicious frame."""

    crop: FaceCrop
    verdict: Verdict
    reason: str
    """A sentence for the user."""
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

    def __post_init__(self) -> None:
        if (self.p_fake is None) != (self.verdict is Verdict.NOT_ANALYSED):
            raise ValueError("FaceResult: p_fake must be None exactly when the verdict is not_analysed")
        for value in (*self.models.values(), *(() if self.p_fake is None else (self.p_fake,))):
            _check_unit(value, "FaceResult.p_fake")


@dataclass(frozen=True)
class ProvenanceFact:
    """One thing that a file says about itself. Anyone can write or remove such entries."""

    kind: str
    """"camera", "taken", "generator", "face_editor", "editor", "software", "source_type", "resized" or "encoder"."""
    value: str
    """For people, safe to show and short; for "source_type" the last part of the IPTC term's address."""
    where: str
    """The entry it was read from, such as "EXIF Software"."""


@dataclass(frozen=True)
class ContentCredentials:
    """A C2PA manifest. Whoever signed it is named by the certificate; no list says whether that name can be relied on."""

    state: str
    """"intact" (signature and hashes hold), "broken" (they do not), "unreadable", or "elsewhere" (an address, not asked)."""
    signer: str | None = None
    signed_at: str | None = None
    """As the time stamp in it says, ISO 8601."""
    made_with: tuple[str, ...] = ()
    """Programs that are named in it."""
    source_types: tuple[str, ...] = ()
    """Last parts of the IPTC terms with which its actions describe the origin."""
    actions: tuple[str, ...] = ()
    """C2PA's names of what was done, such as "c2pa.created"."""
    problems: tuple[str, ...] = ()
    """C2PA's codes of what does not hold."""


@dataclass(frozen=True)
class Provenance:
    """What a file says about its origin; stands beside the scores and never enters them."""

    facts: tuple[ProvenanceFact, ...] = ()
    credentials: ContentCredentials | None = None
    """None where the file carries none."""
    unread: bool = False
    """Whether some entries were damaged, or too many or too long to be read."""


@dataclass(frozen=True)
class Report:
    """The one result that page, command line, JSON and evaluation share."""

    input: InputInfo
    verdict: Verdict
    reason: str
    p_fake: float | None
    """Of the face that decides; None when nothing was analysed."""
    faces: tuple[FaceResult, ...]
    """In reading order: top to bottom, then left to right; the people of a clip in order of first appearance."""
    model: ModelInfo
    versions: Mapping[str, str]
    """Python and library versions, and the detector's own."""
    limits: tuple[str, ...]
    """Sentences that belong beside every result."""
    frame: Frame | None = None
    """The upright input picture, or a small frame of a clip with the person that decides; not part of the JSON."""
    options: Mapping[str, object] = field(default_factory=dict)
    counts: ClipCounts | None = None
    """None for a picture."""
    provenance: Provenance | None = None
    """None where nobody looked."""
    made_at: str | None = None
    """When the analysis ended, UTC, ISO 8601 to the second."""
