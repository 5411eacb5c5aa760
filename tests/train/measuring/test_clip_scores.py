"""Measures on clips: the table, the scores through the detector, and what follows for the manifest."""

from __future__ import annotations

from pathlib import Path

import pytest

from detector import Detector
from detector.weights.store import load_manifest
from tests.conftest import SHIPPED
from train.card.clip_tables import clip_section
from train.data.samples import read_clips
from train.measuring.clip_scores import evaluate, from_single_frames, learn_disagreement, set_disagreement


def test_a_group_in_both_subsets_is_refused(clip_folder: Path, tmp_path: Path) -> None:
    assert [sample.label for sample in read_clips(clip_folder, "dev")] == ["real", "fake"] * 2
    text = (clip_folder / "clips.tsv").read_text(encoding="utf-8")
    (tmp_path / "clips.tsv").write_text(text.replace("hopper\tdev", "hopper\ttrain", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="both subsets"):
        read_clips(tmp_path, "dev")


def test_an_evaluation_names_every_clip_and_measures_every_model(
    clip_folder: Path, tiny_detector_for_clips: Detector
) -> None:
    (clip_folder / "broken.mp4").write_bytes(b"\0\0\0\x14ftypisom\0\0\0\0isom")
    table = clip_folder / "clips.tsv"
    text = table.read_text(encoding="utf-8")
    table.write_text(f"{text}broken.mp4\treal\ttest\treal\tbroken\tdev\n", encoding="utf-8")
    try:
        result = evaluate(tiny_detector_for_clips, clip_folder, "dev")
    finally:
        table.write_text(text, encoding="utf-8")
    assert [row["path"] for row in result["clips"]][-1] == "broken.mp4"
    assert "damaged" in result["clips"][-1]["why"]
    assert set(result["models"]) == {"tiny"}
    pooled = result["models"]["tiny"]["pooled"]
    assert (pooled["genuine"], pooled["fake"]) == (2, 2)
    assert 0 <= pooled["auc_low"] <= pooled["auc"] <= pooled["auc_high"] <= 1
    assert sum(counts["fake"] for counts in result["verdicts"].values()) == 2
    assert result["verdicts"]["not_analysed"] == {"genuine": 1, "fake": 0}
    lines = clip_section(result, {})
    assert sum(line.startswith("| mean of the frames' log-odds by `tiny`") for line in lines) == 2


def test_means_may_take_the_calibration_of_single_frames(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((SHIPPED / "manifest.json").read_bytes())
    means = from_single_frames(load_manifest(tmp_path), tmp_path, "by hand")
    after = load_manifest(tmp_path)
    assert after.clips is not None and after.clips.frame_mean == means
    for name, mean in means.items():
        assert mean.calibration == after.models[name].calibration
        assert mean.bands.strong_signs_from is None and mean.track_record == ()
        assert mean.bands.some_signs_from == after.models[name].bands.some_signs_from


def test_a_limit_of_disagreement_needs_clips_enough() -> None:
    rows = [{"scores": {"a": 0.5, "b": 0.5 + i / 200}} for i in range(21)]
    assert learn_disagreement({"clips": rows}, "a", "b") == pytest.approx(0.1, abs=0.006)
    assert learn_disagreement({"clips": rows[:19]}, "a", "b") is None
    assert learn_disagreement({"clips": rows}, "a", "c") is None


def test_a_new_limit_needs_new_verdicts(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((SHIPPED / "manifest.json").read_bytes())
    rows = [{"scores": {"resnet": 0.5, "resnet_lstm": 0.5 + i / 200}} for i in range(21)]
    assert set_disagreement(load_manifest(tmp_path), {"clips": rows}, tmp_path)
    after = load_manifest(tmp_path)
    assert after.clips is not None and after.clips.max_disagreement == pytest.approx(0.1, abs=0.006)
    assert not set_disagreement(after, {"clips": rows}, tmp_path), "the verdicts were given under this very limit"
