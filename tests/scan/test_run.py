"""A scan from folder to table with a stand-in for the detector: nothing is lost, nothing is done twice."""

from __future__ import annotations

import csv
import subprocess
import sys
import zipfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from detector.errors import ScanRefused
from detector.scan.checking import Outcome
from detector.scan.contents import Content
from detector.scan.run import Summary
from tests.scan.stand_in import ORDER, Engine, plan, run
from tests.support.running import ROOT


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Nine files, of which two are the same as others and one is damaged, and an archive of two that cannot be read."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for number in range(4):
        (folder / f"calm{number}.jpg").write_bytes(b"calm %d" % number)
    (folder / "strong.jpg").write_bytes(b"strong 1")
    (folder / "some.jpg").write_bytes(b"some 1")
    (folder / "copy.jpg").write_bytes(b"strong 1")
    (folder / "=cmd.jpg").write_bytes(b"bad")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.writestr("../calm0.jpg", b"calm 0")
        archive.writestr("new.jpg", b"none")
    (folder / "broken.zip").write_bytes(b"PK nothing")
    return folder


def table(out: Path) -> list[dict[str, Any]]:
    with out.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_every_file_has_a_row_and_every_content_one_line(photos: Path, tmp_path: Path) -> None:
    out, engine = tmp_path / "r.csv", Engine()
    assert run(plan(out, photos), engine) == Summary(files=11, checked=8, flagged=3, errors=2)
    rows = table(out)
    names = ["=cmd.jpg", "broken.zip", *(f"calm{n}.jpg" for n in range(4)), "copy.jpg"]
    names += ["more.zip/../calm0.jpg", "more.zip/new.jpg", "some.jpg", "strong.jpg"]
    assert [row["file"] for row in rows] == [f"{photos}/{name}" for name in names]
    assert len(engine.seen) == 8 == len(out.with_name("r.csv.done.jsonl").read_bytes().splitlines())
    by_name = {row["file"].rpartition("/")[2]: row for row in rows}
    assert by_name["copy.jpg"]["score"] == by_name["strong.jpg"]["score"] == "0.9700"
    assert by_name["=cmd.jpg"] | {"error": "DamagedMedia", "problem": "It ends after 3 bytes."} == by_name["=cmd.jpg"]
    assert by_name["broken.zip"]["error"] == "DamagedMedia"
    left = {path.name for path in tmp_path.iterdir()} - {"photos", "r.csv", "r.csv.done.jsonl", "r.csv.lock"}
    assert not left


def test_a_name_cannot_be_a_formula(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("=cmd.jpg").write_bytes(b"calm")
    run(plan(tmp_path / "r.csv", Path("=cmd.jpg")), Engine())
    assert table(tmp_path / "r.csv")[0]["file"] == "'=cmd.jpg"


def test_a_scan_that_was_stopped_goes_on_wherever_it_was(photos: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole.csv"
    run(plan(whole, photos), Engine())
    for stop in range(9):
        out, seen = tmp_path / f"{stop}.csv", []
        first = Engine(most=stop)
        if stop < 8:
            with pytest.raises(KeyboardInterrupt):
                run(plan(out, photos), first)
            assert not out.exists(), "a table is whole or not there"
        second = Engine(twice=True)
        run(plan(out, photos), second)
        seen = [*first.seen, *second.seen]
        assert len(seen) == len(set(seen)) == 8
        assert table(out) == table(whole)
        assert len(out.with_name(f"{stop}.csv.done.jsonl").read_bytes().splitlines()) == 8


def test_other_weights_check_all_again(photos: Path, tmp_path: Path) -> None:
    out, again = tmp_path / "r.csv", Engine()
    run(plan(out, photos), Engine())
    other = plan(out, photos)
    assert run(replace(other, order=replace(ORDER, settings="tiny@1")), again).checked == len(again.seen) == 8


def test_files_that_an_engine_loses_are_not_left_out_in_silence(photos: Path, tmp_path: Path) -> None:
    def idle(contents: Iterator[Content]) -> Generator[Outcome, None, None]:
        yield from ()

    def forgetful(contents: Iterator[Content]) -> Generator[Outcome, None, None]:
        for outcome in Engine()(contents):
            if outcome.result and "some" not in outcome.result.file:
                yield outcome

    out = tmp_path / "r.csv"
    for engine, lost in ((idle, 11), (forgetful, 1)):
        with pytest.raises(ScanRefused, match=f"{lost} files came back without a result"):
            run(plan(out, photos), engine)
        assert not out.exists()
    assert run(plan(out, photos), Engine()).checked == 1


def test_two_scans_at_once_are_refused(photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.csv"
    hold = f"lock = FileLock({str(out) + '.lock'!r}); lock.acquire(); print(1, flush=True); input()"
    code = f"from filelock import FileLock; {hold}"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with pytest.raises(ScanRefused, match="another scan is writing to"):
            run(plan(out, photos), Engine())
        other.kill()
    assert run(plan(out, photos), Engine()).files == 11, "the system frees the lock of a scan that is gone"
    with FileLock(f"{out}.lock", blocking=False):
        pass


def test_a_table_that_is_not_of_a_scan_is_not_replaced(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text("mine")
    with pytest.raises(ScanRefused, match="is not of a scan"):
        run(plan(tmp_path / "r.csv", photos), Engine())
    assert (tmp_path / "r.csv").read_text() == "mine"


def test_what_a_killed_scan_unpacked_goes_with_the_next(photos: Path, tmp_path: Path) -> None:
    (tmp_path / "r.csv.unpacked").mkdir()
    (tmp_path / "r.csv.unpacked" / "1.jpg").write_bytes(b"old")
    run(plan(tmp_path / "r.csv", photos), Engine())
    assert not (tmp_path / "r.csv.unpacked").exists()


def test_thumbnails_are_named_by_content_and_not_scanned(photos: Path, tmp_path: Path) -> None:
    faces = photos / "faces"
    faces.mkdir()
    for _ in range(2):
        summary = run(plan(tmp_path / "r.csv", photos, thumbnails=faces), Engine())
    assert (summary.files, summary.checked) == (11, 0)
    (picture,) = faces.iterdir()
    named = {row["thumbnails"] for row in table(tmp_path / "r.csv")}
    assert named == {"", picture.name}


def test_parquet_holds_the_same_rows(photos: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="needs the extra parquet")
    (photos / "\udcff.jpg").write_bytes(b"calm 9")
    run(plan(tmp_path / "r.csv", photos), Engine())
    run(plan(tmp_path / "r.parquet", photos), Engine())
    got = parquet.read_table(tmp_path / "r.parquet").to_pylist()
    expected = table(tmp_path / "r.csv")
    assert [row["file"] for row in got] == [row["file"] for row in expected]
    assert [row["score"] for row in got] == [float(row["score"]) if row["score"] else None for row in expected]
