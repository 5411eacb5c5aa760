"""Folders, patterns, addresses and tables on the command line; nothing is analysed here."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from detector.commands.inputs import WrongInput, expanded
from detector.commands.table import COLUMNS, csv_rows
from detector.errors import DamagedMedia


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.JPG", "a.png", "notes.txt", ".hidden.jpg", "below/c.mp4", ".cache/d.jpg"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "photos"


def test_a_folder_is_its_photos_and_videos_by_name(folder: Path) -> None:
    names = [Path(file).name for file in expanded([str(folder)])]
    assert names == ["a.png", "b.JPG", "c.mp4"]
    empty = folder / "empty"
    empty.mkdir()
    with pytest.raises(WrongInput, match=r"holds no photo or video; name another"):
        expanded([str(empty)])


def test_patterns_are_expanded_where_the_shell_left_them(folder: Path) -> None:
    files = expanded([f"{folder}/*.png", f"{folder}/**/*.mp4", str(folder / "a.png")])
    assert [Path(file).name for file in files] == ["a.png", "c.mp4"]
    with pytest.raises(WrongInput, match="no file fits"):
        expanded([f"{folder}/*.webp"])
    # A file may have such a name.
    odd = folder / "x[1].jpg"
    odd.touch()
    assert expanded([str(odd)]) == [str(odd)]


@pytest.mark.parametrize(
    "address", ["https://example.org/a.jpg", "http://x/y", "HTTPS://EXAMPLE.ORG", "www.example.org/a"]
)
def test_a_web_address_is_to_be_downloaded_first(address: str) -> None:
    with pytest.raises(WrongInput, match="is a web address; download the photo or video first"):
        expanded([address])


def test_what_does_not_exist_is_left_to_the_analysis() -> None:
    assert expanded(["missing.jpg", "other"]) == ["missing.jpg", "other"]


def test_a_file_that_is_named_twice_is_meant_twice(folder: Path) -> None:
    named = str(folder / "a.png")
    assert expanded([named, named]) == [named, named]
    assert expanded([str(folder), named]) == expanded([str(folder)])


def test_a_table_has_a_line_a_file_and_no_formulas(tmp_path: Path) -> None:
    target = tmp_path / "out.csv"
    with csv_rows(target) as table:
        table.add("=cmd()|a.jpg", DamagedMedia('It is damaged, "cut", and so on.'))
    with target.open(encoding="utf-8-sig", newline="") as stream:
        header, row = list(csv.reader(stream))
    assert tuple(header) == COLUMNS
    assert row[0] == "'=cmd()|a.jpg"
    assert row[-1] == 'It is damaged, "cut", and so on.'
    with csv_rows(None) as table:
        table.add("a", DamagedMedia("b."))
