"""The tab "About" says what the figures say, in plain words, and no more than was measured."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from detector.records import Verdict
from detector.report import page_about
from detector.words import about as words_about
from detector.words.language import ENGLISH, LANGUAGES
from tests.conftest import SHIPPED
from tests.report.harness import PNG, Tree
from tests.support import fakes
from tests.words.test_language import ENGLISH_WORDS

EVALUATION: dict[str, Any] = {
    "date": "2026-11-24T10:00:00",
    "models": {
        "resnet": {
            "pooled": {"auc": 0.887},
            "by_source": {"dfdc": {"false_positive_rate": 0.12, "recall": 0.34}, "lfw": {"false_positive_rate": 0.001}},
            "degradation": {"half_size": {"false_positive_rate": 0.02, "recall": 0.5}},
        }
    },
}


def show(evaluation: dict[str, Any] = EVALUATION) -> Tree:
    return Tree(page_about.about(fakes.manifest(), evaluation, {"roc.png": PNG}))


def test_the_figures_are_those_of_the_evaluation() -> None:
    text = show().text
    assert "Measured on 500 genuine and 500 altered or AI-made faces" in text
    # 420 and 90 of 500 each.
    assert "No clear signs found84 of 10018 of 100" in text
    assert "(DFDC)12 of 10034 of 100" in text
    assert "(LFW)fewer than 1 of 100–" in text
    assert "shrunk to half the size2 of 10050 of 100" in text
    assert "residual network (resnet) (sets the result)89" in text
    assert "40 are not flagged" in text


def test_without_measurements_none_are_told() -> None:
    text = show({}).text
    assert words_about.NOT_MEASURED in text
    assert words_about.TESTS_HEAD not in text
    assert "–" in text


def test_pictures_have_words_and_headings_go_down_by_one() -> None:
    tree = show()
    assert [attrs["alt"] for tag, attrs in tree.elements if tag == "img"] == [words_about.FIGURES["roc.png"]]
    levels = [int(tag[1]) for tag, _ in tree.elements if tag in ("h2", "h3", "h4")]
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_no_english_is_left_in_german() -> None:
    tree = Tree(
        page_about.about(fakes.manifest(), EVALUATION, dict.fromkeys(words_about.FIGURES, PNG), LANGUAGES["de"])
    )
    assert ENGLISH_WORDS.findall(tree.text) == []


def test_the_shipped_evaluation_can_be_shown() -> None:
    file = SHIPPED / "evaluation.json"
    if not file.is_file():
        pytest.skip("no weights in this working copy")
    evaluation = json.loads(file.read_text(encoding="utf-8"))
    for model in evaluation["models"].values():
        # Every kind of test faces has a name for lay people.
        assert set(model["by_source"]) <= set(words_about.SOURCES)
        assert set(model.get("degradation", {})) <= set(words_about.CHANGED)


def test_a_band_that_is_not_used_is_not_in_the_table() -> None:
    tree = Tree(page_about.about(fakes.manifest(strong_from=None), EVALUATION, {}, ENGLISH))
    assert "Strong signs" not in tree.text.split("Measured on")[0]
    assert Verdict.STRONG_SIGNS in [rate.verdict for rate in fakes.manifest().models["resnet"].track_record]
