"""A whole run for a video model: sequences of a folder of clips, cross-validation, training, and what shipping it needs."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

import numpy as np

from detector.models.loading import open_finder
from detector.models.networks import TRUNK, load
from detector.models.sequences import VideoScorer
from detector.records import CropSpec, Manifest, ModelSpec
from detector.weights.store import WeightStore
from train.data.landmarks import Landmarker
from train.data.samples import read_clips
from train.fitting.half import store_half
from train.fitting.head import compare, cross_validate, fit_head, with_trunk_of
from train.fitting.recipes import HeadRecipe
from train.fitting.sequences import Sequences, build_sequences
from train.lineage import commit, this_command

__all__ = ["fit_video_model", "trunk_of"]


def trunk_of(manifest: Manifest) -> ModelSpec:
    """The image model on whose frozen trunk heads are trained.

    Raises:
        ValueError: the manifest has none of that architecture.
    """
    for spec in manifest.models.values():
        if spec.kind == "image" and spec.architecture == TRUNK:
            return spec
    raise ValueError(f"The manifest has no image model of the architecture {TRUNK}, whose trunk a video model needs.")


def fit_video_model(
    recipe: HeadRecipe, data: Path, out: Path, weights: Path, *, subset: str = "train", pseudo_fakes: int = 2,
    stretch: int = 1, landmarker: Path | None = None, command: str | None = None,
) -> Path:  # fmt: skip
    """Train a recurrent head on the shipped trunk and write ``out/NAME.weights.h5`` (float16), ``scores.npz``, ``run.json``.

    The sequences are kept in ``out/sequences.npz``, and taken from there where they exist, so that heads of several kinds may
    be trained on the same.

    Args:
        recipe: of the head; its crop size must be that of the trunk.
        data: folder with ``clips.tsv``.
        out: folder for all that is written.
        weights: folder with the manifest and the weights of its trunk.
        subset: of the clips, "train" or "dev".
        pseudo_fakes: of each genuine person.
        stretch: consecutive frames at each place of a clip.
        landmarker: mediapipe's ``face_landmarker.task``; needed for pseudo-fakes.
        command: that this run is repeated with; None for the command line of this process.

    Returns:
        The weights file.

    Raises:
        ValueError: there is no trunk, the clips do not suffice, or pseudo-fakes are asked for without a landmarker.
        WeightsError: a weights file is missing or damaged.
    """
    store = WeightStore(weights)
    spec = trunk_of(store.manifest)
    image_model = load(spec.architecture, spec.crop.size, store.locate(spec.file).path)
    model = with_trunk_of(image_model, recipe)
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "sequences.npz"
    if not kept.exists():
        sequences = _sequences(
            data, subset, store, spec.crop, VideoScorer(model),
            pseudo_fakes=pseudo_fakes, stretch=stretch, landmarker=landmarker,
        )  # fmt: skip
        np.savez(kept, **vars(sequences))
    with np.load(kept) as arrays:
        sequences = Sequences(**arrays)
    scores = cross_validate(image_model, sequences, recipe)
    comparison = compare(scores)
    print(json.dumps(comparison), flush=True)
    history = fit_head(model, sequences, recipe)
    path = out / f"{model.name}.weights.h5"
    store_half(model, path)
    np.savez(out / "scores.npz", **vars(scores))
    content = {
        "recipe": asdict(recipe),
        "trunk_sha256": spec.file.sha256,
        "crop": asdict(spec.crop),
        "command": command or this_command(),
        "commit": commit(),
        "cross_validation": comparison,
        "history": history,
    }
    (out / "run.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return path


def _sequences(
    data: Path, subset: str, store: WeightStore, spec: CropSpec, trunk: VideoScorer, *, pseudo_fakes: int, stretch: int,
    landmarker: Path | None,
) -> Sequences:  # fmt: skip
    """``build_sequences`` of one subset, with the face finder and the landmarker opened and closed around it."""
    with ExitStack() as stack:
        finder = stack.enter_context(open_finder(store))
        meshes = stack.enter_context(Landmarker(landmarker)) if pseudo_fakes and landmarker is not None else None
        return build_sequences(
            data, read_clips(data, subset), finder, trunk, spec, stretch=stretch, pseudo_fakes=pseudo_fakes,
            landmarker=meshes,
        )  # fmt: skip
