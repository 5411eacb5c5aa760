"""The overview: the order of its rows, names that are text, and ten thousand of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from detector.errors import DamagedMedia
from detector.scan import overview as page
from detector.scan.done import DoneList
from detector.scan.overview import overview
from detector.scan.result import Result
from detector.scan.rows import Rows
from detector.sentences import Sentence
from detector.words.language import ENGLISH, LANGUAGES


def rows_of(done: DoneList, *results: Result | str) -> Rows:
    rows = Rows(done)
    for each in results:
        if isinstance(each, str):
            rows.add(each, DamagedMedia(Sentence("It is damaged.")))
        else:
            done.add(each)
            rows.add(each.file, each.sha256)
    return rows


def of(name: str, verdict: str, score: float | None, **more: object) -> Result:
    made = Result(name, name, "s", kind="image", verdict=verdict, score=score, faces=1, reason=Sentence("A reason."))
    return Result(**{**vars(made), **more})


@pytest.fixture
def done(tmp_path: Path) -> DoneList:
    return DoneList(tmp_path / "done", "s")


def test_flagged_come_first_and_errors_last(done: DoneList) -> None:
    rows = rows_of(
        done,
        "broken",
        of("calm", "no_clear_signs", 0.1),
        of("unsure", "inconclusive", 0.95),
        of("some", "some_signs", 0.8),
        of("faceless", "not_analysed", None),
        of("strong", "strong_signs", 0.97),
    )
    html = overview(rows, None, ENGLISH)
    assert re.findall(r"<bdi>(\w+)</bdi>", html) == ["strong", "some", "unsure", "calm", "faceless", "broken"]
    assert "6 files, 2 with signs of manipulation, 1 could not be read." in html
    assert "97 of 100" in html
    done.__exit__()


@pytest.mark.parametrize("code", LANGUAGES)
def test_hostile_names_are_text_in_every_language(done: DoneList, code: str) -> None:
    name = "<script>alert(1)</script>\"'&\udcff"
    html = overview(rows_of(done, of(name, "strong_signs", 0.97), name), None, LANGUAGES[code])
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;&amp;") == 2
    assert f'<html lang="{code}">' in html
    assert not re.search(r"""(src|href)=["']?(?!data:)""", html)
    done.__exit__()


def test_only_pictures_of_the_folder_are_shown(done: DoneList, tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "a.jpg").write_bytes(b"\xff\xd8a")
    (tmp_path / "secret.jpg").write_bytes(b"\xff\xd8s")
    names = ("a.jpg", "gone.jpg", "../secret.jpg")
    html = overview(rows_of(done, of("x", "strong_signs", 0.97, thumbnails=names)), tmp_path / "faces", ENGLISH)
    assert html.count("<img") == 1
    done.__exit__()


def test_ten_thousand_rows_are_folded_and_the_rest_is_named(done: DoneList, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda file: None)
    monkeypatch.setattr(page, "MOST_ROWS", 1000)
    results = [of(str(number), "inconclusive", number / 1100) for number in range(1100)]
    html = overview(rows_of(done, *results), None, ENGLISH)
    assert html.count("<tr class") == 1000
    assert html.count("<details") == 4
    assert html.count("<details open") == 1
    assert "first 1000" in html
    assert "<bdi>99</bdi>" not in html
    assert len(html) / 1000 < 1000, "bytes a row"
    done.__exit__()
