"""From a trained model to an entry of ``weights/manifest.json``: calibration, bands and the heatmap's scale.

Everything is measured on the validation groups, which neither training nor ``dev`` contains, and on the file that is
shipped, through the code that scores it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np

from detector.gradcam import GradCam
from detector.models import Scorer, load
from detector.records import Bands, Calibration, ModelSpec, WeightFile
from detector.verdict import calibrate
from detector.weights import update_manifest
from train.data import Cache
from train.fit import Recipe, crops_of
from train.splits import carve_validation

__all__ = ["choose_bands", "fit_platt", "ship"]

_GENUINE_FLAGGED = 0.07
"""Share of genuine faces that "some signs" may flag."""
_FAKES_CLEARED = 0.12
"""Share of fakes that "no clear signs" may pass."""
_STRONG_RATIO, _STRONG_RATIO_LOWER = 10.0, 5.0
"""Likelihood ratio that "strong signs" needs, and the least lower bound of its 95 % interval."""


def fit_platt(fake: np.ndarray, logits: np.ndarray, rounds: int = 50) -> Calibration:
    """Platt scaling by Newton's method, both classes weighted to one half (Platt 1999).

    Args:
        fake: (N,) bool.
        logits: (N,) float, log-odds of "fake".
        rounds: Newton steps; a handful is enough.
    """
    x = np.stack([logits.astype(np.float64), np.ones(len(logits))], axis=1)
    weight = np.where(fake, 0.5 / fake.sum(), 0.5 / (~fake).sum())
    theta = np.array([1.0, 0.0])
    for _ in range(rounds):
        p = 1 / (1 + np.exp(-x @ theta))
        gradient = x.T @ (weight * (p - fake)) + 1e-6 * (theta - [1.0, 0.0])
        hessian = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-6 * np.eye(2)
        theta = theta - np.linalg.solve(hessian, gradient)
    return Calibration(scale=float(max(theta[0], 1e-3)), offset=float(theta[1]))


def choose_bands(fake: np.ndarray, p_fake: np.ndarray) -> Bands:
    """Cut calibrated scores where the measured errors allow it.

    "Some signs" starts where no more than ``_GENUINE_FLAGGED`` of the genuine faces lie above, "no clear signs" ends where
    no more than ``_FAKES_CLEARED`` of the fakes lie below; what is between is inconclusive. "Strong signs" starts at the
    lowest score above which fakes are at least ten times as frequent as genuine faces, the lower 95 % bound (Katz et al.
    1978) being above five; without such a score there is no strong band.
    """
    genuine, fakes = np.sort(p_fake[~fake]), np.sort(p_fake[fake])
    some = float(np.quantile(genuine, 1 - _GENUINE_FLAGGED))
    clear = min(some, float(np.quantile(fakes, _FAKES_CLEARED)))
    strong = None
    for cut in np.unique(np.round(p_fake[p_fake >= some], 3)):
        hits, alarms = int((fakes >= cut).sum()), int((genuine >= cut).sum())
        if hits < 30:
            break
        # Half an alarm is added: a band without any false alarm in the sample is not a band without false alarms.
        hit_rate, alarm_rate = hits / len(fakes), (alarms + 0.5) / (len(genuine) + 1)
        spread = 1.96 * np.sqrt(1 / hits - 1 / len(fakes) + 1 / (alarms + 0.5) - 1 / (len(genuine) + 1))
        ratio = hit_rate / alarm_rate
        if ratio >= _STRONG_RATIO and ratio * np.exp(-spread) > _STRONG_RATIO_LOWER:
            strong = float(cut)
            break
    return Bands(round(clear, 4), round(some, 4), None if strong is None else max(round(strong, 4), round(some, 4)))


def ship(run: Path, cache_folder: Path, weights_folder: Path, command: str) -> ModelSpec:
    """Copy ``run/NAME.weights.h5`` into ``weights_folder`` and write its manifest entry.

    Args:
        run: folder written by ``fit``.
        cache_folder: as built by ``data.build_cache``.
        weights_folder: with ``manifest.json``.
        command: that trained it, for the manifest.

    Raises:
        FileNotFoundError: ``run`` holds no finished training.
    """
    recipe = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    name = recipe["architecture"]
    source = run / f"{name}.weights.h5"
    cache = Cache(cache_folder)
    _, validation = carve_validation(cache)
    spec = Recipe(architecture=name, size=recipe["size"], margin=recipe["margin"]).spec
    crops = crops_of(cache, validation, spec)
    fake = np.array([cache.samples[i].label == "fake" for i in validation])
    model = load(name, spec.size, source)
    logits = Scorer(model).fake_logits(crops)
    calibration = fit_platt(fake, logits)
    p_fake = np.array([calibrate(float(logit), calibration) for logit in logits])
    towards_fake, towards_real = GradCam(model).evidence(crops[:: max(1, len(crops) // 300)])
    strongest = np.maximum(towards_fake.max((1, 2)), towards_real.max((1, 2)))

    target = weights_folder / source.name
    shutil.copyfile(source, target)
    data = target.read_bytes()
    entry = ModelSpec(
        name=name,
        architecture=name,
        kind="image",
        file=WeightFile(name=target.name, bytes=len(data), sha256=hashlib.sha256(data).hexdigest()),
        crop=spec,
        calibration=calibration,
        bands=choose_bands(fake, p_fake),
        heatmap_full_scale=round(float(np.quantile(strongest, 0.95)), 3),
        track_record=(),
        trained_with=command,
        trained_at_commit=_commit(),
    )
    update_manifest(weights_folder, model=entry)
    return entry


def _commit() -> str:
    """The commit of the working copy, for the manifest."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip()
