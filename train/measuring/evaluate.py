"""How good the shipped detector is, measured on the shipped detector: ``Detector.analyze`` file by file.

Writes ``evaluation.json`` beside the weights and the track records into the manifest; ``train.card`` makes the model card and
its figures of them. "Positive" means fake.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from detector import Detector, load_detector
from detector.records import ModelSpec
from detector.weights.store import update_manifest
from train.data.cache import Cache, Sample, read_table
from train.data.splits import carve_validation
from train.lineage import machine
from train.measuring.degrade import DEGRADATIONS, DESCRIPTIONS
from train.measuring.heatmaps import measure_heatmaps
from train.measuring.scoring import ScoreBook, Scored, fingerprint, score_files, versions_of
from train.measuring.subsets import like, some_groups
from train.measuring.summary import against_clean, summarise, track_record, train_gap

__all__ = ["Evaluation", "evaluate"]

_DEGRADED_FILES = 300
"""About so many files go through every degradation: enough for a change of AUC of a few points, and done in minutes."""
_TRAIN_SHARE = 0.5
"""Size of the sample of training files against the subset's."""


@dataclass(frozen=True)
class Evaluation:
    """What was measured."""

    content: dict[str, Any]
    """As in ``evaluation.json``."""
    clean: list[Scored]
    """Every file of the subset with its scores, for the ROC curves."""


@dataclass(frozen=True)
class _Scores:
    """All that was scored."""

    clean: list[Scored]
    degraded: dict[str, list[Scored]]
    seen: list[Scored]
    """Training files; none when it is the training subset that is evaluated."""


def evaluate(
    data: Path, subset: str, weights: Path, *, scores: Path | None = None, cache: Path | None = None
) -> Evaluation:
    """Score every file of a subset of ``data/faces.tsv`` and write the results into ``weights``.

    Args:
        data: folder with ``faces.tsv``.
        subset: "dev" or "train".
        weights: folder with the manifest.
        scores: file that keeps every score, so that an interrupted run goes on and tables can be made again; None for none.
        cache: as built by ``data.build_cache`` with face meshes; the heatmaps are measured on its validation groups, which
            also are kept out of the sample of training files. Without it both are left out, and the card says so.

    """
    table = read_table(data)
    samples = [sample for sample in table if sample.subset == subset]
    faces = Cache(cache) if cache is not None and (cache / "index.jsonl").exists() else None
    with load_detector(weights) as detector:
        versions = versions_of(detector, data, samples)
        found = _score_all(
            detector, data, table, samples, ScoreBook(scores, fingerprint(detector, data, versions)), faces
        )
        heatmaps = measure_heatmaps(detector, faces) if faces is not None else None
        specs = {name: detector.select(name).spec for name in detector.models}
        default = detector.manifest.default_image_model
    before = _previous(weights)
    results = {name: _of_model(found, spec, before) for name, spec in specs.items()}
    for name, spec in specs.items():
        _write_back(weights, spec, found.clean, results[name])
    evaluation = {
        "subset": subset,
        "files": len(samples),
        "date": date.today().isoformat(),
        "seconds_per_file": round(float(np.median([row.seconds for row in found.clean if row.scores])), 3),
        "machine": machine(),
        "versions": versions,
        "default": default,
        "weights": {name: spec.file.sha256 for name, spec in specs.items()},
        "not_analysed": _not_analysed(found.clean),
        "degradations": {name: DESCRIPTIONS[name] for name in found.degraded},
        "train_sample": {"files": len(found.seen), "without_validation_groups": faces is not None},
        "models": results,
        "heatmaps": heatmaps,
    }
    (weights / "evaluation.json").write_text(json.dumps(evaluation, indent=1) + "\n", encoding="utf-8")
    return Evaluation(evaluation, found.clean)


def _score_all(
    detector: Detector, data: Path, table: Sequence[Sample], samples: Sequence[Sample], book: ScoreBook,
    faces: Cache | None,
) -> _Scores:  # fmt: skip
    clean = score_files(detector, data, samples, book, stability=True)
    some = some_groups(samples, _DEGRADED_FILES)
    degraded = {
        name: score_files(detector, data, some, book, condition=name, degrade=degrade)
        for name, degrade in DEGRADATIONS.items()
    }
    subset = samples[0].subset if samples else ""
    pool = [sample for sample in table if sample.subset == "train" and subset != "train"]
    validation = {faces.samples[i].path for i in carve_validation(faces)[1]} if faces is not None else set()
    seen = score_files(detector, data, like(samples, pool, _TRAIN_SHARE, validation), book)
    return _Scores(clean, degraded, seen)


def _of_model(found: _Scores, spec: ModelSpec, before: dict[str, Any]) -> dict[str, Any]:
    result = summarise(found.clean, spec.name, spec.bands)
    result["degradation"] = {
        name: against_clean(found.clean, rows, spec.name, spec.bands) for name, rows in found.degraded.items()
    }
    result["train_gap"] = train_gap(found.clean, found.seen, spec.name) if found.seen else None
    if spec.bands.strong_signs_from is None and before.get("weights", {}).get(spec.name) == spec.file.sha256:
        # A band that was withdrawn from these very weights stays on record.
        withdrawn = before["models"][spec.name].get("strong_band", {})
        if withdrawn.get("confirmed") is False:
            result["strong_band"] = withdrawn
    return result


def _write_back(weights: Path, spec: ModelSpec, clean: Sequence[Scored], result: dict[str, Any]) -> None:
    """Put the track record into the manifest, and take a strong band back that these files do not bear out.

    Only ever taken back, never moved: the cuts come from the validation groups, and a cut chosen on the very files that
    then measure it would flatter itself.
    """
    bands = spec.bands
    if bands.strong_signs_from is not None and not result["strong_band"]["confirmed"]:
        bands = replace(bands, strong_signs_from=None)
    record = track_record(clean, spec.name, bands)
    result["bands"] = asdict(bands)
    result["track_record"] = [{"verdict": r.verdict.value, "genuine": r.genuine, "fake": r.fake} for r in record]
    update_manifest(weights, model=replace(spec, bands=bands, track_record=record))


def _previous(weights: Path) -> dict[str, Any]:
    path = weights / "evaluation.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found


def _not_analysed(rows: Sequence[Scored]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter] = {}
    for row in rows:
        if not row.scores:
            counts.setdefault(row.sample.source, Counter())[row.sample.label] += 1
    return {source: dict(counter) for source, counter in sorted(counts.items())}
