"""The table that a scan writes, CSV or Parquet: a row for each file. It appears under its name only when it is whole."""

from __future__ import annotations

import csv
import importlib.util
import itertools
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from detector.errors import ScanRefused
from detector.report.spreadsheet import harmless
from detector.scan.result import Result
from detector.words.language import Language

__all__ = ["COLUMNS", "ENDINGS", "require", "write_table"]

COLUMNS = (
    "file",
    "kind",
    "verdict",
    "score",
    "faces",
    "reason",
    "notes",
    "error",
    "problem",
    "sha256",
    "model",
    "revision",
    "weights",
    "thumbnails",
)
ENDINGS = (".csv", ".parquet")
_ROWS = 10_000
"""Of a part of a Parquet file, which is held in memory."""


def require(target: Path) -> None:
    """See to it that the table can be written at the end of hours of work.

    Raises:
        ScanRefused: a library is missing.
    """
    if target.suffix.lower() == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise ScanRefused("A Parquet file needs pyarrow: pip install pyarrow, or name a file in .csv.")


def write_table(target: Path, rows: Iterable[Result], say: Language) -> None:
    """Write all rows.

    Args:
        target: the file; its ending decides between CSV and Parquet.
        rows: in the order of the lines.
        say: the language of the reasons, notes and problems.

    Raises:
        OSError: it cannot be written; an older file of that name is then as it was.
    """
    unfinished = target.with_name(f".{target.name}.unfinished")
    write: Callable[[Path, Iterator[dict[str, Any]]], None]
    write = _write_parquet if target.suffix.lower() == ".parquet" else _write_csv
    try:
        write(unfinished, (_cells(row, say) for row in rows))
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def _cells(row: Result, say: Language) -> dict[str, Any]:
    """By column; None where nothing is known."""
    read = not row.error
    return {
        "file": row.file,
        "kind": row.kind or None,
        "verdict": row.verdict or None,
        "score": row.score,
        "faces": row.faces if read else None,
        "reason": say(row.reason) if read else None,
        "notes": " ".join(map(say, row.notes)) or None,
        "error": row.error or None,
        "problem": None if read else say(row.reason),
        "sha256": row.sha256 or None,
        "model": row.model or None,
        "revision": row.revision or None,
        "weights": row.weights or None,
        "thumbnails": " ".join(row.thumbnails) or None,
    }


def _write_csv(target: Path, rows: Iterator[dict[str, Any]]) -> None:
    # With a mark at its beginning, by which spreadsheets know UTF-8.
    with target.open("w", encoding="utf-8-sig", newline="", errors="backslashreplace") as stream:
        lines = csv.writer(stream)
        lines.writerow(COLUMNS)
        for row in rows:
            score = "" if row["score"] is None else f"{row['score']:.4f}"
            cells = ({**row, "score": score}[name] for name in COLUMNS)
            lines.writerow(["" if cell is None else harmless(str(cell)) for cell in cells])


def _write_parquet(target: Path, rows: Iterator[dict[str, Any]]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    types = {"score": pa.float64(), "faces": pa.int32()}
    schema = pa.schema([(name, types.get(name, pa.string())) for name in COLUMNS])
    with parquet.ParquetWriter(target, schema) as writer:
        while part := list(itertools.islice(rows, _ROWS)):
            writer.write_table(pa.Table.from_pylist([_valid(row) for row in part], schema))


def _valid(row: dict[str, Any]) -> dict[str, Any]:
    """With file names that are no UTF-8 in a form that is."""
    return {
        name: cell.encode("utf-8", "backslashreplace").decode() if isinstance(cell, str) else cell
        for name, cell in row.items()
    }
