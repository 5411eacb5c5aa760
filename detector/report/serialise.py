"""A Report as plain data, and back. The fields are those of ``schema``; ``python -m detector schema`` prints them.

Pixels and heatmaps are not part of it. Numbers are rounded to six decimals; none is NaN or infinite.
"""

from __future__ import annotations

import enum
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from detector.records import Appearance, FaceResult, RegionCheck, Report, Stability, Verdict
from detector.report.schema import SCHEMA_VERSION

__all__ = ["error_dict", "to_dict", "to_json"]

_DECIMALS = 6


def to_dict(report: Report) -> dict[str, Any]:
    """Give the report as dicts, lists, strings, numbers, booleans and None only.

    Raises:
        ValueError: a number is not finite.
        TypeError: ``options`` holds something that JSON cannot.
    """
    plain: dict[str, Any] = _plain(
        {
            "schema_version": SCHEMA_VERSION,
            "input": asdict(report.input),
            "verdict": report.verdict,
            "reason": report.reason,
            "p_fake": report.p_fake,
            "faces": [_face(number, face) for number, face in enumerate(report.faces, start=1)],
            "clip": None if report.counts is None else asdict(report.counts),
            "model": asdict(report.model),
            "provenance": None if report.provenance is None else asdict(report.provenance),
            "versions": report.versions,
            "options": report.options,
            "limits": report.limits,
            "made_at": report.made_at,
            "error": None,
        },
        "report",
    )
    return plain


def error_dict(name: str, error: Exception) -> dict[str, Any]:
    """Give the report of a file that could not be read: the same keys as ``to_dict``, with ``error`` filled.

    Args:
        name: base name of the file, as it may be shown.
        error: what happened; its text is shown to the user.
    """
    facts = dict.fromkeys(("sha256", "kind", "format", "bytes", "width", "height"))
    of_clip = dict.fromkeys(("duration_s", "fps", "codec"))
    return {
        "schema_version": SCHEMA_VERSION,
        "input": {"name": name, **facts, "notes": [], **of_clip},
        "verdict": Verdict.NOT_ANALYSED.value,
        "reason": "The file could not be read, so nothing was analysed. Nothing is said about whether it was altered.",
        "p_fake": None,
        "faces": [],
        "clip": None,
        "model": None,
        "provenance": None,
        "versions": {},
        "options": {},
        "limits": [],
        "made_at": None,
        "error": {"type": type(error).__name__, "message": str(error)},
    }


def to_json(report: Report | Mapping[str, Any], indent: int | None = None) -> str:
    """Write a report, or what ``to_dict`` or ``error_dict`` gave, as ASCII JSON; one line unless ``indent``."""
    plain = to_dict(report) if isinstance(report, Report) else report
    return json.dumps(plain, allow_nan=False, indent=indent)


def _face(number: int, face: FaceResult) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": number,
        "box": asdict(face.crop.detection.box),
        "p_fake": face.p_fake,
        "verdict": face.verdict,
        "reason": face.reason,
        "quality": asdict(face.crop.quality),
        "models": face.models,
        "detection_score": face.crop.detection.score,
        "stability": None if face.stability is None else _stability(face.stability),
        "region": None if face.region is None else _region(face.region),
    }
    return plain if face.over_time is None else plain | _over_time(face.over_time)


def _stability(stability: Stability) -> dict[str, Any]:
    return {
        "holds": stability.holds,
        "lowest": stability.lowest,
        "highest": stability.highest,
        "scores": stability.scores,
        "skipped": stability.skipped,
    }


def _region(check: RegionCheck) -> dict[str, Any]:
    return {
        "name": check.hottest if check.matters else None,
        "towards": "fake" if check.towards_fake else "real",
        "hidden": check.hidden,
        "elsewhere": check.elsewhere,
    }


def _over_time(seen: Appearance) -> dict[str, Any]:
    return {
        "first_s": seen.first_s,
        "last_s": seen.last_s,
        "shown_s": seen.shown_s,
        "timeline": [{"t": point.time_s, "p_fake": point.p_fake} for point in seen.points],
        "gaps": [{"from_s": start, "to_s": end} for start, end in seen.gaps],
        "parts": [{"from_s": start, "to_s": end} for start, end in seen.parts],
        "moments": [{"t": moment.time_s, "p_fake": moment.p_fake} for moment in seen.moments],
        "frames_seen": len(seen.points),
        "frames_scored": sum(point.p_fake is not None for point in seen.points),
        "scored_by": seen.scored_by,
    }


def _plain(value: object, where: str) -> Any:
    """Copy a value into what JSON knows, numpy's scalars and enumerations included."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, enum.Enum):
        return _plain(value.value, where)
    if isinstance(value, str):
        # A sentence for people is its English text here.
        return str(value)
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{where}: expected a finite number, got {value!r}")
        return round(value, _DECIMALS)
    if isinstance(value, Mapping):
        return {str(key): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    raise TypeError(f"{where}: a report cannot hold a {type(value).__name__}")
