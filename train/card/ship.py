"""From a trained model to an entry of ``weights/manifest.json``: calibration, bands and the heatmap's scale.

Everything is measured on the validation groups, which neither training nor ``dev`` contains, and on the file that is
shipped, through the code that scores it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
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

__all__ = ["ship"]


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
    recipe, lineage = _shippable(run), read_lineage(run)
    name = recipe.architecture
    source = run / f"{name}.weights.h5"
    cache = Cache(cache_folder)
    validation = safe_split(cache, recipe.split).validation
    crops = crops_of(cache, validation, recipe.spec)
    fake = np.array([cache.samples[i].label == "fake" for i in validation])
    collection = np.array([cache.samples[i].source for i in validation])
    model = load(name, recipe.size, source)
    network = Network(model)
    scorer = Scorer(network)
    sides = scorer.sides(crops)
    logits = np.array([face_logit(pair) for pair in sides])
    calibration = fit_platt(fake, logits)
    p_fake = np.array([calibrate(float(logit), calibration) for logit in logits])
    of_views = _view_scores(scorer, cache, validation, recipe.spec, sides, calibration)
    towards_fake, towards_real = GradCam(network).evidence(crops[:: max(1, len(crops) // 300)])
    strongest = np.maximum(towards_fake.max((1, 2)), towards_real.max((1, 2)))

    target = weights_folder / source.name
    shutil.copyfile(source, target)
    rows = [json.dumps(row) for row in whole_history(run)]
    (weights_folder / f"{name}.history.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    data = target.read_bytes()
    entry = ModelSpec(
        name=name,
        architecture=name,
        kind="image",
        file=WeightFile(name=target.name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()),
        crop=recipe.spec,
        calibration=calibration,
        bands=choose_bands(fake, p_fake, collection, of_views),
        heatmap_full_scale=round(float(np.quantile(strongest, 0.95)), 3),
        track_record=(),
        trained_with=lineage.command,
        trained_at_commit=lineage.commit,
    )
    update_manifest(weights_folder, model=entry)
    return entry


def _view_scores(
    scorer: Scorer, cache: Cache, indices: np.ndarray, spec: CropSpec, sides: np.ndarray, calibration: Calibration
) -> np.ndarray:
    """(N, V) calibrated scores of the stability test, which is made of the pictures as the detector makes it."""
    rows = []
    for index, pair in zip(indices.tolist(), sides, strict=True):
        cut = scorer.unmirrored(np.stack(views(cache.frame(index), cache.detection(index), spec)))
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
