"""What heads, losses and starts are worth to the expert: short trainings that differ in one thing, measured by kinds of fakes.

Heads and losses go on from the shipped weights, as the expert itself does: from ImageNet, what a few thousand crops teach is
hardly more than chance, and a head has nothing to change. Other networks and starts cannot stand beside those, so they are
a group of their own, whose first row starts from ImageNet. As in ``ablate``, the runs are short and rows are to be compared
with the first of their group. Some differ from it in nothing but the seed: what they differ by is noise.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from train.data.cache import Cache, crops_of
from train.data.kinds import kind_of
from train.fakes.pairs import UNSEEN_METHODS
from train.fitting.expert_networks import load_network
from train.fitting.recipes import read_recipe
from train.fitting.training import score
from train.measuring.expert_rows import EXPERT_ROWS
from train.measuring.unseen import MODERN
from train.metrics import auc, auc_gain_interval, auc_interval

__all__ = ["ablate_expert", "measure_row", "measured_faces"]

_LOGITS = "logits.npz"
_FLAGGED = 0.05
"""Share of all genuine faces that are flagged at the cut at which the domains are compared."""
_LEAST = 20
"""Faces without which no kind or domain is named the worst."""
_ROUNDS = 400


def ablate_expert(
    group: str, cache_folder: Path, fakes: Path, runs: Path, weights: Path, *, threads: int = 2,
    names: Iterable[str] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Run the rows of a group that are not there yet, and write ``weights/ablations.json`` after each; its other rows stay.

    Args:
        group: of ``EXPERT_ROWS``.
        cache_folder: as built by ``data.build_cache``.
        fakes: folder of ``python -m train fakes``, to which nothing is added meanwhile, so that all rows draw from the same.
        runs: folder for a run each; an interrupted one resumes.
        weights: holds the model card.
        threads: of the processor.
        names: which rows; None for all. Without the run of the first in ``runs``, none is compared with it.

    Returns:
        The rows of this group known so far, as ``measure_row`` makes them, with "name", "command" and "group".
    """
    path, commands = weights / "ablations.json", EXPERT_ROWS[group]
    rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    cache, first = Cache(cache_folder), _folder(runs, next(iter(commands)))
    for name in commands if names is None else names:
        command = f"python -m train {commands[name]}"
        if any(row["command"] == command for row in rows):
            continue
        out = _folder(runs, name)
        places = ["--cache", str(cache_folder), "--fakes", str(fakes), "--out", str(out), "--threads", str(threads)]
        subprocess.run([sys.executable, "-m", "train", *shlex.split(commands[name]), *places], check=True)  # noqa: S603
        torch.set_num_threads(threads)
        rows.append({"name": name, "command": command, "group": group, **_measured(cache, out, first)})
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return [row for row in rows if row.get("group") == group]


def _folder(runs: Path, name: str) -> Path:
    return runs / "".join(c if c.isalnum() else "-" for c in name)


def _measured(cache: Cache, out: Path, first: Path) -> dict[str, Any]:
    recipe = read_recipe(out)
    chosen = measured_faces(cache)
    logits = score(load_network(out), crops_of(cache, chosen, recipe.spec))
    np.savez(out / _LOGITS, faces=chosen, logits=logits)
    before = None
    if (first / _LOGITS).exists() and first != out:
        with np.load(first / _LOGITS) as saved:
            before = saved["logits"] if np.array_equal(saved["faces"], chosen) else None
    last = json.loads((out / "history.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    return {"crops": last["crops"], **measure_row(cache, chosen, logits, before)}


def measured_faces(cache: Cache) -> np.ndarray:
    """Samples of ``dev``, and fakes of held-out methods wherever they stand: nothing trains on them, and ``dev`` has few."""
    return np.array(
        [
            i
            for i, sample in enumerate(cache.samples)
            if sample.subset == "dev" or (sample.label == "fake" and sample.method in UNSEEN_METHODS)
        ],
        np.int64,
    )


def measure_row(
    cache: Cache, indices: np.ndarray, logits: np.ndarray, before: np.ndarray | None = None
) -> dict[str, Any]:
    """The figures of a row.

    Args:
        cache: as built by ``data.build_cache``.
        indices: (N,) samples, of ``measured_faces``.
        logits: (N,) log-odds of "fake".
        before: the same of the first row; None for the first row itself.

    Returns:
        "dev": AUC on ``dev`` over the sources with both classes; "unseen": that of held-out methods against the genuine
        modern photographs of ``dev``; each with its 95 % interval over groups and, given ``before``, the difference with
        its interval; "worst_kind" and "worst_domain": names with AUC, and with the share flagged where 5 % of all genuine
        faces are.
    """
    samples = [cache.samples[i] for i in indices.tolist()]
    fake = np.array([sample.label == "fake" for sample in samples])
    source = np.array([sample.source for sample in samples])
    group = np.array([f"{sample.source}/{sample.group}" for sample in samples])
    dev = np.array([sample.subset == "dev" for sample in samples])
    unseen = fake & np.array([sample.method in UNSEEN_METHODS for sample in samples])
    modern = dev & ~fake & np.isin(source, MODERN)
    both = dev & np.isin(source, list(set(source[dev & fake]) & set(source[dev & ~fake])))
    row: dict[str, Any] = {}
    for name, part in (("dev", both), ("unseen", unseen | modern)):
        if fake[part].any() and not fake[part].all():
            row |= _figures(name, fake[part], logits[part], group[part], None if before is None else before[part])
    kinds = np.array([str(kind_of(s.source, s.method)) if s.label == "fake" else "" for s in samples])
    row["unseen_fakes"] = int(unseen.sum())
    row["worst_kind"] = _worst_kind(kinds, dev & ~unseen, fake, source, logits)
    row["worst_domain"] = _worst_domain(source[dev & ~fake], logits[dev & ~fake])
    return row


def _figures(
    name: str, fake: np.ndarray, logits: np.ndarray, group: np.ndarray, before: np.ndarray | None
) -> dict[str, float]:
    low, high = auc_interval(fake, logits, group, _ROUNDS)
    row = {name: auc(fake, logits), f"{name}_low": low, f"{name}_high": high}
    if before is not None:
        low, high = auc_gain_interval(fake, logits, before, group, _ROUNDS)
        row |= {
            f"{name}_gain": auc(fake, logits) - auc(fake, before),
            f"{name}_gain_low": low,
            f"{name}_gain_high": high,
        }
    return {key: round(value, 4) for key, value in row.items()}


def _worst_kind(
    kinds: np.ndarray, counted: np.ndarray, fake: np.ndarray, source: np.ndarray, logits: np.ndarray
) -> dict[str, Any] | None:
    """Against the genuine faces of the kind's own sources, or the modern photographs where these have none."""
    found = []
    for kind in sorted(set(kinds[fake & counted]) - {"None"}):
        fakes = fake & counted & (kinds == kind)
        genuine = counted & ~fake & np.isin(source, list(set(source[fakes])))
        if genuine.sum() < _LEAST:
            genuine = counted & ~fake & np.isin(source, MODERN)
        if min(fakes.sum(), genuine.sum()) >= _LEAST:
            chosen = fakes | genuine
            found.append({"name": kind, "auc": round(auc(fake[chosen], logits[chosen]), 4), "fakes": int(fakes.sum())})
    return min(found, key=lambda row: float(row["auc"]), default=None)


def _worst_domain(source: np.ndarray, logits: np.ndarray) -> dict[str, Any] | None:
    if not len(logits):
        return None
    flagged = logits > np.quantile(logits, 1 - _FLAGGED)
    counts = {name: n for name, n in Counter(source.tolist()).items() if n >= _LEAST}
    shares = {name: float(flagged[source == name].mean()) for name in counts}
    if not shares:
        return None
    name = max(shares, key=lambda name: shares[name])
    return {"name": name, "flagged": round(shares[name], 4), "genuine": counts[name]}
