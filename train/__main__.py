"""``python -m train``: fit a model, put it among the shipped weights, measure what is shipped."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.data.cache import Cache

__all__ = ["main"]

ROOT = Path(__file__).resolve().parent.parent
SPLITS = ("carve", "paper-80-20", "paper-70-20-10", "random")
"""``train.data.splits.SCHEMES``, repeated so that ``--help`` need not load the libraries; a test holds both equal."""
LAYOUTS = ("faces", "clips", "faces-and-clips", "faceforensics", "celeb-df", "dfdc")
"""The keys of ``train.data.published.LAYOUTS``, for the same reason."""
SIZES = {"cnn": 240, "resnet": 224, "efficientnet": 224}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    options = _parser().parse_args(arguments)
    options.command = shlex.join(["python", "-m", "train", *arguments])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    return int(options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    fit = commands.add_parser("fit", help="train a model; continues an interrupted run")
    fit.add_argument("architecture", choices=sorted(SIZES))
    _data_options(fit)
    fit.add_argument(
        "--recipe", choices=("ours", "paper"), default="ours",
        help="ours, or the paper's as it stands (cnn only, in Keras and TensorFlow)",
    )  # fmt: skip
    fit.add_argument(
        "--split", choices=SPLITS,
        help="by group: carve (default; 8 %% of each source for validation), paper-80-20 (default of --recipe paper) or "
        "paper-70-20-10; random cuts through videos and people and is for comparison only",
    )  # fmt: skip
    fit.add_argument("--out", type=Path, help="folder for weights, history and checkpoint (default runs/ARCHITECTURE)")
    fit.add_argument("--size", type=int, help="side of the crops, pixels")
    fit.add_argument("--margin", type=float, default=0.25, help="context around the face, in face sides (default 0.25)")
    fit.add_argument("--crops", type=int, default=60_000, help="crops to see (default 60000)")
    fit.add_argument("--rate", type=float, default=4e-4, help="highest learning rate (default 4e-4)")
    fit.add_argument("--minutes", type=float, help="stop after this long and keep the checkpoint")
    fit.add_argument("--workers", type=int, default=1, help="processes that make batches (default 1)")
    fit.add_argument("--from-scratch", action="store_true", help="random start instead of the pretrained one")
    fit.add_argument("--no-pseudo-fakes", action="store_true", help="labelled fakes only")
    fit.add_argument("--no-labelled-fakes", action="store_true", help="pseudo-fakes only")
    fit.add_argument(
        "--start", metavar="FILE", help="weights of the same architecture to start from, also of smaller crops"
    )
    fit.add_argument(
        "--frozen-norms",
        action="store_true",
        help="keep the batch statistics of --start; also faster where the processor has no bfloat16",
    )
    fit.add_argument("--strength", type=float, default=1.0, help="of the post-processing of both of a pair (default 1)")
    fit.add_argument(
        "--high-pass", action="store_true", help="experiment: fine detail only as input; cannot be shipped"
    )
    fit.add_argument("--teacher", metavar="FILE", help="weights of an efficientnet whose scores are imitated")
    fit.add_argument("--seed", type=int, help="of all draws (default 7; 42 with --recipe paper)")
    paper = fit.add_argument_group("only with --recipe paper")
    paper.add_argument("--epochs", type=int, help="default 50, as in the paper")
    paper.add_argument("--examples", type=int, help="most training crops an epoch, drawn anew for each (default all)")
    paper.add_argument("--sources", nargs="+", help="data sets to use (default those that hold both labels)")
    fit.set_defaults(run=_fit)

    ship = commands.add_parser("ship", help="calibrate a trained model and put it into weights/")
    ship.add_argument("folder", type=Path, help="as written by fit")
    _data_options(ship)
    _weights_option(ship)
    ship.set_defaults(run=_ship)

    average = commands.add_parser("average", help="average the weights of runs that follow one another")
    average.add_argument(
        "runs", nargs="+", type=Path, metavar="RUN", help="as written by fit, the longest trained last"
    )
    average.add_argument("--shares", nargs="+", type=float, required=True, help="of each run, in the same order")
    average.add_argument("--out", type=Path, required=True, help="folder for the averaged run")
    average.set_defaults(run=_average)

    fakes = commands.add_parser("fakes", help="train auto-encoders on genuine faces and make fakes with them; resumes")
    _data_options(fakes)
    fakes.add_argument("--out", type=Path, default=Path("runs/fakes"), help="folder (default runs/fakes)")
    fakes.add_argument("--members", type=int, default=10, help="auto-encoders of the bank (default 10)")
    fakes.add_argument(
        "--minutes", type=float, default=6, help="of training for each; 0 takes the bank as it is (default 6)"
    )
    fakes.add_argument(
        "--count", type=int, default=4000, help="fakes for training; for measuring a fifth (default 4000)"
    )
    fakes.add_argument("--taef2", type=Path, metavar="DIR", help="folder with TAEF2's weights, for copies by it too")
    parts = ("train", "validation", "unseen")
    fakes.add_argument("--parts", nargs="*", choices=parts, default=parts, help="what to make (default all)")
    fakes.add_argument("--threads", type=int, default=1, help="of the processor (default 1)")
    fakes.set_defaults(run=_fakes)

    expert = commands.add_parser("expert", help="train the generator expert on pairs with those fakes; resumes")
    _data_options(expert)
    expert.add_argument("--fakes", type=Path, default=Path("runs/fakes"), help="folder of the command fakes")
    expert.add_argument("--out", type=Path, default=Path("runs/expert"), help="folder (default runs/expert)")
    expert.add_argument("--start", metavar="FILE", help="weights to start from, whose batch statistics are kept")
    expert.add_argument("--crops", type=int, default=60_000, help="crops to see (default 60000)")
    expert.add_argument("--rate", type=float, default=4e-4, help="highest learning rate (default 4e-4)")
    expert.add_argument("--minutes", type=float, help="stop after this long and keep the checkpoint")
    expert.add_argument("--workers", type=int, default=1, help="processes that make batches (default 1)")
    expert.set_defaults(run=_expert)

    leakage = commands.add_parser(
        "leakage", help="look for the same face picture in two groups; exit 1 if train and dev share one"
    )
    _data_options(leakage)
    leakage.add_argument("--sheet", type=Path, metavar="PNG", help="draw the pairs that cross, to be looked at")
    leakage.set_defaults(run=_leakage)

    probe = commands.add_parser("probe", help="how far file size, sharpness and the like alone give the label away")
    _data_options(probe)
    _weights_option(probe)
    probe.add_argument("--pairs", type=int, default=1500, help="training pairs of each kind (default 1500)")
    probe.set_defaults(run=_probe)

    evaluate = commands.add_parser("evaluate", help="score a subset with the shipped detector and write the model card")
    evaluate.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with faces.tsv")
    evaluate.add_argument("--subset", choices=("dev", "train"), default="dev")
    evaluate.add_argument(
        "--cache", type=Path, default=ROOT / "cache", help="cut faces with landmarks, for the heatmaps"
    )
    evaluate.add_argument(
        "--scores", type=Path, default=ROOT / "runs" / "scores.jsonl",
        help="file that keeps every score; what is in it is not scored again (default runs/scores.jsonl)",
    )  # fmt: skip
    _weights_option(evaluate)
    evaluate.set_defaults(run=_evaluate)

    gates = commands.add_parser("gates", help="measure from which quality on a face is worth judging; set the gates")
    gates.add_argument("--floor", type=float, default=0.65, help="AUC that a quality must allow (default 0.65)")
    _data_options(gates)
    _weights_option(gates)
    gates.set_defaults(run=_gates)

    examples = commands.add_parser("examples", help="make the examples of the page from public-domain portraits")
    examples.add_argument(
        "--out", type=Path, default=ROOT / "detector" / "examples", help="folder (default that of the page)"
    )
    examples.add_argument(
        "--landmarker", type=Path, default=ROOT.parent / "shared" / "models" / "face_landmarker.task",
        help="mediapipe's face_landmarker.task",
    )  # fmt: skip
    examples.set_defaults(run=_examples)

    ablate = commands.add_parser("ablate", help="short trainings that differ in one ingredient each")
    _data_options(ablate)
    _weights_option(ablate)
    ablate.add_argument("--runs", type=Path, default=ROOT / "runs" / "ablations", help="folder for the runs")
    ablate.set_defaults(run=_ablate)

    publish = commands.add_parser(
        "publish", help="put the shipped weights on the Hugging Face Hub; a dry run by default"
    )
    publish.add_argument("repo", metavar="OWNER/NAME")
    publish.add_argument("--upload", action="store_true", help="really do it, with the token in HF_TOKEN")
    _weights_option(publish)
    publish.set_defaults(run=_publish)
    return parser


def _data_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=ROOT.parent / "shared" / "data",
        help="folder with faces.tsv or clips.tsv, or FaceForensics++, DFDC or Celeb-DF v2 as published",
    )  # fmt: skip
    parser.add_argument("--layout", choices=LAYOUTS, help="of --data (default: the first of these that it fits)")
    parser.add_argument("--frames", type=int, default=8, help="frames taken of each clip (default 8)")
    parser.add_argument("--cache", type=Path, default=ROOT / "cache", help="folder for the cut faces (default cache/)")
    parser.add_argument(
        "--landmarker", type=Path, default=ROOT.parent / "shared" / "models" / "face_landmarker.task",
        help="mediapipe's face_landmarker.task; without it there are no pseudo-fakes",
    )  # fmt: skip


def _weights_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder with manifest.json")


def _fit(options: argparse.Namespace) -> int:
    from detector.runtime.memory import keep_freed_memory

    keep_freed_memory()
    if options.recipe == "paper":
        return _fit_paper(options)
    if given := [f"--{name}" for name in ("epochs", "examples", "sources") if getattr(options, name) is not None]:
        print(f"{', '.join(given)}: only with --recipe paper; ours counts --crops.", file=sys.stderr)
        return 2
    from train.fitting.batches import Mix
    from train.fitting.fit import Recipe, fit

    if options.no_pseudo_fakes and options.no_labelled_fakes:
        print(
            "--no-pseudo-fakes and --no-labelled-fakes leave nothing to learn from; give one of them.", file=sys.stderr
        )
        return 2
    if options.frozen_norms and options.start is None:
        print(
            "--frozen-norms keeps the batch statistics of trained weights; give those with --start FILE.",
            file=sys.stderr,
        )
        return 2
    mix = Mix()
    if options.no_pseudo_fakes:
        mix = Mix(labelled=1.0, self_blended=0.0)
    elif options.no_labelled_fakes:
        mix = Mix(labelled=0.0, self_blended=0.6)
    mix = replace(mix, strength=options.strength, high_pass=options.high_pass)
    recipe = Recipe(
        architecture=options.architecture,
        size=options.size or SIZES[options.architecture],
        margin=options.margin,
        crops=options.crops,
        rate=options.rate,
        pretrained=not options.from_scratch,
        start=options.start,
        frozen_norms=options.frozen_norms,
        teacher=options.teacher,
        seed=7 if options.seed is None else options.seed,
        mix=mix,
        split=options.split or "carve",
    )
    _cache(options)
    out = options.out or ROOT / "runs" / options.architecture
    _note_provenance(out, options.command, [] if options.start is None else [Path(options.start)])
    path = fit(recipe, options.cache, out, minutes=options.minutes, workers=options.workers)
    print(path)
    return 0


def _fit_paper(options: argparse.Namespace) -> int:
    from train.fitting.paper import PaperRecipe, fit_paper

    if options.architecture != "cnn":
        print(
            "--recipe paper is the recipe of the paper's own network: python -m train fit cnn --recipe paper",
            file=sys.stderr,
        )
        return 2
    recipe = PaperRecipe(
        size=options.size or SIZES["cnn"],
        margin=options.margin,
        epochs=options.epochs or 50,
        examples=options.examples,
        split=options.split or "paper-80-20",
        sources=tuple(options.sources) if options.sources else None,
        seed=42 if options.seed is None else options.seed,
    )
    _cache(options)
    out = options.out or ROOT / "runs" / "paper"
    _note_provenance(out, options.command)
    print(fit_paper(recipe, options.cache, out, minutes=options.minutes))
    return 0


def _cache(options: argparse.Namespace) -> Cache:
    from train.data.cache import Cache, build_cache
    from train.data.published import read_samples

    if (options.cache / "index.jsonl").exists():
        return Cache(options.cache)
    return build_cache(
        options.data,
        options.cache,
        options.landmarker if options.landmarker.exists() else None,
        samples=read_samples(options.data, options.layout),
        frames=options.frames,
    )


def _average(options: argparse.Namespace) -> int:
    from train.fitting.average import average

    try:
        weights = average(options.runs, options.shares, options.out)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    _note_provenance(options.out, options.command, [run / weights.name for run in options.runs])
    print(weights)
    return 0


def _note_provenance(out: Path, command: str, starts: Sequence[Path] = ()) -> None:
    """Noted when training starts: by the time it is shipped the working copy may be another.

    Args:
        out: folder of the run.
        command: that made it, as it was given.
        starts: weights that this one stands on; the commands that made them are put in front, each once.
    """
    from train.lineage import commit

    out.mkdir(parents=True, exist_ok=True)
    commands: list[str] = []
    for said in filter(None, map(_made_with, starts)):
        # A run that started from another one names that one's commands in front of its own.
        commands = [before for before in commands if not said.startswith(before)] + [said]
    commands.append(command)
    provenance = {"command": " && ".join(commands), "commit": commit()}
    (out / "provenance.json").write_text(json.dumps(provenance, indent=1) + "\n", encoding="utf-8")


def _made_with(weights: Path) -> str | None:
    """The commands behind a weights file: of the run beside it, or of its entry in the manifest beside it."""
    run, manifest = weights.parent / "provenance.json", weights.parent / "manifest.json"
    if run.exists():
        return str(json.loads(run.read_text(encoding="utf-8"))["command"])
    if manifest.exists():
        models = json.loads(manifest.read_text(encoding="utf-8"))["models"].values()
        return next((model.get("trained_with") for model in models if model["file"]["name"] == weights.name), None)
    return None


def _fakes(options: argparse.Namespace) -> int:
    from train.fakes.command import make

    make(_cache(options), options.out, members=options.members, minutes=options.minutes, count=options.count,
         taef2=options.taef2, parts=tuple(options.parts), threads=options.threads)  # fmt: skip
    return 0


def _expert(options: argparse.Namespace) -> int:
    from train.fitting.allocator import keep_freed_memory
    from train.fitting.expert import ExpertRecipe, fit_expert
    from train.measuring.unseen import measure_quickly

    keep_freed_memory()
    _cache(options)
    _note_provenance(options.out, options.command, (Path(options.start),) if options.start else ())
    recipe = ExpertRecipe(crops=options.crops, rate=options.rate, start=options.start)
    fit_expert(recipe, options.cache, options.fakes, options.out, minutes=options.minutes, workers=options.workers,
               measure=measure_quickly)  # fmt: skip
    return 0


def _leakage(options: argparse.Namespace) -> int:
    from train.data.leakage import report

    cache = _cache(options)
    return report(cache, options.sheet)


def _probe(options: argparse.Namespace) -> int:
    from train.measuring.probe import NEAR_CHANCE, render, run

    cache = _cache(options)
    result = run(options.data, cache, options.weights, options.pairs)
    measured = options.weights / "evaluation.json"
    print(render(result, json.loads(measured.read_text(encoding="utf-8")) if measured.exists() else None))
    labelled = result["training_pairs"].get("labelled", {"auc": 0.5})["auc"]
    if labelled > NEAR_CHANCE:
        print(
            f"labelled pairs can be told apart by sharpness and colour alone (AUC {labelled}, at most {NEAR_CHANCE} wanted): "
            "a model may learn that in place of alterations. Strengthen train/fakes/augment.py or leave the source out.",
            file=sys.stderr,
        )
        return 1
    return 0


def _ablate(options: argparse.Namespace) -> int:
    from train.card.tables import ablation_table
    from train.measuring.ablate import ablate

    _cache(options)
    print(*ablation_table(ablate(options.cache, options.runs, options.weights)), sep="\n")
    return 0


def _ship(options: argparse.Namespace) -> int:
    from train.card.ship import ship

    _cache(options)
    entry = ship(options.folder, options.cache, options.weights)
    print(f"{entry.name}: {entry.file.bytes} bytes, {entry.bands}, {entry.calibration}")
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from train.card.card import BEGIN, END, card_text
    from train.measuring.evaluate import evaluate

    evaluate(options.data, options.subset, options.weights, scores=options.scores, cache=options.cache)
    print(card_text(options.weights).split(BEGIN)[1].split(END)[0].strip())
    return 0


def _gates(options: argparse.Namespace) -> int:
    from train.card.tables import gates_table
    from train.data.cache import build_cache
    from train.measuring.gates import measure_gates

    cache = build_cache(options.data, options.cache, options.landmarker if options.landmarker.exists() else None)
    content = measure_gates(options.weights, cache, options.floor)
    print(content["words"], *gates_table(content["curves"]), f"gates: {content['gates']}", sep="\n")
    return 0


def _examples(options: argparse.Namespace) -> int:
    from train.fakes.examples import make_examples

    if not options.landmarker.exists():
        print(
            f"{options.landmarker} does not exist; give mediapipe's face_landmarker.task with --landmarker.",
            file=sys.stderr,
        )
        return 2
    for entry in make_examples(options.out, options.landmarker):
        print(f"{entry['file']}: {entry['truth']}, {entry['title']}")
    return 0


def _publish(options: argparse.Namespace) -> int:
    from train.card.publish import NotPublishable, collect, upload

    token = os.environ.get("HF_TOKEN", "")
    try:
        files = collect(options.weights)
        for file in files:
            print(f"{file.sha256}  {file.bytes:>10}  {file.name}")
        print(f"{len(files)} files, {sum(file.bytes for file in files)} bytes, licence: research use (LICENSE.md)")
        if not options.upload:
            print(f"Dry run: nothing was sent. Add --upload, with a token in HF_TOKEN, to publish to {options.repo}.")
            return 0
        if not token:
            print("HF_TOKEN is not set; set it to a token that may write to the repository.", file=sys.stderr)
            return 2
        revision = upload(files, options.repo, token, os.environ.get("HF_ENDPOINT") or None)
    except NotPublishable as error:
        print(error, file=sys.stderr)
        return 2
    pin = json.dumps({"hub": {"repo": options.repo, "revision": revision}})
    print(f"Published. To pin it, put this into manifest.json: {pin}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
