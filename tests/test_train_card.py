"""The model card shows the evaluation file, and the manifest the same counts."""

from __future__ import annotations

import json

import pytest

from tests.conftest import SHIPPED
from train.card import BEGIN, END, read_histories, render_tables


@pytest.mark.needs_weights
def test_card_equals_evaluation() -> None:
    evaluation = json.loads((SHIPPED / "evaluation.json").read_text(encoding="utf-8"))
    card = (SHIPPED / "README.md").read_text(encoding="utf-8")
    tables = render_tables(evaluation, read_histories(SHIPPED, evaluation))
    assert card.split(BEGIN)[1].split(END)[0].strip() == tables.strip()


@pytest.mark.needs_weights
def test_evaluation_is_of_the_shipped_files() -> None:
    evaluation = json.loads((SHIPPED / "evaluation.json").read_text(encoding="utf-8"))
    manifest = json.loads((SHIPPED / "manifest.json").read_text(encoding="utf-8"))
    assert evaluation["weights"] == {name: entry["file"]["sha256"] for name, entry in manifest["models"].items()}
    for name, entry in manifest["models"].items():
        assert entry["track_record"] == evaluation["models"][name]["track_record"]
