"""What each ingredient of our recipe is worth: short trainings that differ in one thing, scored on ``dev``.

Every row is a command of ``python -m train fit`` that is run as it is printed, so that anyone can repeat it. The runs are short
(``_CROPS`` crops), far from a finished training: rows are to be compared with the first, not with the shipped models. The last
row is the paper's own network and recipe.
"""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from detector.models.networks import load
from train.data.cache import Cache, crops_of
from train.fitting.engine import KerasGraph
from train.fitting.fit import crops_for
from train.fitting.recipes import Recipe, read_recipe
from train.fitting.training import score
from train.metrics import auc

__all__ = ["PAPER", "ROWS", "ablate"]

_CROPS = 9_600
_PAPER_EXAMPLES = 640
"""A draw of its own for each of the paper's fifty epochs: 32,000 crops in all."""
_LOGITS = "dev_logits.npy"
PAPER = "the paper's network and recipe"
_PICTURES = {"learning_curves.png": "paper_curves.png", "confusion_matrix.png": "paper_confusion.png"}
"""What the paper's recipe draws -> its name beside the card's pictures."""
_BASE = f"fit efficientnet --size 160 --crops {_CROPS} --rate 7e-4"
ROWS: Mapping[str, str] = MappingProxyType(
    {
        "our recipe, short": _BASE,
        "random start in place of ImageNet": f"{_BASE} --from-scratch",
        "without pseudo-fakes": f"{_BASE} --no-pseudo-fakes",
        "without labelled fakes": f"{_BASE} --no-labelled-fakes",
        "without post-processing": f"{_BASE} --strength 0",
        "tight crop (margin 0.05)": f"{_BASE} --margin 0.05",
        "wide crop (margin 0.5)": f"{_BASE} --margin 0.5",
        "fine detail only (high-pass input)": f"{_BASE} --high-pass",
        "input 112 px": _BASE.replace("160", "112", 1),
        "input 224 px": _BASE.replace("--size 160", "--size 224", 1),
        PAPER: f"fit cnn --recipe paper --examples {_PAPER_EXAMPLES}",
    }
)
"""What is changed -> the command after ``python -m train``, without the places of data and results."""


def ablate(cache_folder: Path, runs: Path, weights: Path, names: tuple[str, ...] = tuple(ROWS)) -> list[dict[str, Any]]:
    """Run the rows that are not there yet and write ``weights/ablations.json`` after each, and the paper's own pictures.

    Args:
        cache_folder: as built by ``data.build_cache``.
        runs: folder for a run each; an interrupted one resumes.
        weights: holds the model card.
        names: which of ``ROWS``.

    Returns:
        The rows known so far: name, command, crops, validation AUC, AUC on ``dev`` by source and pooled over the sources with
        both classes, and pooled again for the mean of this model's and the first row's log-odds: whether an ensemble pays
        (None where ``runs`` does not hold the first row's run).
    """
    path = weights / "ablations.json"
    rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    known = {row["command"] for row in rows}
    for name in names:
        command = f"python -m train {ROWS[name]}"
        if command in known:
            continue
        out = _folder(runs, name)
        arguments = [*shlex.split(ROWS[name]), "--cache", str(cache_folder), "--out", str(out)]
        subprocess.run([sys.executable, "-m", "train", *arguments], check=True)  # noqa: S603
        rows.append(
            {"name": name, "command": command, **_measured(Cache(cache_folder), out, _folder(runs, next(iter(ROWS))))}
        )
        for drawn in (picture for picture in _PICTURES if (out / picture).exists()):
            (weights / "figures").mkdir(exist_ok=True)
            shutil.copyfile(out / drawn, weights / "figures" / _PICTURES[drawn])
        path.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return [row for row in rows if "group" not in row]  # the others are of ``ablate_expert``


def _folder(runs: Path, name: str) -> Path:
    return runs / "".join(c if c.isalnum() else "-" for c in name)


def _measured(cache: Cache, out: Path, first: Path) -> dict[str, Any]:
    recipe = read_recipe(out)
    last = json.loads((out / "history.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    name = recipe.architecture
    graph = KerasGraph(load(name, recipe.size, out / f"{name}.weights.h5"))
    dev = cache.where(subset="dev")
    crops = crops_for(cache, dev, recipe) if isinstance(recipe, Recipe) else crops_of(cache, dev, recipe.spec)
    logits = score(graph, crops)
    np.save(out / _LOGITS, logits)
    fake = cache.fakes(dev)
    source = np.array([cache.samples[i].source for i in dev])
    both = np.isin(source, list(set(source[fake]) & set(source[~fake])))
    by_source = {
        key: round(auc(fake[source == key], logits[source == key]), 4) for key in sorted(set(source[both].tolist()))
    }
    kept = first / _LOGITS
    together = logits + np.load(kept) if kept.exists() else None
    return {
        "crops": last["crops"],
        "validation_auc": last["validation_auc"],
        "dev_auc_by_source": by_source,
        "dev_auc_pooled": round(auc(fake[both], logits[both]), 4),
        "dev_auc_with_first": None if together is None else round(auc(fake[both], together[both]), 4),
    }
