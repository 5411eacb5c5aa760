"""One command for everything: its steps are commands that exist, within the hours, and a stopped run goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from train.__main__ import build_parser
from train.overnight import Step, run_steps, steps_of


def _steps(tmp_path: Path, hours: str = "8") -> list[Step]:
    options = build_parser().parse_args(
        ["all", "--data", str(tmp_path), "--taef2", str(tmp_path), "--hours", hours, "--out", str(tmp_path / "run"),
         "--weights", str(tmp_path)]
    )  # fmt: skip
    return steps_of(options)


def test_every_step_is_a_command_with_options_it_knows(tmp_path: Path) -> None:
    (tmp_path / "efficientnet.weights.h5").touch()
    steps = _steps(tmp_path)
    parsed = [build_parser().parse_args(list(step.arguments)) for step in steps]
    assert [step.name for step in steps] == [
        "fakes",
        "generator",
        "blending",
        "average",
        "ship",
        "gates",
        "views",
        "evaluate",
    ]
    assert parsed[1].out in parsed[3].runs and parsed[2].out in parsed[3].runs
    assert parsed[4].folder == parsed[3].out and parsed[1].fakes == parsed[0].out
    assert Path(parsed[1].start) == tmp_path / "efficientnet.weights.h5"


@pytest.mark.parametrize("hours", ["0.5", "8"])
def test_training_stays_within_the_hours(tmp_path: Path, hours: str) -> None:
    fakes, generator, blending, *_ = [
        build_parser().parse_args(list(step.arguments)) for step in _steps(tmp_path, hours)
    ]
    assert fakes.members * fakes.minutes + generator.minutes + blending.minutes < 60 * float(hours)
    assert generator.minutes + blending.minutes > 0.6 * 60 * float(hours)
    assert generator.start is None, "without shipped weights it starts from the pretrained ones"


def test_a_stopped_run_goes_on_with_the_step_it_was_at(tmp_path: Path) -> None:
    steps = [Step(name, (name,)) for name in "abcd"]
    asked: list[str] = []

    def failing(step: Step) -> int:
        asked.append(step.name)
        return 3 if step.name == "c" and asked.count("c") == 1 else 0

    assert run_steps(steps, tmp_path, failing) == 3
    assert run_steps(steps, tmp_path, failing) == 0
    assert asked == ["a", "b", "c", "c", "d"]
    assert run_steps(steps, tmp_path, failing) == 0 and asked[-1] == "d" and len(asked) == 5
