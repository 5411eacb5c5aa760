"""Commands that change what is shipped: ship, evaluate, gates, ablate, card, publish and clips ship."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

from detector.arguments import number, positive_number, whole_number
from train.command_line import ROOT, Commands, UsageError, add_weights_option
from train.data.commands import add_cache_options, add_data_option, data_of, open_cache

__all__ = ["add_clip_commands", "add_commands"]


def add_commands(commands: Commands) -> None:
    """Register the commands for image models and for the release as a whole."""
    ship = commands.add_parser("ship", help="calibrate a trained model and put it into weights/")
    ship.add_argument("folder", type=Path, help="as written by fit")
    add_cache_options(ship)
    add_weights_option(ship)
    ship.set_defaults(run=_ship)

    _add_adapt(commands)
    _add_evaluate(commands)

    gates = commands.add_parser("gates", help="measure from which quality on a face is worth judging; set the gates")
    gates.add_argument("--floor", type=number(0, 1), default=0.65, help="AUC that a quality must allow (default 0.65)")
    add_cache_options(gates)
    add_weights_option(gates)
    gates.set_defaults(run=_gates)

    ablate = commands.add_parser("ablate", help="short trainings that differ in one ingredient each")
    add_cache_options(ablate)
    add_weights_option(ablate)
    ablate.add_argument("--runs", type=Path, default=ROOT / "runs" / "ablations", help="folder for the runs")
    ablate.add_argument(
        "--group", choices=("ingredients", "heads", "starts"), default="ingredients",
        help="ingredients of the recipe (default); heads and losses, or starts, of the expert, which need made fakes",
    )  # fmt: skip
    ablate.add_argument(
        "--fakes", type=Path, default=ROOT / "runs" / "fakes",
        help="with the other groups: folder of the command fakes (default runs/fakes)",
    )  # fmt: skip
    ablate.add_argument(
        "--threads", type=whole_number(1), default=2, help="with the other groups: of the processor (default 2)"
    )
    ablate.set_defaults(run=_ablate)

    card = commands.add_parser("card", help="write the model card anew from the measurements in weights/")
    add_weights_option(card)
    card.set_defaults(run=_card)

    publish = commands.add_parser(
        "publish", help="put the shipped weights on the Hugging Face Hub; a dry run by default"
    )
    publish.add_argument("repo", metavar="OWNER/NAME")
    action = publish.add_mutually_exclusive_group()
    action.add_argument(
        "--upload", action="store_true", help="send the files, with the token in HF_TOKEN, and pin the new revision"
    )
    action.add_argument(
        "--pin", metavar="REVISION", help="send nothing; check a revision that is there and pin it in manifest.json"
    )
    add_weights_option(publish)
    publish.set_defaults(run=_publish)


def _add_adapt(commands: Commands) -> None:
    adapt = commands.add_parser(
        "adapt", help="train a shipped model on with a few hundred labelled faces of your own, without forgetting"
    )
    adapt.add_argument("--from", dest="model", metavar="MODEL", required=True, help="an image model of --weights")
    add_cache_options(adapt)
    adapt.set_defaults(cache=None)
    adapt.add_argument("--name", help="of the new model (default MODEL_FOLDER)")
    adapt.add_argument("--out", type=Path, help="folder of the run (default runs/NAME); the cut faces are kept in it")
    adapt.add_argument("--to", type=Path, help="weights folder that gets the new model (default weights/ in --out)")
    adapt.add_argument(
        "--old-cache", type=Path, metavar="DIR",
        help="cut faces that MODEL was trained with: part of every batch, and its dev part is measured before and after",
    )  # fmt: skip
    adapt.add_argument("--rehearsal", type=number(0, 0.9), default=0.5, help="share of old faces (default 0.5)")
    adapt.add_argument("--may-lose", type=number(0, 1), default=0.005, help="AUC on old held-out faces (default 0.005)")
    adapt.add_argument(
        "--most", type=whole_number(1), default=2000, help="old faces scored of each part (default 2000)"
    )
    adapt.add_argument("--crops", type=whole_number(64), default=6400, help="crops to see (default 6400)")
    adapt.add_argument("--rate", type=positive_number, default=1e-4, help="highest learning rate (default 1e-4)")
    adapt.add_argument(
        "--strength", type=number(0), default=0.5, help="of the post-processing of both of a pair (default 0.5)"
    )
    adapt.add_argument("--workers", type=whole_number(1), default=1, help="processes that make batches (default 1)")
    adapt.add_argument("--threads", type=whole_number(1), default=2, help="of the processor (default 2)")
    add_weights_option(adapt)
    adapt.set_defaults(run=_adapt)


def _add_evaluate(commands: Commands) -> None:
    evaluate = commands.add_parser("evaluate", help="score a subset with the shipped detector and write the model card")
    add_data_option(evaluate, "folder with faces.tsv")
    evaluate.add_argument("--subset", choices=("dev", "train"), default="dev")
    evaluate.add_argument(
        "--cache", type=Path, default=ROOT / "cache", help="cut faces with landmarks, for the heatmaps"
    )
    evaluate.add_argument(
        "--scores", type=Path, default=ROOT / "runs" / "scores.jsonl",
        help="file that keeps every score; what is in it is not scored again (default runs/scores.jsonl)",
    )  # fmt: skip
    add_weights_option(evaluate)
    evaluate.set_defaults(run=_evaluate)


def add_clip_commands(commands: Commands) -> None:
    """Register the command for video models."""
    ship = commands.add_parser("ship", help="put a trained head into the weights folder")
    ship.add_argument("folder", type=Path, help="as written by clips fit")
    ship.add_argument("--decides", action="store_true", help="let it decide about clips in place of a frame mean")
    add_weights_option(ship)
    ship.set_defaults(run=_ship_clips)


def _ship(options: argparse.Namespace) -> int:
    open_cache(options)
    from train.card.ship import ship

    entry = ship(options.folder, options.cache, options.weights)
    print(f"{entry.name}: {entry.file.bytes} bytes, {entry.bands}, {entry.calibration}")
    return 0


def _adapt(options: argparse.Namespace) -> int:
    from train.card.adapt import Old, Plan, adapt, start_of

    start_of(options.weights, options.model)
    folder = options.data.resolve().name if options.data else "own"
    name = options.name or f"{options.model}_{re.sub('[^a-z0-9]+', '_', folder.lower()).strip('_')}"
    out = options.out or ROOT / "runs" / name
    if options.old_cache is not None and not (options.old_cache / "index.jsonl").exists():
        raise UsageError(f"{options.old_cache} holds no cut faces; name the --cache that the model was trained with.")
    options.cache = options.cache or out / "cache"
    open_cache(options)
    plan = Plan(options.model, name, options.weights, out, options.crops, options.rate, options.strength,
                options.rehearsal, options.may_lose, options.workers, options.threads, options.command_line)  # fmt: skip
    target = options.to or out / "weights"
    old = None if options.old_cache is None else Old(options.old_cache, options.most)
    entry = adapt(plan, options.cache, target, old)
    print(f"{entry.name}: {entry.file.bytes} bytes, {entry.bands}, {entry.calibration}")
    print(f"Use it by: photo-check analyze --weights {target} --model {entry.name} FILE")
    return 0


def _ship_clips(options: argparse.Namespace) -> int:
    from train.card.ship_clips import ship_video_model

    entry = ship_video_model(options.folder, options.weights, decides=options.decides)
    print(f"{entry.name}: {entry.file.bytes} bytes, {entry.bands}, {entry.calibration}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    data = data_of(options)
    from train.card.card import card_tables, write_card
    from train.card.figures import draw_figures
    from train.measuring.evaluate import evaluate

    measured = evaluate(data, options.subset, options.weights, scores=options.scores, cache=options.cache)
    draw_figures(options.weights, measured.clean, measured.content)
    write_card(options.weights)
    print(card_tables(options.weights))
    return 0


def _gates(options: argparse.Namespace) -> int:
    cache = open_cache(options)
    from train.card.card import write_card
    from train.card.tables import gates_table
    from train.measuring.gates import measure_gates

    content = measure_gates(options.weights, cache, options.floor)
    write_card(options.weights)
    print(content["words"], *gates_table(content["curves"]), f"gates: {content['gates']}", sep="\n")
    return 0


def _ablate(options: argparse.Namespace) -> int:
    open_cache(options)
    if options.group != "ingredients":
        return _ablate_expert(options)
    from train.card.tables import ablation_table
    from train.measuring.ablate import ablate

    print(*ablation_table(ablate(options.cache, options.runs, options.weights)), sep="\n")
    return 0


def _ablate_expert(options: argparse.Namespace) -> int:
    if not (options.fakes / "train" / "index.jsonl").exists():
        raise UsageError(f"{options.fakes} holds no made fakes; make some with python -m train fakes, or name --fakes.")
    from train.card.tables import expert_table
    from train.measuring.ablate_expert import ablate_expert

    rows = ablate_expert(
        options.group, options.cache, options.fakes, options.runs, options.weights, threads=options.threads
    )
    print(*expert_table(rows), sep="\n")
    return 0


def _card(options: argparse.Namespace) -> int:
    from train.card.card import write_card

    write_card(options.weights)
    print(options.weights / "README.md")
    return 0


def _publish(options: argparse.Namespace) -> int:
    from train.card.publish import check_revision, collect, pin, upload

    endpoint = os.environ.get("HF_ENDPOINT") or None
    if options.pin is not None:
        check_revision(options.weights, options.repo, options.pin)
        pin(options.weights, options.repo, options.pin)
        print(f"{options.weights}/manifest.json now names {options.repo} at {options.pin}.")
        return 0
    files = collect(options.weights)
    for file in files:
        print(f"{file.sha256}  {file.bytes:>10}  {file.name}")
    print(f"{len(files)} files, {sum(file.bytes for file in files)} bytes, licence: research use (LICENSE.md)")
    if not options.upload:
        print(f"Dry run: nothing was sent. Add --upload, with a token in HF_TOKEN, to publish to {options.repo}.")
        return 0
    token = os.environ.get("HF_TOKEN", "")
    if not token:
        raise UsageError("HF_TOKEN is not set; set it to a token that may write to the repository.")
    revision = upload(files, options.repo, token, endpoint)
    pin(options.weights, options.repo, revision)
    print(f"Published. {options.weights}/manifest.json now names {options.repo} at {revision}.")
    return 0
