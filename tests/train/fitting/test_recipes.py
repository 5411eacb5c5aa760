"""Recipes come back from their files as they were, old files included, and nothing unknown is accepted."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import SHIPPED
from train.data.names import Scheme
from train.fitting.recipes import HeadRecipe, Mix, PaperRecipe, Recipe, read_recipe

OURS = Recipe("resnet", 224, start="weights/resnet.weights.h5", frozen_norms=True, mix=Mix(strength=0.7))
PAPER = PaperRecipe(sources=("dfdc", "ffpp_c23"), examples=640)


@pytest.mark.parametrize("recipe", [OURS, PAPER], ids=["ours", "paper"])
def test_a_recipe_comes_back_from_its_file(recipe: Recipe | PaperRecipe, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps(asdict(recipe)), encoding="utf-8")
    assert read_recipe(tmp_path) == recipe


def test_a_file_from_before_some_fields_has_their_defaults(tmp_path: Path) -> None:
    values = asdict(Recipe("cnn", 240))
    for later in ("split", "frozen_norms", "start"):
        del values[later]
    del values["mix"]["high_pass"]
    (tmp_path / "recipe.json").write_text(json.dumps(values), encoding="utf-8")
    recipe = read_recipe(tmp_path)
    assert isinstance(recipe, Recipe)
    assert recipe == Recipe("cnn", 240) and recipe.split is Scheme.CARVE and not recipe.mix.high_pass


def test_the_head_that_is_shipped_has_a_recipe_of_today() -> None:
    content = json.loads((SHIPPED / "resnet_lstm.run.json").read_text(encoding="utf-8"))
    assert asdict(HeadRecipe(**content["recipe"])) == content["recipe"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"learning_rate": 1e-3}, "learning_rate"),
        ({"crops": 0}, "crops"),
        ({"smoothing": 1.5}, "smoothing"),
        ({"split": "by hand"}, "split"),
        ({"mix": {"labeled": 1.0}}, "mix.labeled"),
        ({"size": "large"}, "size"),
        ({"frozen_norms": True}, "name them as start"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_does_not_fit_is_named(change: dict[str, Any], field: str, tmp_path: Path) -> None:
    (tmp_path / "recipe.json").write_text(json.dumps({"architecture": "cnn", "size": 240} | change), encoding="utf-8")
    with pytest.raises(ValueError, match=field):
        read_recipe(tmp_path)
