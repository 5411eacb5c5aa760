"""What a training has behind it: its own rows after those of every training that it went on from.

Weights are often trained further from weights that were shipped, or from another run, and replace them. Their earlier rows
would be lost with them, so they are copied into the run's folder when it starts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["EARLIER", "keep_earlier", "whole_history"]

EARLIER = "start.history.jsonl"
"""In a run's folder: the whole history of what it started from."""


def keep_earlier(start: Path, out: Path) -> None:
    """Write ``out/start.history.jsonl`` unless it is there or nothing is known of the start.

    Args:
        start: the weights file, in a run's folder or beside ``NAME.history.jsonl`` as ``ship`` leaves it.
        out: the folder of the run that starts from it.
    """
    if (out / EARLIER).exists():
        return
    shipped = start.parent / start.name.replace(".weights.h5", ".history.jsonl")
    if shipped.exists():
        rows = _rows(shipped)
    elif (start.parent / "history.jsonl").exists():
        rows = whole_history(start.parent)
    else:
        return
    (out / EARLIER).write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def whole_history(run: Path) -> list[dict[str, Any]]:
    """The rows of ``run/history.jsonl`` after those of what it started from; ``crops`` counts from the very first."""
    rows = _rows(run / "history.jsonl")
    if not (run / EARLIER).exists():
        return rows
    earlier = _rows(run / EARLIER)
    return earlier + [row | {"crops": earlier[-1]["crops"] + row["crops"]} for row in rows]


def _rows(history: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in history.read_text(encoding="utf-8").splitlines()]
