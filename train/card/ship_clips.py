"""From a trained head to an entry of ``weights/manifest.json``: calibration and bands on out-of-fold scores."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from detector.models.networks import load, video_architecture
from detector.records import CropSpec, ModelSpec, SharedTrunk, WeightFile
from detector.verdict.calibration import calibrate
from detector.weights.store import WeightStore, update_manifest
from train.fitting.clips import trunk_of
from train.fitting.head import OutOfFold, has_trunk_of
from train.measuring.calibrate import choose_bands, fit_platt

__all__ = ["ship_video_model"]


def ship_video_model(run: Path, weights: Path, *, decides: bool = False) -> ModelSpec:
    """Copy a trained head's model into the weights folder and write its manifest entry.

    Calibration and bands are fitted on out-of-fold scores: no head scored a group that it was trained on. (The trunk may
    have seen frames of these clips, so they still flatter; the evaluation on ``dev`` does not.)

    Args:
        run: folder written by ``fitting.clips.fit_video_model``.
        weights: with ``manifest.json``.
        decides: make it the model that decides about clips.

    Raises:
        FileNotFoundError: ``run`` holds no finished training.
        ValueError: its trunk is not the shipped one, or its scores do not rise with the share of fakes.
        WeightsError: a weights file is missing or damaged.
    """
    content = json.loads((run / "run.json").read_text(encoding="utf-8"))
    store = WeightStore(weights)
    recipe = content["recipe"]
    name = video_architecture(recipe["cell"], recipe["attention"])
    image = trunk_of(store.manifest)
    _check_trunk(run, name, content, image, store)
    entry = _entry(run, name, content, image)
    (weights / entry.file.name).write_bytes((run / entry.file.name).read_bytes())
    summary = {key: content[key] for key in ("recipe", "cross_validation", "history")}
    (weights / f"{name}.run.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    if decides:
        update_manifest(weights, model=entry, default_video_model=name)
    else:
        update_manifest(weights, model=entry)
    return entry


def _check_trunk(run: Path, name: str, content: Mapping[str, Any], image: ModelSpec, store: WeightStore) -> None:
    """A reader of the manifest may skip the trunk in this file, so it must be that of the image model, array for array."""
    if content["trunk_sha256"] != image.file.sha256 or not has_trunk_of(
        load(name, image.crop.size, run / f"{name}.weights.h5"),
        load(image.architecture, image.crop.size, store.locate(image.file).path),
    ):
        raise ValueError(
            f"{run} was trained on the trunk of another {image.name} than the one in {store.folder}; run fit again on this one"
        )


def _entry(run: Path, name: str, content: Mapping[str, Any], image: ModelSpec) -> ModelSpec:
    with np.load(run / "scores.npz") as arrays:
        scores = OutOfFold(**arrays)
    calibration = fit_platt(scores.fake, scores.head)
    p_fake = np.array([calibrate(float(logit), calibration) for logit in scores.head])
    source = np.array([group.split("/")[0] for group in scores.groups])
    data = (run / f"{name}.weights.h5").read_bytes()
    return ModelSpec(
        name=name,
        architecture=name,
        kind="video",
        file=WeightFile(name=f"{name}.weights.h5", bytes=len(data), sha256=hashlib.sha256(data).hexdigest()),
        crop=CropSpec(**content["crop"]),
        calibration=calibration,
        bands=replace(choose_bands(scores.fake, p_fake, source), strong_signs_from=None),
        # Heatmaps of clips come from the image models.
        heatmap_full_scale=image.heatmap_full_scale,
        track_record=(),
        trained_with=content["command"],
        trained_at_commit=content["commit"],
        trunk=SharedTrunk(image.name, image.file.sha256),
    )
