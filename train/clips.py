"""Clips: how good the shipped detector is on them, and the recurrent head of ``resnet_lstm`` trained on them.

    python -m train.clips evaluate --data DIR --subset dev [--out FILE] [--record]
    python -m train.clips calibrate --data DIR --subset train | --single-frames
    python -m train.clips fit --data DIR --out DIR [--cell lstm] [--attention] [--pseudo-fakes N]
    python -m train.clips ship RUN

``DIR`` holds ``clips.tsv``: path, label, source, method, group, subset.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from detector import load_detector
from detector.models.loading import open_finder
from detector.models.networks import load
from detector.models.sequences import VideoScorer
from detector.records import CropSpec, ModelSpec, SharedTrunk, WeightFile
from detector.verdict.calibration import calibrate as calibrated
from detector.weights.store import WeightStore, update_manifest
from train.data.landmarks import Landmarker
from train.fitting.half import store_half
from train.fitting.head import HeadRecipe, OutOfFold, compare, cross_validate, fit_head, has_trunk_of, with_trunk_of
from train.fitting.sequences import Sequences, build_sequences
from train.lineage import commit
from train.measuring.calibrate import choose_bands, fit_platt
from train.measuring.clip_scores import calibrate, evaluate, from_single_frames, read_clips, record, set_disagreement

__all__ = ["main", "ship"]

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    options.command_line = shlex.join(["python", "-m", "train.clips", *arguments])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if options.command == "fit":
        return _fit(options)
    if options.command == "ship":
        entry = ship(options.run, options.weights, use=options.decides)
        print(f"{entry.name}: {entry.file.bytes} bytes, {entry.bands}, {entry.calibration}")
        return 0
    if options.command == "calibrate" and options.single_frames:
        said = "python -m train.clips calibrate --single-frames"
        for name, mean in from_single_frames(WeightStore(options.weights).manifest, options.weights, said).items():
            print(f"{name}: {mean.calibration}, {mean.bands}")
        return 0
    with load_detector(options.weights) as detector:
        if options.command == "calibrate":
            command_line = f"python -m train.clips calibrate --subset {options.subset}"
            for name, mean in calibrate(detector, options.data, options.subset, options.weights, command_line).items():
                print(f"{name}: {mean.calibration}, {mean.bands}")
            return 0
        evaluation = evaluate(detector, options.data, options.subset)
        again = options.record and set_disagreement(detector.manifest, evaluation, options.weights)
    if again:
        with load_detector(options.weights) as detector:
            evaluation = evaluate(detector, options.data, options.subset)
    if options.record:
        record(WeightStore(options.weights).manifest, evaluation, options.weights)
    text = json.dumps(evaluation, indent=1, allow_nan=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.write_text(text, encoding="utf-8")
        for name, result in evaluation["models"].items():
            print(f"{name}: {result['pooled']}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train.clips", description=(__doc__ or "").split("\n\n")[0])
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    shared = ROOT.parent / "shared"
    for name, what in (("evaluate", "measure"), ("calibrate", "calibrate the frame means"), ("fit", "train a head")):
        command = commands.add_parser(name, help=what)
        command.add_argument("--data", type=Path, default=shared / "data", help="folder with clips.tsv")
        command.add_argument("--subset", choices=("dev", "train"), default="dev" if name == "evaluate" else "train")
        _weights_option(command)
        if name == "evaluate":
            command.add_argument("--out", type=Path, help="JSON file (default standard output)")
            command.add_argument(
                "--record", action="store_true", help="write limit and verdict counts into the manifest"
            )
        if name == "calibrate":
            command.add_argument(
                "--single-frames", action="store_true",
                help="take the calibration of single frames, without a strong band, where clips are too few to fit on",
            )  # fmt: skip
        if name == "fit":
            command.add_argument("--out", type=Path, required=True, help="folder for weights, scores and recipe")
            command.add_argument("--cell", choices=("lstm", "gru", "bilstm"), default="lstm")
            command.add_argument("--attention", action="store_true")
            command.add_argument("--pseudo-fakes", type=int, default=2, help="of each genuine person (default 2)")
            command.add_argument("--stretch", type=int, default=1, help="consecutive frames at each place")
            command.add_argument(
                "--landmarker", type=Path, default=shared / "models" / "face_landmarker.task",
                help="mediapipe's face_landmarker.task, for pseudo-fakes",
            )  # fmt: skip
    command = commands.add_parser("ship", help="put a trained head into the weights folder")
    command.add_argument("run", type=Path, help="as written by fit")
    command.add_argument("--decides", action="store_true", help="let it decide about clips in place of a frame mean")
    _weights_option(command)
    return parser


def _weights_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder with manifest.json")


def _fit(options: argparse.Namespace) -> int:
    store = WeightStore(options.weights)
    spec = store.manifest.models["resnet"]
    recipe = HeadRecipe(cell=options.cell, attention=options.attention, size=spec.crop.size)
    image_model = load(spec.architecture, spec.crop.size, store.locate(spec.file).path)
    model = with_trunk_of(image_model, recipe)
    options.out.mkdir(parents=True, exist_ok=True)
    sequences = _sequences(options, store, spec.crop, VideoScorer(model))
    scores = cross_validate(image_model, sequences, recipe)
    comparison = compare(scores)
    print(json.dumps(comparison))
    history = fit_head(model, sequences, recipe)
    weights = options.out / f"{model.name}.weights.h5"
    store_half(model, weights)
    np.savez(options.out / "scores.npz", **vars(scores))
    content = {
        "recipe": asdict(recipe),
        "trunk_sha256": spec.file.sha256,
        "crop": asdict(spec.crop),
        "command": options.command_line,
        "commit": commit(),
        "cross_validation": comparison,
        "history": history,
    }
    (options.out / "run.json").write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    print(weights)
    return 0


def _sequences(options: argparse.Namespace, store: WeightStore, spec: CropSpec, trunk: VideoScorer) -> Sequences:
    """Made once a folder: heads of several kinds may be trained on the same."""
    kept = options.out / "sequences.npz"
    if not kept.exists():
        with ExitStack() as stack:
            finder = stack.enter_context(open_finder(store))
            landmarker = stack.enter_context(Landmarker(options.landmarker)) if options.pseudo_fakes else None
            sequences = build_sequences(
                options.data, read_clips(options.data, options.subset), finder, trunk, spec, stretch=options.stretch,
                pseudo_fakes=options.pseudo_fakes, landmarker=landmarker,
            )  # fmt: skip
        np.savez(kept, **vars(sequences))
    with np.load(kept) as arrays:
        return Sequences(**arrays)


def ship(run: Path, weights: Path, use: bool = False) -> ModelSpec:
    """Copy a trained head's model into the weights folder and write its manifest entry.

    Calibration and bands are fitted on out-of-fold scores: no head scored a group that it was trained on. (The trunk may
    have seen frames of these clips, so they still flatter; the evaluation on ``dev`` does not.)

    Args:
        run: folder written by ``fit``.
        weights: with ``manifest.json``.
        use: make it the model that decides about clips.

    Raises:
        ValueError: it stands on another trunk than the ``resnet`` that is shipped, or its scores do not rise with fakes.
        WeightsError: a weights file is missing or damaged.
    """
    content = json.loads((run / "run.json").read_text(encoding="utf-8"))
    store = WeightStore(weights)
    manifest = store.manifest
    recipe = content["recipe"]
    name = f"resnet_{recipe['cell']}{'_attention' if recipe['attention'] else ''}"
    image = manifest.models["resnet"]
    # Who reads the manifest may then leave the trunk in this file aside.
    if content["trunk_sha256"] != image.file.sha256 or not has_trunk_of(
        load(name, image.crop.size, run / f"{name}.weights.h5"),
        load(image.architecture, image.crop.size, store.locate(image.file).path),
    ):
        raise ValueError(
            f"{run} was trained on the trunk of another resnet than the one in {weights}; run fit again on this one"
        )
    with np.load(run / "scores.npz") as arrays:
        scores = OutOfFold(**arrays)
    calibration = fit_platt(scores.fake, scores.head)
    p_fake = np.array([calibrated(float(logit), calibration) for logit in scores.head])
    source = np.array([group.split("/")[0] for group in scores.groups])
    data = (run / f"{name}.weights.h5").read_bytes()
    entry = ModelSpec(
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
    (weights / entry.file.name).write_bytes(data)
    summary = {key: content[key] for key in ("recipe", "cross_validation", "history")}
    (weights / f"{name}.run.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    if use:
        update_manifest(weights, model=entry, default_video_model=name)
    else:
        update_manifest(weights, model=entry)
    return entry


if __name__ == "__main__":
    sys.exit(main())
