"""What people do in their first minute, on slow and broken lines: pressed early, changed their mind, pressed often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import app
from detector.web.gate import surface
from detector.web.rules import Rules
from detector.web.uploads import Uploads
from detector.words import results as words
from detector.words import server
from detector.words.language import LANGUAGES
from tests.support import fakes
from tests.support.browsing import NARROW, WIDE, Visit, needs_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (requirements-dev.txt)")
pytestmark = needs_chromium

GERMAN = LANGUAGES["de"]


@dataclass(frozen=True)
class Tab:
    """One of the two tabs, by the ids of its parts."""

    name: str
    input: str
    button: str
    output: str

    def open(self, opened: Visit) -> Page:
        opened.page.get_by_role("tab", name=self.name).click()
        opened.page.locator(self.input).get_by_test_id("upload-text").wait_for()
        return opened.page

    def give(self, page: Page, path: Path) -> None:
        page.set_input_files(f"{self.input} input[type=file]", path)

    def headline(self, page: Page) -> str:
        return page.locator(f"{self.output} .fc-verdict h2:visible").inner_text().strip()

    def take_away(self, page: Page) -> None:
        clear = page.locator(self.input).get_by_label("Remove Image" if self.name == "Photo" else "Clear")
        empty = page.locator(self.input).get_by_test_id("upload-text")
        for _ in range(10):
            # While Gradio opens a video it has two such buttons for a moment, and a press on the one that goes is lost.
            clear.first.click()
            with suppress(sync_api.TimeoutError):
                empty.wait_for(timeout=2000)
                return
        raise AssertionError("the file could not be taken away")


PHOTO = Tab("Photo", "#fc-photo-input", "#fc-check", "#fc-output")
VIDEO = Tab("Video", "#fc-clip-input", "#fc-check-clip", "#fc-clip-output")
both_tabs = pytest.mark.parametrize(
    "tab", [pytest.param(PHOTO, id="photo"), pytest.param(VIDEO, id="video", marks=pytest.mark.slow)]
)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """By the tab's name a file whose result is known; the fake detector only looks at its first and last bytes."""
    folder = tmp_path_factory.mktemp("files")
    given = {"Photo": folder / "strong_signs.jpg", "Video": folder / "strong_signs.mp4"}
    other = {"Other Photo": folder / "no_clear_signs.jpg", "Other Video": folder / "no_clear_signs.mp4"}
    for path in given.values():
        path.write_bytes(fakes.jpeg(fakes.group_photo()))
    for path in other.values():
        path.write_bytes(fakes.jpeg(fakes.group_photo()[:, ::-1]))
    return given | other


STRONG, CALM = "Strong signs of manipulation", "No clear signs found"


@dataclass
class Held:
    """Requests that wait on their way to the server, by what their URL holds."""

    page: Page
    part: str
    waiting: list[Route] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route(f"**{self.part}**", lambda route: self.waiting.append(route))

    def wait(self) -> None:
        while not self.waiting:
            # Lets the browser's own messages in.
            self.page.wait_for_timeout(20)

    def release(self) -> None:
        for route in self.waiting:
            route.continue_()


def slow_line(page: Page) -> None:
    """As on a poor mobile line: answers take 300 ms, and the test's photo a second and more."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    conditions = {"offline": False, "latency": 300, "downloadThroughput": 500_000, "uploadThroughput": 100_000}
    session.send("Network.emulateNetworkConditions", conditions)


# Pressed early -------------------------------------------------------------------------------------------------------


@both_tabs
@pytest.mark.parametrize("times", [1, 3])
def test_a_press_while_the_upload_runs_is_answered_when_it_has_ended(
    visit: Callable[..., Visit], url: str, files: dict[str, Path], detector: fakes.FakeDetector, tab: Tab, times: int
) -> None:
    opened = visit(url, WIDE if times == 1 else NARROW)
    page = tab.open(opened)
    upload = Held(page, "/gradio_api/upload?")
    before = len(detector.seen)
    tab.give(page, files[tab.name])
    upload.wait()
    button = page.locator(tab.button)
    assert button.inner_text().strip().startswith(words.UPLOADING)
    for _ in range(times):
        button.click()
    page.get_by_text(words.STARTS_BY_ITSELF).wait_for()
    opened.keep(f"uploading-{tab.name}-{times}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    upload.release()
    assert tab.headline(page) == STRONG
    assert len(detector.seen) == before + 1, "checked once, however often it was pressed"
    assert button.inner_text().strip() in (words.CHECK, words.CHECK_CLIP)
    assert not page.get_by_text(words.STARTS_BY_ITSELF).is_visible()
    assert opened.complaints == []


@both_tabs
@pytest.mark.parametrize(
    "after_ms", [1200, *(pytest.param(after_ms, marks=pytest.mark.slow) for after_ms in (0, 300, 700, 2500))]
)
def test_on_a_slow_line_every_press_is_answered(
    visit: Callable[..., Visit], url: str, files: dict[str, Path], tab: Tab, after_ms: int
) -> None:
    opened = visit(url, NARROW)
    page = tab.open(opened)
    slow_line(page)
    tab.give(page, files[tab.name])
    page.wait_for_timeout(after_ms)
    page.click(tab.button)
    assert tab.headline(page) == STRONG
    assert opened.complaints == []


@both_tabs
def test_before_there_is_a_file_nothing_can_be_pressed_and_then_a_press_is_answered(
    visit: Callable[..., Visit], url: str, files: dict[str, Path], tab: Tab
) -> None:
    opened = visit(url, NARROW)
    page = tab.open(opened)
    page.wait_for_function(f"document.getElementById('{tab.button[1:]}').disabled")
    tab.give(page, files[tab.name])
    page.wait_for_function(f"document.activeElement.id === '{tab.button[1:]}'")
    page.keyboard.press("Enter")
    assert tab.headline(page) == STRONG
    assert opened.complaints == []


def test_an_upload_that_fails_gives_the_button_back(
    visit: Callable[..., Visit], url: str, files: dict[str, Path]
) -> None:
    opened = visit(url, WIDE, locale="de-DE")
    page = opened.page
    button = page.locator(PHOTO.button)
    page.get_by_role("button", name=GERMAN(words.CHECK)).wait_for()
    upload = Held(page, "/gradio_api/upload?")
    PHOTO.give(page, files["Photo"])
    upload.wait()
    assert button.inner_text().strip().startswith(GERMAN(words.UPLOADING))
    button.click()
    page.get_by_text(GERMAN(words.STARTS_BY_ITSELF)).wait_for()
    upload.waiting[0].fulfill(status=429, body=GERMAN(server.TOO_MANY))
    page.locator(".fc-refused").get_by_text(GERMAN(server.TOO_MANY)).wait_for()
    page.get_by_role("button", name=GERMAN(words.CHECK)).wait_for()
    assert not button.is_enabled()


# No result outlives its file -----------------------------------------------------------------------------------------


@both_tabs
@pytest.mark.parametrize(
    "fault", ["lost", *(pytest.param(fault, marks=pytest.mark.slow) for fault in ("refused", "limited", "slow"))]
)
def test_a_result_leaves_with_its_file_whatever_the_server_answers(
    visit: Callable[..., Visit], url: str, files: dict[str, Path], tab: Tab, fault: str
) -> None:
    opened = visit(url, WIDE)
    page = tab.open(opened)
    tab.give(page, files[tab.name])
    page.wait_for_function(f"document.activeElement.id === '{tab.button[1:]}'")
    page.click(tab.button)
    assert tab.headline(page) == STRONG
    page.locator("[id^=fc-wrong-]:visible").wait_for()

    def answer(route: Route) -> None:
        if fault == "lost":
            route.abort()
        elif fault != "slow":  # which is never answered
            route.fulfill(status=403 if fault == "refused" else 429, json={"detail": "No.", "error": "No."})

    page.route("**/gradio_api/run/**", answer)
    tab.take_away(page)
    page.locator(f"{tab.output} .fc-result").wait_for(state="hidden", timeout=2000)
    for beside in ("[id^=fc-wrong-]", ".fc-share button"):
        assert page.locator(f"{beside}:visible").count() == 0, beside
    if fault == "lost":  # Gradio loads the page anew
        return
    tab.give(page, files[f"Other {tab.name}"])
    page.wait_for_function(f"document.activeElement.id === '{tab.button[1:]}'")
    assert not page.get_by_text(STRONG).is_visible()
    page.click(tab.button)
    assert tab.headline(page) == CALM


@both_tabs
@pytest.mark.parametrize(
    "informed",
    [pytest.param(True, id="informed", marks=pytest.mark.slow), pytest.param(False, id="not informed")],
)
def test_a_running_check_shows_nothing_under_the_next_file(
    visit: Callable[..., Visit],
    url: str,
    files: dict[str, Path],
    detector: fakes.FakeDetector,
    tab: Tab,
    informed: bool,
) -> None:
    opened = visit(url, WIDE)
    page = tab.open(opened)
    # Every headline that anybody could have read.
    page.evaluate("""() => {
        window.read = [];
        new MutationObserver(() => {
            for (const each of document.querySelectorAll('.fc-verdict h2')) {
                if (each.checkVisibility()) window.read.push(each.innerText.trim());
            }
        }).observe(document.body, {subtree: true, childList: true, characterData: true, attributes: true});
    }""")
    tab.give(page, files[tab.name])
    page.wait_for_function(f"document.activeElement.id === '{tab.button[1:]}'")
    detector.hold.clear()
    try:
        page.click(tab.button)
        page.locator(f"{tab.output} [role=status]").wait_for()
        if not informed:
            page.route("**/gradio_api/run/**", lambda route: route.fulfill(status=429, json={"error": "No."}))
        tab.take_away(page)
        tab.give(page, files[f"Other {tab.name}"])
        page.wait_for_function(f"document.activeElement.id === '{tab.button[1:]}'")
        page.click(tab.button)
    finally:
        detector.hold.set()
    assert tab.headline(page) == CALM
    assert set(page.evaluate("window.read")) == {CALM}


def test_a_result_leaves_although_the_connection_is_lost(
    visit: Callable[..., Visit], url: str, files: dict[str, Path]
) -> None:
    """Gradio then runs no event any more, not even those that ask nothing of the server."""
    opened = visit(url, WIDE)
    opened.choose(files["Photo"])
    assert opened.check() == STRONG
    opened.page.context.set_offline(True)
    opened.page.click(PHOTO.button)
    opened.page.locator(".toast-wrap").get_by_text("The connection to this page was lost").wait_for()
    assert opened.page.get_by_text(STRONG).first.is_visible()
    PHOTO.take_away(opened.page)
    opened.page.locator("#fc-photo-verdict").wait_for(state="hidden", timeout=2000)


# Pressed often -------------------------------------------------------------------------------------------------------


@contextmanager
def behind_the_gate(root: Path, rules: Rules) -> Iterator[str]:
    with ExitStack() as stack:
        uploads = stack.enter_context(Uploads(300, root=root))
        blocks = app.build_app(fakes.FakeDetector())
        options = {**app.launch_options(), **surface(rules, uploads)}
        blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
        stack.callback(blocks.close)
        yield str(blocks.local_url)


@pytest.mark.slow
def test_the_limit_counts_checks_and_not_what_the_page_does_beside_them(
    visit: Callable[..., Visit], files: dict[str, Path], tmp_path: Path
) -> None:
    checks = 5
    with behind_the_gate(tmp_path, Rules(checks_per_minute=checks)) as url:
        visit(url, WIDE).page.close()
        opened = visit(url, WIDE)
        page = opened.page
        for number in range(checks):
            opened.choose(files["Photo" if number % 2 else "Other Photo"])
            assert opened.check() == (STRONG if number % 2 else CALM)
            PHOTO.take_away(page)
        opened.choose(files["Photo"])
        # On a busy machine the first of these checks are more than a minute old by now.
        for _ in range(checks):
            httpx.post(f"{url}gradio_api/call/analyze_image", json={"data": [None, None]}, timeout=30)
        page.click(PHOTO.button)
        page.get_by_text(words.LIMITED).wait_for()
        # It counts down, and nothing else is said over it.
        assert 0 < int(page.locator(".fc-limit .fc-countdown strong").inner_text()) <= 60
        assert not page.locator(".toast-wrap").is_visible()
        page.evaluate("document.querySelector('.fc-limit').ends = 0")
        page.get_by_text(words.GO_ON).wait_for()


@both_tabs
def test_the_language_may_be_switched_while_a_check_runs(
    visit: Callable[..., Visit], url: str, files: dict[str, Path], detector: fakes.FakeDetector, tab: Tab
) -> None:
    opened = visit(url, WIDE)
    page = tab.open(opened)
    tab.give(page, files[tab.name])
    page.wait_for_function(f"document.activeElement.id === '{tab.button[1:]}'")
    detector.hold.clear()
    try:
        page.click(tab.button)
        page.locator(f"{tab.output} [role=status]").wait_for()
        page.get_by_label("Deutsch").check()
        page.wait_for_function("document.documentElement.lang === 'de'")
        page.wait_for_timeout(500)
    finally:
        detector.hold.set()
    assert tab.headline(page) == GERMAN(STRONG)
