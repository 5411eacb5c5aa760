"""A lower density is made of the frames that it would have looked at, evenly spread, and scores as the detector does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from detector import Report
from detector.records import Calibration
from detector.verdict import calibrate
from tests.bench.density import score_at, slots

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
    assert score_at(clip_of(values), 8, DENSEST, Calibration(), Calibration()) is None
    values[2] = 0.7
    assert slots(clip_of(values), 8, DENSEST) == [[0.7]]
    assert slots(clip_of(values), 32, DENSEST) == [[0.7]]


def test_the_score_is_the_calibrated_mean_of_logits() -> None:
    frame, clip = Calibration(0.5, 0.25), Calibration(2.0, -1.0)
    logits = np.linspace(-3, 2, DENSEST)
    values: list[float | None] = [calibrate(float(logit), frame) for logit in logits]
    found = score_at(clip_of(values), DENSEST, DENSEST, frame, clip)
    assert found == pytest.approx(calibrate(float(logits.mean()), clip), abs=1e-9)
