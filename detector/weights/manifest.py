"""``weights/manifest.json``: read, checked and changed. What it may hold stands in ``schema``.

{
  "schema_version": 1,
  "hub":            null or {repo, revision},
  "default":        {image, video},
  "models":         {NAME: {architecture, kind, file, crop, labels, calibration, bands, ...}},
  "face_detectors": {short_range, full_range},
  "clips":          {samples, ..., frame_mean {NAME of an image model: ...}},
  "quality_gates":  {min_size_px, ...}
}

Like ``records`` and ``errors``, it depends on no stage of the analysis.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from detector.errors import ManifestInvalid
from detector.paths import WEIGHTS
from detector.records import ClipRules, HubPin, Manifest, ModelSpec, QualityGates
from detector.validation import Fault, first_fault
from detector.weights.schema import LABELS, PATTERNS, ManifestTable

__all__ = ["MANIFEST_NAME", "load_manifest", "update_manifest", "weights_folder"]

MANIFEST_NAME = "manifest.json"


def _manifest(text: str, source: Path) -> Manifest:
    """The record that a manifest's text describes.

    Raises:
        ManifestInvalid: the text is not JSON, or one of its fields is missing or wrong; the first one is named.
    """
    try:
        table = ManifestTable.model_validate_json(text)
    except ValidationError as error:
        if error.errors()[0]["type"] == "json_invalid":
            cause = error.errors()[0]["ctx"]["error"]
            raise ManifestInvalid(
                f"{source} is not JSON ({cause}); restore the file that came with the weights."
            ) from error
        raise _invalid(source, first_fault(error, PATTERNS)) from error
    if fault := _contradiction(table):
        raise _invalid(source, fault)
    return table.record()


def _invalid(source: Path, fault: Fault) -> ManifestInvalid:
    cure = (
        "use the detector and the weights of the same release"
        if fault.place == "schema_version"
        else "restore the file that came with the weights"
    )
    return ManifestInvalid(f"{source}: {fault.place or 'the whole'} {fault.what}; {cure}.")


def _contradiction(table: ManifestTable) -> Fault | None:
    """What no field alone can get wrong."""
    models, image, video = table.models, table.default.image, table.default.video
    for name, model in models.items():
        if model.trunk is not None and model.kind != "video":
            return Fault(f"models.{name}.trunk", "belongs to a video model")
        if model.spread is not None and model.kind != "image":
            return Fault(f"models.{name}.spread", "belongs to an image model")
    # An empty table is where training starts from; once there are models, the default must be one of them.
    if models and (image not in models or models[image].kind != "image"):
        return Fault("default.image", f"must name an image model of this manifest, not {json.dumps(image)}")
    if video is not None:
        if video not in models or models[video].kind != "video":
            return Fault("default.video", f"must name a video model of this manifest, not {json.dumps(video)}")
        if table.clips is None:
            return Fault("clips", "is missing")
    return None


def weights_folder(folder: Path | None) -> Path:
    """The local weights folder: argument, else ``DETECTOR_WEIGHTS_DIR``, else the one that came with the package."""
    if folder is not None:
        return Path(folder)
    named = os.environ.get("DETECTOR_WEIGHTS_DIR")
    return Path(named) if named else WEIGHTS


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
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
    return _manifest(_read(path), path)


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
    before = _read(path)
    _manifest(before, path)
    values: dict[str, Any] = json.loads(before)
    if gates is not None:
        values["quality_gates"] = dataclasses.asdict(gates)
    if clips is not None:
        values["clips"] = dataclasses.asdict(clips)
        for mean in values["clips"]["frame_mean"].values():
            if mean["short"] is None:
                del mean["short"]
    if hub is not None:
        values["hub"] = dataclasses.asdict(hub)
    if model is not None:
        entry = dataclasses.asdict(model)
        name = entry.pop("name")
        for key in ("trunk", "spread"):
            if entry[key] is None:
                del entry[key]
        values["models"][name] = {**entry, "labels": dict(LABELS)}
        values["models"] = dict(sorted(values["models"].items()))
        if model.kind == "image" and values["default"]["image"] not in values["models"]:
            values["default"]["image"] = model.name
    if default_image_model is not None:
        values["default"]["image"] = default_image_model
    if default_video_model is not None:
        values["default"]["video"] = default_video_model
    text = json.dumps(values, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    manifest = _manifest(text, path)
    beside = path.with_name(f".{MANIFEST_NAME}.{os.getpid()}")
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return manifest
