"""The kinds of fakes that are named come from the evaluation of these very weights, counted and never typed."""

from __future__ import annotations

from dataclasses import replace

from detector.paths import WEIGHTS
from detector.records import KnownKind, WeightFile
from detector.report.knowledge import known_kinds, read_evaluation
from detector.weights.store import load_manifest
from detector.words import results as words
from tests.support import fakes

EVALUATION = {
    "weights": {"resnet": "0" * 64},
    "models": {
        "resnet": {
            "by_kind": {
                "reenactment": {"fake": 40, "recall": 0.25},
                "swap": {"fake": 350, "recall": 0.4571},
                "newcomer": {"fake": 10, "recall": 0.1},
            },
        }
    },
}


def test_the_kinds_that_were_measured_are_named_the_most_tested_first() -> None:
    found = known_kinds(fakes.manifest(), EVALUATION)
    assert found == (KnownKind("swap", 160, 350), KnownKind("reenactment", 10, 40), KnownKind("newcomer", 1, 10))
    text = words.knowledge(found)
    assert text.startswith(
        "In tests it finds 46 of 100 swapped faces, 10 of 40 faces moved by another person, 1 of 10 newcomer."
    )


def test_figures_of_other_weights_are_not_shown() -> None:
    manifest = fakes.manifest()
    other = replace(manifest.models["resnet"], file=WeightFile("other.h5", 1, "1" * 64))
    assert known_kinds(replace(manifest, models={"resnet": other}), EVALUATION) == ()
    assert known_kinds(manifest, {}) == ()


def test_the_shipped_models_say_what_they_know() -> None:
    found = known_kinds(load_manifest(WEIGHTS), read_evaluation())
    assert {"swap", "gan", "diffusion"} <= {kind.kind for kind in found}
    assert {kind.kind for kind in found} <= set(words.KIND_NAMES), "a kind that has no name for readers yet"
