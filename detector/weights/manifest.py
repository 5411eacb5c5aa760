"""``weights/manifest.json`` as a record: everything about the weights that cannot live inside them.

{
  "schema_version": 1,
  "hub":            null or {repo "owner/name", revision 40 hexadecimal digits},
  "default":        {image: name of an image model, and, if there is one that decides about clips, video: of a video model},
  "models":         {NAME: {architecture, kind "image" or "video", file {name, bytes, sha256},
                            crop {size, margin, interpolation, border, upright_above_deg},
                            labels {"real": 1, "fake": 0}, calibration {scale, offset},
                            bands {no_clear_signs_below, some_signs_from, strong_signs_from or null,
                                   signs_need_sharpness},
                            heatmap_full_scale, track_record [{verdict, genuine, fake}...],
                            trained_with, trained_at_commit,
                            and, for a video model whose trunk an image model has too, trunk {model NAME, sha256}}},
  "face_detectors": {short_range and full_range: {name, bytes, sha256, licence, origin}},
  "clips":          {samples, most_samples or null, stretch, min_frames, min_share, max_disagreement or null,
                     frame_mean {NAME of an image model: {calibration, bands, track_record, fitted_with}}},
  "quality_gates":  {min_size_px, min_sharpness, min_brightness, max_brightness, max_abs_yaw}
}

Every field is required, since a default filled in silently would be a threshold that stands in the code; only "clips" may
be left out as a whole, and such weights are for pictures; without "trunk" nothing is shared. A "frame_mean" is the rule
that turns the mean of an image model's logits over a person's frames into a score: it has no weights of its own, so it is
no model. Units and meanings are those of the records of the same names. Like ``records`` and ``errors``, this module knows
no stage.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

from detector.errors import ManifestInvalid
from detector.paths import ROOT
from detector.records import (
    Bands,
    Calibration,
    ClipRules,
    CropSpec,
    ErrorRate,
    FrameMean,
    HubPin,
    Manifest,
    MediaKind,
    ModelSpec,
    QualityGates,
    SharedTrunk,
    Verdict,
    WeightFile,
)

__all__ = ["COMMIT", "REPO", "SHA256", "load_manifest", "update_manifest", "weights_folder"]

MANIFEST_NAME = "manifest.json"
SCHEMA_VERSION = 1
LABELS = {"real": 1, "fake": 0}
"""The paper's convention, held by every model: the sigmoid is P(real)."""
FACE_DETECTORS = ("short_range", "full_range")

SHA256 = r"[0-9a-f]{64}"
COMMIT = r"[0-9a-f]{40}"
REPO = r"[A-Za-z0-9_][A-Za-z0-9._-]*/[A-Za-z0-9_][A-Za-z0-9._-]*"
BASE_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"

T = TypeVar("T")


class _Fields:
    """A JSON object that knows its place in the manifest, so that every complaint names the field."""

    def __init__(self, values: object, place: str, source: Path) -> None:
        self.place, self.source = place, source
        if not isinstance(values, dict):
            raise self.invalid("", f"must be an object, not {_shown(values)}")
        self.values = values

    def invalid(self, key: str, what: str) -> ManifestInvalid:
        field = ".".join(part for part in (self.place, key) if part) or "the whole"
        return ManifestInvalid(f"{self.source}: {field} {what}; restore the file that came with the weights.")

    def _get(self, key: str, wanted: str, fits: Callable[[Any], bool]) -> Any:
        if key not in self.values:
            raise self.invalid(key, "is missing")
        if not fits(self.values[key]):
            raise self.invalid(key, f"must be {wanted}, not {_shown(self.values[key])}")
        return self.values[key]

    def text(self, key: str, pattern: str = r"(?s).*\S.*", wanted: str = "a non-empty text") -> str:
        return str(self._get(key, wanted, lambda v: isinstance(v, str) and re.fullmatch(pattern, v) is not None))

    def number(self, key: str) -> float:
        def fits(value: Any) -> bool:
            return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300

        return float(self._get(key, "a finite number", fits))

    def whole(self, key: str, least: int) -> int:
        wanted = f"a whole number of at least {least}"
        return int(self._get(key, wanted, lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= least))

    def table(self, key: str) -> _Fields:
        return _Fields(self._get(key, "an object", lambda v: isinstance(v, dict)), self._below(key), self.source)

    def given(self, key: str) -> bool:
        """Whether a field that must be there, but may be null, has a value."""
        return self._get(key, "", lambda _: True) is not None

    def rows(self, key: str) -> Iterator[_Fields]:
        rows = self._get(key, "a list of objects", lambda v: isinstance(v, list))
        for index, row in enumerate(rows):
            yield _Fields(row, self._below(f"{key}[{index}]"), self.source)

    def make(self, record: type[T], **values: object) -> T:
        """A record whose own checks are reported as a fault of this place of the manifest."""
        try:
            return record(**values)
        except ValueError as error:
            raise self.invalid("", f"is refused ({error})") from error

    def _below(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key


def _shown(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _weight_file(fields: _Fields) -> WeightFile:
    return WeightFile(
        name=fields.text("name", BASE_NAME, "a plain file name without folders"),
        bytes=fields.whole("bytes", least=1),
        sha256=fields.text("sha256", SHA256, "64 lower-case hexadecimal digits"),
    )


def _hub_pin(fields: _Fields) -> HubPin:
    return HubPin(
        repo=fields.text("repo", REPO, 'a Hub repository as "owner/name"'),
        revision=fields.text(
            "revision", COMMIT, "a commit of 40 lower-case hexadecimal digits (a branch can change under its users)"
        ),
    )


def _crop_spec(fields: _Fields) -> CropSpec:
    return fields.make(
        CropSpec,
        size=fields.whole("size", least=1),
        margin=fields.number("margin"),
        interpolation=fields.text("interpolation"),
        border=fields.text("border"),
        upright_above_deg=fields.number("upright_above_deg"),
    )


def _bands(fields: _Fields) -> Bands:
    return fields.make(
        Bands,
        no_clear_signs_below=fields.number("no_clear_signs_below"),
        some_signs_from=fields.number("some_signs_from"),
        strong_signs_from=fields.number("strong_signs_from") if fields.given("strong_signs_from") else None,
        signs_need_sharpness=fields.number("signs_need_sharpness"),
    )


def _calibration(fields: _Fields) -> Calibration:
    return fields.make(Calibration, scale=fields.number("scale"), offset=fields.number("offset"))


def _track_record(fields: _Fields) -> tuple[ErrorRate, ...]:
    verdicts = "|".join(Verdict)
    return tuple(
        ErrorRate(
            verdict=Verdict(row.text("verdict", verdicts, f"one of {verdicts}")),
            genuine=row.whole("genuine", least=0),
            fake=row.whole("fake", least=0),
        )
        for row in fields.rows("track_record")
    )


def _clip_rules(fields: _Fields) -> ClipRules:
    means = fields.table("frame_mean")
    return fields.make(
        ClipRules,
        samples=fields.whole("samples", least=1),
        stretch=fields.whole("stretch", least=1),
        min_frames=fields.whole("min_frames", least=1),
        min_share=fields.number("min_share"),
        max_disagreement=fields.number("max_disagreement") if fields.given("max_disagreement") else None,
        frame_mean={name: _frame_mean(means.table(name)) for name in means.values},
        most_samples=fields.whole("most_samples", least=1) if fields.given("most_samples") else None,
    )


def _frame_mean(fields: _Fields) -> FrameMean:
    return FrameMean(
        calibration=_calibration(fields.table("calibration")),
        bands=_bands(fields.table("bands")),
        track_record=_track_record(fields),
        fitted_with=fields.text("fitted_with"),
    )


def _model_spec(name: str, fields: _Fields) -> ModelSpec:
    if not re.fullmatch(BASE_NAME, name):
        raise fields.invalid("", "must be named with letters, digits, dots, hyphens and underscores only")
    labels = fields.table("labels")
    for label, value in LABELS.items():
        if labels.whole(label, least=0) != value:
            raise labels.invalid(label, f"must be {value}: the sigmoid of every model is P(real)")
    full_scale = fields.number("heatmap_full_scale")
    if full_scale <= 0:
        raise fields.invalid("heatmap_full_scale", "must be above 0")
    kind = fields.text("kind", "image|video", '"image" or "video"')
    if "trunk" in fields.values and kind != "video":
        raise fields.invalid("trunk", "belongs to a video model")
    return ModelSpec(
        name=name,
        architecture=fields.text("architecture"),
        kind=cast(MediaKind, kind),
        file=_weight_file(fields.table("file")),
        crop=_crop_spec(fields.table("crop")),
        calibration=_calibration(fields.table("calibration")),
        bands=_bands(fields.table("bands")),
        heatmap_full_scale=full_scale,
        track_record=_track_record(fields),
        trained_with=fields.text("trained_with"),
        trained_at_commit=fields.text("trained_at_commit"),
        trunk=_shared_trunk(fields.table("trunk")) if "trunk" in fields.values else None,
    )


def _shared_trunk(fields: _Fields) -> SharedTrunk:
    return SharedTrunk(
        model=fields.text("model"), sha256=fields.text("sha256", SHA256, "64 lower-case hexadecimal digits")
    )


def _manifest(values: object, source: Path) -> Manifest:
    top = _Fields(values, "", source)
    version = top.whole("schema_version", least=1)
    if version != SCHEMA_VERSION:
        raise ManifestInvalid(
            f"{source}: schema_version is {version}, but this version of the detector reads {SCHEMA_VERSION}; "
            "use the detector and the weights of the same release."
        )
    tables = top.table("models")
    models = {name: _model_spec(name, tables.table(name)) for name in tables.values}
    default = top.table("default").text("image")
    # An empty table is where training starts from; once there are models, the default must be one of them.
    if models and (default not in models or models[default].kind != "image"):
        raise top.invalid("default.image", f"must name an image model of this manifest, not {_shown(default)}")
    default_video = None
    if "video" in top.table("default").values:
        default_video = top.table("default").text("video")
        if default_video not in models or models[default_video].kind != "video":
            raise top.invalid("default.video", f"must name a video model of this manifest, not {_shown(default_video)}")
        if "clips" not in top.values:
            raise top.invalid("clips", "is missing")
    detectors = top.table("face_detectors")
    for name in FACE_DETECTORS:
        for key in ("licence", "origin"):  # for people, not for the program, but owed to third-party files
            detectors.table(name).text(key)
    gates = top.table("quality_gates")
    return Manifest(
        models=models,
        default_image_model=default,
        face_detectors={name: _weight_file(detectors.table(name)) for name in FACE_DETECTORS},
        gates=QualityGates(**{field.name: gates.number(field.name) for field in dataclasses.fields(QualityGates)}),
        hub=_hub_pin(top.table("hub")) if top.given("hub") else None,
        clips=_clip_rules(top.table("clips")) if "clips" in top.values else None,
        default_video_model=default_video,
    )


def weights_folder(folder: Path | None) -> Path:
    """The local weights folder: argument, else ``DETECTOR_WEIGHTS_DIR``, else ``weights/`` beside the package."""
    if folder is not None:
        return Path(folder)
    named = os.environ.get("DETECTOR_WEIGHTS_DIR")
    return Path(named) if named else ROOT / "weights"


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ManifestInvalid(
            f"{path} does not exist; restore the weights folder of this repository, or set DETECTOR_WEIGHTS_DIR to a "
            f"folder that holds {MANIFEST_NAME}."
        ) from error
    except OSError as error:
        raise ManifestInvalid(f"{path} cannot be read ({error.strerror}); make it readable.") from error
    except ValueError as error:
        raise ManifestInvalid(f"{path} is not JSON ({error}); restore the file that came with the weights.") from error


def load_manifest(folder: Path | None = None) -> Manifest:
    """Read and check ``manifest.json`` of the local weights folder.

    Args:
        folder: the weights folder; default as ``weights_folder`` has it.

    Raises:
        ManifestInvalid: missing, not JSON, or a field is missing or ill-typed (the field is named).
    """
    path = weights_folder(folder) / MANIFEST_NAME
    return _manifest(_read_json(path), path)


def update_manifest(
    folder: Path | None = None,
    *,
    model: ModelSpec | None = None,
    default_image_model: str | None = None,
    gates: QualityGates | None = None,
    hub: HubPin | None = None,
    clips: ClipRules | None = None,
    default_video_model: str | None = None,
) -> Manifest:
    """Replace the named parts of ``manifest.json``; for training and publishing.

    The new manifest is checked as a reader would check it, then moved into place in one step: a reader sees the old
    file or the new one. Everything not named stays as it was. An image model becomes the default when the default named
    so far is not in the manifest.

    Raises:
        ManifestInvalid: the manifest before or after the change is invalid; the file is left as it was.
    """
    path = weights_folder(folder) / MANIFEST_NAME
    values = _read_json(path)
    _manifest(values, path)
    if gates is not None:
        values["quality_gates"] = dataclasses.asdict(gates)
    if clips is not None:
        values["clips"] = dataclasses.asdict(clips)
    if hub is not None:
        values["hub"] = dataclasses.asdict(hub)
    if model is not None:
        entry = dataclasses.asdict(model)
        name = entry.pop("name")
        if model.trunk is None:
            del entry["trunk"]
        values["models"][name] = {**entry, "labels": LABELS}
        values["models"] = dict(sorted(values["models"].items()))
        if model.kind == "image" and values["default"]["image"] not in values["models"]:
            values["default"]["image"] = model.name
    if default_image_model is not None:
        values["default"]["image"] = default_image_model
    if default_video_model is not None:
        values["default"]["video"] = default_video_model
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    manifest = _manifest(json.loads(text), path)
    beside = path.with_name(f".{MANIFEST_NAME}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return manifest
