"""How good the shipped detector is on labelled clips, and what follows from it for the manifest.

"Positive" means fake, and a clip's score is that of its most suspicious person, as in a report.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from detector import Detector, DetectorError, load_detector
from detector.records import Calibration, ClipRules, ErrorRate, FrameMean, Manifest, Report, Verdict
from detector.verdict.faces import judge_face
from detector.verdict.files import SEVERITY
from detector.weights.store import load_manifest, update_manifest
from train.data.samples import read_clips
from train.lineage import machine
from train.measuring.calibrate import choose_bands, fit_platt
from train.metrics import auc, auc_interval

__all__ = [
    "calibrate",
    "evaluate",
    "evaluate_folder",
    "from_single_frames",
    "learn_disagreement",
    "record",
    "set_disagreement",
]

_AGREEING = 0.95
"""Share of clips on which two models are taken to agree well enough."""
_LEAST_CLIPS = 20
"""Clips from which on that can be learnt."""


def evaluate_folder(data: Path, subset: str, weights: Path, *, record_it: bool = False) -> dict[str, Any]:
    """``evaluate`` with the detector in ``weights``.

    Args:
        data: folder with ``clips.tsv``.
        subset: "dev" or "train".
        weights: folder with the manifest.
        record_it: write the limit of disagreement and the verdict counts into the manifest. Where the limit is a new one, the
            clips are scored once more, so that the verdicts are those that users will get.
    """
    with load_detector(weights) as detector:
        evaluation = evaluate(detector, data, subset)
        again = record_it and set_disagreement(detector.manifest, evaluation, weights)
    if again:
        with load_detector(weights) as detector:
            evaluation = evaluate(detector, data, subset)
    if record_it:
        record(load_manifest(weights), evaluation, weights)
    return evaluation


def evaluate(detector: Detector, data: Path, subset: str) -> dict[str, Any]:
    """Score every clip of a subset through ``Detector.analyze``.

    Returns:
        ``clips``, a row each (path, label, group, verdict, frames, scores by model, or why there are none); ``models``,
        AUC with its 95 % interval over groups, pooled and by method, for every frame mean and video model; ``verdicts``, how
        often each was given to genuine clips and to fakes; and with what all this was measured.
    """
    rows = []
    versions: dict[str, str] = {}
    for sample in read_clips(data, subset):
        row: dict[str, Any] = {"path": sample.path, "label": sample.label, "group": f"{sample.source}/{sample.group}"}
        row |= {"source": sample.source, "method": sample.method}
        try:
            report = detector.analyze(data / sample.path, heatmaps=False)
        except DetectorError as error:
            rows.append({**row, "verdict": Verdict.NOT_ANALYSED.value, "scores": {}, "why": str(error)})
            continue
        versions = dict(report.versions)
        rows.append({**row, "verdict": report.verdict.value, "scores": _scores(report), "people": len(report.faces)})
        if not rows[-1]["scores"]:
            rows[-1]["why"] = str(report.reason)
    names = sorted({name for row in rows for name in row["scores"]})
    verdicts = {verdict.value: {"genuine": 0, "fake": 0} for verdict in Verdict}
    for row in rows:
        verdicts[row["verdict"]]["fake" if row["label"] == "fake" else "genuine"] += 1
    return {
        "subset": subset,
        "date": date.today().isoformat(),
        "machine": machine(),
        "versions": versions,
        "weights": {name: spec.file.sha256 for name, spec in detector.manifest.models.items()},
        "decides": detector.manifest.default_video_model or detector.manifest.default_image_model,
        "models": {name: _measured(rows, name) for name in names},
        "verdicts": verdicts,
        "clips": rows,
    }


def _scores(report: Report) -> dict[str, float]:
    """By model, the highest score of any person."""
    scores: dict[str, float] = {}
    for face in report.faces:
        for name, value in face.models.items():
            scores[name] = round(max(value, scores.get(name, 0.0)), 6)
    return scores


def _measured(rows: Sequence[dict[str, Any]], model: str) -> dict[str, Any]:
    scored = [row for row in rows if model in row["scores"]]
    fake = np.array([row["label"] == "fake" for row in scored])
    p_fake = np.array([row["scores"][model] for row in scored])
    group = np.array([row["group"] for row in scored])
    method = np.array([row["method"] for row in scored])

    def measure(keep: np.ndarray) -> dict[str, Any]:
        entry: dict[str, Any] = {"genuine": int((~fake[keep]).sum()), "fake": int(fake[keep].sum())}
        if entry["genuine"] and entry["fake"]:
            low, high = auc_interval(fake[keep], p_fake[keep], group[keep])
            entry |= {"auc": round(auc(fake[keep], p_fake[keep]), 4)}
            entry |= {"auc_low": round(low, 4), "auc_high": round(high, 4)}
        return entry

    everything = np.ones(len(scored), bool)
    same_source = np.isin(
        [row["source"] for row in scored], [row["source"] for row in scored if row["label"] == "fake"]
    )
    return {
        "pooled": measure(everything),
        "sources_with_fakes": measure(same_source),
        "by_method": {kind: measure((method == kind) | ~fake) for kind in sorted(set(method[fake]))},
    }


def learn_disagreement(evaluation: dict[str, Any], first: str, second: str) -> float | None:
    """How far two models' scores of a clip may lie apart: the 95th percentile over the evaluated clips.

    Args:
        evaluation: as made by ``evaluate``.
        first: a model.
        second: another.

    Returns:
        A difference of p_fake in [0, 1], rounded up to two decimals; None where fewer than ``_LEAST_CLIPS`` clips have both
        scores.
    """
    apart = [
        abs(row["scores"][first] - row["scores"][second])
        for row in evaluation["clips"]
        if first in row["scores"] and second in row["scores"]
    ]
    return float(np.ceil(100 * np.quantile(apart, _AGREEING)) / 100) if len(apart) >= _LEAST_CLIPS else None


def set_disagreement(manifest: Manifest, evaluation: dict[str, Any], weights: Path) -> bool:
    """Write the limit of disagreement between a video model and the frame mean of its trunk into the manifest.

    Returns:
        Whether it is another than before: then the verdicts in ``evaluation`` were given under a limit that no user will meet.

    Raises:
        ValueError: the manifest has no section "clips".
    """
    rules = _rules(manifest, weights)
    pairs = [(spec.trunk.model, name) for name, spec in manifest.models.items() if spec.trunk is not None]
    limit = learn_disagreement(evaluation, *pairs[0]) if pairs else None
    update_manifest(weights, clips=replace(rules, max_disagreement=limit))
    return limit != rules.max_disagreement


def record(manifest: Manifest, evaluation: dict[str, Any], weights: Path) -> None:
    """Put the verdicts that each frame mean gave on the evaluated clips into the manifest.

    Raises:
        ValueError: the manifest has no section "clips".
    """
    rules = _rules(manifest, weights)
    means = {}
    for name, mean in rules.frame_mean.items():
        counts = {verdict: {"real": 0, "fake": 0} for verdict in SEVERITY}
        for row in evaluation["clips"]:
            if name not in row["scores"]:
                continue
            # Of the model that decides, the verdict that the user got: after all rules, the stability test among them.
            decided = Verdict(row["verdict"]) if name == evaluation["decides"] else None
            verdict = decided if decided in counts else judge_face(row["scores"][name], mean.bands)[0]
            counts[verdict][row["label"]] += 1
        rates = tuple(ErrorRate(verdict, genuine=c["real"], fake=c["fake"]) for verdict, c in counts.items())
        means[name] = replace(mean, track_record=rates)
    update_manifest(weights, clips=replace(rules, frame_mean=means))


def from_single_frames(manifest: Manifest, weights: Path, command: str) -> dict[str, FrameMean]:
    """Give every frame mean the calibration and the cuts of its model's single frames, without a strong band.

    For when the clips at hand show too few people to fit on, or people whose frames the model was trained on. A mean over
    frames varies less than one frame, so such scores err towards "inconclusive"; what they are worth on clips is measured all
    the same. Track records are dropped until they are measured anew.

    Raises:
        ValueError: the manifest has no section "clips".
    """
    rules = _rules(manifest, weights)
    means = {}
    for name in rules.frame_mean:
        spec = manifest.models[name]
        means[name] = FrameMean(spec.calibration, replace(spec.bands, strong_signs_from=None), (), command)
    update_manifest(weights, clips=replace(rules, frame_mean=means))
    return means


def calibrate(detector: Detector, data: Path, subset: str, weights: Path, command: str) -> dict[str, FrameMean]:
    """Fit calibration and bands of every frame mean on the clips of a subset and write them into the manifest.

    A model whose scores do not rise with the share of fakes keeps what it has: such a rule must not be shipped as if it were
    fitted.
    """
    rules = _rules(detector.manifest, weights)
    rows = [row for row in evaluate(detector, data, subset)["clips"] if row["scores"]]
    means = dict(rules.frame_mean)
    for name, mean in rules.frame_mean.items():
        known = [row for row in rows if name in row["scores"]]
        fake = np.array([row["label"] == "fake" for row in known])
        p_fake = np.clip(np.array([row["scores"][name] for row in known]), 1e-6, 1 - 1e-6)
        # Back to the mean logit from which the present calibration made the score.
        logits = (np.log(p_fake / (1 - p_fake)) - mean.calibration.offset) / mean.calibration.scale
        try:
            fitted = fit_platt(fake, logits)
        except ValueError as error:
            print(f"{name}: left as it is ({error})", file=sys.stderr)
            continue
        collection = np.array([row["source"] for row in known])
        means[name] = FrameMean(fitted, choose_bands(fake, _sigmoid(logits, fitted), collection), (), command)
    update_manifest(weights, clips=replace(rules, frame_mean=means))
    return means


def _rules(manifest: Manifest, weights: Path) -> ClipRules:
    if manifest.clips is None:
        raise ValueError(f"{weights}/manifest.json has no section clips")
    return manifest.clips


def _sigmoid(logits: np.ndarray, calibration: Calibration) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-(calibration.scale * logits + calibration.offset))))
