"""What made a run is written beside it, by its present name, and read by its former one too."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from train.lineage import Lineage, commit, read_lineage, this_command, write_lineage


def test_what_made_a_run_comes_back_and_earlier_runs_stand_in_front(tmp_path: Path) -> None:
    write_lineage(tmp_path / "a", "train a")
    write_lineage(tmp_path / "b", "train b", [tmp_path / "a" / "cnn.weights.h5"])
    starts = [tmp_path / name / "cnn.weights.h5" for name in ("a", "b")]
    write_lineage(tmp_path / "c", "average", starts)
    assert read_lineage(tmp_path / "c") == Lineage("train a && train b && average", commit())


def test_what_two_runs_descend_from_stands_once(tmp_path: Path) -> None:
    write_lineage(tmp_path / "start", "train start")
    for name in ("a", "b"):
        write_lineage(tmp_path / name, f"train {name}", [tmp_path / "start" / "cnn.weights.h5"])
    write_lineage(tmp_path / "c", "average", [tmp_path / name / "cnn.weights.h5" for name in ("start", "a", "b")])
    assert read_lineage(tmp_path / "c").command == "train start && train a && train b && average"


def test_the_command_of_the_process_stands_for_none(tmp_path: Path) -> None:
    write_lineage(tmp_path)
    assert read_lineage(tmp_path).command == this_command() != ""


def test_the_former_name_of_the_file_is_read_too(tmp_path: Path) -> None:
    old = {"command": "python -m train fit cnn", "commit": "1" * 40}
    (tmp_path / "provenance.json").write_text(json.dumps(old), encoding="utf-8")
    assert read_lineage(tmp_path) == Lineage(**old)
    with pytest.raises(FileNotFoundError, match=r"lineage\.json does not exist"):
        read_lineage(tmp_path / "elsewhere")


def test_a_start_that_was_shipped_is_known_from_its_manifest(tmp_path: Path) -> None:
    models = {"cnn": {"file": {"name": "cnn.weights.h5"}, "trained_with": "long ago"}}
    (tmp_path / "manifest.json").write_text(json.dumps({"models": models}), encoding="utf-8")
    write_lineage(tmp_path / "run", "now", [tmp_path / "cnn.weights.h5", tmp_path / "other.weights.h5"])
    assert read_lineage(tmp_path / "run").command == "long ago && now"


@pytest.mark.parametrize("error", [FileNotFoundError(), subprocess.CalledProcessError(128, "git")])
def test_code_outside_of_a_repository_has_no_commit(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(subprocess, "run", run)
    assert commit() == "unknown"
