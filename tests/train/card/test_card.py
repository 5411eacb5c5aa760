"""The model card shows what was measured, and of the files that are shipped."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from tests.conftest import SHIPPED
from train.card.card import card_text, render_tables, write_card
from train.card.tables import history_table

EVALUATION: dict[str, Any] = json.loads((SHIPPED / "evaluation.json").read_text(encoding="utf-8"))


NO_HISTORIES: dict[str, list[dict[str, Any]]] = {name: [] for name in EVALUATION["models"]}


@pytest.mark.needs_weights
def test_card_equals_what_it_is_generated_from() -> None:
    assert (SHIPPED / "README.md").read_text(encoding="utf-8") == card_text(SHIPPED)


@pytest.mark.needs_weights
def test_every_picture_of_the_card_is_there() -> None:
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", (SHIPPED / "README.md").read_text(encoding="utf-8"))
    assert len(pictures) >= 4
    assert [name for name in pictures if not (SHIPPED / name).is_file()] == []


@pytest.mark.needs_weights
def test_evaluation_is_of_the_shipped_files() -> None:
    manifest = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    images = {name: entry for name, entry in manifest["models"].items() if entry["kind"] == "image"}
    assert EVALUATION["weights"] == {name: entry["file"]["sha256"] for name, entry in images.items()}
    assert EVALUATION["default"] == manifest["default"]["image"]
    for name, entry in images.items():
        assert entry["track_record"] == EVALUATION["models"][name]["track_record"]
        assert entry["bands"] == EVALUATION["models"][name]["bands"]


@pytest.mark.needs_weights
def test_gates_are_those_measured_with_the_shipped_model() -> None:
    if not (SHIPPED / "gates.json").exists():
        pytest.skip("weights/gates.json: `python -m train gates` has not been run")
    measured = json.loads((SHIPPED / "gates.json").read_text(encoding="utf-8"))
    manifest = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    assert measured["weights"] == manifest["models"][manifest["default"]["image"]]["file"]["sha256"]
    assert measured["gates"] == manifest["quality_gates"]
    name, needed = manifest["default"]["image"], measured["signs_need_sharpness"]
    assert manifest["models"][name]["bands"]["signs_need_sharpness"] == needed
    assert manifest["clips"]["frame_mean"][name]["bands"]["signs_need_sharpness"] == needed


@pytest.mark.needs_weights
def test_the_measures_on_clips_are_of_the_shipped_files() -> None:
    measured = json.loads((SHIPPED / "clips.json").read_text(encoding="utf-8"))
    manifest = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    assert measured["weights"] == {name: entry["file"]["sha256"] for name, entry in manifest["models"].items()}
    for name, rule in manifest["clips"]["frame_mean"].items():
        shown = {entry["verdict"]: (entry["genuine"], entry["fake"]) for entry in rule["track_record"]}
        scored = [row for row in measured["clips"] if name in row["scores"]]
        assert sum(genuine for genuine, _ in shown.values()) == sum(row["label"] == "real" for row in scored)
        assert sum(fake for _, fake in shown.values()) == sum(row["label"] == "fake" for row in scored)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped card and evaluation, without histories or anything else beside them."""
    for name in ("README.md", "evaluation.json"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    return tmp_path


def test_words_by_hand_survive_and_writing_twice_changes_nothing(folder: Path) -> None:
    card = folder / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace("## Use", "## By hand"), encoding="utf-8")
    write_card(folder)
    once = card.read_text(encoding="utf-8")
    write_card(folder)
    assert "## By hand" in once and card.read_text(encoding="utf-8") == once


@pytest.mark.parametrize(("cut", "message"), [("<!-- generated", "expected the lines"), ("---\n", "block of metadata")])
def test_a_card_without_its_marks_is_refused(folder: Path, cut: str, message: str) -> None:
    card = folder / "README.md"
    card.write_text(card.read_text(encoding="utf-8").replace(cut, ""), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        card_text(folder)


def test_the_hub_reads_the_metadata(folder: Path) -> None:
    data = ModelCard.load(folder / "README.md").data.to_dict()
    assert (data["library_name"], data["license"], data["license_name"]) == ("keras", "other", "research-use")
    (entry,) = data["model-index"]
    values = {
        (row["dataset"]["type"], metric["name"].removeprefix("frame AUC of ")): metric["value"]
        for row in entry["results"]
        for metric in row["metrics"]
    }
    for name, result in EVALUATION["models"].items():
        assert values["all_sources", name] == result["pooled"]["auc"]
        assert values["dfdc", name] == result["by_source"]["dfdc"]["auc"]


def test_the_worst_case_comes_first() -> None:
    first = render_tables(EVALUATION, NO_HISTORIES, {}).splitlines()[:10]
    by_source = EVALUATION["models"][EVALUATION["default"]]["by_source"]
    worst = min((name for name, row in by_source.items() if "auc" in row), key=lambda name: by_source[name]["auc"])
    assert any("lowest AUC of a source" in line and worst in line for line in first)


def test_what_other_commands_measured_is_shown_where_it_exists() -> None:
    curve = {"from": 0.0, "below": 40.0, "faces": 100, "auc": 0.61, "false_positive_rate": 0.2}
    beside = {
        "probe": {"files": {"dfdc": {"auc": 0.587}}, "training_pairs": {"self_blended": {"pairs": 750, "auc": 0.512}}},
        "ablations": [{"name": "random start", "command": "python -m train fit cnn", "crops": 9000, "validation_auc": 0.55,
                       "dev_auc_by_source": {"dfdc": 0.533}}],
        "gates": {"words": "How they were set.", "curves": {"size_px": [curve]}},
    }  # fmt: skip
    text = render_tables(EVALUATION, NO_HISTORIES, beside)
    for shown in (
        "0.587",
        "self_blended 0.512",
        "| random start | 9000 | 0.550 | 0.533 |",
        "| size_px | 0.00 | 40.00 |",
    ):
        assert shown in text


def test_the_paper_s_own_recipe_stands_beside_ours_with_its_worst_source() -> None:
    row = {"name": "the paper's", "command": "python -m train fit cnn --recipe paper", "crops": 64, "validation_auc": 0.61,
           "dev_auc_by_source": {"dfdc": 0.533, "ffpp_c23": 0.512}, "dev_auc_pooled": 0.524}  # fmt: skip
    text = render_tables(EVALUATION, NO_HISTORIES, {"ablations": [row]})
    assert "AUC 0.524 pooled, worst 0.512 on ffpp_c23; 0.610 on its own validation groups" in text
    assert text.index("0.524 pooled") < text.index("figures/roc.png"), "before the pictures, beside our own figures"


def test_a_history_of_another_recipe_is_shown_with_its_own_columns() -> None:
    rows = [{"epoch": i, "loss": 0.7, "val_auc": 0.5 + i / 100, "note": "x"} for i in range(50)]
    table = history_table(rows)
    assert table[0] == "| epoch | loss | val auc |"
    assert table[2].startswith("| 0 |") and table[-1] == "| 49 | 0.700 | 0.990 |"
    assert len(table) < 16
