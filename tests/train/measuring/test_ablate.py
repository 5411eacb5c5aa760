"""The ablations are commands that the command line takes; each differs from the first in one thing and is measured on dev."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

from tests.support.faces_on_disk import textured, write_cache
from train.__main__ import build_parser
from train.data.cache import Sample
from train.fitting.fit import fit
from train.fitting.paper import fit_paper
from train.fitting.recipes import Mix, PaperRecipe, Recipe
from train.measuring.ablate import PAPER, ROWS, ablate


def test_every_row_is_a_command_and_differs_in_one_thing() -> None:
    parsed = {name: vars(build_parser().parse_args(shlex.split(command))) for name, command in ROWS.items()}
    paper = parsed.pop(PAPER)
    assert paper["recipe"] == "paper" and paper["architecture"] == "cnn"
    first, *others = parsed.values()
    for row in others:
        assert sum(row[key] != first[key] for key in row) == 1


def test_rows_are_measured_on_dev_and_not_run_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faces = []
    for number in range(12):
        for label in ("real", "fake"):
            subset = "dev" if number % 3 == 0 else "train"
            rgb = textured(number) if label == "real" else textured(number) // 3
            faces.append((Sample(f"{number}{label}.png", label, "s", "m", f"g{number}", subset), rgb))
    write_cache(tmp_path, faces)
    recipe = Recipe("cnn", 48, crops=160, batch=8, rate=2e-3, warmup=2, average=0.5, pretrained=False,
                    mix=Mix(labelled=1.0, self_blended=0.0, strength=0.0))  # fmt: skip
    asked: list[list[str]] = []
    real = subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        if command[0] == "git":  # a run asks for the commit that it is made with
            return real(command, **options)
        asked.append(command)
        out = Path(command[command.index("--out") + 1])
        if "paper" in command:
            fit_paper(PaperRecipe(size=48, epochs=2, batch=8), tmp_path, out)
        else:
            fit(recipe, tmp_path, out)
        return None

    monkeypatch.setattr(subprocess, "run", run)
    names = (next(iter(ROWS)), PAPER)
    rows = ablate(tmp_path, tmp_path / "runs", tmp_path, names)
    assert (
        rows
        == ablate(tmp_path, tmp_path / "runs", tmp_path, names)
        == json.loads((tmp_path / "ablations.json").read_text())
    )
    assert len(asked) == 2
    assert asked[0][2:5] == ["train", "fit", "efficientnet"]
    assert rows[0]["command"].startswith("python -m train fit efficientnet")
    assert rows[0]["crops"] == 160
    # Dark "fakes" are easy to detect: what is measured is this run on these faces.
    assert rows[0]["dev_auc_by_source"]["s"] > 0.9
    assert np.isfinite(rows[0]["validation_auc"])
    # Beside itself a model is worth what it is worth alone.
    assert rows[0]["dev_auc_with_first"] == rows[0]["dev_auc_pooled"]
    assert rows[1]["name"] == PAPER and 0 <= rows[1]["dev_auc_by_source"]["s"] <= 1
    drawn = {path.name for path in (tmp_path / "figures").iterdir()}
    assert drawn == {"paper_curves.png", "paper_confusion.png"}, "the card shows what the paper's recipe draws"
