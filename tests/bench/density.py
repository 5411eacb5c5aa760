"""How many frames of a clip are worth their time: AUC of the shipped detector, and seconds a clip, by sampling density.

    python -m tests.bench.density --data DIR [--densities 4 8 16 32 64] [--clips N] [--timed 4] [--out FILE] [--publish]

``DIR`` holds ``clips.tsv``. Each clip goes through ``Detector.analyze`` once, at the highest density; a lower one is every
second, fourth... of its frames, and their mean logit is calibrated as the detector does it. Seconds are those of whole
analyses at each density, of a few clips of each subset. Clips of the subset "train" lent their frames to the training, so
their figures flatter; both subsets are reported apart. "Positive" means fake; a clip's score is that of its most suspicious
person; intervals are 95 %, over groups. ``--publish`` writes the figures, without the clips' names, to
``tests/bench/results`` and what they say to ``docs/speed.md``; it takes half an hour.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from detector import Detector, DetectorError, Report, load_detector
from detector.records import Calibration
from detector.verdict.calibration import calibrate
from tests import ROOT
from tests.bench.sections import Section
from train.data.samples import Sample, read_table
from train.lineage import commit, machine
from train.metrics import auc, auc_interval

__all__ = ["DOCUMENT", "RESULT", "SECTION", "main", "measured", "score_at", "section", "slots"]

RESULT = Path(__file__).resolve().parent / "results" / "density.json"
DOCUMENT = ROOT / "docs" / "speed.md"
SECTION = Section("tests/bench/results/density.json", "tests/bench/density.py")

SUBSETS = {"dev": "held out", "train": "frames of these clips were trained on, so this flatters"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, time, print, write; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.density", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with clips.tsv")
    parser.add_argument("--densities", type=int, nargs="+", default=[4, 8, 16, 32, 64], help="frames a clip")
    parser.add_argument("--clips", type=int, help="at most so many of each subset and class, to try it out")
    parser.add_argument("--timed", type=int, default=4, help="clips of each subset whose analysis is timed (default 4)")
    parser.add_argument("--out", type=Path, help="JSON file for all scores")
    parser.add_argument("--publish", action="store_true", help="into the repository and docs/speed.md")
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(arguments)
    densities = sorted(set(options.densities))
    if densities[0] < 1 or any(densities[-1] % density for density in densities):
        parser.error("every density must divide the highest")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    samples = [sample for sample in read_table(options.data, "clips.tsv") if sample.subset in SUBSETS]
    if options.clips is not None:
        samples = _few(samples, options.clips)
    with load_detector() as detector:
        detector.warm_up()
        assert detector.manifest.clips is not None, "the manifest has rules for clips"
        default = detector.manifest.clips.samples
        rows = [_row(detector, options.data, sample, densities) for sample in samples]
        seconds = _seconds(detector, options.data, samples, densities, options.timed)
    result = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "commit": commit(),
        "command": shlex.join(["python", "-m", "tests.bench.density", *_without_folders(arguments, options.data)]),
        "default": default,
        "seconds": seconds,
        "subsets": {
            subset: measured([row for row in rows if row["subset"] == subset], densities) for subset in SUBSETS
        },
        "clips": rows,
    }
    print(*_table(result, densities), sep="\n")
    if options.out is not None:
        options.out.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if options.publish:
        summary = {key: value for key, value in result.items() if key != "clips"}
        RESULT.write_text(json.dumps(summary, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        DOCUMENT.write_text(SECTION.replaced(DOCUMENT.read_text(encoding="utf-8"), section(summary)), encoding="utf-8")
    return 0


def _without_folders(arguments: Sequence[str], data: Path) -> list[str]:
    """The arguments as they may be printed: without a path of this machine."""
    return [argument.replace(str(data), "DIR") for argument in arguments]


def section(result: Mapping[str, Any]) -> str:
    """The section of ``docs/speed.md``: AUC and seconds by density, and what the default buys."""
    densities, default = [int(density) for density in result["seconds"]], int(result["default"])
    held, seen = (result["subsets"][subset]["sources with fakes"] for subset in ("dev", "train"))
    every = result["subsets"]["dev"]["all"]
    lines = [
        f"Frames that are sampled in a clip, measured on {result['date']} on {result['machine']} at commit "
        f"`{result['commit'][:12]}`: `{result['command']}`. AUC of the default model's mean, of "
        f"sources with genuine clips and fakes: {held['genuine']} and {held['fake']} held-out clips, and {seen['genuine']} "
        f"and {seen['fake']} of the training's groups, whose figures flatter. Brackets are 95 % intervals over groups. So few "
        f"clips tell more by how far their scores move: the error is the distance from the score at {densities[-1]} frames "
        f"(root mean square in log-odds, all {every['genuine'] + every['fake']} held-out clips), beside the standard "
        f"deviation of {every['spread']:.2f} between clips of one class.",
        "",
        "| frames a clip | AUC, held out | AUC, training groups | error | seconds a clip, median |",
        "|---|---|---|---|---|",
    ]
    for density in densities:
        cells = [_words(found["auc"][str(density)]) for found in (held, seen)]
        name = f"**{density}** (default)" if density == default else str(density)
        spent = f"{np.median(result['seconds'][str(density)]):.1f}"
        lines.append(f"| {name} | {cells[0]} | {cells[1]} | {every['error'][str(density)]:.2f} | {spent} |")
    lines += ["", *(_step(result, held, seen, *pair) for pair in itertools.pairwise(densities) if default in pair)]
    return "\n".join(lines)


def _step(result: Mapping[str, Any], held: Mapping[str, Any], seen: Mapping[str, Any], few: int, many: int) -> str:
    """What twice as many frames change, in a sentence."""
    gains = [
        "nothing that could be measured"
        if None in (found["auc"][str(few)], found["auc"][str(many)])
        else f"{found['auc'][str(many)][0] - found['auc'][str(few)][0]:+.3f}"
        for found in (held, seen)
    ]
    times = np.median(result["seconds"][str(many)]) / np.median(result["seconds"][str(few)])
    return (
        f"From {few} to {many} frames: AUC {gains[0]} held out, {gains[1]} in training groups, for {times:.1f} times the "
        "time."
    )


def slots(report: Report, density: int, densest: int) -> list[list[float]]:
    """By person, p_fake of the frames that a lower density would have sampled.

    Args:
        report: of a clip that was sampled at ``densest`` places, or at every frame where it has fewer.
        density: a divisor of ``densest``.
        densest: places that were asked for.
    """
    step = densest // density
    found = []
    for face in report.faces:
        assert face.over_time is not None and report.input.duration_s is not None
        sampled, length = face.over_time.frames, max(report.input.duration_s, 1e-9)
        kept = []
        for point in face.over_time.points:
            slot = min(sampled - 1, int(point.time_s / length * sampled))
            if point.p_fake is not None and slot % step == step // 2:
                kept.append(point.p_fake)
        found.append(kept)
    return found


def score_at(
    report: Report, density: int, densest: int, frame: Calibration, clip: Calibration, least: int
) -> float | None:
    """p_fake of the most suspicious person at that density; None where nobody could be scored in enough frames.

    Args:
        report: as for ``slots``.
        density: as for ``slots``.
        densest: as for ``slots``.
        frame: that of the single frames' scores.
        clip: that of the mean over frames.
        least: frames in which a person must be scored (``ClipRules.min_frames``); all of them where there are no more.
    """
    scores = []
    for kept in slots(report, density, densest):
        if len(kept) >= min(least, density):
            p = np.clip(kept, 1e-12, 1 - 1e-12)
            logits = (np.log(p / (1 - p)) - frame.offset) / frame.scale
            scores.append(calibrate(float(logits.mean()), clip))
    return max(scores, default=None)


def _few(samples: Sequence[Sample], most: int) -> list[Sample]:
    kept: list[Sample] = []
    for sample in samples:
        if sum((other.subset, other.label) == (sample.subset, sample.label) for other in kept) < most:
            kept.append(sample)
    return kept


def _at(detector: Detector, density: int) -> Detector:
    """The same detector, sampling so many places of a clip."""
    rules = detector.manifest.clips
    assert rules is not None, "the manifest has rules for clips"
    manifest = replace(detector.manifest, clips=replace(rules, samples=density, most_samples=None))
    detector._engine = replace(detector._engine, manifest=manifest)
    return detector


def _row(detector: Detector, data: Path, sample: Sample, densities: Sequence[int]) -> dict[str, Any]:
    row: dict[str, Any] = {"path": sample.path, "label": sample.label, "source": sample.source, "method": sample.method}
    row |= {"group": f"{sample.source}/{sample.group}", "subset": sample.subset}
    rules, spec = detector.manifest.clips, detector.select().spec
    assert rules is not None
    try:
        report = _at(detector, densities[-1]).analyze(
            data / sample.path, heatmaps=False, stability=False, verdict_only=True
        )
    except DetectorError as error:
        return row | {"scores": {}, "why": str(error)}
    mean = rules.frame_mean[spec.name].calibration
    scores = {n: score_at(report, n, densities[-1], spec.calibration, mean, rules.min_frames) for n in densities}
    return row | {"scores": {str(n): score for n, score in scores.items() if score is not None}}


def _seconds(
    detector: Detector, data: Path, samples: Sequence[Sample], densities: Sequence[int], timed: int
) -> dict[str, list[float]]:
    """Of every timed clip, by density; the densities take turns, so that a slow minute falls on all."""
    chosen = [s for subset in SUBSETS for s in [each for each in samples if each.subset == subset][:timed]]
    spent: dict[str, list[float]] = {str(density): [] for density in densities}
    for sample in chosen:
        rounds = {density: [0.0, 0.0] for density in densities}
        for turn, order in enumerate((densities, list(reversed(densities)))):
            for density in order:
                start = time.perf_counter()
                _at(detector, density).analyze(data / sample.path)
                rounds[density][turn] = time.perf_counter() - start
        for density, both in rounds.items():
            spent[str(density)].append(round(min(both), 3))
    return spent


def measured(rows: Sequence[dict[str, Any]], densities: Sequence[int]) -> dict[str, Any]:
    """AUC, error and spread by group of clips; the same clips at every density, those that have a score at all of them.

    Args:
        rows: of the clips of one subset: label, source, group, and scores by density.
        densities: ascending.
    """
    whole = [row for row in rows if len(row["scores"]) == len(densities)]
    with_fakes = {row["source"] for row in whole if row["label"] == "fake"}
    groups = {"all": whole, "sources with fakes": [row for row in whole if row["source"] in with_fakes]}
    return {
        name: {
            "genuine": sum(row["label"] == "real" for row in chosen),
            "fake": sum(row["label"] == "fake" for row in chosen),
            "left_out": len(rows) - len(whole),
            "auc": {str(density): _auc(chosen, str(density)) for density in densities},
            **_errors(chosen, densities),
        }
        for name, chosen in groups.items()
    }


def _errors(rows: Sequence[dict[str, Any]], densities: Sequence[int]) -> dict[str, Any]:
    """How far a clip's score is from that at the highest density, root mean square in log-odds; and, to compare, the standard
    deviation between the scores of clips of one class there. Few clips tell more by this than by an AUC."""
    p = np.clip([[row["scores"][str(density)] for density in densities] for row in rows], 1e-12, 1 - 1e-12)
    logits = np.log(p / (1 - p)).reshape(len(rows), len(densities))
    fake = np.array([row["label"] == "fake" for row in rows], bool)
    apart = [logits[of_class, -1] - logits[of_class, -1].mean() for of_class in (fake, ~fake) if of_class.sum() > 1]
    errors = np.sqrt(((logits - logits[:, -1:]) ** 2).mean(axis=0)) if len(rows) else np.zeros(len(densities))
    return {
        "error": {str(density): round(float(error), 4) for density, error in zip(densities, errors, strict=True)},
        "spread": round(float(np.concatenate(apart).std()), 4) if apart else None,
    }


def _auc(rows: Sequence[dict[str, Any]], density: str) -> list[float] | None:
    """AUC, lower and upper end; None where one of the classes is absent."""
    fake = np.array([row["label"] == "fake" for row in rows], bool)
    if not 0 < fake.sum() < len(fake):
        return None
    scores = np.array([row["scores"][density] for row in rows])
    low, high = auc_interval(fake, scores, np.array([row["group"] for row in rows]))
    return [round(value, 4) for value in (auc(fake, scores), low, high)]


def _table(result: dict[str, Any], densities: Sequence[int]) -> list[str]:
    lines = ["| frames a clip | seconds a clip, median |", "|---|---|"]
    for density in densities:
        spent = result["seconds"][str(density)]
        lines.append(f"| {density} | {np.median(spent):.2f} |" if spent else f"| {density} | not timed |")
    for subset, remark in SUBSETS.items():
        for name, found in result["subsets"][subset].items():
            lines += ["", f"{subset} ({remark}), {name}: {found['genuine']} genuine, {found['fake']} fake, "]
            lines[-1] += f"{found['left_out']} without a score at some density"
            for density in densities:
                measured = found["auc"][str(density)]
                words = _words(measured) if measured is None else f"AUC {_words(measured)}"
                lines.append(f"  {density:3d} frames: {words}")
    return lines


def _words(measured: Sequence[float] | None) -> str:
    return "one class only" if measured is None else "{:.3f} ({:.3f} to {:.3f})".format(*measured)


if __name__ == "__main__":
    sys.exit(main())
