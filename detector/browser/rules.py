"""What the page in the browser goes by: every threshold and constant of the check, taken from where the check has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import ModuleType
from typing import Any

from detector import sentences
from detector.drawing import preview
from detector.faces import crops, direction, finder, flatness, geometry, windows
from detector.media import decoding
from detector.probes import stability
from detector.records import Manifest
from detector.report.scale import Scale
from detector.sentences import Sentence
from detector.verdict import faces, files
from detector.version import VERSION
from detector.words import results as words
from detector.words.results import faces as face_words

__all__ = ["rules"]


def rules(manifest: Manifest, file: str, revision: str, large_files: Mapping[str, Any]) -> dict[str, Any]:
    """The content of ``rules.json``; its keys are the names that the scripts use.

    Args:
        manifest: its default image model is the one that runs.
        file: name of the exported model.
        revision: of its weights.
        large_files: what the page fetches before its first check.
    """
    spec = manifest.models[manifest.default_image_model]
    return {
        "program": {"name": str(words.NAME), "version": VERSION},
        "large_files": large_files,
        "links": [link.address for link in words.LINKS],
        "model": {
            "name": spec.name,
            "architecture": spec.architecture,
            "file": file,
            "revision": revision,
            "sha256": spec.file.sha256,
            "crop": asdict(spec.crop),
            "calibration": asdict(spec.calibration),
            "bands": asdict(spec.bands),
            "scale": [asdict(band) for band in Scale(spec.bands).bands],
        },
        "gates": asdict(manifest.gates),
        "face_detectors": {name: each.name for name, each in manifest.face_detectors.items()},
        "finder": _constants(windows) | _constants(finder),
        "geometry": _constants(geometry),
        "direction": _constants(direction),
        "crops": _constants(crops),
        "flatness": _constants(flatness),
        "stability": _constants(stability),
        "sentences": _constants(sentences),
        "pose": _constants(face_words),
        "reading": _constants(decoding) | _constants(preview),
        **_constants(faces),
        **_constants(files),
    }


def _constants(module: ModuleType) -> dict[str, Any]:
    """The plain constants of a module by name, without the underline of those that are its own."""
    return {name.lstrip("_"): value for name, value in vars(module).items() if name.isupper() and _is_plain(value)}


def _is_plain(value: object) -> bool:
    """Whether JSON can hold it: numbers, names, and lists of them. Sentences have a file of their own."""
    if isinstance(value, Sentence):
        return False
    if isinstance(value, tuple | list):
        return all(_is_plain(each) for each in value)
    return isinstance(value, int | float | str)
