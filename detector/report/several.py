"""The results of several files as one list, the worst first, and the same as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from detector.records import Report, Verdict
from detector.report.spreadsheet import harmless
from detector.report.templates import render
from detector.verdict.files import WORST_FIRST
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["Outcome", "as_csv", "several"]

_COLUMNS = ("file", "verdict", "score_of_100", "reason")


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    name: str
    """As its owner calls it."""
    verdict: Verdict
    headline: str
    p_fake: float | None
    reason: str

    @classmethod
    def of_report(cls, report: Report) -> Outcome:
        """A file that was read."""
        return cls(report.input.name, report.verdict, words.file_headline(report), report.p_fake, report.reason)

    @classmethod
    def of_error(cls, name: str, sentence: str) -> Outcome:
        """A file that could not be read, with cause and cure."""
        return cls(name, Verdict.NOT_ANALYSED, words.UNREADABLE, None, sentence)

    @property
    def score(self) -> str | None:
        """As text; None where there is none."""
        return None if self.p_fake is None else words.score_text(self.p_fake)


def _sorted_worst_first(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The more suspicious before the less; files that could not be checked before those without clear signs."""
    return sorted(outcomes, key=lambda each: (WORST_FIRST.index(each.verdict), -(each.p_fake or 0.0)))


def several(outcomes: Sequence[Outcome], left: int, say: Language = ENGLISH) -> str:
    """The list.

    Args:
        outcomes: of the files that are done, in any order.
        left: files that are still to be checked.
        say: the reader's language.
    """
    rows = _sorted_worst_first(outcomes)
    return render("several.html", say, rows=rows, left=left, csv=as_csv(rows, say))


def as_csv(outcomes: Sequence[Outcome], say: Language = ENGLISH) -> str:
    """The same as comma-separated values, a line a file.

    Args:
        outcomes: in the order of the lines.
        say: the language of the reasons; names of columns and verdicts are those of the JSON report.
    """
    made = io.StringIO()
    lines = csv.writer(made)
    lines.writerow(_COLUMNS)
    for each in outcomes:
        score = "" if each.p_fake is None else f"{100 * each.p_fake:.2f}"
        lines.writerow([harmless(each.name), each.verdict.value, score, harmless(say(each.reason))])
    return made.getvalue()
