"""Several pictures in one file, each looked at as a photo: the most suspicious one speaks for the file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from detector.records import Report, Verdict
from detector.sentences import Sentence
from detector.verdict.files import SEVERITY, judge_file, withhold_calm

__all__ = ["most_telling"]


def most_telling(reports: Iterable[Report], looked: int, count: int) -> Report:
    """The report that speaks for a file.

    Args:
        reports: one for each picture that was looked at, at least one; only the most suspicious is kept at any time.
        looked: how many these are.
        count: pictures in the file.

    Returns:
        The only report as it is; of several the most suspicious, with a note, and inconclusive in place of "no clear signs"
        where too many pictures were not looked at.
    """
    best, place = None, 0
    for number, report in enumerate(reports, start=1):
        if best is None or _suspicion(report) > _suspicion(best):
            best, place = report, number
    if best is None:
        raise ValueError("most_telling: expected at least one report")
    if count == 1:
        return best
    faces = tuple(withhold_calm(face, 1.0 - looked / count) for face in best.faces)
    verdict, reason, p_fake, decides = judge_file(faces, best.input.kind)
    note = Sentence(
        "This file holds {count} pictures. We checked {looked} of them, each as a photo, and show the most suspicious one, "
        "number {place}.",
        count=count,
        looked=looked,
        place=place,
    )
    return replace(
        best,
        input=replace(best.input, notes=(*best.input.notes, note)),
        faces=faces,
        verdict=verdict,
        reason=reason,
        p_fake=p_fake,
        deciding=decides,
    )


def _suspicion(report: Report) -> tuple[int, float]:
    if report.verdict is Verdict.NOT_ANALYSED or report.p_fake is None:
        return -1, 0.0
    return SEVERITY.index(report.verdict), report.p_fake
