"""From a trained model to an entry of ``weights/manifest.json``: calibration, bands and the heatmap's scale.

Everything is measured on the validation groups, which neither training nor ``dev`` contains, and on the file that is
shipped, through the code that scores it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.models.gradcam import GradCam
from detector.models.inference import Network, Scorer
from detector.models.networks import load
from detector.probes.stability import face_logit, view_scores, views
from detector.records import Calibration, CropSpec, ModelSpec, WeightFile
from detector.verdict.calibration import calibrate
from detector.weights.store import update_manifest
from train.data.cache import Cache, crops_of
from train.data.leakage import safe_split
from train.data.names import Scheme
from train.fitting.history import whole_history
from train.fitting.recipes import ExpertRecipe, PaperRecipe, Recipe, read_recipe
from train.lineage import read_lineage
from train.measuring.calibrate import choose_bands, fit_platt

__all__ = ["put", "ship"]


def ship(run: Path, cache_folder: Path, weights_folder: Path) -> ModelSpec:
    """Copy ``run/NAME.weights.h5`` and its history into ``weights_folder`` and write its manifest entry.

    Args:
        run: folder written by ``fit``.
        cache_folder: as built by ``data.build_cache``.
        weights_folder: with ``manifest.json``.

    Raises:
        FileNotFoundError: ``run`` holds no finished training.
        ValueError: it was trained on a random split, on an input that the detector does not make, or as a network that it
            lacks.
    """
    recipe = _shippable(run)
    cache = Cache(cache_folder)
    validation = safe_split(cache, recipe.split).validation
    return put(run, recipe, [(cache, validation)], weights_folder, recipe.architecture)


def put(
    run: Path, recipe: Recipe | PaperRecipe | ExpertRecipe, held_out: Sequence[tuple[Cache, np.ndarray]],
    weights_folder: Path, name: str,
) -> ModelSpec:  # fmt: skip
    """Copy a run's weights and history into ``weights_folder`` as ``NAME.weights.h5`` and write the manifest entry.

    Args:
        run: folder written by ``fit`` or ``adapt``.
        recipe: of the run.
        held_out: faces that it was not trained on. The first set calibrates the scores; the bands keep to the limits on the
            faces of every set.
        weights_folder: with ``manifest.json``.
        name: of the model in the manifest.
    """
    lineage = read_lineage(run)
    source = run / f"{recipe.architecture}.weights.h5"
    network = Network(load(recipe.architecture, recipe.size, source))
    measured = _measured(Scorer(network), held_out, recipe.spec)
    cache, indices = held_out[0]
    crops = crops_of(cache, indices[:: max(1, len(indices) // 300)], recipe.spec)
    towards_fake, towards_real = GradCam(network).evidence(crops)
    strongest = np.maximum(towards_fake.max((1, 2)), towards_real.max((1, 2)))

    target = weights_folder / f"{name}.weights.h5"
    shutil.copyfile(source, target)
    rows = [json.dumps(row) for row in whole_history(run)]
    (weights_folder / f"{name}.history.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    data = target.read_bytes()
    entry = ModelSpec(
        name=name,
        architecture=recipe.architecture,
        kind="image",
        file=WeightFile(name=target.name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()),
        crop=recipe.spec,
        calibration=measured.calibration,
        bands=choose_bands(measured.fake, measured.p_fake, measured.source, measured.views),
        heatmap_full_scale=round(float(np.quantile(strongest, 0.95)), 3),
        track_record=(),
        trained_with=lineage.command,
        trained_at_commit=lineage.commit,
    )
    update_manifest(weights_folder, model=entry)
    return entry


@dataclass(frozen=True)
class _Measured:
    """Calibrated scores of held-out faces, (N,) each but for the views, (N, V)."""

    calibration: Calibration
    fake: np.ndarray
    p_fake: np.ndarray
    source: np.ndarray
    views: np.ndarray


def _measured(scorer: Scorer, held_out: Sequence[tuple[Cache, np.ndarray]], spec: CropSpec) -> _Measured:
    samples = [[cache.samples[i] for i in indices.tolist()] for cache, indices in held_out]
    fake = [np.array([sample.label == "fake" for sample in part]) for part in samples]
    sides = [scorer.sides(crops_of(cache, indices, spec)) for cache, indices in held_out]
    logits = [np.array([face_logit(pair) for pair in part]) for part in sides]
    calibration = fit_platt(fake[0], logits[0])
    of_views = [
        _view_scores(scorer, cache, indices, spec, part, calibration)
        for (cache, indices), part in zip(held_out, sides, strict=True)
    ]
    p_fake = np.array([calibrate(float(logit), calibration) for logit in np.concatenate(logits)])
    source = np.array([sample.source for part in samples for sample in part])
    return _Measured(calibration, np.concatenate(fake), p_fake, source, np.concatenate(of_views))


def _view_scores(
    scorer: Scorer, cache: Cache, indices: np.ndarray, spec: CropSpec, sides: np.ndarray, calibration: Calibration
) -> np.ndarray:
    """(N, V) calibrated scores of the stability test, which is made of the pictures as the detector makes it."""
    rows = []
    for index, pair in zip(indices.tolist(), sides, strict=True):
        changed = views(cache.frame(index), cache.detection(index), spec)
        cut = dict(zip(changed, scorer.unmirrored(np.stack(list(changed.values()))).tolist(), strict=True))
        rows.append(list(view_scores(pair, cut, calibration).values()))
    return np.array(rows)


def _shippable(run: Path) -> Recipe | PaperRecipe | ExpertRecipe:
    """The recipe of a run whose model the detector can use."""
    recipe = read_recipe(run)
    if recipe.split == Scheme.RANDOM:
        raise ValueError(
            f"{run} was trained on a random split: people and videos of its validation part stand in its training part too, "
            "so a calibration on it would promise too much. Fit again with --split carve."
        )
    if isinstance(recipe, ExpertRecipe) and not recipe.shippable:
        raise ValueError(
            f"{run} trained a network that the detector does not have ({recipe.architecture}, {recipe.extras}); such runs are "
            "for comparison only. Train one without those options."
        )
    if isinstance(recipe, Recipe) and recipe.mix.high_pass:
        raise ValueError(f"{run} was trained on fine detail only, which the detector does not make of its crops")
    return recipe
