"""The overview of a scan: one HTML file, flagged files first, errors last, for readers who will not open a table."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from detector.paths import PACKAGE
from detector.records import Verdict
from detector.report.templates import render
from detector.scan.result import Result
from detector.scan.rows import Rows
from detector.verdict.files import LIMITS
from detector.words import results as words
from detector.words import scan
from detector.words.language import Language

__all__ = ["MOST_ROWS", "overview"]

MOST_ROWS = 10_000
"""Files that the page lists."""
_PAGE = 250
"""Rows of one part, which a browser lays out when it is opened."""
_MOST_PICTURES = 500
"""Files whose faces are shown; each costs some kilobytes of the page."""


@dataclass(frozen=True)
class _Line:
    """One row as it is shown."""

    file: str
    verdict: str
    headline: str
    score: str
    reason: str
    pictures: tuple[bytes, ...]


def overview(rows: Rows, thumbnails: Path | None, say: Language) -> str:
    """The page.

    Args:
        rows: of all files.
        thumbnails: folder with the pictures of flagged faces; None for a page without pictures.
        say: the reader's language.
    """
    flagged = errors = 0
    order: list[tuple[int, float, int]] = []
    for place, row in enumerate(rows):
        flagged, errors = flagged + row.flagged, errors + bool(row.error)
        order.append((*_rank(row), place))
    first = heapq.nsmallest(MOST_ROWS, order)
    lines = [
        _line(rows[place], thumbnails if number < _MOST_PICTURES else None) for number, (*_, place) in enumerate(first)
    ]
    return render(
        "overview.html",
        say,
        texts=scan,
        style=Markup((PACKAGE / "report" / "overview.css").read_text(encoding="utf-8")),  # noqa: S704 - our own file
        estimate=LIMITS[0],
        facts=scan.facts(len(rows), flagged, errors),
        left_out=scan.left_out(len(lines)) if len(lines) < len(rows) else None,
        pages=list(_pages(lines)),
    )


def _rank(row: Result) -> tuple[int, float]:
    """What comes first is least."""
    if row.error:
        return 3, 0.0
    return (0 if row.flagged else 2 if row.score is None else 1), -(row.score or 0.0)


def _line(row: Result, thumbnails: Path | None) -> _Line:
    if row.error:
        return _Line(row.file, Verdict.NOT_ANALYSED.value, scan.NOT_READ, "", row.reason, ())
    headline = words.HEADLINES[Verdict(row.verdict)]
    if row.score is None:
        return _Line(row.file, row.verdict, words.NO_USABLE_FACE if row.faces else words.NO_FACE, "", row.reason, ())
    pictures = tuple(_pictures(row, thumbnails)) if thumbnails is not None else ()
    return _Line(row.file, row.verdict, headline, words.score_text(row.score), row.reason, pictures)


def _pictures(row: Result, folder: Path) -> Iterator[bytes]:
    for name in row.thumbnails:
        path = folder / Path(name).name
        if path.is_file():
            yield path.read_bytes()


def _pages(lines: list[_Line]) -> Iterator[tuple[int, int, list[_Line]]]:
    """(number of the first line, of the last, lines) of each part."""
    for begin in range(0, len(lines), _PAGE):
        part = lines[begin : begin + _PAGE]
        yield begin + 1, begin + len(part), part
