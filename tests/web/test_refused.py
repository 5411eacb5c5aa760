"""A file that was not taken, in headless Chromium: a card in the result's place says why, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detector.words import gradio_texts, server
from detector.words import results as words
from detector.words.language import LANGUAGES
from tests.support.browsing import NARROW, WIDE, Visit, needs_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

pytestmark = needs_chromium

GERMAN = LANGUAGES["de"]
INPUT = "#fc-photo-input input[type=file]"


def card(page: Page) -> str:
    """Text of the card that is seen."""
    seen = page.locator(".fc-refused:visible")
    seen.wait_for()
    assert not page.locator(".toast-wrap").is_visible(), "said twice"
    return " ".join(seen.inner_text().split())


def test_a_refused_upload_is_a_card_with_cause_and_cure(
    visit: Callable[..., Visit], url: str, photo: Path, tmp_path: Path
) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    answers: list[int] = [413, 507, 429, 408, 500]

    def refuse(route: Route) -> None:
        route.fulfill(status=answers[0], body="No.")

    page.route("**/gradio_api/upload?**", refuse)
    page.set_input_files(INPUT, photo)
    assert card(page) == f"{words.UNREADABLE} {server.UPLOAD_TOO_LARGE} {words.FILE}: {photo.name}"
    assert page.evaluate("document.activeElement.id") == "fc-photo-refused-verdict"
    opened.keep("refused-upload")
    page.get_by_label("Deutsch").check()
    page.get_by_text(GERMAN(server.UPLOAD_TOO_LARGE)).first.wait_for()
    page.wait_for_function(
        "name => document.querySelector('.fc-refused .fc-file span').textContent === name", arg=photo.name
    )
    page.get_by_label("English").check()
    for sentence in (server.NO_ROOM, server.TOO_MANY, server.UPLOAD_TOO_SLOW, words.UPLOAD_BROKE_OFF):
        answers.pop(0)
        page.set_input_files(INPUT, photo)
        page.locator(f'[data-cause]:visible:has-text("{sentence}")').wait_for()
        assert card(page).count(". ") >= 1
    assert not page.locator("#fc-check").is_enabled()
    # What is taken afterwards takes its place.
    page.unroute("**/gradio_api/upload?**")
    opened.choose(photo)
    assert not page.locator(".fc-refused").first.is_visible()
    assert opened.check() == "Strong signs of manipulation"


@pytest.mark.slow
def test_what_the_browser_sees_is_not_sent(visit: Callable[..., Visit], url: str, photo: Path, tmp_path: Path) -> None:
    opened = visit(url, WIDE)
    page = opened.page
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if "/upload?" in request.url else None)
    opened.choose(photo)
    opened.check()
    page.reload()
    page.get_by_text(words.KEPT).wait_for()
    sent.clear()
    notes, large = tmp_path / "notes.txt", tmp_path / "large.mp4"
    notes.write_text("Dear diary")
    page.set_input_files(INPUT, notes)
    assert card(page) == f"{words.UNREADABLE} {gradio_texts.WRONG_KIND} {words.FILE}: notes.txt"
    assert not page.locator("#fc-photo-verdict").is_visible(), "a result of another file"
    with large.open("wb") as file:
        file.truncate((200 << 20) + 1)
    page.set_input_files(INPUT, large)
    page.locator(f'[data-cause]:visible:has-text("{server.UPLOAD_TOO_LARGE}")').wait_for()
    page.get_by_role("tab", name=words.SEVERAL).click()
    page.set_input_files("#fc-several-input input[type=file]", [large, photo])
    page.locator(f'[data-cause]:visible:has-text("{words.TOGETHER_TOO_LARGE}")').wait_for()
    assert sent == []
    assert opened.complaints == []


@pytest.mark.slow
def test_an_upload_on_a_lost_line_says_so(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, WIDE)
    opened.page.route("**/gradio_api/upload?**", lambda route: route.abort())
    opened.page.set_input_files(INPUT, photo)
    assert gradio_texts.LOST in card(opened.page)
