"""A result in a few lines of text, for people at a terminal."""

from __future__ import annotations

from detector.commands.command import printable
from detector.records import Appearance, FaceResult, Report
from detector.words import origin as words_origin
from detector.words import results as words

__all__ = ["summary"]


def summary(file: str, report: Report) -> str:
    """The report's verdict, reason, faces and origin, ending in a line feed.

    Args:
        file: as it was given on the command line.
        report: on it.
    """
    head = [
        f"{printable(file)}: {words.file_headline(report)}",
        f"  {report.reason}",
        *(f"  {note}" for note in report.input.notes),
    ]
    faces = (_face_line(number, face) for number, face in enumerate(report.faces, start=1))
    return "".join(f"{line}\n" for line in [*head, *faces, *_origin(report)])


def _origin(report: Report) -> list[str]:
    """What the file says about itself, apart from the scores."""
    if report.provenance is None:
        return []
    return [
        f"  {words_origin.HEADING} (not part of the score)",
        *(f"    {line}" for line in words_origin.lines(report.provenance)),
    ]


def _face_line(number: int, face: FaceResult) -> str:
    seen = face.over_time
    if seen is not None:
        return _person_line(number, face, seen)
    if face.p_fake is None:
        return f"  Face {number}: not analysed. {face.reason}"
    return f"  Face {number}: {_scores(face, face.p_fake)}"


def _person_line(number: int, face: FaceResult, seen: Appearance) -> str:
    name = f"  Person {number}, {words.clock(seen.first_s)} to {words.clock(seen.last_s)}"
    if face.p_fake is None:
        return f"{name}: not analysed. {face.reason}"
    moments = ", ".join(f"{words.clock(m.time_s)} ({words.score_text(m.p_fake)})" for m in seen.moments)
    return f"{name}: {_scores(face, face.p_fake)}\n    highest single frames at {moments}"


def _scores(face: FaceResult, p_fake: float) -> str:
    models = ", ".join(f"{name} {words.score_text(score)}" for name, score in face.models.items())
    return f"score {words.score_text(p_fake)}, {words.HEADLINES[face.verdict].lower()} ({models})"
