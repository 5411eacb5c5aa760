"""Texts of a report that is a file of its own, and of the buttons that save and copy it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from detector.records import Report
from detector.sentences import N_, Sentence

__all__ = [
    "CHECK_OF",
    "COPIED",
    "COPY",
    "DATE",
    "MADE_BY",
    "NOT_EVIDENCE",
    "OPTIONS",
    "PRINT",
    "SAVE",
    "options_text",
    "title",
]

DATE = Sentence("Date of the check (UTC)")
OPTIONS = Sentence("Options and thresholds")
SAVE = Sentence("Save as HTML")
COPY = Sentence("Copy as text")
PRINT = Sentence("Save as PDF")
COPIED = Sentence("Copied")
NOT_EVIDENCE = Sentence(
    "It holds the pictures it was made from. A score is an estimate, not proof: do not accuse anyone because of it."
)
CHECK_OF = N_("Check of {name}")
"""Title of a report that is a file of its own."""
MADE_BY = Sentence("Photo check: report")


def options_text(options: Mapping[str, object]) -> str:
    """The options as JSON, with spaces at which a narrow page can break the line."""
    return json.dumps(options, default=str, separators=(", ", ": "))


def title(report: Report) -> Sentence:
    """``CHECK_OF`` of a report."""
    return Sentence(CHECK_OF, name=report.input.name)
