"""From scored files to the figures of one model, as plain dictionaries for ``evaluation.json``. No file is touched here.

"Flagged" means the verdict "some signs" or above, at the cuts that are shipped and after the stability test.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from detector.records import Bands, ErrorRate, Verdict
from detector.verdict.faces import judge_face, judge_stability
from detector.verdict.files import SEVERITY
from train.data.kinds import kind_of
from train.measuring.scoring import Scored
from train.metrics import (
    auc,
    auc_interval,
    calibration_error,
    cllr,
    equal_error_rate,
    likelihood_ratio,
    reliability,
    tpr_at_fpr,
    wilson,
)

__all__ = ["Columns", "against_clean", "summarise", "track_record", "train_gap"]

_STRONG_RATIO, _STRONG_LOWER = 10.0, 5.0
"""What the "strong" band must show on dev as well: likelihood ratio, and the lower end of its interval."""
_SIZES = (0.0, 64.0, 96.0, 128.0, 192.0, np.inf)
"""Cuts between the rows of the table by face size, pixels."""


class Columns:
    """Scored files of one model as arrays of one length; files without a score are left out.

    Args:
        rows: of any conditions.
        model: whose scores.
        bands: its cuts, where verdicts are wanted.
    """

    def __init__(self, rows: Sequence[Scored], model: str, bands: Bands | None = None) -> None:
        kept = [row for row in rows if model in row.scores]
        self.fake = np.array([row.sample.label == "fake" for row in kept], bool)
        self.p_fake = np.array([row.scores[model] for row in kept], float)
        self.source = np.array([row.sample.source for row in kept], object)
        self.method = np.array([row.sample.method for row in kept], object)
        self.kind = np.array([_kind(row) for row in kept], object)
        self.group = np.array([f"{row.sample.source}/{row.sample.group}" for row in kept], object)
        self.size_px = np.array([row.quality["size_px"] for row in kept], float)
        if bands is not None:
            self.verdict = np.array([verdict_on(row, model, bands) for row in kept], object)
            self.flagged = np.array([v in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS) for v in self.verdict], bool)

    def two_class_sources(self) -> list[str]:
        """Sources that hold genuine and fake faces, by the alphabet."""
        return [s for s in sorted(set(self.source)) if len(set(self.fake[self.source == s])) == 2]


def _kind(row: Scored) -> str:
    kind = kind_of(row.sample.source, row.sample.method) if row.sample.label == "fake" else None
    return kind.value if kind else ""


def verdict_on(row: Scored, model: str, bands: Bands) -> Verdict:
    """The verdict on a file at these cuts: of its most suspicious face, after the stability test where it was run.

    Of a file's faces only the most suspicious one's sharpness is stored; it stands for all of them.

    Raises:
        KeyError: the model has no score of the file.
    """
    sharpness = _sharpness(row)
    faces = row.views.get(model)
    if not faces:
        return judge_face(row.scores[model], bands, sharpness)[0]
    return max((_of_face(p_fake, views, bands, sharpness) for p_fake, *views in faces), key=SEVERITY.index)


def _sharpness(row: Scored) -> float:
    return row.quality.get("sharpness", math.inf)


def _of_face(p_fake: float, views: Sequence[float], bands: Bands, sharpness: float) -> Verdict:
    verdict, reason = judge_face(p_fake, bands, sharpness)
    return judge_stability(verdict, reason, p_fake, {str(i): v for i, v in enumerate(views)}, bands)[0]


def summarise(rows: Sequence[Scored], model: str, bands: Bands) -> dict[str, Any]:
    """Everything about one model on the clean files."""
    c = Columns(rows, model, bands)
    by_source = {name: _measure(c, c.source == name) for name in sorted(set(c.source))}
    by_method = {
        f"{name}/{kind}": _measure(c, (c.source == name) & ((c.method == kind) | ~c.fake))
        for name in sorted(set(c.source))
        for kind in sorted(set(c.method[(c.source == name) & c.fake]))
        if len(set(c.method[(c.source == name) & c.fake])) > 1
    }
    return {
        "pooled": _measure(c, np.ones(len(c.fake), bool)),
        "mean_of_sources": _mean_of_sources(c),
        "by_source": by_source,
        "by_method": by_method,
        "by_kind": {kind: _measure(c, _beside(c, kind)) for kind in sorted(set(c.kind) - {""})},
        "calibration": _calibration(c),
        "strong_band": _strong_band(c, bands),
        "stability": _stability([row for row in rows if row.views.get(model)], model, bands),
        "by_face_size": _by_size(c),
        "by_ethnicity": _by_ethnicity(c),
    }


def _beside(c: Columns, kind: str) -> np.ndarray:
    """The fakes of a kind, and the genuine faces of their sources, or all genuine faces where those sources have none."""
    fakes = c.kind == kind
    partners = ~c.fake & np.isin(c.source, c.source[fakes])
    return np.asarray(fakes | (partners if partners.any() else ~c.fake))


def _measure(c: Columns, keep: np.ndarray) -> dict[str, Any]:
    """Rates of the shipped verdicts for any files, and what needs both classes where both are there."""
    fake, p_fake, flagged = c.fake[keep], c.p_fake[keep], c.flagged[keep]
    genuine, fakes = int((~fake).sum()), int(fake.sum())
    alarms, hits = int((flagged & ~fake).sum()), int((flagged & fake).sum())
    entry: dict[str, Any] = {"genuine": genuine, "fake": fakes}
    if genuine:
        low, high = wilson(alarms, genuine)
        entry |= {
            "false_positive_rate": _round(alarms / genuine),
            "false_positive_low": _round(low),
            "false_positive_high": _round(high),
            "genuine_undecided": _share((c.verdict[keep] == Verdict.INCONCLUSIVE)[~fake]),
            "median_p_fake_genuine": _round(float(np.median(p_fake[~fake]))),
            "p95_p_fake_genuine": _round(float(np.quantile(p_fake[~fake], 0.95))),
        }
    if fakes:
        low, high = wilson(hits, fakes)
        entry |= {"recall": _round(hits / fakes), "recall_low": _round(low), "recall_high": _round(high)}
        entry["fakes_cleared"] = _share((c.verdict[keep] == Verdict.NO_CLEAR_SIGNS)[fake])
    if genuine and fakes:
        auc_low, auc_high = auc_interval(fake, p_fake, c.group[keep])
        entry |= {
            "auc": _round(auc(fake, p_fake)),
            "auc_low": _round(auc_low),
            "auc_high": _round(auc_high),
            "eer": _round(equal_error_rate(fake, p_fake)),
            "tpr_at_fpr_1": _round(tpr_at_fpr(fake, p_fake, 0.01)),
            "tpr_at_fpr_5": _round(tpr_at_fpr(fake, p_fake, 0.05)),
            "accuracy": _round((hits + genuine - alarms) / (genuine + fakes)),
            "precision": _round(hits / (hits + alarms)) if hits + alarms else None,
            "ece15_balanced": _round(calibration_error(fake, p_fake, balanced=True)),
        }
    return entry


def _round(value: float) -> float:
    return round(float(value), 4)


def _share(flags: np.ndarray) -> float | None:
    return _round(float(flags.mean())) if len(flags) else None


def _mean_of_sources(c: Columns) -> dict[str, Any]:
    sources = c.two_class_sources()
    values = [auc(c.fake[c.source == name], c.p_fake[c.source == name]) for name in sources]
    return {"auc": _round(float(np.mean(values))), "sources": sources} if values else {"auc": None, "sources": []}


def _calibration(c: Columns) -> dict[str, Any]:
    """Both calibration errors, and the bins of the balanced reliability picture that hold anything."""
    score, share, weight = reliability(c.fake, c.p_fake, balanced=True)
    return {
        "ece15_balanced": _round(calibration_error(c.fake, c.p_fake, balanced=True)),
        "ece15_as_mixed": _round(calibration_error(c.fake, c.p_fake, balanced=False)),
        "cllr": _round(cllr(c.fake, c.p_fake)),
        "reliability": [
            {"p_fake": _round(a), "fake": _round(b), "weight": _round(w)}
            for a, b, w in zip(score, share, weight, strict=True)
            if w > 0
        ],
    }


def _strong_band(c: Columns, bands: Bands) -> dict[str, Any]:
    """Whether these files, which the band was not cut on, bear the band out."""
    if bands.strong_signs_from is None:
        return {"from": None}
    strong = c.verdict == Verdict.STRONG_SIGNS
    hits, alarms = int((strong & c.fake).sum()), int((strong & ~c.fake).sum())
    ratio, lower = likelihood_ratio(hits, int(c.fake.sum()), alarms, int((~c.fake).sum()))
    return {
        "from": bands.strong_signs_from,
        "fake": hits,
        "genuine": alarms,
        "likelihood_ratio": round(ratio, 2),
        "likelihood_ratio_low": round(lower, 2),
        "confirmed": ratio >= _STRONG_RATIO and lower > _STRONG_LOWER,
    }


def _stability(tested: Sequence[Scored], model: str, bands: Bands) -> dict[str, Any] | None:
    """How often the stability test changed the verdict that the score alone would have got; None where it was not run."""
    if not tested:
        return None
    counts: dict[str, Any] = {}
    for key, label in (("genuine", "real"), ("fake", "fake")):
        rows = [row for row in tested if row.sample.label == label]
        changed = [
            row for row in rows
            if max((judge_face(face[0], bands, _sharpness(row))[0] for face in row.views[model]), key=SEVERITY.index)
            is not verdict_on(row, model, bands)
        ]  # fmt: skip
        counts[key] = {"files": len(rows), "changed": len(changed)}
    return counts


def _by_size(c: Columns) -> list[dict[str, Any]]:
    rows = []
    for low, high in pairwise(_SIZES):
        keep = (c.size_px >= low) & (c.size_px < high)
        if keep.any():
            shown = {"from_px": low, "below_px": None if np.isinf(high) else high}
            rows.append(shown | _measure(c, keep))
    return rows


def _by_ethnicity(c: Columns) -> dict[str, dict[str, Any]]:
    """False alarms by the labels of UTKFace, whose method column holds them as ``photo_race0`` to ``photo_race4``."""
    labels = sorted({m for m in c.method[c.source == "utkface"] if m.startswith("photo_race") and m[-1].isdigit()})
    return {
        label.removeprefix("photo_race"): _measure(c, (c.source == "utkface") & (c.method == label)) for label in labels
    }


def track_record(rows: Sequence[Scored], model: str, bands: Bands) -> tuple[ErrorRate, ...]:
    """How many genuine and fake files had each verdict: what users read from the manifest."""
    counts: dict[Verdict, Counter] = {verdict: Counter() for verdict in SEVERITY}
    for row in rows:
        if model in row.scores:
            counts[verdict_on(row, model, bands)][row.sample.label] += 1
    return tuple(ErrorRate(verdict=v, genuine=n["real"], fake=n["fake"]) for v, n in counts.items())


def against_clean(clean: Sequence[Scored], degraded: Sequence[Scored], model: str, bands: Bands) -> dict[str, Any]:
    """One row of the degradation table.

    Args:
        clean: all clean files.
        degraded: some of the same files after one step. The AUC of both sides is taken over the files that have a score on
            both, so that the change is not one of composition.
        model: whose scores.
        bands: its cuts.
    """
    pairs = {row.sample.path: row for row in clean if model in row.scores}
    scored = [row for row in degraded if model in row.scores and row.sample.path in pairs]
    after = Columns(scored, model, bands)
    before = Columns([pairs[row.sample.path] for row in scored], model, bands)
    wanted = [row for row in degraded if row.sample.path in pairs]

    def change(keep: np.ndarray) -> dict[str, Any]:
        if len(set(after.fake[keep])) < 2:  # the step has left no genuine, or no fake, face that can be analysed
            return {"files": int(keep.sum()), "auc_clean": None, "auc": None, "change": None}
        a, b = auc(before.fake[keep], before.p_fake[keep]), auc(after.fake[keep], after.p_fake[keep])
        return {"files": int(keep.sum()), "auc_clean": _round(a), "auc": _round(b), "change": _round(b - a)}

    return {
        **change(np.ones(len(after.fake), bool)),
        "no_longer_analysed": len(wanted) - len(scored),
        "false_positive_rate": _share(after.flagged[~after.fake]),
        "recall": _share(after.flagged[after.fake]),
        "by_source": {name: change(after.source == name) for name in after.two_class_sources()},
    }


def train_gap(dev: Sequence[Scored], train: Sequence[Scored], model: str) -> dict[str, Any]:
    """How much better the model is on files it was trained on, in points of AUC, pooled and by source."""
    seen, unseen = Columns(train, model), Columns(dev, model)

    def gap(of_seen: np.ndarray, of_unseen: np.ndarray) -> dict[str, Any]:
        a, b = auc(seen.fake[of_seen], seen.p_fake[of_seen]), auc(unseen.fake[of_unseen], unseen.p_fake[of_unseen])
        return {"auc_train": _round(a), "auc_dev": _round(b), "points": round(100 * (a - b), 1)}

    both = [name for name in seen.two_class_sources() if name in unseen.two_class_sources()]
    return {
        "files": len(seen.fake),
        **gap(np.ones(len(seen.fake), bool), np.ones(len(unseen.fake), bool)),
        "by_source": {name: gap(seen.source == name, unseen.source == name) for name in both},
    }
