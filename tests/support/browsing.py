"""Pages in headless Chromium, with everything on them that should not have happened. The fixtures are in ``conftest``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, BrowserType, Page

__all__ = [
    "CHROMIUM",
    "NARROW",
    "WIDE",
    "WIDTHS",
    "OpenPage",
    "Profiles",
    "Visit",
    "launched",
    "needs_chromium",
    "visits_of",
    "with_a_camera",
]

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium found (Debian package chromium, or set CHROMIUM)")
WIDTHS = {1280: 900, 390: 844}
"""Width and height of the windows: a desk and a phone."""
NARROW, WIDE = 390, 1280

_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Visit:
    """One open page, with everything that it should not have done."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Errors in the console, uncaught errors, and requests to anywhere but this computer."""

    def choose(self, path: Path) -> None:
        with self.page.expect_response(lambda response: "/upload" in response.url):
            self.page.set_input_files("#fc-photo-input input[type=file]", path)
        # The button gets the focus once the photo is there.
        self.page.wait_for_function("document.activeElement.id === 'fc-check'")

    def check(self) -> str:
        """Press the button; the text of the result's headline."""
        self.page.click("#fc-check")
        return self.headline()

    def headline(self) -> str:
        return self.page.locator("#fc-photo-verdict").inner_text(timeout=30_000).strip()

    def keep(self, name: str) -> None:
        """Save a screenshot for people to look at, if a folder for it is given."""
        if folder := os.environ.get("SCREENSHOTS"):
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


OpenPage = Callable[..., Visit]
"""Opens a page by its URL in a window of a width, with a colour scheme ("light") and a locale ("en-US")."""


@contextmanager
def launched() -> Iterator[Browser]:
    """Chromium without a window."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (requirements-dev.txt)")
    with sync_api.sync_playwright() as playwright:
        browser = _launch(playwright.chromium)
        yield browser
        browser.close()


class Profiles:
    """Profiles of a browser, each lent to one page at a time and emptied of what a page stored before the next.

    A profile keeps the page's own scripts, fetched and compiled: nearly half of what opening the page costs.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = {}

    def take(self, locale: str) -> BrowserContext:
        free = self._free.setdefault(locale, [])
        return free.pop() if free else self._browser.new_context(locale=locale)

    def give_back(self, locale: str, profile: BrowserContext) -> None:
        for page in profile.pages:
            page.close()
        profile.set_offline(False)
        self._free[locale].append(profile)


@contextmanager
def with_a_camera(browser: Browser, film: Path) -> Iterator[Browser]:
    """A second Chromium beside the first, whose camera plays a film over and over."""
    flags = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    second = _launch(browser.browser_type, [*flags, f"--use-file-for-fake-video-capture={film}"])
    yield second
    second.close()


def _launch(kind: BrowserType, flags: Sequence[str] = ()) -> Browser:
    # A server under test may have moved this process's temporary folder to a path too long for the browser's socket.
    short: dict[str, str | float | bool] = {**os.environ, "TMPDIR": "/tmp"}
    return kind.launch(executable_path=CHROMIUM, args=[*_FLAGS, *flags], env=short)


@contextmanager
def visits_of(profiles: Profiles) -> Iterator[OpenPage]:
    """What opens pages, each with a profile of its own; they are closed at the end."""
    lent: list[tuple[str, BrowserContext]] = []

    def open_page(url: str, width: int, scheme: Literal["light", "dark"] = "light", locale: str = "en-US") -> Visit:
        profile = profiles.take(locale)
        lent.append((locale, profile))
        profile.set_default_timeout(30_000)
        visit = Visit(profile.new_page())
        visit.page.set_viewport_size({"width": width, "height": WIDTHS[width]})
        visit.page.emulate_media(color_scheme=scheme)
        _empty(visit.page, url)

        def watch(request_url: str) -> None:
            parts = urlsplit(request_url)
            if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
                visit.complaints.append(f"request to {request_url}")

        visit.page.on("request", lambda request: watch(request.url))
        visit.page.on("pageerror", lambda error: visit.complaints.append(f"uncaught: {error}"))
        visit.page.on(
            "console",
            lambda message: visit.complaints.append(f"console: {message.text}") if message.type == "error" else None,
        )
        visit.page.goto(url)
        visit.page.wait_for_selector("#fc-check")
        return visit

    yield open_page
    for locale, profile in lent:
        profiles.give_back(locale, profile)


def _empty(page: Page, url: str) -> None:
    """Delete what earlier pages of this address stored; the scripts that were fetched stay."""
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
    kinds = "cookies,local_storage,indexeddb,cache_storage,service_workers,file_systems"
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": kinds})
    session.detach()
