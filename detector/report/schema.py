"""The report as JSON, field by field. ``json_schema`` and the checks of ``from_dict`` are made from these types.

A change of a field is a change of ``SchemaVersion``. Numbers are finite and rounded to six decimals; pixels and heatmaps are
not part of it. A field is null where something was not analysed or does not apply.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from detector.records import CredentialsState, FactKind, MediaKind, Verdict

__all__ = [
    "SCHEMA_VERSION",
    "CredentialsJson",
    "FaceJson",
    "PersonJson",
    "PhotoJson",
    "ProvenanceJson",
    "RegionJson",
    "ReportJson",
    "StabilityJson",
    "UnreadableJson",
    "VideoJson",
    "json_schema",
]

SchemaVersion = Literal["1.4"]
SCHEMA_VERSION: str = get_args(SchemaVersion)[0]

Score = Annotated[float, Field(ge=0, le=1)]
"""p_fake: 1 means that a face looks altered or generated."""
Count = Annotated[int, Field(ge=0)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class JsonObject(BaseModel):
    """No field more than those listed, each of exactly its type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)


class InputJson(JsonObject):
    """What is known of the file itself."""

    name: str
    """Base name as given by the user, without folders."""
    sha256: Sha256
    """Of the file's bytes."""
    kind: MediaKind
    format: str
    """Container as found in the bytes, such as "JPEG"."""
    bytes: Count
    width: Count
    """Pixels, after orientation is applied."""
    height: Count
    """Pixels, after orientation is applied."""
    notes: list[str]
    """Sentences about how the file was read."""
    duration_s: float | None
    """Length of a clip, seconds; null for a photo, like fps and codec."""
    fps: float | None
    """Frames per second, on average."""
    codec: str | None
    """FFmpeg's name of the clip's coding, such as "h264"."""


class BoxJson(JsonObject):
    """Pixels of the upright picture. Right and bottom are exclusive. A box may reach beyond the picture."""

    left: float
    top: float
    right: float
    bottom: float


class QualityJson(JsonObject):
    """Measured on the face box in the original pixels, before any resizing."""

    size_px: float
    """Shorter side of the face box, pixels."""
    sharpness: float
    """Variance of the Laplacian of the grey face at a side of 112 pixels; higher is sharper."""
    brightness: float
    """Mean of the grey face, in [0, 255]."""
    roll_deg: float
    """Tilt of the eye line, degrees, positive clockwise; 0 is level."""
    yaw: float
    """The nose tip's offset from the middle between the eyes, in eye distances; 0 is frontal."""


class StabilityJson(JsonObject):
    """p_fake after changes of the picture that mean nothing to a person."""

    holds: bool
    """Whether all of them lie in one band."""
    lowest: Score
    highest: Score
    scores: dict[str, Score]
    """By view: as_is, mirrored, jpeg, half_size, shifted; without those that were skipped."""
    skipped: list[str]
    """Views that were not scored, since they could hardly have changed the verdict."""


class RegionJson(JsonObject):
    """What hiding the heatmap's hottest region does to p_fake, against hiding random places of the same size."""

    name: str | None
    """Of the region; null unless hiding it changes the score clearly more than hiding the other places."""
    towards: Literal["fake", "real"]
    """Whether the region raised or lowered the score."""
    hidden: Score
    """p_fake with the region hidden."""
    elsewhere: list[Score]
    """p_fake with each of the other places hidden."""


class FaceJson(JsonObject):
    """A face of a photo."""

    id: Annotated[int, Field(ge=1)]
    """1, 2, ... in reading order; in a clip in order of first appearance."""
    box: BoxJson
    p_fake: Score | None
    """Null when not analysed."""
    verdict: Verdict
    reason: str
    """Sentences for the user."""
    quality: QualityJson
    models: dict[str, Score]
    """p_fake by model."""
    detection_score: Score
    """The face detector's confidence that this is a face."""
    stability: StabilityJson | None
    """Null where it was not tested."""
    region: RegionJson | None
    """Null where it was not checked."""


class TimelineJson(JsonObject):
    """A frame in which the person was found."""

    t: float
    """Seconds from the clip's beginning."""
    p_fake: Score | None
    """Of this frame alone; null where the face could not be scored."""


class MomentJson(JsonObject):
    """A frame that weighs in the person's score."""

    t: float
    """Seconds from the clip's beginning."""
    p_fake: Score
    """Of this frame alone."""


class GapJson(JsonObject):
    """A time in which the person was not found, or a short part that shows signs; seconds."""

    from_s: float
    to_s: float


class PersonJson(FaceJson):
    """A person of a clip; box, quality and detection_score are those of the frame at shown_s."""

    first_s: float
    """Seconds from the clip's beginning, like every time."""
    last_s: float
    shown_s: float
    timeline: Annotated[list[TimelineJson], Field(min_length=1)]
    """In order of time."""
    gaps: list[GapJson]
    moments: list[MomentJson]
    """Most suspicious first."""
    frames_seen: Count
    """Length of the timeline."""
    frames_scored: Count
    """Entries of the timeline with a score."""
    scored_by: str
    """The image model whose scores of single frames the timeline shows."""
    parts: list[GapJson]
    """Short parts that show signs though the whole does not, in order of time."""


class ClipJson(JsonObject):
    """What became of a clip's frames."""

    in_file: Count
    decoded: Count
    """The wanted ones, and those that had to be decoded on the way to them."""
    undecodable: Count
    sampled: Count
    """Frames in which faces were looked for."""


class ModelJson(JsonObject):
    """The model that decides."""

    name: str
    architecture: str
    revision: str
    """A commit of 40 hexadecimal digits, or "local"."""
    sha256: Sha256
    """Of its weights."""


class FactJson(JsonObject):
    """One entry of the file about its origin. Anyone can write or remove such entries."""

    kind: FactKind
    value: str
    where: str
    """The entry it was read from, such as "EXIF Software"."""


class CredentialsJson(JsonObject):
    """A C2PA manifest."""

    state: CredentialsState
    """Whether signature and hashes hold; "elsewhere" is an address that was not asked."""
    signer: str | None
    signed_at: str | None
    """ISO 8601."""
    made_with: list[str]
    """Programs that it names."""
    source_types: list[str]
    """Last parts of the IPTC terms for the origin."""
    actions: list[str]
    """C2PA's names of what was done, such as "c2pa.created"."""
    problems: list[str]
    """C2PA's codes of what does not hold."""


class ProvenanceJson(JsonObject):
    """What the file says about itself; never part of a score."""

    facts: list[FactJson]
    credentials: CredentialsJson | None
    unread: bool
    """Whether entries were damaged, too many or too long."""


class ErrorJson(JsonObject):
    """Why a file could not be read."""

    type: str
    """A class of detector.errors, such as "DamagedMedia"."""
    message: str
    """A sentence for the user."""


class ReportJson(JsonObject):
    """What the reports of photos and clips have in common."""

    schema_version: SchemaVersion
    input: InputJson
    verdict: Verdict
    reason: str
    """Sentences for the user."""
    p_fake: Score | None
    """Of the face that decides."""
    faces: tuple[FaceJson, ...]
    clip: ClipJson | None
    model: ModelJson
    provenance: ProvenanceJson | None
    """Null where it was not read."""
    versions: dict[str, str]
    """Of Python, the libraries and the detector."""
    options: dict[str, JsonValue]
    """What the analysis was asked to do, and the settings of the model it used."""
    limits: list[str]
    """Sentences that belong beside every result."""
    made_at: str | None
    """When the analysis ended, UTC, ISO 8601."""
    error: None


class PhotoJson(ReportJson):
    """A photo that was analysed."""

    faces: tuple[FaceJson, ...]
    """In reading order."""
    clip: None


class VideoJson(ReportJson):
    """A clip that was analysed."""

    faces: tuple[PersonJson, ...]
    """The people, in order of first appearance."""
    clip: ClipJson


class UnknownInputJson(JsonObject):
    """A file of which only the name is known."""

    name: str
    sha256: None
    kind: None
    format: None
    bytes: None
    width: None
    height: None
    notes: Annotated[list[str], Field(max_length=0)]
    duration_s: None
    fps: None
    codec: None


class UnreadableJson(JsonObject):
    """A file that could not be read: the same fields, with error filled and nothing analysed."""

    schema_version: SchemaVersion
    input: UnknownInputJson
    verdict: Literal["not_analysed"]
    reason: str
    p_fake: None
    faces: Annotated[list[JsonValue], Field(max_length=0)]
    clip: None
    model: None
    provenance: None
    versions: Annotated[dict[str, str], Field(max_length=0)]
    options: Annotated[dict[str, JsonValue], Field(max_length=0)]
    limits: Annotated[list[str], Field(max_length=0)]
    made_at: None
    error: ErrorJson


def json_schema() -> dict[str, Any]:
    """The JSON Schema, draft 2020-12, of one report: of a photo, a clip, or a file that could not be read."""
    made = TypeAdapter(PhotoJson | VideoJson | UnreadableJson).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:photo-check:report:{SCHEMA_VERSION}",
        "title": f"Report of an analysis, version {SCHEMA_VERSION}",
        **made,
    }
