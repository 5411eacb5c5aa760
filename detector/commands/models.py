"""``models``: what the manifest lists, with revisions and hashes."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING, Any

from detector.commands.command import OK, Load, add_command
from detector.records import ModelSpec

if TYPE_CHECKING:
    from detector.weights.store import WeightStore

__all__ = ["add_to", "run"]


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command and its arguments."""
    parser = add_command(
        commands,
        "models",
        run,
        summary="list models, revisions and hashes",
        description="Lists the models of the manifest, with the revision and SHA-256 of their weights.",
        example="python -m detector models --json",
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")


def run(options: argparse.Namespace, load: Load) -> int:  # noqa: ARG001 - no model is loaded for this
    """Print the list."""
    from detector.weights.store import WeightStore

    store = WeightStore(options.weights)
    rows = [_row(spec, store) for spec in store.manifest.models.values()]
    if options.json:
        print(json.dumps({"models": rows}, allow_nan=False))
        return OK
    if not rows:
        print(f"The manifest in {store.folder} lists no model.")
    for row in rows:
        chosen = ", the default" if row["default"] else ""
        print(f"{row['name']}: {row['kind']} model of the architecture {row['architecture']}{chosen}")
        print(f"  revision {row['revision'] or 'unknown: neither in the folder nor on a Hub'}")
        print(f"  file     {row['file']}, {row['bytes']} bytes")
        print(f"  sha256   {row['sha256']}")
    return OK


def _row(spec: ModelSpec, store: WeightStore) -> dict[str, Any]:
    """A model as one row of the list."""
    revision = store.pin.revision if store.pin else None
    return {
        "name": spec.name,
        "architecture": spec.architecture,
        "kind": spec.kind,
        "default": spec.name in (store.manifest.default_image_model, store.manifest.default_video_model),
        "revision": "local" if (store.folder / spec.file.name).exists() else revision,
        "file": spec.file.name,
        "bytes": spec.file.bytes,
        "sha256": spec.file.sha256,
        "trained_at_commit": spec.trained_at_commit,
    }
