"""``analyze --csv``: one line a file, for spreadsheets."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from detector.errors import DetectorError
from detector.records import Report
from detector.report.spreadsheet import harmless

__all__ = ["COLUMNS", "Rows", "csv_rows"]

COLUMNS = ("file", "kind", "verdict", "score", "faces", "reason", "notes", "error")


class Rows(Protocol):
    """Takes the result of one file after the other."""

    def add(self, file: str, result: Report | DetectorError) -> None: ...


class _NoRows:
    def add(self, file: str, result: Report | DetectorError) -> None:
        """Nobody asked for a table."""


class _Table:
    def __init__(self, stream: Any) -> None:
        self._stream, self._writer = stream, csv.writer(stream)
        self._writer.writerow(COLUMNS)

    def add(self, file: str, result: Report | DetectorError) -> None:
        if isinstance(result, DetectorError):
            row: list[object] = [file, "", "", "", "", "", "", result]
        else:
            score = "" if result.p_fake is None else f"{result.p_fake:.4f}"
            notes = " ".join(str(note) for note in result.input.notes)
            row = [file, result.input.kind, result.verdict.value, score, len(result.faces), result.reason, notes, ""]
        self._writer.writerow([harmless(str(cell)) for cell in row])
        self._stream.flush()


@contextmanager
def csv_rows(target: Path | None) -> Iterator[Rows]:
    """Where the lines of the table go; the first names the columns.

    Raises:
        OSError: the file cannot be written.
    """
    if target is None:
        yield _NoRows()
        return
    # With a mark at its beginning, by which spreadsheets know UTF-8.
    with target.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as stream:
        yield _Table(stream)
