"""The README's generated sections: what was measured, and what an installation takes.

    python -m tests.bench.readme

Their figures come from ``weights/evaluation.json`` (``python -m train evaluate``) and, of ``tests/bench/results``, from
``install.json`` (``python3 -m tests.bench.install``) and ``speed.json``; a test compares the README with all three.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.version import Version

from detector.records import Verdict
from detector.words.results.knowledge import KIND_NAMES
from tests import ROOT
from tests.bench.install import RESULT
from tests.bench.sections import Section

__all__ = ["EVALUATION", "INSTALLATION", "MEASURED", "README", "SPEED", "installation", "measured", "renew"]

README = ROOT / "README.md"
EVALUATION = ROOT / "weights" / "evaluation.json"
SPEED = RESULT.with_name("speed.json")
MEASURED = Section("weights/evaluation.json", "tests/bench/readme.py")
INSTALLATION = Section("tests/bench/results/install.json", "tests/bench/readme.py")


def renew(path: Path = README) -> None:
    """Write both sections anew."""
    text = path.read_text(encoding="utf-8")
    text = MEASURED.replaced(text, measured(json.loads(EVALUATION.read_text(encoding="utf-8"))))
    text = INSTALLATION.replaced(
        text, installation(*(json.loads(path.read_text(encoding="utf-8")) for path in (RESULT, SPEED)))
    )
    path.write_text(text, encoding="utf-8")


def measured(evaluation: Mapping[str, Any]) -> str:
    """Verdicts on faces with known labels, and the kinds of fakes, worst first; of the default model."""
    model = evaluation["models"][evaluation["default"]]
    record = {row["verdict"]: row for row in model["track_record"]}
    shown = [verdict for verdict in Verdict if verdict in record]
    lines = [
        f"Measured on {evaluation['date']} with {evaluation['files']} held-out photos from the collections used for training; "
        f"expect more errors on others. Of 100 faces, the default model, `{evaluation['default']}`, finds:",
        "",
        f"| | {' | '.join(verdict.replace('_', ' ') for verdict in shown)} |",
        "|---|" + "---|" * len(shown),
    ]
    for label, name in (("genuine", "genuine faces"), ("fake", "fake faces")):
        total = sum(row[label] for row in record.values())
        shares = (f"{100 * record[verdict][label] / total:.1f}" for verdict in shown)
        lines.append(f"| {name} ({total}) | {' | '.join(shares)} |")
    lines += ["", "Kinds of fakes, worst first (AUC: 0.5 is chance, 1 is perfect):", ""]
    lines += ["| kind | fakes | flagged, % | AUC |", "|---|---|---|---|"]
    for kind, row in sorted(model["by_kind"].items(), key=lambda item: float(item[1]["recall"])):
        lines.append(f"| {KIND_NAMES[kind]} | {row['fake']} | {100 * row['recall']:.0f} | {row['auc']:.2f} |")
    step, row = min(model["degradation"].items(), key=lambda item: float(item[1]["change"]))
    lines += [
        "",
        f"Compression and blur hide traces: after the worst of {len(model['degradation'])} such steps "
        f"({evaluation['degradations'][step]}), AUC falls from {row['auc_clean']:.2f} to {row['auc']:.2f}.",
    ]
    return "\n".join(lines)


def installation(result: Mapping[str, Any], speed: Mapping[str, Any]) -> str:
    """Python versions, time and disk of the command below; ``speed`` is the published run of ``tests.bench.speed``."""
    names = sorted(result, key=Version)
    last = max(row["date"] for row in result.values())
    text = f"Needs git and Python 3.11, 3.12 or 3.13; tried on Linux with {_list(names)} on {last}. "
    if whole := [row for row in result.values() if "install_processor_s" in row]:
        minutes = max(math.ceil(row["install_processor_s"] / 60) for row in whole)
        disk = max(row["environment_mb"] for row in whole) / 1000
        text += f"Installation takes up to {minutes} minutes of processor time, beside the download, and fills {disk:.1f} GB. "
    seconds = math.ceil(speed["page_s"])
    return f"{text}The page answers {seconds} seconds after its start, as measured without other load in docs/speed.md."


def _list(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


if __name__ == "__main__":
    renew()
