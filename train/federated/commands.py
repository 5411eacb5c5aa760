"""``python -m train federate``."""

from __future__ import annotations

import argparse
from pathlib import Path

from detector.arguments import positive_number, whole_number
from train.command_line import ROOT, Commands, UsageError, add_weights_option

__all__ = ["add_commands"]


def add_commands(commands: Commands) -> None:
    """Register the command."""
    federate = commands.add_parser(
        "federate",
        help="adapt a model at several places, averaging weights and never sharing faces; all on this machine, to try it",
    )
    federate.add_argument("--from", dest="model", metavar="MODEL", required=True, help="an image model of --weights")
    federate.add_argument(
        "--clients", nargs="+", type=Path, required=True, metavar="CACHE", help="cut faces, one folder for each client"
    )
    federate.add_argument(
        "--dev", type=Path, required=True, metavar="CACHE", help="cut faces whose dev part the server measures on"
    )
    federate.add_argument("--rounds", type=whole_number(1), default=2, help="of averaging (default 2)")
    federate.add_argument("--crops", type=whole_number(32), default=640, help="of each client, a round (default 640)")
    federate.add_argument("--rate", type=positive_number, default=1e-4, help="highest learning rate (default 1e-4)")
    federate.add_argument("--most", type=whole_number(1), default=2000, help="dev faces scored (default 2000)")
    federate.add_argument("--threads", type=whole_number(1), default=1, help="of each client (default 1)")
    federate.add_argument(
        "--out", type=Path, default=ROOT / "runs" / "federated",
        help="folder for the averaged weights and for what each client sent (default runs/federated)",
    )  # fmt: skip
    add_weights_option(federate)
    federate.set_defaults(run=_federate)


def _federate(options: argparse.Namespace) -> int:
    if len(options.clients) < 2:
        raise UsageError("Averaging takes at least two clients; name the folder of cut faces of each with --clients.")
    for folder in (*options.clients, options.dev):
        if not (folder / "index.jsonl").exists():
            raise UsageError(f"{folder} holds no cut faces; any command with --data and --cache cuts them.")
    from train.card.adapt import start_of
    from train.federated.launch import run_federated

    spec, start = start_of(options.weights, options.model)
    settings: dict[str, str | int | float] = {
        "start": str(start.resolve()), "architecture": spec.architecture, "size": spec.crop.size,
        "margin": float(spec.crop.margin), "dev": str(options.dev.resolve()), "rounds": options.rounds,
        "crops": options.crops, "rate": options.rate, "most": options.most,
    }  # fmt: skip
    return run_federated(options.clients, settings, options.out, options.threads)
