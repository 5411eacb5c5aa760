"""A report as plain text, for a message or a note: the same words as on the page, without its pictures."""

from __future__ import annotations

from collections.abc import Iterator

from detector.records import FaceResult, Report
from detector.words import handover, origin
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["plain_text"]


def plain_text(report: Report, say: Language = ENGLISH) -> str:
    """Verdict, faces, origin, limits and what is needed to repeat the check, a line each.

    Args:
        report: as ``Detector.analyze`` returns it.
        say: the reader's language.
    """
    return "\n".join(line for line in _lines(report, say) if line)


def _lines(report: Report, say: Language) -> Iterator[str]:
    kind = report.input.kind
    yield f"{say(words.file_headline(report))}: {report.input.name}"
    yield say(report.reason)
    yield from (say(note) for note in report.input.notes)
    yield say(words.of_kind(words.MEANS_NOT[report.verdict], kind))
    for number, face in enumerate(report.faces, start=1):
        yield f"{say(words.numbered(number, kind == 'video'))}: {_face(face, say)}"
    if report.provenance is not None:
        yield f"{say(origin.HEADING)} – {say(origin.BESIDE)}"
        yield from (f"- {say(line)}" for line in origin.lines(report.provenance))
    yield from (f"- {say(limit)}" for limit in report.limits)
    yield f"{say(words.FILE_SHA256)}: {report.input.sha256}"
    yield f"{say(words.MODEL)}: {say(words.model_facts(report.model))}, SHA-256 {report.model.sha256}"
    if report.made_at:
        yield f"{say(handover.DATE)}: {report.made_at}"


def _face(face: FaceResult, say: Language) -> str:
    """Verdict, score and reason of a face, and when a person was seen."""
    if face.p_fake is None:
        return f"{say(words.HEADLINES[face.verdict])}. {say(face.reason)}"
    score = f"{say(words.SCORE)} {say(words.score_text(face.p_fake))}"
    seen = "" if face.over_time is None else f" {say(words.seen_facts(face.over_time))}"
    return f"{say(words.HEADLINES[face.verdict])}, {score}. {say(face.reason)}{seen}"
