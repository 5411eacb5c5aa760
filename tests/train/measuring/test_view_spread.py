"""The fitted spread: what nearly all faces stay within, and what the rule then does to verdicts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.probes.stability import CUT_VIEWS
from detector.records import Bands, Calibration, ModelSpec
from detector.weights.store import load_manifest
from tests.conftest import SHIPPED
from train.measuring.view_spread import TooFewFaces, Viewed, effect_of, fit_spread


def faces(count: int, seed: int, jpeg: float = 0.05, other: float = 0.6) -> list[Viewed]:
    """Scores from -4 to 4; JPEG moves them little, the other views more, and the more the lower the score is."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        logit = rng.uniform(-4, 4)
        scale = np.array([jpeg, other, other]) * (2 if logit < 0 else 1)
        sides = np.full(2, logit, np.float32)
        found.append(Viewed(f"g{number}", sides, (logit + rng.normal(0, scale)).astype(np.float32), 100.0))
    return found


@pytest.fixture
def spec() -> ModelSpec:
    """With cuts of its own, so that what is spared does not change with the weights."""
    manifest = load_manifest(SHIPPED)
    bands = Bands(no_clear_signs_below=0.5952, some_signs_from=0.8656, strong_signs_from=0.993)
    return replace(manifest.models[manifest.default_image_model], bands=bands, calibration=Calibration(1.4362, 0.3539))


def test_nearly_all_faces_stay_within_the_spread() -> None:
    spread = fit_spread(faces(3000, 0), "a test")
    beyond = 0
    others = faces(4000, 1)
    for face in others:
        for view, logit in zip(CUT_VIEWS, face.cut, strict=True):
            fall, rise = spread.reach(view, face.logit)
            beyond += not -fall <= logit - face.sides[0] <= rise
    # Two ends of three views at one in a thousand each: 24 expected.
    assert beyond < 60
    assert max(spread.rises["jpeg"]) < 0.6 < min(spread.rises["shifted"])
    assert spread.rises["shifted"][0] > 1.5 * spread.rises["shifted"][-1]


def test_the_rule_spares_views_and_changes_next_to_no_verdict(spec: ModelSpec) -> None:
    effect = effect_of(faces(3000, 2), spec, fit_spread(faces(3000, 0), "a test"))
    assert effect.faces == 3000
    assert effect.left_out > 0.4
    assert effect.changed <= 3


def test_a_spread_that_is_too_narrow_shows(spec: ModelSpec) -> None:
    effect = effect_of(faces(1000, 2), spec, fit_spread(faces(1000, 0, jpeg=0.001, other=0.001), "a test"))
    assert effect.changed > 10


def test_too_few_faces_are_refused() -> None:
    with pytest.raises(TooFewFaces, match="too few"):
        fit_spread(faces(100, 0), "a test")
