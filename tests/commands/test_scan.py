"""``scan`` on the command line: options, sentences, progress, and real processes that are killed in the middle."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from detector.__main__ import main
from detector.commands.scan import progress_text
from detector.scan import pool
from detector.worker import bounds
from tests import ROOT
from tests.commands.running import run_program
from tests.support.running import within

if TYPE_CHECKING:
    from numpy.typing import NDArray

posix = pytest.mark.skipif(os.name != "posix", reason="the process and its limits need a POSIX system")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere", "--out", "r.csv"), "there is no nowhere"),
        ((".", "--out", "r.json"), "must end in .csv or .parquet"),
        ((".", "--out", "no/r.csv"), "does not exist; make it first"),
        ((".", "--out", "r.csv", "--overview", "o.txt"), "must end in .html"),
        ((".", "--out", "r.csv", "--address", "a:1"), "add --engine ray"),
    ],
)
def test_what_cannot_be_is_said_at_once(
    arguments: tuple[str, ...],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["scan", *arguments]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert sentence in err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("option", "library"), [(("--out", "r.parquet"), "pyarrow"), (("--out", "r.csv", "--engine", "ray"), '"ray[data]"')]
)
def test_an_optional_library_that_is_missing_is_named(
    option: tuple[str, ...],
    library: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["scan", ".", *option]) == 2
    assert f"pip install {library}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ((0, 0, 9, 0.0), "0 of 9 files"),
        ((5, 0, 9, 3.0), "5 of 9 files"),
        ((520, 20, 1000, 10.0), "520 of 1000 files, 2.0 a second, about 4 min left"),
        ((3, 1, 13, 2.0), "3 of 13 files, 30.0 a minute, about 20 s left"),
        ((10, 10, 72010, 10.0), "10 of 72010 files, 1.0 a second, about 20 h 0 min left"),
        ((1, 1, 1_000_001, 1.0), "1 of 1000001 files, 1.0 a second, about 11 days 13 h left"),
    ],
)
def test_progress_names_rate_and_time_left(counts: tuple[int, int, int, float], text: str) -> None:
    assert progress_text(*counts) == text


def test_workers_fit_cores_and_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "cores", lambda: 8)
    for free, workers in ((100 << 30, 8), (5 << 30, 3), (1 << 30, 1)):
        monkeypatch.setattr(bounds, "_available_bytes", lambda free=free: free)
        monkeypatch.setattr(bounds, "_bytes_in", lambda name: 1 << 40 if name == "memory.max" else 0)
        assert pool.default_workers() == workers


def folder_of(photos: Path, count: int, rgb: NDArray[np.uint8]) -> Path:
    """So many different photos, two of which are there twice, and one that is damaged."""
    photos.mkdir()
    for number in range(count):
        Image.fromarray(np.roll(rgb, number, 1)).save(photos / f"{number:03}.jpg")
    for number in range(2):
        (photos / f"copy{number}.jpg").write_bytes((photos / f"{number:03}.jpg").read_bytes())
    (photos / "half.jpg").write_bytes((photos / "000.jpg").read_bytes()[:2000])
    return photos


def lines(out: Path) -> list[dict[str, str]]:
    """Whole lines of the list."""
    path = out.with_name(f"{out.name}.done.jsonl")
    text = path.read_text() if path.exists() else ""
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


@posix
@pytest.mark.slow
def test_a_scan_that_is_killed_loses_and_repeats_nothing(
    tiny_weights: Path, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    photos, out = folder_of(tmp_path / "in", 40, astronaut), tmp_path / "r.csv"
    arguments: list[str | Path] = ["scan", photos, "--weights", tiny_weights, "--out", out, "--workers", "2"]
    arguments += ["--overview", tmp_path / "r.html", "--thumbnails", tmp_path / "faces"]
    command = [sys.executable, "-m", "detector", *map(str, arguments)]
    before: list[dict[str, str]] = []
    for least in (3, 12):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as program:
            assert within(300, lambda least=least: len(lines(out)) >= least)  # type: ignore[misc]
            program.send_signal(signal.SIGKILL)
        assert lines(out)[: len(before)] == before
        before = lines(out)
    assert 12 <= len(before) < 41
    done = run_program(*arguments)
    assert done.returncode == 2, "one file is damaged"
    assert f"43 files: {sum_flagged(out)} with signs of manipulation, 1 that could not be read" in done.stdout
    assert f"{41 - len(before)} checked in this run" in done.stdout
    after = lines(out)
    assert after[: len(before)] == before
    assert len(after) == len({line["sha256"] for line in after}) == 41
    with out.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sorted(row["file"] for row in rows) == sorted(str(path) for path in photos.iterdir())
    assert [row["file"] for row in rows if row["error"]] == [str(photos / "half.jpg")]
    assert (tmp_path / "r.html").read_text().count("<tr class") == 43


def sum_flagged(out: Path) -> int:
    with out.open(encoding="utf-8-sig", newline="") as file:
        return sum(row["verdict"] in ("some_signs", "strong_signs") for row in csv.DictReader(file))


@posix
@pytest.mark.slow
def test_a_worker_that_is_killed_costs_one_row_which_can_be_tried_again(
    tiny_weights: Path, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    photos, out = folder_of(tmp_path / "in", 12, astronaut), tmp_path / "r.csv"
    arguments: list[str | Path] = ["scan", photos, "--weights", tiny_weights, "--out", out, "--workers", "1"]
    command = [sys.executable, "-m", "detector", *map(str, arguments)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as program:
        assert within(300, lambda: len(lines(out)) >= 2)
        children = Path(f"/proc/{program.pid}/task/{program.pid}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGKILL)
        program.wait(300)
    failed = [line["error"] for line in lines(out) if line["error"] not in ("", "DamagedMedia")]
    assert failed in ([], ["WorkerFailed"]), "none if it was idle just then"
    assert len(lines(out)) == 13
    again = run_program(*arguments, "--retry")
    assert f"{len(failed)} checked in this run" in again.stdout
    assert "1 that could not be read" in again.stdout
