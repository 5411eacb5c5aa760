"""A report as plain text, for a terminal, a message or a note: the sentences of the page, without its pictures."""

from __future__ import annotations

from collections.abc import Iterator

from detector.records import FaceResult, Report
from detector.words import export, origin
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["plain_text", "result_text"]


def plain_text(report: Report, say: Language = ENGLISH) -> str:
    """The whole report: the result, its limits, and what is needed to repeat the check, a line each.

    Args:
        report: as ``Detector.analyze`` returns it.
        say: the reader's language.
    """
    lines = [
        *_result(report, report.input.name, say),
        *(f"- {say(limit)}" for limit in report.limits),
        f"{say(words.FILE_SHA256)}: {report.input.sha256}",
        f"{say(words.MODEL)}: {say(words.model_facts(report.model))}, SHA-256 {report.model.sha256}",
    ]
    if report.made_at:
        lines.append(f"{say(export.DATE)}: {report.made_at}")
    return "\n".join(lines)


def result_text(report: Report, name: str | None = None, say: Language = ENGLISH) -> str:
    """The result alone, as ``plain_text`` begins: verdict, reason, notes, faces and origin.

    Args:
        report: as ``Detector.analyze`` returns it.
        name: of the file as it is shown; that of the report by default.
        say: the reader's language.
    """
    return "\n".join(_result(report, report.input.name if name is None else name, say))


def _result(report: Report, name: str, say: Language) -> Iterator[str]:
    clip = report.input.kind == "video"
    yield f"{say(words.file_headline(report))}: {name}"
    yield say(report.reason)
    yield from (say(note) for note in report.input.notes)
    if meaning := say(words.of_kind(words.MEANS_NOT[report.verdict], report.input.kind)):
        yield meaning
    for number, face in enumerate(report.faces, start=1):
        yield f"{say(words.numbered(number, clip))}: {_face(face, say)}"
        yield from _scores(face, say)
    if report.provenance is not None:
        yield f"{say(origin.HEADING)} – {say(origin.BESIDE)}"
        yield from (f"- {say(line)}" for line in origin.lines(report.provenance))


def _face(face: FaceResult, say: Language) -> str:
    """Verdict, score and reason of a face, and when a person was seen."""
    if face.p_fake is None:
        return f"{say(words.HEADLINES[face.verdict])}. {say(face.reason)}"
    score = f"{say(words.SCORE)} {say(words.score_text(face.p_fake))}"
    seen = "" if face.over_time is None else f" {say(words.seen_facts(face.over_time))}"
    return f"{say(words.HEADLINES[face.verdict])}, {score}. {say(face.reason)}{seen}"


def _scores(face: FaceResult, say: Language) -> Iterator[str]:
    """The score of each model, and the frames of a clip that score highest."""
    if face.models:
        scores = (f"{name} {say(words.score_text(score))}" for name, score in face.models.items())
        yield f"  {say(words.SCORES_OF_MODELS)} {', '.join(scores)}"
    if face.over_time is not None and face.over_time.moments:
        moments = (say(words.moment_facts(moment)) for moment in face.over_time.moments)
        yield f"  {say(words.MOMENTS)} {'; '.join(moments)}"
