"""The tables of the model card, generated from ``evaluation.json``. The words around them are written by hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["read_histories", "render_tables", "write_card"]

BEGIN = "<!-- generated from evaluation.json by train/card.py: begin -->"
END = "<!-- generated from evaluation.json by train/card.py: end -->"


def write_card(weights: Path) -> None:
    """Put the tables between the two marks of ``weights/README.md``.

    Raises:
        ValueError: the card lacks the marks.
    """
    card = weights / "README.md"
    text = card.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{card}: expected the lines {BEGIN!r} and {END!r}")
    evaluation = json.loads((weights / "evaluation.json").read_text(encoding="utf-8"))
    histories = read_histories(weights, evaluation)
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    card.write_text(f"{before}{BEGIN}\n\n{render_tables(evaluation, histories)}\n{END}{after}", encoding="utf-8")


def read_histories(weights: Path, evaluation: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows that ``fit`` wrote while it trained, by model; none for a model that was shipped without them."""
    paths = {name: weights / f"{name}.history.jsonl" for name in evaluation["models"]}
    return {
        name: [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
        for name, path in paths.items()
    }


def render_tables(evaluation: Mapping[str, Any], histories: Mapping[str, list[dict[str, Any]]]) -> str:
    """Markdown: the run, then for every model its AUC by source, worst first, by method, and its verdict counts.

    Args:
        evaluation: the content of ``evaluation.json``.
        histories: as read by ``read_histories``.
    """
    versions = ", ".join(f"{name} {version}" for name, version in evaluation["versions"].items())
    lines = [
        f"Measured on {evaluation['date']} on the {evaluation['files']} files of `{evaluation['subset']}`, through "
        "`Detector.analyze`, by `python -m train evaluate`. "
        f"Machine: {evaluation['machine']}. Versions: {versions}.",
        "",
        f"Not analysed (no face found, or a face below the quality gates): {_not_analysed(evaluation['not_analysed'])}.",
    ]
    for name, result in evaluation["models"].items():
        lines += ["", f"### `{name}`", ""]
        lines += _auc_table(result)
        lines += ["", *_record_table(result["track_record"])]
        lines += ["", *_false_alarm_table(result["flagged"])]
        if histories[name]:
            lines += ["", *_history_table(histories[name])]
    return "\n".join(lines) + "\n"


def _auc_table(result: Mapping[str, Any]) -> list[str]:
    rows = [("**all sources pooled**", result["pooled"])]
    rows += sorted(
        [item for item in result["by_source"].items() if "auc" in item[1]], key=lambda item: float(item[1]["auc"])
    )
    rows += sorted(result["by_method"].items(), key=lambda item: float(item[1]["auc"]))
    return [
        "| test faces (worst first) | genuine | fake | AUC | 95 % interval |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {row['genuine']} | {row['fake']} | {row['auc']:.3f} | {row['auc_low']:.3f} to {row['auc_high']:.3f} |"
            for name, row in rows
        ),
    ]


def _record_table(record: list[Mapping[str, Any]]) -> list[str]:
    genuine, fake = sum(row["genuine"] for row in record), sum(row["fake"] for row in record)
    return [
        "| verdict | of 100 genuine faces | of 100 fake faces |",
        "|---|---|---|",
        *(
            f"| {row['verdict']} | {100 * row['genuine'] / genuine:.1f} | {100 * row['fake'] / fake:.1f} |"
            for row in record
        ),
    ]


def _false_alarm_table(flagged: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = sorted(flagged.items(), key=lambda item: -float(item[1]["p95_p_fake"]))
    return [
        "| genuine faces of | number | median score | 95th percentile |",
        "|---|---|---|---|",
        *(
            f"| {name} | {row['genuine']} | {row['median_p_fake']:.2f} | {row['p95_p_fake']:.2f} |"
            for name, row in rows
        ),
    ]


def _history_table(rows: list[dict[str, Any]]) -> list[str]:
    return [
        "| crops seen in training | AUC on the validation groups |",
        "|---|---|",
        *(f"| {row['crops']} | {row['validation_auc']:.3f} |" for row in rows),
    ]


def _not_analysed(counts: Mapping[str, Mapping[str, int]]) -> str:
    parts = [f"{n} {label} of {source}" for source, labels in counts.items() for label, n in sorted(labels.items())]
    return ", ".join(parts) or "none"
