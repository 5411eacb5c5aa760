"""Heatmap tests on a model whose score is known to depend on one place."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from detector.records import Bands, Calibration
from train.measuring import heatmaps
from train.measuring.heatmaps import KINDS, measure_heatmaps

SIZE = 64


class _RedCounter:
    """Says "fake" in proportion to the red in a crop, and explains itself by where the red is."""

    def fake_logits(self, crops: np.ndarray) -> np.ndarray:
        return np.asarray(self._red(crops).mean((1, 2)), np.float32)

    def evidence(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        red = self._red(crops).reshape(len(crops), 8, SIZE // 8, 8, SIZE // 8).mean((2, 4)).astype(np.float32)
        return red, np.zeros_like(red)

    @staticmethod
    def _red(crops: np.ndarray) -> np.ndarray:
        return np.asarray(np.maximum(0.0, crops[..., 0].astype(float) - crops[..., 1]))


def _paint(rgb: np.ndarray, *rest: Any) -> tuple[np.ndarray, np.ndarray]:
    """An alteration that paints a quarter of the crop red."""
    mask = np.zeros(rgb.shape[:2], np.float32)
    mask[16:48, 16:48] = 1
    painted = rgb.copy()
    painted[mask > 0] = (220, 40, 40)
    return painted, mask


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    grey = np.full((SIZE, SIZE, 3), 100, np.uint8)
    mesh = np.zeros((478, 2), np.float32)
    faces = [heatmaps._Face(grey, mesh, f"g{i}", "s", (8, 8, 56, 56)) for i in range(12)]
    monkeypatch.setattr(heatmaps, "carve_validation", lambda cache: (np.array([], int), np.arange(12)))
    monkeypatch.setattr(heatmaps, "faces_of", lambda cache, indices, spec: faces)
    monkeypatch.setattr(heatmaps, "self_blend", _paint)
    monkeypatch.setattr(heatmaps, "swap", _paint)
    model = _RedCounter()
    spec = SimpleNamespace(crop="crop", calibration=Calibration(), bands=Bands(0.3, 0.6, None))
    loaded = SimpleNamespace(spec=spec, scorer=model, explainer=model)
    detector: Any = SimpleNamespace(models={"red": None}, select=lambda name: loaded)
    found = measure_heatmaps(detector, cache=None)  # type: ignore[arg-type]
    kinds: dict[str, Any] = found["models"]["red"]
    return kinds


def test_heat_on_the_altered_region_is_found_there(measured: dict[str, Any]) -> None:
    assert set(measured) == set(KINDS)
    row = measured["swap"]
    assert row["area_share"] == 0.25 and row["most_possible"] == 4.0
    assert row["heat_share"] > 0.85, "all but what the enlarging smears over the edge"
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"] and row["ratio"] > 3.4
    assert row["without_heat"] == 0 and row["flagged"] == 12


def test_removing_what_the_model_sees_lowers_its_score_most(measured: dict[str, Any]) -> None:
    for fill in ("blurred", "genuine"):
        row = measured["self_blend"]["deletion"][fill]
        assert row["hottest"] > row["random"] >= 0 and row["difference_low"] > 0
    genuine = measured["self_blend"]["deletion"]["genuine"]
    # A tenth of the crop is put back of a quarter that is red: two fifths of the score.
    assert genuine["hottest"] == pytest.approx(0.4 * 45, rel=0.1)
