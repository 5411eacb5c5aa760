"""The tab for several files, asked in this process: what becomes of each of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from detector.web.localised import Reader, language_switch
from detector.web.session import new_session
from detector.web.several_tab import SeveralTab
from detector.web.upload_paths import resolve_upload
from detector.words import results as words
from tests.support import fakes

Make = Callable[..., SeveralTab]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes the tab in a page of its own; uploads lie in the test's folder."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))

    def made(analyze: Callable[..., Any], most: int = 10) -> SeveralTab:
        with gr.Blocks():
            session = new_session(300, lambda: False)
            return SeveralTab(analyze, resolve_upload, language_switch(None), 300, session, most)

    return made


def uploaded(folder: Path, name: str) -> dict[str, str]:
    """An upload of the fake detector's kind, as the browser names it."""
    path = folder / f"{name}.jpg"
    path.write_bytes(fakes.jpeg(fakes.group_photo()))
    return {"path": str(path), "orig_name": path.name}


def shown(tab: SeveralTab, uploads: list[dict[str, str]]) -> list[str]:
    """The list as HTML, each time it was shown."""
    return [html for html, _ in tab._check(uploads, "en", Reader())]


def test_a_lost_file_loses_its_line_and_not_the_list(make: Make, tmp_path: Path) -> None:
    files = [uploaded(tmp_path, name) for name in ("no_clear_signs", "some_signs", "strong_signs")]
    Path(files[1]["path"]).unlink()
    outside = {"path": str(Path(__file__)), "orig_name": "a.py"}
    last = shown(make(fakes.FakeDetector().analyze), [*files, outside])[-1]
    assert last.count(words.NOT_UPLOADED) == 2
    assert all(name in last for name in ("no_clear_signs.jpg", "some_signs.jpg", "strong_signs.jpg", "a.py"))
    assert words.SAVE_LIST in last


def test_a_file_that_waits_for_its_turn_is_not_deleted_as_too_old(make: Make, tmp_path: Path) -> None:
    files = [uploaded(tmp_path, name) for name in ("no_clear_signs", "strong_signs")]
    ages: list[float] = []
    detector = fakes.FakeDetector()

    def analyze(path: Any, **options: Any) -> Any:
        ages.extend(time.time() - Path(each["path"]).stat().st_mtime for each in files)
        os.utime(files[1]["path"], (0, 0))  # as if this one took long
        return detector.analyze(path, **options)

    shown(make(analyze), files)
    assert len(ages) == 4 and max(ages[0], ages[1], ages[3]) < 60


def test_files_beyond_the_most_are_named_and_not_checked(make: Make, tmp_path: Path) -> None:
    files = [uploaded(tmp_path, name) for name in ("no_clear_signs", "some_signs", "strong_signs")]
    detector = fakes.FakeDetector()
    pages = shown(make(detector.analyze, most=2), files)
    assert [name for _, name, _, _ in detector.seen] == ["no_clear_signs.jpg", "some_signs.jpg"]
    assert words.beyond_the_most(2) in pages[-1] and "strong_signs.jpg" in pages[-1]
    assert words.several_hint(2) in make(detector.analyze, most=2)._hint(lambda text: text)  # type: ignore[arg-type]
