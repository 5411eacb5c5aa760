"""Quality gates: the rule on curves drawn by hand, and the copies it is measured on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces.crops import measure_quality
from detector.records import Box, Detection, Frame
from train.measuring.gates import choose_gate, gates_of, relit, sharpness_for_signs, smaller


def curve(*aucs: float | None, width: float = 10.0) -> list[dict[str, Any]]:
    return [{"from": i * width, "below": (i + 1) * width, "auc": value} for i, value in enumerate(aucs)]


@pytest.mark.parametrize(
    ("aucs", "gate"),
    [
        ((0.5, 0.6, 0.7, 0.8), 20.0),
        ((0.7, 0.5, 0.7), None),  # the worst end passes, so nothing is refused for a dip further in
        ((None, 0.6, 0.7), 20.0),
        ((0.6, None, 0.7), 10.0),
        ((0.5, 0.5), 20.0),
        ((None, None), None),
    ],
)
def test_a_gate_rises_through_failing_bins_from_the_worst_end(
    aucs: tuple[float | None, ...], gate: float | None
) -> None:
    assert choose_gate(curve(*aucs), 0.65) == gate


def test_a_gate_from_above_is_its_mirror() -> None:
    assert choose_gate(curve(0.8, 0.7, 0.6, 0.5), 0.65, from_above=True) == 20.0
    assert choose_gate(curve(0.5, 0.8), 0.65, from_above=True) is None


@pytest.mark.parametrize(
    ("rates", "needed"),
    [((0.9, 0.3, 0.05), 20.0), ((0.9, 0.05, 0.2, 0.0), 30.0), ((0.1, 0.1), 0.0), ((0.05, 0.2), 20.0)],
)
def test_signs_need_the_sharpness_from_which_on_few_genuine_faces_score_high(
    rates: tuple[float, ...], needed: float
) -> None:
    rows = [
        {"from": i * 10.0, "below": (i + 1) * 10.0, "auc": 0.8, "false_positive_rate": rate}
        for i, rate in enumerate(rates)
    ]
    assert sharpness_for_signs(rows, 0.1) == needed


def test_a_bin_of_few_faces_sets_no_limit() -> None:
    few = {"from": 60.0, "below": 80.0, "auc": None, "false_positive_rate": 0.2}
    enough = {"from": 0.0, "below": 5.0, "auc": 0.6, "false_positive_rate": 0.2}
    assert sharpness_for_signs([enough, few], 0.1) == 5.0


BOUNDS = {"min_size_px": (40.0, 64.0), "min_sharpness": (0.0, 6.0), "min_brightness": (20.0, 40.0),
          "max_brightness": (227.0, 240.0), "max_abs_yaw": (0.8, 1.0)}  # fmt: skip


def test_gates_stay_within_their_bounds() -> None:
    bad = {name: curve(*[0.5] * 30) for name in ("size_px", "sharpness", "brightness", "abs_yaw")}
    good = {name: curve(*[0.9] * 30) for name in bad}
    strict, mild = gates_of(bad, 0.65, BOUNDS), gates_of(good, 0.65, BOUNDS)
    assert (strict.min_size_px, strict.min_sharpness, strict.min_brightness) == (64, 6, 40)
    assert (strict.max_brightness, strict.max_abs_yaw) == (227, 0.8)
    assert (mild.min_size_px, mild.min_sharpness, mild.min_brightness) == (40, 0, 20)
    assert (mild.max_brightness, mild.max_abs_yaw) == (240, 1.0)


@pytest.fixture
def face(astronaut: NDArray[np.uint8]) -> tuple[Frame, Detection]:
    points = np.array([[200, 100], [250, 100], [225, 130], [225, 150], [180, 110], [270, 110]], np.float32)
    return Frame(astronaut), Detection(Box(170, 60, 280, 170), points, 0.9)


def test_a_smaller_copy_has_the_requested_size_and_the_same_pose(face: tuple[Frame, Detection]) -> None:
    before, after = measure_quality(*face), measure_quality(*smaller(*face, 24))
    assert after.size_px == pytest.approx(24) and after.yaw == pytest.approx(before.yaw, abs=1e-4)


@pytest.mark.parametrize("level", [16.0, 60.0])
def test_a_darker_copy_has_the_requested_brightness(face: tuple[Frame, Detection], level: float) -> None:
    frame, detection = face
    assert measure_quality(relit(frame, detection, level), detection).brightness == pytest.approx(level, rel=0.15)
