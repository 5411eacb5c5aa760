"""Rows about the expert are commands that differ in one thing, are measured by kinds of fakes, and stand in the card."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

from tests.support.faces_on_disk import textured, write_cache
from train.__main__ import build_parser, main
from train.card.card import _ablations
from train.card.ship import ship
from train.card.tables import expert_table
from train.data.cache import Cache, Sample
from train.fakes.pairs import UNSEEN_METHODS
from train.fitting.recipes import ExpertRecipe, Extras
from train.measuring import ablate_expert as module
from train.measuring.ablate_expert import ablate_expert, measure_row, measured_faces
from train.measuring.expert_rows import EXPERT_ROWS

_UNSEEN = sorted(UNSEEN_METHODS)[0]


@pytest.mark.parametrize("group", list(EXPERT_ROWS))
def test_every_row_is_a_command_and_differs_in_one_thing(group: str) -> None:
    first, *others = (vars(build_parser().parse_args(shlex.split(command))) for command in EXPERT_ROWS[group].values())
    for row in others:
        assert sum(row[key] != first[key] for key in row) == 1
    assert any(row["seed"] != first["seed"] for row in others), "what chance moves is shown"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    """Sixty genuine faces of two domains of dev, twenty-five swaps, and held-out fakes, most of them of training."""
    rows = [("web_phone", "real", "photo", "dev")] * 30 + [("ffpp_c23", "real", "youtube", "dev")] * 30
    rows += [("ffpp_c23", "fake", "Deepfakes", "dev")] * 25 + [("portraits_t2i", "fake", _UNSEEN, "train")] * 8
    rows += [("portraits_t2i", "fake", _UNSEEN, "dev")] * 2 + [("web_phone", "real", "photo", "train")] * 3
    faces = [
        (Sample(f"{i}.png", label, source, method, f"g{i}", subset), textured(i, 32))
        for i, (source, label, method, subset) in enumerate(rows)
    ]
    return write_cache(tmp_path, faces)


def test_held_out_fakes_are_measured_wherever_they_stand(cache: Cache) -> None:
    chosen = measured_faces(cache)
    assert len(chosen) == 95, "all of dev and the held-out fakes of training, but none of its genuine faces"
    fake = np.array([cache.samples[i].label == "fake" for i in chosen])
    unseen = np.array([cache.samples[i].method in UNSEEN_METHODS for i in chosen])
    phone = np.array([cache.samples[i].source == "web_phone" for i in chosen])
    # Swaps are told from genuine faces; held-out fakes look more genuine than any face; phone photos alone are flagged.
    logits = np.where(unseen, -3.0, np.where(fake, 1.0, 0.0)) + 0.01 * np.arange(len(chosen)) / len(chosen)
    logits[phone & (np.arange(len(chosen)) < 3)] = 2.0
    row = measure_row(cache, chosen, logits)
    assert row["unseen"] == 0.0 and row["unseen_fakes"] == 10
    assert row["dev"] == 1.0, "of the source with both classes"
    assert row["worst_kind"]["name"] == "swap" and row["worst_kind"]["auc"] == 1.0
    assert row["worst_domain"] == {"name": "web_phone", "flagged": 0.1, "genuine": 30}
    assert "unseen_gain" not in row
    better = measure_row(cache, chosen, np.where(unseen, 5.0, logits), before=logits)
    assert better["unseen_gain"] == 1.0 and better["unseen_gain_low"] == 1.0 and better["dev_gain"] == 0.0
    shown = expert_table([{"name": "n", "crops": 8, "command": "c", **better}])[-1]
    assert "+1.000 (+1.000 to +1.000)" in shown and "swap: 1.000" in shown and "web_phone: 10 %" in shown


def test_rows_are_run_once_and_stand_beside_the_others(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> None:
        asked.append(command)

    def measured(cache: Cache, out: Path, first: Path) -> dict[str, Any]:
        gain = {} if out == first else {"dev_gain": 0.01, "dev_gain_low": -0.1, "dev_gain_high": 0.1}
        found = {"crops": 8, "unseen_fakes": 3, "worst_kind": None, "worst_domain": None}
        return found | {"dev": 0.5, "dev_low": 0.4, "dev_high": 0.6} | gain

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(module, "_measured", measured)
    other = {"name": "an ingredient", "command": "python -m train fit cnn", "crops": 8, "validation_auc": 0.5,
             "dev_auc_by_source": {"dfdc": 0.5}}  # fmt: skip
    (tmp_path / "ablations.json").write_text(json.dumps([other]))
    names = list(EXPERT_ROWS["heads"])[:2]
    for _ in range(2):
        rows = ablate_expert("heads", tmp_path, tmp_path / "fakes", tmp_path / "runs", tmp_path, threads=1, names=names)
    assert [row["name"] for row in rows] == names and len(asked) == 2
    assert asked[0][1:4] == ["-m", "train", "expert"] and "--fakes" in asked[0]
    everything = json.loads((tmp_path / "ablations.json").read_text())
    assert everything == [other, *rows]
    text = "\n".join(_ablations(everything))
    assert text.index("an ingredient") < text.index("--group heads") < text.index("+0.010 (-0.100 to +0.100)")
    assert f"Not run yet: {list(EXPERT_ROWS['heads'])[2]}; " in text and names[0] not in text.split("Not run yet")[1]
    assert "their 3 fakes" in text and "--group starts" not in text


def test_a_network_that_the_detector_lacks_is_not_shipped(tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(asdict(ExpertRecipe(extras=Extras(attention=True)))))
    with pytest.raises(ValueError, match="for comparison only"):
        ship(tmp_path, tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("expert --architecture vit --attention", "leave out --architecture"),
        ("expert --architecture vit", "give --windows 0"),
        ("expert --architecture vit --windows 0 --size 100", "multiple of 16"),
        ("ablate --group heads", "python -m train fakes"),
    ],
)
def test_what_cannot_be_combined_is_said_with_the_cure(
    cache: Cache, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: str, said: str
) -> None:
    place = ["--data", str(tmp_path), "--cache", str(tmp_path), "--fakes", str(tmp_path / "none")]
    assert main([*shlex.split(options), *place]) != 0
    assert said in capsys.readouterr().err
