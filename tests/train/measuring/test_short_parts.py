"""The rule for short altered parts: fitted on genuine clips, measured on made ones."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.records import ShortPart
from detector.verdict.clips import short_parts
from detector.weights.manifest import load_manifest
from train.measuring import short_parts as fitting
from train.measuring.short_parts import Scored, choose_rule


def people(count: int = 100, altered: float = 6.0, frames: int = 2, length: int = 16) -> list[Scored]:
    """Genuine clips of noise, and of each a copy with some frames that score higher."""
    rng = np.random.default_rng(3)
    found = []
    for _ in range(count):
        genuine = rng.normal(-2, 1, length)
        first = int(rng.integers(0, length - frames + 1))
        made = genuine.copy()
        made[first : first + frames] += altered
        times = [1.25 * place for place in range(length)]
        seconds = times[first], times[first + frames - 1]
        found.append(Scored(range(length), times, genuine.tolist(), made.tolist(), seconds))
    return found


def raised(of: list[Scored], rule: ShortPart) -> int:
    return sum(bool(short_parts(each.samples, each.times, each.genuine, rule)) for each in of)


@pytest.mark.parametrize("alarms", [0.0, 0.01, 0.05])
def test_no_more_genuine_clips_are_raised_than_allowed(alarms: float) -> None:
    of = people()
    rule = choose_rule(of, alarms, "by hand")
    assert raised(of, rule) == rule.raised <= alarms * len(of)
    assert (rule.genuine, rule.fitted_with) == (len(of), "by hand")
    assert fitting._found(of, rule) > 0.9 * len(of)


def test_the_length_of_runs_follows_what_was_altered() -> None:
    assert choose_rule(people(altered=2.5, frames=4), 0.01, "").frames >= 3
    assert choose_rule(people(altered=8.0, frames=1), 0.01, "").frames == 1


def test_a_part_that_was_not_altered_is_not_found() -> None:
    (one,) = people(1)
    rule = ShortPart(1, -100.0, 1, 1, "")
    assert fitting._found([one], rule) == 1
    elsewhere = Scored(one.samples, one.times, one.genuine, one.made, (100.0, 102.0))
    without = Scored(one.samples, one.times, one.genuine, None, one.altered_s)
    assert fitting._found([elsewhere, without], rule) == 0


def test_people_without_any_run_raise_nothing() -> None:
    gaps = [Scored([0, 2, 4], [0.0, 2.0, 4.0], [1.0, 2.0, 3.0], None, (0.0, 2.0))]
    for frames in (2, 3):
        rule = fitting._rule_of(gaps, frames, 0.02, "")
        assert rule.raised == 0
    with pytest.raises(ValueError, match="no genuine clip"):
        choose_rule([], 0.02, "")


class _Oval:
    """Lays 478 points on an ellipse in the middle of every crop, in place of mediapipe's landmarks."""

    def __init__(self, _: Path) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def find(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        side = rgb.shape[0]
        angle = np.linspace(0, 2 * np.pi, 478, endpoint=False)
        radius = 0.3 * side * np.sqrt(np.linspace(0.1, 1, 478))
        return np.stack([side / 2 + radius * np.cos(angle), side / 2 + radius * np.sin(angle)], 1).astype(np.float32)


def test_the_rule_is_fitted_measured_and_written(
    clip_folder: Path, clip_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "Landmarker", _Oval)
    data, weights = tmp_path / "data", tmp_path / "weights"
    shutil.copytree(clip_folder, data)
    shutil.copytree(clip_weights, weights)
    table = data / "clips.tsv"
    table.write_text(table.read_text(encoding="utf-8").replace("collins\tdev", "collins\ttrain"), encoding="utf-8")
    result = fitting.fit_and_measure(
        data, weights, tmp_path, alarms=0.0, altered_s=0.2, command="by hand", record_it=False
    )
    assert load_manifest(weights).clips == load_manifest(clip_weights).clips
    again = fitting.fit_and_measure(
        data, weights, tmp_path, alarms=0.0, altered_s=0.2, command="by hand", record_it=True
    )
    assert again == {**result, "recorded": True}, "drawn with a seed"
    assert (result["train"]["genuine"], result["dev"]["genuine"]) == (1, 1)
    assert result["train"]["raised"] == 0
    assert result["train"]["made"] - result["train"]["without_an_altered_sample"] == 1
    rules = load_manifest(weights).clips
    assert rules is not None
    short = rules.frame_mean[result["model"]].short
    assert short is not None and (short.frames, short.cut) == (result["frames"], result["cut"])
    assert (short.genuine, short.raised, short.fitted_with) == (1, 0, "by hand")


def test_a_rule_that_raises_genuine_clips_that_were_held_out_is_not_recorded(
    monkeypatch: pytest.MonkeyPatch, clip_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(clip_weights, weights)
    high = [Scored([0, 1], [0.0, 1.0], [9.0, 9.0], [9.0, 9.0], (0.0, 1.0))] * 2
    low = [Scored([0, 1], [0.0, 1.0], [-9.0, -9.0], [9.0, 9.0], (0.0, 1.0))] * 2
    monkeypatch.setattr(fitting, "Landmarker", _Oval)
    monkeypatch.setattr(fitting, "_people", lambda *given: low if "train" in given else high)
    result = fitting.fit_and_measure(
        tmp_path, weights, tmp_path, alarms=0.0, altered_s=1.0, command="by hand", record_it=True
    )
    assert (result["dev"]["raised"], result["recorded"]) == (2, False)
    assert load_manifest(weights).clips == load_manifest(clip_weights).clips
    assert "raises 2 of 2 genuine clips of dev" in capsys.readouterr().err
