"""A lower density is made of the frames that it would have sampled, evenly spread, and scores as the detector does."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from detector import Report
from detector.records import Calibration
from detector.verdict.calibration import calibrate
from tests.bench.density import DOCUMENT, RESULT, SECTION, measured, score_at, section, slots

DENSEST = 32


def clip_of(p_fake: list[float | None], seconds: float = 9.6) -> Report:
    """One person, seen in the middle of each of so many slots."""
    times = [(slot + 0.5) / len(p_fake) * seconds for slot in range(len(p_fake))]
    points = [SimpleNamespace(time_s=time, p_fake=p) for time, p in zip(times, p_fake, strict=True)]
    face = SimpleNamespace(over_time=SimpleNamespace(points=points, frames=len(p_fake)))
    made: Any = SimpleNamespace(faces=[face], input=SimpleNamespace(duration_s=seconds))
    return cast("Report", made)


def test_a_density_keeps_every_so_many_frames() -> None:
    values = [(slot + 1) / 100 for slot in range(DENSEST)]
    for density in (4, 8, 16, 32):
        (kept,) = slots(clip_of([*values]), density, DENSEST)
        assert len(kept) == density
        assert np.ptp(np.diff(kept)) < 1e-9, "evenly spread"
    assert slots(clip_of([*values]), DENSEST, DENSEST) == [values]


def test_frames_without_a_score_are_left_out_and_none_at_all_is_no_score() -> None:
    values: list[float | None] = [None] * DENSEST
    assert score_at(clip_of(values), 8, DENSEST, Calibration(), Calibration(), 1) is None
    values[2] = 0.7
    assert slots(clip_of(values), 8, DENSEST) == [[0.7]]
    assert slots(clip_of(values), 32, DENSEST) == [[0.7]]
    assert score_at(clip_of(values), 8, DENSEST, Calibration(), Calibration(), 1) == pytest.approx(0.7)
    assert score_at(clip_of(values), 8, DENSEST, Calibration(), Calibration(), 2) is None, "seen in too few frames"
    assert score_at(clip_of([0.7] * 4), 4, 4, Calibration(), Calibration(), 5) == pytest.approx(0.7), "in all there are"


def test_the_score_is_the_calibrated_mean_of_logits() -> None:
    frame, clip = Calibration(0.5, 0.25), Calibration(2.0, -1.0)
    logits = np.linspace(-3, 2, DENSEST)
    values: list[float | None] = [calibrate(float(logit), frame) for logit in logits]
    found = score_at(clip_of(values), DENSEST, DENSEST, frame, clip, 5)
    assert found == pytest.approx(calibrate(float(logits.mean()), clip), abs=1e-9)


def test_the_document_has_the_figures_of_the_published_run() -> None:
    between = SECTION.read(DOCUMENT.read_text(encoding="utf-8"))
    if not RESULT.is_file():
        assert between == "", "figures without a run behind them"
        return
    result = json.loads(RESULT.read_text(encoding="utf-8"))
    assert between == section(result)
    assert "clips" not in result, "names of others' files stay out"


def test_the_section_names_the_default_and_what_twice_as_many_frames_buy() -> None:
    rows: list[dict[str, Any]] = [
        {"label": label, "source": "a", "group": str(i), "scores": {"16": p, "32": p, "64": q}}
        for i, (label, p, q) in enumerate(
            [("real", 0.2, 0.2), ("real", 0.5, 0.5), ("fake", 0.5, 0.8), ("fake", 0.8, 0.8)]
        )
    ]
    found = measured(rows, (16, 32, 64))["all"]
    move = float(np.log(4))
    assert found["error"] == pytest.approx({"16": move / 2, "32": move / 2, "64": 0.0}, abs=1e-4)
    assert found["spread"] == pytest.approx(move / 8**0.5, abs=1e-4), "of two classes, one without any"
    found |= {"auc": {"16": [0.8, 0.6, 0.9], "32": [0.83, 0.7, 0.95], "64": [0.832, 0.7, 0.95]}}
    text = section({
        "date": "2026-01-02", "machine": "a processor", "commit": "abc" * 13 + "d",
        "command": "python -m tests.bench.density --clips 12 --publish", "default": 32,
        "seconds": {"16": [1.0, 1.2], "32": [2.0, 2.4], "64": [6.0, 6.2]},
        "subsets": {subset: {"all": found, "sources with fakes": found} for subset in ("dev", "train")},
    })  # fmt: skip
    assert "| **32** (default) | 0.830 (0.700 to 0.950) | 0.830 (0.700 to 0.950) | 0.69 | 2.2 |" in text
    assert "`python -m tests.bench.density --clips 12 --publish`" in text
    assert "From 16 to 32 frames: AUC +0.030 held out" in text
    assert "From 32 to 64 frames: AUC +0.002 held out, +0.002 in training groups, for 2.8 times the time." in text
