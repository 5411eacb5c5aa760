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

_KINDS: Mapping[str, str] = {
    "dfdc": "swap",
    "ffpp_c23/Deepfakes": "swap",
    "ffpp_c23/FaceSwap": "swap",
    "ffpp_c23/Face2Face": "expression",
    "ffpp_c23/NeuralTextures": "expression",
    "ffhq_stylegan": "stylegan",
    "stylegan2_portraits": "stylegan",
    "sfhq_inversions": "stylegan",
    "portraits_t2i": "portrait",
    "stargan_celeba": "stargan",
    "ciplab": "retouch",
}
"""Kind by source, or by source and method where a source has several kinds."""


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
    rows = dict(measured.get("by_method", {}))
    split = {key.partition("/")[0] for key in rows}
    rows |= {key: row for key, row in measured.get("by_source", {}).items() if key not in split}
    found: dict[str, tuple[int, int]] = {}
    for key, row in rows.items():
        if not row.get("fake"):
            continue
        source, _, method = key.partition("/")
        kind = _KINDS.get(key) or _KINDS.get(source) or method or source
        hits, tested = found.get(kind, (0, 0))
        found[kind] = hits + round(row.get("recall", 0.0) * row["fake"]), tested + row["fake"]
    kinds = (KnownKind(kind, hits, tested) for kind, (hits, tested) in found.items())
    return tuple(sorted(kinds, key=lambda each: (-each.tested, each.kind)))
