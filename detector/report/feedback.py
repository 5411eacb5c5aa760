"""What may be kept of a result that someone says was wrong: scores, verdicts and the model, never a face or a name.

The record is made first and shown word for word; only with a consent is it written, and only where the page's owner named a
folder for it.
"""

from __future__ import annotations

import datetime
import json
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from detector.records import FaceResult, Report

__all__ = ["FILE_NAME", "as_text", "record", "store"]

FILE_NAME = "wrong-results.jsonl"
"""One JSON object a line."""
_WRITING = threading.Lock()


def record(report: Report, truth: str = "unknown") -> dict[str, Any]:
    """Everything that would be stored.

    Args:
        report: of the result. Of the file only kind and format are taken: name, hash, size and pictures could tell whose it is.
        truth: what the reader knows: "unaltered", "altered" or "unknown".
    """
    model = report.model
    return {
        "said_to_be": truth,
        "kind": report.input.kind,
        "format": report.input.format,
        "verdict": report.verdict.value,
        "faces": [_face(face) for face in report.faces],
        "model": {"name": model.name, "revision": model.revision, "sha256": model.sha256},
        "detector": report.versions.get("detector", ""),
    }


def as_text(made: Mapping[str, Any]) -> str:
    """The record as it is shown and, but for the day, stored."""
    return json.dumps(made, indent=1, ensure_ascii=False)


def store(made: Mapping[str, Any], folder: Path, today: datetime.date | None = None) -> None:
    """Append a record, with the day and not the hour, to the folder's file, readable by its owner alone.

    Raises:
        OSError: the folder cannot be written.
    """
    day = (today or datetime.datetime.now(tz=datetime.UTC).date()).isoformat()
    line = json.dumps({"day": day, **made}, ensure_ascii=True)
    folder.mkdir(parents=True, exist_ok=True)
    with _WRITING:
        handle = os.open(folder / FILE_NAME, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="ascii") as file:
            file.write(f"{line}\n")


def _face(face: FaceResult) -> dict[str, Any]:
    return {
        "verdict": face.verdict.value,
        "p_fake": _rounded(face.p_fake),
        "models": {name: _rounded(score) for name, score in face.models.items()},
        "views": {} if face.stability is None else {n: _rounded(s) for n, s in face.stability.scores.items()},
        # Coarse: enough to see that small faces fail, too little to recognise a picture by.
        "size_px": int(10 * round(face.crop.quality.size_px / 10)),
    }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 2)
