"""What stands on paper, in headless Chromium."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.support.browsing import WIDE, Visit, needs_chromium

pytestmark = needs_chromium


def test_a_printed_result_says_by_whom_it_is_and_lacks_what_cannot_be_pressed(
    visit: Callable[..., Visit], url: str, photo: Path
) -> None:
    opened = visit(url, WIDE)
    page = opened.page
    opened.choose(photo)
    opened.check()
    # A face's number may stand beyond the picture, which cuts nothing off.
    assert page.locator(".fc-photo > div").evaluate("place => getComputedStyle(place).overflow") == "visible"
    page.emulate_media(media="print")
    assert page.locator(".fc-intro h1").is_visible() and not page.locator(".fc-intro p").first.is_visible()
    for gone in ("#fc-photo-input", "#fc-check", ".fc-hold", ".fc-footer"):
        assert not page.locator(gone).first.is_visible(), gone
    assert page.locator("#fc-photo-verdict").is_visible()


def test_a_dark_page_is_printed_dark_on_white(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    page = (opened := visit(url, WIDE, "dark")).page
    opened.choose(photo)
    opened.check()
    light = "Math.max(...getComputedStyle(document.querySelector('.fc-intro h1')).color.match(/\\d+/g).slice(0, 3).map(Number))"
    assert page.evaluate(light) > 200
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.wait_for_function(f"{light} < 100")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(f"{light} > 200")
