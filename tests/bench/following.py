"""What following faces from frame to frame saves and changes, against searching every sampled frame in tiles.

    python -m tests.bench.following --data DIR [--rounds 3] [--out FILE]

``DIR`` holds ``clips.tsv``; its clips of the subset "dev" are analysed both ways, in turns, and so is one made clip of 1080p
for the time, since those of ``DIR`` are small. Printed: how many times longer the search in every frame takes (CPU time),
how many faces each finds, how far the scores move, and the AUC of both. "Positive" means fake; a clip's score is that of its
most suspicious person.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from detector import Detector, DetectorError, Report, load_detector
from tests.bench.compare import alternate, ratio
from tests.bench.inputs import make_clip
from train.metrics import auc, auc_interval
from train.provenance import commit, machine
from train.samples import Sample, read_table

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.following", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with clips.tsv")
    parser.add_argument("--rounds", type=int, default=3, help="of A B B A on the made clip (default 3)")
    parser.add_argument("--out", type=Path, help="JSON file")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with load_detector() as detector, tempfile.TemporaryDirectory() as folder:
        detector.warm_up()
        made = make_clip(Path(folder) / "1080.mp4", 10, 1080, group=60)
        searched, followed = alternate(_both(detector, made)[0], _both(detector, made)[1], options.rounds)
        samples = [sample for sample in read_table(options.data, "clips.tsv") if sample.subset == "dev"]
        rows = [row for sample in samples if (row := _row(detector, options.data, sample)) is not None]
    result = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "commit": commit(),
        "cpu_searched_over_followed_1080p": [round(v, 2) for v in ratio(searched.cpu, followed.cpu)],
        "wall_searched_over_followed_1080p": [round(v, 2) for v in ratio(searched.wall, followed.wall)],
        **_compared(rows),
        "clips": rows,
    }
    print(*(f"{key}: {value}" for key, value in result.items() if key != "clips"), sep="\n")
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return 0


def _both(detector: Detector, path: Path) -> tuple[Callable[[], Report], Callable[[], Report]]:
    """An analysis that searches every frame, and one that follows."""

    def searched() -> Report:
        with mock.patch("detector.clip._THOROUGH", 1):
            return detector.analyze(path)

    return searched, lambda: detector.analyze(path)


def _row(detector: Detector, data: Path, sample: Sample) -> dict[str, Any] | None:
    """Faces and score of both ways; None for a clip that neither can read."""
    row: dict[str, Any] = {"path": sample.path, "label": sample.label, "group": f"{sample.source}/{sample.group}"}
    for key, analyse in zip(("searched", "followed"), _both(detector, data / sample.path), strict=True):
        try:
            report = analyse()
        except DetectorError as error:
            print(f"{sample.path}: {error}", file=sys.stderr)
            return None
        scores = [face.p_fake for face in report.faces if face.p_fake is not None]
        seen = [len(face.over_time.points) for face in report.faces if face.over_time is not None]
        row[key] = {"people": len(report.faces), "faces": sum(seen), "p_fake": max(scores, default=None)}
    return row


def _compared(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    scored = [row for row in rows if None not in (row["searched"]["p_fake"], row["followed"]["p_fake"])]
    fake = np.array([row["label"] == "fake" for row in scored], bool)
    groups = np.array([row["group"] for row in scored])
    scores = {key: np.array([row[key]["p_fake"] for row in scored]) for key in ("searched", "followed")}
    apart = np.abs(scores["searched"] - scores["followed"])
    found: dict[str, Any] = {"clips_scored": len(scored), "clips_of_another_count_of_people": 0}
    found["clips_of_another_count_of_people"] = sum(r["searched"]["people"] != r["followed"]["people"] for r in rows)
    for key, values in scores.items():
        found[f"faces_{key}"] = sum(row[key]["faces"] for row in rows)
        low, high = auc_interval(fake, values, groups)
        found[f"auc_{key}"] = [round(value, 4) for value in (auc(fake, values), low, high)]
    return found | {"change_of_p_fake": {"median": float(np.median(apart)), "largest": float(apart.max())}}


if __name__ == "__main__":
    sys.exit(main())
