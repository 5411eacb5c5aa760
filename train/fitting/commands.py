"""``python -m train fit``, ``average`` and ``clips fit``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from detector.arguments import number, positive_number, seed_number, whole_number
from train.command_line import (
    ROOT,
    Commands,
    UsageError,
    add_device_option,
    add_landmarker_option,
    add_weights_option,
    landmarker_of,
)
from train.data.commands import add_cache_options, add_data_option, data_of, open_cache
from train.data.names import Scheme

if TYPE_CHECKING:
    from train.fitting.recipes import Mix

__all__ = ["add_clip_commands", "add_commands"]

_SIZES = {"cnn": 240, "resnet": 224, "efficientnet": 224}
"""Architecture -> side of its crops, pixels, unless ``--size`` is given."""


def add_commands(commands: Commands) -> None:
    """Register the commands for image models."""
    _add_fit(commands.add_parser("fit", help="train a model; continues an interrupted run"))
    average = commands.add_parser("average", help="average the weights of runs that follow one another")
    average.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="as written by fit, the longest trained last"
    )
    average.add_argument(
        "--shares", nargs="+", type=positive_number, required=True, help="of each run, in the same order"
    )
    average.add_argument("--out", type=Path, required=True, help="folder for the averaged run")
    average.set_defaults(run=_average)


def _add_fit(fit: argparse.ArgumentParser) -> None:
    fit.add_argument("architecture", choices=sorted(_SIZES))
    add_cache_options(fit)
    fit.add_argument(
        "--recipe", choices=("ours", "paper"), default="ours",
        help="ours, or the paper's as it stands (cnn only, in Keras and TensorFlow)",
    )  # fmt: skip
    fit.add_argument(
        "--split", choices=[scheme.value for scheme in Scheme],
        help="by group: carve (default; 8 %% of each source for validation), paper-80-20 (default of --recipe paper) or "
        "paper-70-20-10; random cuts through videos and people and is for comparison only",
    )  # fmt: skip
    fit.add_argument("--out", type=Path, help="folder for weights, history and checkpoint (default runs/ARCHITECTURE)")
    fit.add_argument("--size", type=whole_number(1), help="side of the crops, pixels")
    fit.add_argument(
        "--margin", type=number(0), default=0.25, help="context around the face, in face sides (default 0.25)"
    )
    fit.add_argument("--crops", type=whole_number(1), default=60_000, help="crops to see (default 60000)")
    fit.add_argument("--rate", type=positive_number, default=4e-4, help="highest learning rate (default 4e-4)")
    fit.add_argument("--minutes", type=positive_number, help="stop after this long and keep the checkpoint")
    fit.add_argument("--workers", type=whole_number(1), default=1, help="processes that make batches (default 1)")
    fit.add_argument("--threads", type=whole_number(1), help="of the processor, for the network (default: its cores)")
    add_device_option(fit)
    fit.add_argument("--from-scratch", action="store_true", help="random start instead of the pretrained one")
    fit.add_argument("--no-pseudo-fakes", action="store_true", help="labelled fakes only")
    fit.add_argument("--no-labelled-fakes", action="store_true", help="pseudo-fakes only")
    fit.add_argument(
        "--start", metavar="FILE", help="weights of the same architecture to start from, also of smaller crops"
    )
    fit.add_argument(
        "--frozen-norms", action="store_true",
        help="keep the batch statistics of --start; also faster where the processor has no bfloat16",
    )  # fmt: skip
    fit.add_argument(
        "--strength", type=number(0), default=1.0, help="of the post-processing of both of a pair (default 1)"
    )
    fit.add_argument(
        "--high-pass", action="store_true", help="experiment: fine detail only as input; cannot be shipped"
    )
    fit.add_argument("--teacher", metavar="FILE", help="weights of an efficientnet whose scores are imitated")
    fit.add_argument("--seed", type=seed_number, help="of all draws (default 7; 42 with --recipe paper)")
    paper = fit.add_argument_group("only with --recipe paper")
    paper.add_argument("--epochs", type=whole_number(1), help="default 50, as in the paper")
    paper.add_argument(
        "--examples", type=whole_number(1), help="most training crops an epoch, drawn anew for each (default all)"
    )
    paper.add_argument("--sources", nargs="+", help="data sets to use (default those that hold both labels)")
    fit.set_defaults(run=_fit)


def _fit(options: argparse.Namespace) -> int:
    from detector.runtime.memory import keep_freed_memory

    keep_freed_memory()
    if options.recipe == "paper":
        return _fit_paper(options)
    if given := [f"--{name}" for name in ("epochs", "examples", "sources") if getattr(options, name) is not None]:
        raise UsageError(f"{', '.join(given)}: only with --recipe paper; ours counts --crops.")
    if options.frozen_norms and options.start is None:
        raise UsageError("--frozen-norms keeps the batch statistics of trained weights; give those with --start FILE.")
    mix = _mix(options)
    from train.fitting import processes
    from train.fitting.fit import fit
    from train.fitting.recipes import Recipe

    recipe = Recipe(
        architecture=options.architecture,
        size=options.size or _SIZES[options.architecture],
        margin=options.margin,
        crops=options.crops,
        rate=options.rate,
        pretrained=not options.from_scratch,
        start=options.start,
        frozen_norms=options.frozen_norms,
        teacher=options.teacher,
        seed=7 if options.seed is None else options.seed,
        mix=mix,
        split=Scheme(options.split or "carve"),
    )
    open_cache(options)
    out = options.out or ROOT / "runs" / options.architecture
    with processes.joined():
        weights = fit(recipe, options.cache, out, minutes=options.minutes, workers=options.workers,
                      threads=options.threads, device=options.device, command=options.command_line)  # fmt: skip
        if processes.is_first():
            print(weights)
    return 0


def _mix(options: argparse.Namespace) -> Mix:
    from train.fitting.recipes import Mix

    if options.no_pseudo_fakes and options.no_labelled_fakes:
        raise UsageError("--no-pseudo-fakes and --no-labelled-fakes leave nothing to learn from; give one of them.")
    mix = Mix()
    if options.no_pseudo_fakes:
        mix = Mix(labelled=1.0, self_blended=0.0)
    elif options.no_labelled_fakes:
        mix = Mix(labelled=0.0, self_blended=0.6)
    return replace(mix, strength=options.strength, high_pass=options.high_pass)


def _fit_paper(options: argparse.Namespace) -> int:
    if options.architecture != "cnn":
        raise UsageError(
            "--recipe paper is the recipe of the paper's own network: python -m train fit cnn --recipe paper"
        )
    from train.fitting.paper import fit_paper
    from train.fitting.recipes import PaperRecipe

    recipe = PaperRecipe(
        size=options.size or _SIZES["cnn"],
        margin=options.margin,
        epochs=50 if options.epochs is None else options.epochs,
        examples=options.examples,
        split=Scheme(options.split or "paper-80-20"),
        sources=tuple(options.sources) if options.sources else None,
        seed=42 if options.seed is None else options.seed,
    )
    open_cache(options)
    out = options.out or ROOT / "runs" / "paper"
    print(fit_paper(recipe, options.cache, out, minutes=options.minutes, command=options.command_line))
    return 0


def _average(options: argparse.Namespace) -> int:
    from train.fitting.average import average

    print(average(options.runs, options.shares, options.out, command=options.command_line))
    return 0


def add_clip_commands(commands: Commands) -> None:
    """Register the command for video models."""
    fit = commands.add_parser("fit", help="train the recurrent head of a video model on the shipped trunk")
    add_data_option(fit, "folder with clips.tsv")
    fit.add_argument("--subset", choices=("dev", "train"), default="train")
    fit.add_argument("--out", type=Path, required=True, help="folder for weights, scores and recipe")
    fit.add_argument("--cell", choices=("lstm", "gru", "bilstm"), default="lstm")
    fit.add_argument("--attention", action="store_true")
    fit.add_argument("--pseudo-fakes", type=whole_number(0), default=2, help="of each genuine person (default 2)")
    fit.add_argument("--stretch", type=whole_number(1), default=1, help="consecutive frames at each place (default 1)")
    add_landmarker_option(fit, "needed for pseudo-fakes")
    add_weights_option(fit)
    fit.set_defaults(run=_fit_clips)


def _fit_clips(options: argparse.Namespace) -> int:
    landmarker = landmarker_of(options)
    if options.pseudo_fakes and landmarker is None:
        raise UsageError(
            "Pseudo-fakes need landmarks: name mediapipe's face_landmarker.task with --landmarker, or train without them "
            "by --pseudo-fakes 0."
        )
    data = data_of(options)
    from detector.weights.store import load_manifest
    from train.fitting.clips import fit_video_model, trunk_of
    from train.fitting.recipes import HeadRecipe

    size = trunk_of(load_manifest(options.weights)).crop.size
    recipe = HeadRecipe(cell=options.cell, attention=options.attention, size=size)
    weights = fit_video_model(
        recipe, data, options.out, options.weights, subset=options.subset, pseudo_fakes=options.pseudo_fakes,
        stretch=options.stretch, landmarker=landmarker, command=options.command_line,
    )  # fmt: skip
    print(weights)
    return 0
