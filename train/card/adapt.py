"""From a shipped model and somebody's own labelled faces to an adapted model beside it, with its own calibration."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from detector.models.networks import load
from detector.records import ModelSpec
from detector.weights.store import WeightStore, update_manifest
from train.card.ship import put
from train.command_line import UsageError
from train.data.cache import Cache, crops_of
from train.data.leakage import kept_split
from train.data.names import Scheme
from train.fitting.adapt import SHARES, Measured, adapted, choose_share, mixture, own_split, thinned, tune
from train.fitting.engine import KerasGraph
from train.fitting.half import store_half
from train.fitting.history import EARLIER, keep_earlier
from train.fitting.recipes import Mix, Recipe
from train.fitting.training import score
from train.lineage import write_lineage
from train.metrics import auc, auc_interval

__all__ = ["Old", "Plan", "adapt", "open_weights", "start_of"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_]*")


@dataclass(frozen=True)
class Plan:
    """What ``adapt`` is asked for."""

    model: str
    """Name of an image model in the manifest of ``weights``."""
    name: str
    """Of the adapted model."""
    weights: Path
    """Folder with the manifest; only read."""
    out: Path
    """Folder of the run."""
    crops: int
    rate: float
    strength: float
    """Of the post-processing of both of a pair."""
    rehearsal: float
    """Share of every batch that holds old faces."""
    may_lose: float
    """AUC on old held-out faces."""
    workers: int
    threads: int
    command: str | None = None


@dataclass(frozen=True)
class Old:
    """The cache of faces that a model was trained with."""

    cache: Path
    most: int
    """Faces of its held-out groups, and of its dev part, that are scored."""


def start_of(weights: Path, model: str) -> tuple[ModelSpec, Path]:
    """Manifest entry and checked file of an image model.

    Raises:
        UsageError: the manifest has no image model of this name.
        WeightsError: its file is not there or not the one in the manifest.
    """
    store = WeightStore(weights)
    spec = store.manifest.models.get(model)
    known = [name for name, one in store.manifest.models.items() if one.kind == "image"]
    if spec is None or spec.kind != "image":
        raise UsageError(f"{weights} holds no image model {model!r}; choose one of {', '.join(known)}.")
    return spec, store.locate(spec.file).path


def open_weights(plan: Plan, target: Path) -> None:
    """Make ``target`` a weights folder of its own, a copy of ``plan.weights``, unless it is one already.

    Raises:
        UsageError: the new name cannot be one, or is taken there.
    """
    if not _NAME.fullmatch(plan.name):
        raise UsageError(f"--name {plan.name!r}: use small letters, digits and underscores.")
    if not (target / "manifest.json").exists():
        shutil.copytree(plan.weights, target, dirs_exist_ok=True)
    if plan.name in WeightStore(target).manifest.models:
        raise UsageError(f"{target} holds a model {plan.name} already; choose another --name or another --to.")


def adapt(plan: Plan, own: Path, target: Path, old: Old | None) -> ModelSpec:
    """Train, choose, measure before and after, calibrate, and write the entry; prints what it finds.

    Args:
        plan: as above.
        own: cache of the new faces.
        target: weights folder that gets the new entry; made where needed.
        old: what may be rehearsed and must not be forgotten; None where it is not at hand.

    Raises:
        ValueError: too few faces or groups, or of one label only.
    """
    spec, start = start_of(plan.weights, plan.model)
    cache = Cache(own)
    parts = own_split(cache)
    open_weights(plan, target)
    recipe = Recipe(
        spec.architecture, spec.crop.size, margin=spec.crop.margin, crops=plan.crops, rate=plan.rate, warmup=20,
        average=0.98, start=str(start), frozen_norms=True, split=Scheme.PAPER_80_20,
        mix=Mix(labelled=1.0, self_blended=0.0, strength=plan.strength),
    )  # fmt: skip
    plan.out.mkdir(parents=True, exist_ok=True)
    write_lineage(plan.out, plan.command, [start])
    held_out: list[tuple[Cache, np.ndarray]] = [(cache, parts.validation)]
    tests, rehearsed = [("the folder's test part", cache, parts.test)], None
    if old is not None:
        before = Cache(old.cache)
        train, validation = kept_split(before, plan.out / "old_split.npz")
        rehearsed = old.cache, train
        held_out.append((before, thinned(validation, old.most)))
        tests.append(("dev", before, thinned(before.where(subset="dev"), old.most)))
    tuned = tune(recipe, own, parts, rehearsed, plan.rehearsal, plan.out / "tuned", workers=plan.workers,
                 threads=plan.threads)  # fmt: skip
    crops = [(crops_of(faces, indices, recipe.spec), faces.fakes(indices)) for faces, indices in held_out]
    rows = adapted(recipe, start, tuned, crops[0], crops[1] if old else None)
    chosen = choose_share(rows, plan.may_lose)
    print(*_table(rows, chosen), sep="\n", flush=True)
    model = mixture(recipe, start, tuned, chosen.share)
    store_half(model, plan.out / f"{recipe.architecture}.weights.h5")
    _write_run(plan, recipe, start)
    measured = _before_and_after(recipe, start, plan.out / f"{recipe.architecture}.weights.h5", tests)
    print(*[f"{row['part']}: {row['words']}" for row in measured], sep="\n", flush=True)
    if old is None:
        print("dev: not measured; name the cache of the first training with --old-cache to see what is forgotten.")
    content = {"from": plan.model, "share": chosen.share, "shares": [asdict(row) for row in rows], "measured": measured}
    (plan.out / "adapted.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    entry = put(plan.out, recipe, held_out, target, plan.name)
    # From which sharpness on a sign counts is measured by `gates` on more faces than these: the start's limit stays.
    bands = replace(entry.bands, signs_need_sharpness=spec.bands.signs_need_sharpness)
    return update_manifest(target, model=replace(entry, bands=bands)).models[plan.name]


def _write_run(plan: Plan, recipe: Recipe, start: Path) -> None:
    (plan.out / "recipe.json").write_text(json.dumps(asdict(recipe), indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(plan.out / "tuned" / "history.jsonl", plan.out / "history.jsonl")
    (plan.out / EARLIER).unlink(missing_ok=True)
    keep_earlier(start, plan.out)


def _table(rows: Sequence[Measured], chosen: Measured) -> list[str]:
    lines = ["share of the new weights, AUC on held-out new faces, AUC on held-out old faces:"]
    for row in rows:
        old = "not measured" if row.old is None else f"{row.old:.4f}"
        lines.append(f"  {row.share:.1f}  {row.own:.4f}  {old}{'  <- kept' if row is chosen else ''}")
    if chosen.share == SHARES[0]:
        lines.append("No share found more without losing more than --may-lose: the weights stay as they were, and only the "
                     "calibration is new.")  # fmt: skip
    return lines


def _before_and_after(
    recipe: Recipe, start: Path, after: Path, tests: Sequence[tuple[str, Cache, np.ndarray]]
) -> list[dict[str, object]]:
    """AUC of both files on faces that chose nothing, each with its 95 % interval over groups."""
    graphs = [KerasGraph(load(recipe.architecture, recipe.size, path), frozen_norms=True) for path in (start, after)]
    rows: list[dict[str, object]] = []
    for part, cache, indices in tests:
        fake = cache.fakes(indices)
        groups = np.array([f"{cache.samples[i].source}/{cache.samples[i].group}" for i in indices.tolist()])
        crops = crops_of(cache, indices, recipe.spec)
        scores = [score(graph, crops) for graph in graphs]
        aucs = [round(auc(fake, one), 4) for one in scores]
        ranges = [[round(end, 4) for end in auc_interval(fake, one, groups)] for one in scores]
        words = (f"AUC {aucs[0]:.4f} [{ranges[0][0]:.4f}, {ranges[0][1]:.4f}] before, {aucs[1]:.4f} [{ranges[1][0]:.4f}, "
                 f"{ranges[1][1]:.4f}] after ({len(indices)} faces, {len(set(groups.tolist()))} groups)")  # fmt: skip
        rows.append({"part": part, "faces": len(indices), "before": aucs[0], "after": aucs[1], "intervals": ranges,
                     "words": words})  # fmt: skip
    return rows
