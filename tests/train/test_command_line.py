"""``python -m train``: quick to answer, and every mistake is a sentence."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.running import in_new_python
from train.__main__ import build_parser, main
from train.data import cache as cache_module
from train.measuring import gates


def _leaves(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found: dict[str, argparse.ArgumentParser] = {}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                found |= {f"{name} {rest}".strip(): leaf for rest, leaf in _leaves(below).items()}
    return found or {"": parser}


def test_every_command_is_there_and_can_be_run() -> None:
    leaves = _leaves(build_parser())
    assert set(leaves) == {
        "ablate", "adapt", "all", "average", "card", "evaluate", "examples", "expert", "exports", "fakes", "federate", "fit",
        "gates", "heatmap-sheet", "leakage", "probe",
        "publish", "ship", "clips calibrate", "clips evaluate", "clips fit", "clips ship", "clips short",
    }  # fmt: skip
    for leaf in leaves.values():
        assert leaf.get_default("run") is not None
        assert leaf.format_help()


def test_help_loads_no_library() -> None:
    in_new_python(
        "import sys\n"
        "from train.__main__ import build_parser\n"
        "build_parser().format_help()\n"
        "heavy = {'pydantic', 'tensorflow', 'keras', 'torch', 'sklearn', 'matplotlib', 'cv2'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["gates", "--cache", "{tmp}/none"], "name the folder with --data"),
        (["evaluate"], "name the folder with --data"),
        (["evaluate", "--data", "{tmp}/none"], "is not a folder"),
        (["examples", "--out", "{tmp}"], "face_landmarker.task with --landmarker"),
        (["examples", "--out", "{tmp}", "--landmarker", "{tmp}/none"], "none does not exist"),
        (["clips", "fit", "--data", "{tmp}", "--out", "{tmp}"], "--pseudo-fakes 0"),
        (["all", "--data", "{tmp}", "--taef2", "{tmp}", "--hours", "0.1"], "nothing is learnt"),
        (["fit", "cnn", "--epochs", "3"], "only with --recipe paper"),
        (["fit", "resnet", "--recipe", "paper"], "fit cnn --recipe paper"),
        (["fit", "cnn", "--recipe", "paper", "--epochs", "0"], "--epochs: expected a whole number of at least 1"),
        (["fit", "cnn", "--seed", "-1"], "--seed: expected a whole number from 0 to 4294967295"),
        (["average", "a", "b", "--shares", "2", "-1", "--out", "c"], "--shares: expected a number above 0"),
        (["ship", "{tmp}/none", "--data", "{tmp}", "--cache", "{tmp}/cache"], "none of the known layouts"),
        (["card", "--weights", "{tmp}/none"], "No such file"),
        (["publish", "a/b", "--weights", "{tmp}", "--pin", "main"], "not a commit"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_answered_in_a_sentence(
    command: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.delenv("DETECTOR_DATA", raising=False)
    monkeypatch.delenv("DETECTOR_LANDMARKER", raising=False)
    if command[0] == "publish":
        (tmp_path / "manifest.json").write_text("{}", encoding="utf-8")
    assert _status([part.replace("{tmp}", str(tmp_path)) for part in command]) == 2
    assert sentence in capsys.readouterr().err


def _status(command: list[str]) -> object:
    """The exit status, also where the parser ends the program."""
    try:
        return main(command)
    except SystemExit as ended:
        return ended.code


def test_where_an_error_arose_is_shown_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DETECTOR_DATA", raising=False)
    with pytest.raises(ValueError, match="No data"):
        main(["--traceback", "evaluate"])


def test_a_missing_package_is_named_with_the_file_that_lists_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(options: argparse.Namespace) -> int:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    parsed = SimpleNamespace(run=run, traceback=False)
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", lambda *_: parsed)
    assert main(["fit"]) == 2
    assert "torch is not installed; run: pip install -r requirements-train.txt" in capsys.readouterr().err


def test_the_data_may_be_named_in_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DETECTOR_DATA", str(tmp_path))
    assert build_parser().parse_args(["evaluate"]).data == tmp_path
    assert build_parser().parse_args(["evaluate", "--data", "elsewhere"]).data == Path("elsewhere")


def test_gates_reads_the_layout_and_the_number_of_frames(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "clips.tsv").write_text("path\tlabel\tsource\tmethod\tgroup\tsubset\na.mp4\treal\ts\tm\tg\ttrain\n")
    (tmp_path / "faces.tsv").write_text("path\tlabel\tsource\tmethod\tgroup\tsubset\n")
    built: dict[str, Any] = {}

    def build(folder: Path, cache: Path, landmarker: Path | None, **rest: Any) -> str:
        built.update(folder=folder, landmarker=landmarker, **rest)
        return "the cache"

    def measure(weights: Path, cache: str, floor: float) -> dict[str, Any]:
        assert cache == "the cache" and floor == 0.7
        raise ValueError("measured")

    monkeypatch.setattr(cache_module, "build_cache", build)
    monkeypatch.setattr(gates, "measure_gates", measure)
    monkeypatch.delenv("DETECTOR_LANDMARKER", raising=False)
    command = ["gates", "--data", str(tmp_path), "--cache", str(tmp_path / "c"), "--layout", "clips", "--frames", "3"]
    assert main([*command, "--floor", "0.7"]) == 2
    assert built["folder"] == tmp_path and built["frames"] == 3 and built["landmarker"] is None
    assert [sample.path for sample in built["samples"]] == ["a.mp4"]
