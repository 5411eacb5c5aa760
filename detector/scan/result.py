"""The result of one content as a line of JSON, and back. Its sentences keep their templates, so that they can be translated."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields, replace

from detector.errors import DetectorError
from detector.records import Report, Verdict
from detector.sentences import packed, restored

__all__ = ["FLAGGED", "Result", "from_line", "of_error", "of_report", "to_line"]

FLAGGED = (Verdict.STRONG_SIGNS, Verdict.SOME_SIGNS)
"""Verdicts that somebody should look at."""


@dataclass(frozen=True)
class Result:
    """What became of one content."""

    file: str
    """Label of the first file with this content."""
    sha256: str
    """Of the content, hex digits."""
    settings: str
    """What else the result depends on, as ``settings.settings_of`` writes it."""
    error: str = ""
    """Kind of error, such as "DamagedMedia"; empty where the file was analysed. The fields up to ``reason`` are then empty."""
    kind: str = ""
    """"image" or "video"."""
    verdict: str = ""
    """Value of a ``Verdict``."""
    score: float | None = None
    """In [0, 1], of the face that decides; None where no face was analysed."""
    faces: int = 0
    model: str = ""
    """Name of the model that decides."""
    revision: str = ""
    weights: str = ""
    """SHA-256 of the model's file."""
    reason: str = ""
    """Sentence; of an error cause and cure."""
    notes: tuple[str, ...] = ()
    """Sentences on the file."""
    thumbnails: tuple[str, ...] = ()
    """Names of the pictures of flagged faces."""

    @property
    def flagged(self) -> bool:
        """Whether somebody should look at it."""
        return self.verdict in [each.value for each in FLAGGED]

    def of_file(self, label: str) -> Result:
        """The same for another file with this content."""
        return replace(self, file=label)


def of_report(file: str, settings: str, report: Report) -> Result:
    """The result of a file that was analysed."""
    return Result(
        file=file,
        sha256=report.input.sha256,
        settings=settings,
        kind=report.input.kind,
        verdict=report.verdict.value,
        score=report.p_fake,
        faces=len(report.faces),
        model=report.model.name,
        revision=report.model.revision,
        weights=report.model.sha256,
        reason=report.reason,
        notes=report.input.notes,
    )


def of_error(file: str, sha256: str, settings: str, error: DetectorError) -> Result:
    """The result of a file that could not be analysed."""
    return Result(file=file, sha256=sha256, settings=settings, error=type(error).__name__, reason=error.sentence)


def to_line(result: Result) -> str:
    """As one line of ASCII with its end."""
    plain = {field.name: getattr(result, field.name) for field in fields(result)}
    plain |= {"reason": packed(result.reason), "notes": [packed(note) for note in result.notes]}
    return json.dumps(plain, allow_nan=False) + "\n"


def from_line(line: str) -> Result:
    """What ``to_line`` wrote.

    Raises:
        ValueError: it is no such line, or only the beginning of one.
    """
    try:
        plain = json.loads(line)
        plain |= {"reason": restored(plain["reason"]), "notes": tuple(map(restored, plain["notes"]))}
        result = Result(**{**plain, "thumbnails": tuple(plain["thumbnails"])})
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("not the line of a result") from error
    if not all(isinstance(each, str) for each in (result.file, result.sha256, result.settings)):
        raise ValueError("not the line of a result")
    return result
