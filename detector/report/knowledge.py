"""The kinds of fakes that the deciding model was tested on, read from the evaluation that lies beside the weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from detector.paths import WEIGHTS
from detector.records import KnownKind, Manifest

__all__ = ["known_kinds", "read_evaluation"]


@cache
def read_evaluation(folder: Path = WEIGHTS) -> Mapping[str, Any]:
    """``evaluation.json`` of a folder with weights; empty where there is none."""
    path = folder / "evaluation.json"
    if not path.is_file():
        return {}
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def known_kinds(manifest: Manifest, evaluation: Mapping[str, Any]) -> tuple[KnownKind, ...]:
    """How many fakes of each kind the default image model found, the largest kinds first.

    Args:
        manifest: of the models that are running.
        evaluation: as ``train/measuring/evaluate.py`` writes it.

    Returns:
        Empty where nothing was measured, or where it was measured with other weights.
    """
    name = manifest.default_image_model
    if evaluation.get("weights", {}).get(name) != manifest.models[name].file.sha256:
        return ()
    measured = evaluation.get("models", {}).get(name, {})
    kinds = (
        KnownKind(kind, round(row["recall"] * row["fake"]), row["fake"])
        for kind, row in measured.get("by_kind", {}).items()
    )
    return tuple(sorted(kinds, key=lambda each: (-each.tested, each.kind)))
