"""What ``weights/manifest.json`` may hold, field by field; each table becomes the frozen record of the same name.

Every field is required, since a default filled in silently would be a threshold that stands in the code. Five may be left
out: ``clips`` (such weights are for photos only), ``default.video`` (without it the mean over the frames decides about clips),
a video model's ``trunk`` (nothing is shared), an image model's ``spread`` (all views are scored) and a frame mean's ``short``
(short parts are not looked for). Fields that are not listed are refused: a misspelt one would be ignored.
Units and meanings are those of the records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from detector import records
from detector.records import MediaKind, Verdict

__all__ = ["COMMIT", "LABELS", "PATTERNS", "REPO", "SCHEMA_VERSION", "SHA256", "ManifestTable"]

SCHEMA_VERSION = 1
LABELS: Mapping[str, int] = MappingProxyType({"real": 1, "fake": 0})
"""The paper's convention, held by every model: the sigmoid is P(real)."""

SHA256 = r"^[0-9a-f]{64}$"
COMMIT = r"^[0-9a-f]{40}$"
REPO = r"^[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*$"
PLAIN_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
NOT_BLANK = r"\S"
PATTERNS: Mapping[str, str] = MappingProxyType(
    {
        SHA256: "64 lower-case hexadecimal digits",
        COMMIT: "a commit of 40 lower-case hexadecimal digits (a branch can change under its users)",
        REPO: 'a Hub repository as "owner/name"',
        PLAIN_NAME: "a plain file name of letters, digits, dots, hyphens and underscores",
        NOT_BLANK: "a non-empty text",
    }
)
"""What a text that fits each expression is, for messages."""

Text = Annotated[str, Field(pattern=NOT_BLANK)]
PlainName = Annotated[str, Field(pattern=PLAIN_NAME)]
Digest = Annotated[str, Field(pattern=SHA256)]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
NotNegative = Annotated[int, Field(ge=0)]


class Table(BaseModel):
    """An object of the file: no field more, no text for a number, no NaN."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


def _as(record: Callable[..., object]) -> AfterValidator:
    """Makes the record from the table's fields. What the record itself refuses is then a fault of that place."""
    return AfterValidator(lambda table: record(**dict(table)))


def _label(wanted: int) -> AfterValidator:
    def check(value: int) -> int:
        if value != wanted:
            raise PydanticCustomError("label", f"must be {wanted}: the sigmoid of every model is P(real)")
        return value

    return AfterValidator(check)


def _this_version(version: int) -> int:
    if version != SCHEMA_VERSION:
        raise PydanticCustomError("version", f"is {version}, but this version of the detector reads {SCHEMA_VERSION}")
    return version


def _not_null(value: object) -> object:
    if value is None:
        raise PydanticCustomError("null", "must not be null; leave it out where there is none")
    return value


_MAY_BE_LEFT_OUT = AfterValidator(_not_null)
"""Of a field whose default is None: None is how its absence shows, and no value that a file may give."""


class FileTable(Table):
    name: PlainName
    bytes: AtLeastOne
    sha256: Digest


class ThirdPartyFileTable(FileTable):
    licence: Text
    """For people, not for the program, like ``origin``, but owed to the files of others."""
    origin: Text


class HubTable(Table):
    repo: Annotated[str, Field(pattern=REPO)]
    revision: Annotated[str, Field(pattern=COMMIT)]


class CropTable(Table):
    size: AtLeastOne
    margin: float
    interpolation: Text
    border: Text
    upright_above_deg: float


class CalibrationTable(Table):
    scale: float
    offset: float


class BandsTable(Table):
    no_clear_signs_below: float
    some_signs_from: float
    strong_signs_from: float | None
    signs_need_sharpness: float


class ErrorRateTable(Table):
    verdict: Verdict
    genuine: Count
    fake: Count


class LabelsTable(Table):
    real: Annotated[int, _label(LABELS["real"])]
    fake: Annotated[int, _label(LABELS["fake"])]


class TrunkTable(Table):
    model: Text
    sha256: Digest


class ViewSpreadTable(Table):
    logits: tuple[float, ...]
    falls: dict[PlainName, tuple[float, ...]]
    rises: dict[PlainName, tuple[float, ...]]
    faces: AtLeastOne
    fitted_with: Text


class QualityGatesTable(Table):
    min_size_px: float
    min_sharpness: float
    min_brightness: float
    max_brightness: float
    max_abs_yaw: float


WeightFile = Annotated[FileTable, _as(records.WeightFile)]
ThirdPartyFile = Annotated[
    ThirdPartyFileTable, AfterValidator(lambda table: records.WeightFile(table.name, table.bytes, table.sha256))
]
Calibration = Annotated[CalibrationTable, _as(records.Calibration)]
Bands = Annotated[BandsTable, _as(records.Bands)]
Trunk = Annotated[TrunkTable, _as(records.SharedTrunk)]
ViewSpread = Annotated[ViewSpreadTable, _as(records.ViewSpread)]
TrackRecord = tuple[Annotated[ErrorRateTable, _as(records.ErrorRate)], ...]


class ModelTable(Table):
    """All of ``ModelSpec`` but its name, which is the key; ``labels`` is there to be checked and read by people."""

    architecture: Text
    kind: MediaKind
    file: WeightFile
    crop: Annotated[CropTable, _as(records.CropSpec)]
    labels: LabelsTable
    calibration: Calibration
    bands: Bands
    heatmap_full_scale: Annotated[float, Field(gt=0)]
    track_record: TrackRecord
    trained_with: Text
    trained_at_commit: Text
    trunk: Annotated[Trunk | None, _MAY_BE_LEFT_OUT] = None
    spread: Annotated[ViewSpread | None, _MAY_BE_LEFT_OUT] = None


class ShortPartTable(Table):
    frames: AtLeastOne
    cut: float
    genuine: NotNegative
    raised: NotNegative
    fitted_with: Text


class FrameMeanTable(Table):
    calibration: Calibration
    bands: Bands
    track_record: TrackRecord
    fitted_with: Text
    short: Annotated[Annotated[ShortPartTable, _as(records.ShortPart)] | None, _MAY_BE_LEFT_OUT] = None


class ClipsTable(Table):
    samples: AtLeastOne
    most_samples: AtLeastOne | None
    stretch: AtLeastOne
    min_frames: AtLeastOne
    min_share: float
    max_disagreement: float | None
    frame_mean: dict[str, Annotated[FrameMeanTable, _as(records.FrameMean)]]
    """By image model. It has no weights of its own, so it is no model."""


Clips = Annotated[ClipsTable, _as(records.ClipRules)]


class DefaultTable(Table):
    image: Text
    video: Annotated[Text | None, _MAY_BE_LEFT_OUT] = None


class FaceDetectorsTable(Table):
    short_range: ThirdPartyFile
    full_range: ThirdPartyFile


class ManifestTable(Table):
    """The whole file."""

    schema_version: Annotated[AtLeastOne, AfterValidator(_this_version)]
    default: DefaultTable
    models: dict[PlainName, ModelTable]
    face_detectors: FaceDetectorsTable
    quality_gates: Annotated[QualityGatesTable, _as(records.QualityGates)]
    hub: Annotated[HubTable, _as(records.HubPin)] | None
    clips: Annotated[Clips | None, _MAY_BE_LEFT_OUT] = None
    """Required where a video model decides."""

    def record(self) -> records.Manifest:
        """The record of the same values."""
        return records.Manifest(
            models={name: _model_spec(name, table) for name, table in self.models.items()},
            default_image_model=self.default.image,
            face_detectors=dict(self.face_detectors),
            gates=self.quality_gates,  # type: ignore[arg-type]  # the record already, as `_as` made it
            hub=self.hub,  # type: ignore[arg-type]
            clips=self.clips,  # type: ignore[arg-type]
            default_video_model=self.default.video,
        )


def _model_spec(name: str, table: ModelTable) -> records.ModelSpec:
    fields = dict(table)
    del fields["labels"]
    return records.ModelSpec(name=name, **fields)
