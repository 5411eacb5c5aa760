"""Tables of labelled files: ``faces.tsv`` for pictures, ``clips.tsv`` for videos."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Sample", "checked", "read_clips", "read_table"]

_COLUMNS = ("path", "label", "source", "method", "group", "subset")


@dataclass(frozen=True)
class Sample:
    """One row of ``faces.tsv`` or ``clips.tsv``, or one frame of a clip."""

    path: str
    label: str
    """"real" or "fake"."""
    source: str
    method: str
    group: str
    """Source video, person or photo: never cut by a split."""
    subset: str
    """"train" or "dev"."""
    time_s: float | None = None
    """Of a frame of a clip, seconds; None for a still picture, and for a clip before its frames are taken."""


def read_table(folder: Path, name: str = "faces.tsv") -> list[Sample]:
    """The rows of ``folder/faces.tsv`` (pictures) or ``folder/clips.tsv`` (videos), checked.

    Raises:
        ValueError: columns other than those of ``Sample``, a label or subset outside the known ones, or a (source, group)
            that stands in both subsets.
    """
    with open(folder / name, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        if set(rows.fieldnames or ()) != set(_COLUMNS):
            raise ValueError(f"{folder}/{name}: expected the columns {', '.join(_COLUMNS)}, found {rows.fieldnames}")
        samples = [
            Sample(row["path"], row["label"], row["source"], row["method"], row["group"], row["subset"]) for row in rows
        ]
    return checked(samples, f"{folder}/{name}")


def read_clips(folder: Path, subset: str | None = None) -> list[Sample]:
    """The rows of ``folder/clips.tsv``, checked as by ``read_table``; only those of ``subset`` where one is named."""
    return [sample for sample in read_table(folder, "clips.tsv") if subset in (None, sample.subset)]


def checked(samples: list[Sample], where: str) -> list[Sample]:
    """The same samples, if their labels and subsets are known ones and no group stands in both subsets.

    Raises:
        ValueError: names ``where`` and the first row at fault.
    """
    subsets: dict[tuple[str, str], str] = {}
    for sample in samples:
        if sample.label not in ("real", "fake") or sample.subset not in ("train", "dev"):
            raise ValueError(f"{where}: unknown label or subset in {sample}")
        if subsets.setdefault((sample.source, sample.group), sample.subset) != sample.subset:
            raise ValueError(f"{where}: group {sample.group!r} of {sample.source} stands in both subsets")
    return samples
