"""``python -m train probe``, ``views``, ``exports``, ``heatmap-sheet``, ``expert``, and those of clips that measure or fit.

Commands whose results also go into the model card (evaluate, gates, ablate) are in ``train.card.commands``: measuring knows
no card.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

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

__all__ = ["add_clip_commands", "add_commands"]


def add_commands(commands: Commands) -> None:
    """Register the commands that print what they measure."""
    probe = commands.add_parser("probe", help="how far file size, sharpness and the like alone give the label away")
    add_cache_options(probe)
    add_weights_option(probe)
    probe.add_argument("--pairs", type=whole_number(1), default=1500, help="training pairs of each kind (default 1500)")
    probe.set_defaults(run=_probe)
    sheet = commands.add_parser("heatmap-sheet", help="heatmaps of each verdict with their sentences, to be looked at")
    add_data_option(sheet, "folder with faces.tsv")
    sheet.add_argument("--subset", choices=("dev", "train"), default="dev")
    sheet.add_argument("--each", type=whole_number(1), default=20, help="pictures of each verdict (default 20)")
    sheet.add_argument("--out", type=Path, required=True, help="PNG file, outside this checkout: it shows the data")
    add_weights_option(sheet)
    sheet.set_defaults(run=_heatmap_sheet)
    exports = commands.add_parser("exports", help="what each model loses as a LiteRT or ONNX file, for docs/exports.md")
    add_cache_options(exports)
    add_weights_option(exports)
    exports.add_argument("--faces", type=whole_number(2), default=300, help="faces that are scored (default 300)")
    exports.add_argument("--out", type=Path, default=ROOT / "docs" / "exports.md", help="default docs/exports.md")
    exports.set_defaults(run=_exports)
    spread = commands.add_parser(
        "views", help="which small changes of a face can change its verdict; spares the others"
    )
    add_cache_options(spread)
    add_weights_option(spread)
    spread.add_argument("--model", help="image model (default: the one that decides)")
    spread.add_argument("--no-dev", action="store_true", help="do not measure the effect on dev as well")
    spread.set_defaults(run=_views)
    # Here and not beside ``fit``, since this training is measured while it runs.
    _add_expert(commands.add_parser("expert", help="train the generator expert on pairs with made fakes; resumes"))


def _add_expert(expert: argparse.ArgumentParser) -> None:
    add_cache_options(expert)
    expert.add_argument(
        "--fakes", type=Path, default=ROOT / "runs" / "fakes", help="folder of the command fakes (default runs/fakes)"
    )
    expert.add_argument("--out", type=Path, default=ROOT / "runs" / "expert", help="folder (default runs/expert)")
    expert.add_argument("--start", metavar="FILE", help="weights to start from, whose batch statistics are kept")
    mix = expert.add_argument_group("what the pairs are made of; the rest are labelled fakes")
    mix.add_argument("--copies", type=number(0), default=0.34, help="share of copies by auto-encoders (default 0.34)")
    mix.add_argument("--swaps", type=number(0), default=0.18, help="share of engine swaps (default 0.18)")
    mix.add_argument("--self-blended", type=number(0), default=0.14, help="share of self-blended faces (default 0.14)")
    mix.add_argument(
        "--strength", type=number(0), default=0.4, help="of the post-processing of both of a pair (default 0.4)"
    )
    mix.add_argument(
        "--enhanced", type=number(0), default=0.6, help="of the enhancement of both of a pair (default 0.6)"
    )
    expert.add_argument("--crops", type=whole_number(1), default=60_000, help="crops to see (default 60000)")
    expert.add_argument("--rate", type=positive_number, default=3e-4, help="highest learning rate (default 3e-4)")
    expert.add_argument(
        "--batch", type=whole_number(2), default=16, help="crops a step, half of them genuine (default 16)"
    )
    expert.add_argument("--size", type=whole_number(32), default=224, help="side of whole faces, pixels (default 224)")
    expert.add_argument("--windows", type=number(0, 1), default=0.5, help="share of batches of windows (default 0.5)")
    expert.add_argument(
        "--average", type=number(0, 1), default=0.997, help="decay of the moving average of the weights (default 0.997)"
    )
    expert.add_argument("--seed", type=seed_number, default=31, help="of all draws (default 31)")
    add_device_option(expert)
    expert.add_argument(
        "--threads", type=whole_number(1), default=2, help="of the processor, for the network (default 2)"
    )
    expert.add_argument(
        "--minutes", type=positive_number, help="of training in all; the learning rate falls to nothing over them"
    )
    expert.add_argument("--workers", type=whole_number(1), default=1, help="processes that make batches (default 1)")
    expert.add_argument("--loss-only", action="store_true", help="measure nothing else while training")
    _add_extras(expert.add_argument_group("experiments, as in ablate --group heads; efficientnet only"))
    expert.set_defaults(run=_expert)


def _add_extras(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--architecture", choices=("efficientnet", "mobilenet", "vit"), default="efficientnet",
        help="mobilenet starts from faceres-deep, whose folder $DETECTOR_FACERES names; vit is a small vision transformer",
    )  # fmt: skip
    group.add_argument("--from-scratch", action="store_true", help="random start instead of the pretrained one")
    group.add_argument(
        "--head", choices=("plain", "boundary"), default="plain", help="predict the edge of what was replaced"
    )
    group.add_argument(
        "--loss",
        choices=("plain", "uniformity-alignment"),
        default="plain",
        help="beside cross-entropy, on the features",
    )
    group.add_argument("--normalised", action="store_true", help="classify features of length 1")
    group.add_argument(
        "--pooling", choices=("last", "multi-level"), default="last", help="maps whose means are classified"
    )
    group.add_argument("--attention", action="store_true", help="self-attention between the places of the last map")
    group.add_argument("--consistency", action="store_true", help="semi-supervised: consistency on unlabelled faces")
    group.add_argument(
        "--refit", choices=("none", "non-negative"), default="none", help="fit the last layer anew after training"
    )


def add_clip_commands(commands: Commands) -> None:
    """Register the commands on clips."""
    evaluate = commands.add_parser("evaluate", help="score the clips of a subset with the shipped detector")
    add_data_option(evaluate, "folder with clips.tsv")
    evaluate.add_argument("--subset", choices=("dev", "train"), default="dev")
    add_weights_option(evaluate)
    evaluate.add_argument("--out", type=Path, help="JSON file (default standard output)")
    evaluate.add_argument("--record", action="store_true", help="write limit and verdict counts into the manifest")
    evaluate.set_defaults(run=_evaluate_clips)

    calibrate = commands.add_parser("calibrate", help="calibrate the frame means, the scores of clips")
    add_data_option(calibrate, "folder with clips.tsv")
    calibrate.add_argument("--subset", choices=("dev", "train"), default="train")
    add_weights_option(calibrate)
    calibrate.add_argument(
        "--single-frames", action="store_true",
        help="take the calibration of single frames, without a strong band, where clips are too few to fit on",
    )  # fmt: skip
    calibrate.set_defaults(run=_calibrate_clips)

    short = commands.add_parser("short", help="fit what counts as a short altered part of a clip, and measure it")
    add_data_option(short, "folder with clips.tsv")
    add_weights_option(short)
    add_landmarker_option(short, "for the pseudo-fakes")
    short.add_argument(
        "--alarms",
        type=number(0, 1),
        default=0.02,
        help="genuine clips of training with such a part, at most (default 0.02)",
    )
    short.add_argument("--seconds", type=positive_number, default=2.0, help="that are altered in a clip (default 2)")
    short.add_argument("--record", action="store_true", help="write the rule into the manifest")
    short.add_argument("--out", type=Path, help="JSON file (default standard output)")
    short.set_defaults(run=_short_parts)


def _probe(options: argparse.Namespace) -> int:
    data = data_of(options)
    from train.measuring.probe import NEAR_CHANCE, render, run

    result = run(data, open_cache(options), options.weights, options.pairs)
    measured = options.weights / "evaluation.json"
    print(render(result, json.loads(measured.read_text(encoding="utf-8")) if measured.exists() else None))
    labelled = result["training_pairs"].get("labelled", {"auc": 0.5})["auc"]
    if labelled > NEAR_CHANCE:
        print(
            f"Labelled pairs can be told apart by sharpness and colour alone (AUC {labelled}, at most {NEAR_CHANCE} wanted): "
            "a model may learn that in place of alterations. Strengthen train/fakes/augment.py or leave the source out.",
            file=sys.stderr,
        )
        return 1
    return 0


def _heatmap_sheet(options: argparse.Namespace) -> int:
    data = data_of(options)
    from detector import load_detector
    from train.measuring.heatmap_sheet import write_sheet

    with load_detector(options.weights) as detector:
        found = write_sheet(detector, data, options.out, options.each, options.subset)
    print(f"{options.out}: {', '.join(f'{len(row)} {verdict.value}' for verdict, row in found.items())}")
    return 0


def _exports(options: argparse.Namespace) -> int:
    open_cache(options)
    from train.measuring.exports import measure_exports, render

    rows = []
    for row in measure_exports(options.weights, options.cache, options.faces):
        print(
            f"{row.model} {row.form} {row.precision}: {row.bytes / 1e6:.1f} MB, "
            + ("" if row.auc is None else f"AUC {row.auc:.3f}"),
            flush=True,
        )
        rows.append(row)
    options.out.write_text(render(rows, options.faces), encoding="utf-8")
    return 0


def _views(options: argparse.Namespace) -> int:
    cache = open_cache(options)
    from train.measuring.view_spread import TooFewFaces, measure_spread

    command = "python -m train views" + (f" --model {options.model}" if options.model else "")
    try:
        effects = measure_spread(options.weights, cache, options.model, command, dev=not options.no_dev)
    except TooFewFaces as error:
        print(f"{error}. The manifest is left as it was.", file=sys.stderr)
        return 0
    except ValueError as error:
        raise UsageError(f"{error}.") from error
    for name, effect in effects.items():
        print(f"{name}: {effect}")
    return 0


def _expert(options: argparse.Namespace) -> int:
    from detector.runtime.memory import keep_freed_memory

    keep_freed_memory()
    from train.fakes.pairs import ExpertMix
    from train.fitting import processes
    from train.fitting.expert import fit_expert
    from train.fitting.recipes import ExpertRecipe, Extras
    from train.lineage import write_lineage
    from train.measuring.unseen import measure_quickly

    extras = Extras(options.head, options.loss, normalised=options.normalised, pooling=options.pooling,
                    attention=options.attention, consistency=options.consistency, refit=options.refit)  # fmt: skip
    if options.architecture != "efficientnet" and (options.start is not None or extras != Extras()):
        raise UsageError("--start and the heads and losses are for efficientnet; leave out --architecture or them.")
    if options.architecture == "vit" and options.windows:
        raise UsageError("--architecture vit takes crops of one size; give --windows 0.")
    if options.architecture == "vit" and options.size % 16:
        raise UsageError("--architecture vit takes crops whose side is a multiple of 16; give another --size.")
    open_cache(options)
    mix = ExpertMix(options.copies, options.swaps, options.self_blended, strength=options.strength,
                    enhanced=options.enhanced)  # fmt: skip
    recipe = ExpertRecipe(options.architecture, options.size, crops=options.crops, batch=options.batch, rate=options.rate,
                          start=options.start, pretrained=not options.from_scratch, windows=options.windows,
                          average=options.average, seed=options.seed, extras=extras, mix=mix)  # fmt: skip
    unmeasured = options.loss_only or options.architecture == "vit"
    measure = None if unmeasured else partial(measure_quickly, size=options.size)
    with processes.joined():
        if processes.is_first():
            write_lineage(options.out, options.command_line, [Path(options.start)] if options.start else [])
        fit_expert(recipe, options.cache, options.fakes, options.out, minutes=options.minutes, workers=options.workers,
                   threads=options.threads, device=options.device, measure=measure)  # fmt: skip
    return 0


def _evaluate_clips(options: argparse.Namespace) -> int:
    data = data_of(options)
    from train.measuring.clip_scores import evaluate_folder

    evaluation = evaluate_folder(data, options.subset, options.weights, record_it=options.record)
    text = json.dumps(evaluation, indent=1, allow_nan=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.write_text(text, encoding="utf-8")
        for name, result in evaluation["models"].items():
            print(f"{name}: {result['pooled']}")
    return 0


def _short_parts(options: argparse.Namespace) -> int:
    data = data_of(options)
    landmarker = landmarker_of(options)
    if landmarker is None:
        raise UsageError("Pseudo-fakes need landmarks; name mediapipe's face_landmarker.task with --landmarker.")
    from train.measuring.short_parts import fit_and_measure

    result = fit_and_measure(
        data,
        options.weights,
        landmarker,
        alarms=options.alarms,
        altered_s=options.seconds,
        command=f"python -m train clips short --alarms {options.alarms:g} --seconds {options.seconds:g}",
        record_it=options.record,
    )
    text = json.dumps(result, indent=1, allow_nan=False) + "\n"
    if options.out is None:
        sys.stdout.write(text)
    else:
        options.out.write_text(text, encoding="utf-8")
    return 0


def _calibrate_clips(options: argparse.Namespace) -> int:
    from detector import load_detector
    from detector.weights.store import load_manifest
    from train.measuring.clip_scores import calibrate, from_single_frames

    # The command as it is kept in the manifest: without paths of one machine.
    command = "python -m train clips calibrate"
    if options.single_frames:
        manifest = load_manifest(options.weights)
        means = from_single_frames(manifest, options.weights, f"{command} --single-frames")
    else:
        data = data_of(options)
        with load_detector(options.weights) as detector:
            means = calibrate(detector, data, options.subset, options.weights, f"{command} --subset {options.subset}")
    for name, mean in means.items():
        print(f"{name}: {mean.calibration}, {mean.bands}")
    return 0
