"""How good the shipped detector is, measured on the shipped detector: ``Detector.analyze`` file by file.

Writes ``evaluation.json`` beside the weights, the track records into the manifest, and the model card's tables.
"Positive" means fake.
"""

from __future__ import annotations

import json
import platform
import time
from collections import Counter
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from detector import Detector, DetectorError, load_detector
from detector.records import ErrorRate, Report, Verdict
from detector.verdict import SEVERITY, judge_face
from detector.weights import update_manifest
from train.card import write_card
from train.data import Sample, read_table
from train.metrics import auc, auc_interval

__all__ = ["evaluate"]


def evaluate(data: Path, subset: str, weights: Path) -> dict[str, Any]:
    """Score every file of a subset of ``data/faces.tsv`` and write the results into ``weights``.

    Returns:
        The content of ``evaluation.json``.
    """
    samples = [sample for sample in read_table(data) if sample.subset == subset]
    with load_detector(weights) as detector:
        started = time.monotonic()
        rows = [_row(detector, data, sample) for sample in samples]
        seconds = time.monotonic() - started
        specs = {name: detector.select(name).spec for name in detector.models}
    results = {name: _summary(rows, name) for name in specs}
    for name, spec in specs.items():
        record = _track_record(rows, name, spec.bands)
        results[name]["track_record"] = [
            {"verdict": r.verdict.value, "genuine": r.genuine, "fake": r.fake} for r in record
        ]
        update_manifest(weights, model=replace(spec, track_record=record))
    evaluation = {
        "subset": subset,
        "files": len(rows),
        "date": date.today().isoformat(),
        "seconds_per_file": round(seconds / len(rows), 3),
        "machine": f"{platform.processor() or platform.machine()}, {platform.system()}, Python {platform.python_version()}",
        "versions": rows[0]["versions"],
        "weights": {name: spec.file.sha256 for name, spec in specs.items()},
        "not_analysed": _not_analysed(rows),
        "models": results,
    }
    (weights / "evaluation.json").write_text(json.dumps(evaluation, indent=1) + "\n", encoding="utf-8")
    write_card(weights)
    return evaluation


def _row(detector: Detector, data: Path, sample: Sample) -> dict[str, Any]:
    try:
        report = detector.analyze(data / sample.path, heatmaps=False)
    except DetectorError as error:
        return {"sample": sample, "scores": {}, "why": str(error), "versions": {}}
    return {"sample": sample, "scores": _scores(report), "why": report.reason, "versions": dict(report.versions)}


def _scores(report: Report) -> dict[str, float]:
    """The highest score of any analysed face, by model: the most suspicious face speaks for the file."""
    scores: dict[str, float] = {}
    for face in report.faces:
        for name, value in face.models.items():
            scores[name] = max(value, scores.get(name, 0.0))
    return scores


def _not_analysed(rows: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter] = {}
    for row in rows:
        if not row["scores"]:
            counts.setdefault(row["sample"].source, Counter())[row["sample"].label] += 1
    return {source: dict(counter) for source, counter in sorted(counts.items())}


def _summary(rows: list[dict[str, Any]], model: str) -> dict[str, Any]:
    scored = [row for row in rows if model in row["scores"]]
    fake = np.array([row["sample"].label == "fake" for row in scored])
    p_fake = np.array([row["scores"][model] for row in scored])
    source = np.array([row["sample"].source for row in scored])
    method = np.array([row["sample"].method for row in scored])
    group = np.array([f"{row['sample'].source}/{row['sample'].group}" for row in scored])

    def measure(keep: np.ndarray) -> dict[str, Any]:
        entry: dict[str, Any] = {"genuine": int((~fake[keep]).sum()), "fake": int(fake[keep].sum())}
        if 0 < fake[keep].sum() < keep.sum():
            low, high = auc_interval(fake[keep], p_fake[keep], group[keep])
            entry |= {
                "auc": round(auc(fake[keep], p_fake[keep]), 4),
                "auc_low": round(low, 4),
                "auc_high": round(high, 4),
            }
        return entry

    by_source = {name: measure(source == name) for name in sorted(set(source))}
    by_method = {
        f"{name}/{kind}": measure((source == name) & ((method == kind) | ~fake))
        for name in sorted(set(source))
        for kind in sorted(set(method[(source == name) & fake]))
        if len(set(method[(source == name) & fake])) > 1
    }
    return {"pooled": measure(np.ones(len(scored), bool)), "by_source": by_source, "by_method": by_method,
            "flagged": _flagged(scored, model)}  # fmt: skip


def _flagged(scored: list[dict[str, Any]], model: str) -> dict[str, dict[str, Any]]:
    """Highest scores of genuine faces by source: where false alarms would come from."""
    values: dict[str, list[float]] = {}
    for row in scored:
        if row["sample"].label == "real":
            values.setdefault(row["sample"].source, []).append(row["scores"][model])
    return {
        name: {
            "genuine": len(found),
            "median_p_fake": round(float(np.median(found)), 4),
            "p95_p_fake": round(float(np.quantile(found, 0.95)), 4),
        }
        for name, found in sorted(values.items())
    }


def _track_record(rows: list[dict[str, Any]], model: str, bands: Any) -> tuple[ErrorRate, ...]:
    counts: dict[Verdict, Counter] = {verdict: Counter() for verdict in SEVERITY}
    for row in rows:
        if model in row["scores"]:
            verdict, _ = judge_face(row["scores"][model], bands)
            counts[verdict][row["sample"].label] += 1
    return tuple(ErrorRate(verdict=v, genuine=c["real"], fake=c["fake"]) for v, c in counts.items())
