"""How far the label can be predicted from ``traces`` alone, without a detector of alterations.

Two questions. On the files: what would a detector score on ``dev`` if it learned nothing but file size, sharpness, framing
and the like? Its AUC stands beside ours, source by source. On the training crops as ``batches`` serves them: do sharpness,
compression or colour of a pair's two members give the fake away? A model that could learn from that would.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from detector.errors import DetectorError
from detector.media.images import decode_image
from detector.records import CropSpec
from train.data.cache import Cache
from train.data.leakage import safe_split
from train.fitting.batches import PairMaker
from train.fitting.recipes import Mix
from train.measuring.traces import CROP_TRACES, FILE_TRACES, file_traces, pixel_traces
from train.metrics import auc, auc_interval

__all__ = ["NEAR_CHANCE", "probe_files", "probe_pairs", "render", "run"]

NEAR_CHANCE = 0.6
"""AUC up to which labelled pairs count as giving nothing away. Not 0.5: a pasted face is a little softer, and that is
evidence in the picture, not in the file; what must not be is a label that could be read off without the face."""
_KINDS: Mapping[str, Mix] = {
    "labelled": Mix(labelled=1.0, self_blended=0.0),
    "self-blended": Mix(labelled=0.0, self_blended=1.0),
    "swapped": Mix(labelled=0.0, self_blended=0.0),
}
_SPEC = CropSpec(size=224, margin=0.25)


def run(data: Path, cache: Cache, weights: Path, pairs: int = 1500) -> dict[str, Any]:
    """Probe files and pairs, write ``weights/probe.json`` and return its content.

    Args:
        data: folder with ``faces.tsv`` and the files it names.
        cache: as built from it.
        weights: folder with the shipped weights.
        pairs: of each kind, for fitting; half as many for measuring.
    """
    result = {
        "date": date.today().isoformat(),
        "classifier": "HistGradientBoostingClassifier (scikit-learn), random_state 0",
        "file_traces": list(FILE_TRACES),
        "crop_traces": list(CROP_TRACES),
        "files": probe_files(data, cache),
        "training_pairs": probe_pairs(cache, pairs),
    }
    (weights / "probe.json").write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return result


def probe_files(data: Path, cache: Cache) -> dict[str, dict[str, Any]]:
    """AUC on ``dev`` of classifiers that know ``FILE_TRACES`` only, by source that holds both labels there.

    Returns:
        source -> "auc" with "auc_low" and "auc_high" (bootstrap by group) of a classifier fitted on the training groups of
        that source, "auc_all_sources" of one fitted on all of them, "strongest", the three traces that tell most alone
        with their AUC in whichever direction, and "genuine" and "fake", the dev files; "pooled" for the latter classifier
        on all sources together.
    """
    both = _sources_with_both_labels(cache, "train") & _sources_with_both_labels(cache, "dev")
    rows = [i for i, s in enumerate(cache.samples) if s.source in both and s.time_s is None]
    if not rows:
        raise ValueError(
            f"{data}: no source holds genuine and fake pictures in both train and dev, so there is nothing to probe"
        )
    traces, kept = _traces_of_files(data, cache, rows)
    training = np.zeros(len(cache), bool)
    parts = safe_split(cache)
    training[np.concatenate([parts.train, parts.validation])] = True
    fake = np.array([cache.samples[i].label == "fake" for i in kept])
    source = np.array([cache.samples[i].source for i in kept])
    group = np.array([f"{cache.samples[i].source}/{cache.samples[i].group}" for i in kept])
    train, dev = training[kept], np.array([cache.samples[i].subset == "dev" for i in kept])
    of_all = _fit(traces[train], fake[train]).predict_proba(traces[dev])[:, 1]
    found: dict[str, dict[str, Any]] = {"pooled": _figures(fake[dev], of_all, group[dev])}
    found["pooled"]["strongest"] = _strongest(fake[dev], traces[dev])
    for name in sorted(both):
        here = source == name
        own = _fit(traces[train & here], fake[train & here]).predict_proba(traces[dev & here])[:, 1]
        figures = _figures(fake[dev & here], own, group[dev & here])
        figures["auc_all_sources"] = round(auc(fake[dev & here], of_all[source[dev] == name]), 4)
        figures["strongest"] = _strongest(fake[dev & here], traces[dev & here])
        found[name] = figures
    return found


def probe_pairs(cache: Cache, pairs: int) -> dict[str, dict[str, Any]]:
    """AUC of classifiers that know ``CROP_TRACES`` only, on crops as ``PairMaker`` serves them, by kind of pair.

    Fitted on pairs of the training part and measured on pairs of the validation part, so that no face is in both.

    Args:
        cache: as built by ``data.build_cache``.
        pairs: of each kind, for fitting; half as many for measuring.
    """
    parts = safe_split(cache)
    found: dict[str, dict[str, Any]] = {}
    for kind, mix in _KINDS.items():
        # PairMaker makes pairs of another kind where it cannot make the wanted one; here they would be misnamed.
        if not all(_can_make(cache, part, kind) for part in (parts.train, parts.validation)):
            print(f"{kind} pairs: not probed, the cache lacks what they are made of", file=sys.stderr)
            continue
        (traces, fake), (unseen, unseen_fake) = (
            _traces_of_pairs(PairMaker(cache, part, _SPEC, mix), count, seed)
            for part, count, seed in ((parts.train, pairs, 0), (parts.validation, max(1, pairs // 2), 1))
        )
        value = auc(unseen_fake, _fit(traces, fake).predict_proba(unseen)[:, 1])
        found[kind] = {"pairs": len(unseen) // 2, "auc": round(value, 4)}
    return found


def render(result: Mapping[str, Any], evaluation: Mapping[str, Any] | None) -> str:
    """Markdown: the probe's AUC beside that of every shipped model, then the pairs.

    Args:
        result: as returned by ``run``.
        evaluation: the content of ``evaluation.json``, if there is one.
    """
    models = evaluation["models"] if evaluation else {}
    lines = [
        "| test faces | traces, same source | traces, all sources | strongest alone | "
        + "".join(f"`{name}` | " for name in models),
        "|---|---|---|---|" + "---|" * len(models),
    ]
    for source, row in result["files"].items():
        own = "" if source == "pooled" else f"{row['auc']:.3f} ({row['auc_low']:.3f} to {row['auc_high']:.3f})"
        ours = [models[m]["pooled"] if source == "pooled" else models[m]["by_source"].get(source, {}) for m in models]
        cells = [f"{o['auc']:.3f}" if o.get("auc") is not None else "" for o in ours]
        strongest = ", ".join(f"{name} {value:.2f}" for name, value in row["strongest"].items())
        of_all = row.get("auc_all_sources", row["auc"])
        lines.append(f"| {source} | {own} | {of_all:.3f} | {strongest} | " + "".join(f"{cell} | " for cell in cells))
    lines += ["", "| training pairs | number | AUC of traces |", "|---|---|---|"]
    lines += [f"| {kind} | {row['pairs']} | {row['auc']:.3f} |" for kind, row in result["training_pairs"].items()]
    return "\n".join(lines)


def _can_make(cache: Cache, indices: np.ndarray, kind: str) -> bool:
    """Labelled pairs need a source with both labels, the others two genuine faces of a source with landmarks."""
    chosen = [(cache.samples[i], i) for i in indices.tolist()]
    real = [(sample.source, i) for sample, i in chosen if sample.label == "real"]
    if kind == "labelled":
        return bool({source for source, _ in real} & {sample.source for sample, _ in chosen if sample.label == "fake"})
    meshed = Counter(source for source, i in real if cache.mesh(i) is not None)
    return max(meshed.values(), default=0) > 1


def _sources_with_both_labels(cache: Cache, subset: str) -> set[str]:
    labels = {(s.source, s.label) for s in cache.samples if s.subset == subset}
    return {source for source, label in labels if label == "fake" and (source, "real") in labels}


def _traces_of_files(data: Path, cache: Cache, rows: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """(N, 12) traces and (N,) their cache indices; files that have since become unreadable are left out and counted."""
    traces, kept = [], []
    for index in rows:
        try:
            content = (data / cache.samples[index].path).read_bytes()
            rgb = decode_image(content).frame.rgb
        except (OSError, DetectorError):
            continue
        traces.append(file_traces(content, rgb, cache.frame(index).rgb, cache.detection(index).box))
        kept.append(index)
    if len(kept) < len(rows):
        print(f"left out: {len(rows) - len(kept)} of {len(rows)} files could not be read", file=sys.stderr)
    return np.stack(traces), np.array(kept, np.int64)


def _traces_of_pairs(maker: PairMaker, pairs: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(2 N, 6) traces and (2 N,) bool, True for the fake members."""
    rng = np.random.default_rng(seed)
    crops = [crop for _ in range(pairs) for crop in maker.pair(rng)]
    return np.stack([pixel_traces(crop) for crop in crops]), np.tile([False, True], pairs)


def _fit(traces: np.ndarray, fake: np.ndarray) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(max_iter=200, learning_rate=0.05, random_state=0).fit(traces, fake)


def _strongest(fake: np.ndarray, traces: np.ndarray) -> dict[str, float]:
    alone = {name: auc(fake, traces[:, column]) for column, name in enumerate(FILE_TRACES)}
    either_way = {name: round(max(value, 1 - value), 4) for name, value in alone.items()}
    return dict(sorted(either_way.items(), key=lambda item: -item[1])[:3])


def _figures(fake: np.ndarray, scores: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    low, high = auc_interval(fake, scores, groups)
    return {"genuine": int((~fake).sum()), "fake": int(fake.sum()), "auc": round(auc(fake, scores), 4),
            "auc_low": round(low, 4), "auc_high": round(high, 4)}  # fmt: skip
