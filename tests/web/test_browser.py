"""The page as a person meets it, in headless Chromium: on a phone and on a desk, by mouse and by keyboard."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import httpx
import pytest

from detector.records import Verdict
from detector.words import gradio_texts as words_gradio
from detector.words import results as words
from detector.words import server as words_server
from detector.words.language import LANGUAGES
from tests.support import fakes
from tests.support.browsing import NARROW, WIDE, WIDTHS, Visit, needs_chromium

if TYPE_CHECKING:
    from detector import Detector

pytestmark = needs_chromium

GERMAN = LANGUAGES["de"]


@pytest.mark.slow
def test_ids_are_unique_with_a_result_in_every_tab(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, WIDE)
    opened.choose(photo)
    opened.check()
    opened.page.locator("#fc-photo-verdict").wait_for()
    opened.page.get_by_role("tab", name="Video").click()
    opened.page.set_input_files(
        "#fc-clip-input input[type=file]", {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"x"}
    )
    opened.page.wait_for_function("document.activeElement.id === 'fc-check-clip'")
    opened.page.click("#fc-check-clip")
    opened.page.locator("#fc-clip-verdict").wait_for()
    opened.page.get_by_role("tab", name="Examples").click()
    opened.page.click("#fc-example-swapped")
    opened.page.locator("#fc-examples-verdict").wait_for()
    ids = opened.page.evaluate("[...document.querySelectorAll('[id]')].map(each => each.id).filter(id => id)")
    assert {"fc-photo-verdict", "fc-clip-verdict", "fc-examples-verdict"} <= set(ids)
    assert sorted(each for each in set(ids) if ids.count(each) > 1) == []


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        pytest.param(WIDE, "light", marks=pytest.mark.slow),
        pytest.param(WIDE, "dark", marks=pytest.mark.slow),
        pytest.param(NARROW, "light", marks=pytest.mark.slow),
        (NARROW, "dark"),
    ],
)
def test_three_faces_each_with_crop_heatmap_and_score(
    visit: Callable[..., Visit], url: str, photo: Path, width: int, scheme: Literal["light", "dark"]
) -> None:
    opened = visit(url, width, scheme)
    page = opened.page
    opened.keep(f"start-{width}-{scheme}")
    opened.choose(photo)
    assert opened.check() == "Strong signs of manipulation"
    assert photo.name in page.locator("#fc-output .fc-verdict").inner_text()
    assert "about 40 of 100" in (page.locator("#fc-output .fc-folds").text_content() or "")

    # The deciding face is open and first, the others are a line each.
    cards = page.locator(".fc-face")
    assert cards.evaluate_all("all => all.map(e => e.open)") == [True, False, False]
    assert cards.locator(".fc-number").all_inner_texts() == ["Face 2", "Face 3", "Face 1"]
    for number in range(3):
        # The crop that was scored, and the lines over it.
        sizes = cards.nth(number).locator("img").evaluate_all("all => all.map(i => [i.naturalWidth, i.naturalHeight])")
        assert sizes[0] == [fakes.SIZE, fakes.SIZE] and len(sizes) == 2 and sizes[1][0] > 2 * fakes.SIZE
    meters = page.locator("#fc-output [role=meter]").evaluate_all(
        "all => all.map(e => e.getAttribute('aria-valuenow'))"
    )
    assert meters == ["83.00", "50.00", "12.00"]
    assert page.locator(".fc-box").count() == 3
    # The result comes to where the eye is: on the first screen headline, gauge and photo. And not much more than is folded.
    page.wait_for_function("document.activeElement.id === 'fc-photo-verdict'")
    page.wait_for_function(
        "(y => 0 <= y && y < 200)(document.querySelector('#fc-photo-verdict').getBoundingClientRect().y)"
    )
    for part in ("#fc-photo-verdict", "#fc-output .fc-verdict .fc-meter", "#fc-output .fc-verdict .fc-photo img"):
        box = page.locator(part).bounding_box()
        assert box is not None and box["y"] + box["height"] <= WIDTHS[width], part
    if width == WIDE:
        assert page.locator("#fc-output").evaluate("e => e.getBoundingClientRect().height") < 3 * WIDTHS[WIDE]

    # Nothing sticks out to the side.
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    dark = page.locator("#fc-photo-verdict").evaluate("e => getComputedStyle(e).color")
    assert (dark == "rgb(255, 157, 133)") == (scheme == "dark")
    opened.keep(f"result-{width}-{scheme}")
    assert opened.complaints == []


def test_by_keyboard_alone(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, WIDE)
    opened.choose(photo)
    opened.page.keyboard.press("Enter")
    assert opened.headline() == "Strong signs of manipulation"
    opened.page.wait_for_function("document.activeElement.id === 'fc-photo-verdict'")
    # Past the faces of the result, in the order of the page, to what folds out.
    explained = opened.page.get_by_text("The lines are coarse").first
    for _ in range(40):
        opened.page.keyboard.press("Tab")
        if opened.page.evaluate("document.activeElement.matches('.fc-fold summary')"):
            opened.page.keyboard.press("Enter")
            if explained.is_visible():
                break
    assert explained.is_visible()


@pytest.mark.slow
def test_a_text_file_gets_a_calm_card_and_the_next_photo_a_result(
    visit: Callable[..., Visit], url: str, photo: Path, tmp_path: Path
) -> None:
    opened = visit(url, NARROW)
    text = tmp_path / "notes.jpg"
    text.write_bytes(b"Dear diary")
    opened.choose(text)
    assert opened.check() == words.UNREADABLE
    shown = opened.page.locator("#fc-output").inner_text()
    assert "This is not a picture but a text file." in shown
    assert "notes.jpg" in shown
    assert "Traceback" not in shown
    assert not opened.page.get_by_text(words.NO_PREVIEW).first.is_visible(), "it cannot be checked all the same"
    assert opened.page.locator(".toast-wrap .error").count() == 0
    opened.keep("text-file")
    opened.page.locator("#fc-photo-input [aria-label='Remove Image']").click()
    opened.choose(photo)
    assert opened.check() == "Strong signs of manipulation"
    assert opened.complaints == []


def test_no_face_is_an_outcome_of_its_own(visit: Callable[..., Visit], url: str, tmp_path: Path) -> None:
    opened = visit(url, NARROW)
    path = tmp_path / "wall.jpg"
    path.write_bytes(fakes.jpeg(fakes.group_photo()[:100, :100]))
    opened.choose(path)
    assert opened.check() == words.NO_FACE
    shown = opened.page.locator("#fc-output").inner_text()
    assert "nothing to check" in shown
    assert "of 100" not in shown
    opened.keep("no-face")
    assert opened.complaints == []


def test_without_a_photo_the_button_cannot_be_pressed(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, NARROW)
    button = opened.page.locator("#fc-check")
    opened.page.wait_for_function("document.getElementById('fc-check').disabled")
    opened.choose(photo)
    assert button.is_enabled()
    opened.page.locator("#fc-photo-input [aria-label='Remove Image']").click()
    opened.page.wait_for_function("document.getElementById('fc-check').disabled")
    assert opened.complaints == []


def test_a_result_leaves_with_its_photo(
    visit: Callable[..., Visit], url: str, photo: Path, detector: fakes.FakeDetector
) -> None:
    opened = visit(url, WIDE)
    opened.choose(photo)
    detector.hold.clear()
    try:
        opened.page.click("#fc-check")
        opened.page.get_by_text(words.WAITING).wait_for()
        opened.keep("waiting")
    finally:
        detector.hold.set()
    assert opened.headline() == "Strong signs of manipulation"
    opened.page.locator("#fc-photo-input [aria-label='Remove Image']").click()
    opened.page.locator("#fc-photo-verdict").wait_for(state="detached")
    assert opened.page.locator("#fc-output").inner_text().strip() == ""


@pytest.mark.parametrize("fault", ["bug", "deleted"])
def test_a_check_that_breaks_off_says_what_to_do(
    visit: Callable[..., Visit], url: str, uploads: Path, tmp_path: Path, fault: str
) -> None:
    opened = visit(url, NARROW)
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"bug")
    opened.choose(path)
    if fault == "deleted":
        # As the server does with uploads after some minutes.
        for upload in uploads.rglob("broken.jpg"):
            upload.unlink()
    assert opened.check() == words.UNREADABLE
    shown = opened.page.locator("#fc-output").inner_text()
    assert words.UNFINISHED in shown
    assert "a fault in the program" not in opened.page.inner_text("body")


@pytest.mark.slow
def test_the_report_can_be_kept(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, NARROW)
    opened.choose(photo)
    opened.check()
    opened.page.get_by_text(words.TECHNICAL).click()
    with opened.page.expect_download() as download:
        opened.page.get_by_role("link", name=words.DOWNLOAD).click()
    assert download.value.suggested_filename.endswith("-report.json")
    kept = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert kept["verdict"] == "strong_signs"
    assert kept["input"]["name"] == photo.name


def test_the_whole_pipeline_in_the_page(
    visit: Callable[..., Visit], tiny_detector: Detector, photo: Path, tmp_path: Path
) -> None:
    with fakes.serve(tiny_detector, tmp_path) as blocks:
        opened = visit(str(blocks.local_url), WIDE)
        opened.choose(photo)
        assert opened.check() in words.HEADLINES.values()
        sizes = opened.page.locator(".fc-crop img").evaluate_all("all => all.map(i => i.naturalWidth)")
        opened.keep("pipeline")
        assert sizes.count(32) == 3
        assert len(sizes) == 6
        assert opened.complaints == []


# Language ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_german_browser_gets_german_and_the_switch_turns_everything(
    visit: Callable[..., Visit], url: str, photo: Path
) -> None:
    opened = visit(url, NARROW, locale="de-AT")
    page = opened.page
    page.get_by_role("button", name=GERMAN(words.CHECK)).wait_for()
    page.wait_for_function("document.documentElement.lang === 'de'")
    opened.choose(photo)
    assert opened.check() == GERMAN("Strong signs of manipulation")
    assert GERMAN(words.WHAT_NEXT) in page.locator("#fc-output").inner_text()
    opened.keep("german")
    page.get_by_label("English").check()
    page.get_by_role("heading", name="Strong signs of manipulation", exact=True).wait_for()
    page.wait_for_function("document.documentElement.lang === 'en'")
    assert words.WHAT_NEXT in page.locator("#fc-output").inner_text()
    assert page.get_by_role("button", name=words.CHECK).is_visible()
    assert page.get_by_role("tab", name="About").is_visible()
    page.get_by_label("Deutsch").check()
    page.get_by_role("heading", name=GERMAN("Strong signs of manipulation"), exact=True).wait_for()
    assert opened.complaints == []


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["en-US", "de-DE"])
def test_every_verdict_in_both_languages(visit: Callable[..., Visit], url: str, tmp_path: Path, locale: str) -> None:
    say = LANGUAGES[locale[:2]]
    for verdict in Verdict:
        opened = visit(url, NARROW, locale=locale)
        opened.page.get_by_role("button", name=say(words.CHECK)).wait_for()
        path = tmp_path / f"{verdict.value}.jpg"
        path.write_bytes(fakes.jpeg(fakes.group_photo()))
        opened.choose(path)
        headline = words.NO_USABLE_FACE if verdict is Verdict.NOT_ANALYSED else words.HEADLINES[verdict]
        assert opened.check() == say(headline)
        shown = opened.page.locator("#fc-output").text_content() or ""
        assert say(words.of_kind(words.MEANS_NOT[verdict], "image")) in shown
        assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        opened.keep(f"verdict-{verdict.value}-{say.code}")
        assert opened.complaints == []
        opened.page.close()


@pytest.mark.slow
def test_what_gradio_says_itself_follows_the_switch(
    visit: Callable[..., Visit], url: str, photo: Path, tmp_path: Path, detector: fakes.FakeDetector
) -> None:
    """Its own script knows the browser's language only, and no other than English for half of what it says."""
    opened = visit(url, WIDE, locale="de-DE")
    page = opened.page
    toast = page.locator(".toast-wrap")
    page.get_by_role("button", name=GERMAN(words.CHECK)).wait_for()
    page.wait_for_function("document.documentElement.lang === 'de'")
    spoken = "all => all.flatMap(e => [e.ariaLabel, e.title]).filter(Boolean)"
    heard = set(page.locator("#fc-clip-input *, #fc-photo-input *").evaluate_all(spoken))
    assert GERMAN("Upload file") in heard
    assert not heard & {str(text) for text in words_gradio.ITS_OWN}

    notes = tmp_path / "notes.txt"
    notes.write_text("Dear diary")
    page.set_input_files("#fc-photo-input input[type=file]", notes)
    page.locator(".fc-refused").get_by_text(GERMAN(words_gradio.WRONG_KIND)).wait_for()

    opened.choose(photo)
    detector.hold.clear()
    try:
        with photo.open("rb") as file:
            path = httpx.post(f"{url}gradio_api/upload", files={"files": ("a.jpg", file)}).json()[0]
        asked = {"data": [{"path": path, "orig_name": "a.jpg", "meta": {"_type": "gradio.FileData"}}, None]}
        while httpx.post(f"{url}gradio_api/call/analyze_image", json=asked, timeout=30).status_code == 200:
            pass
        page.click("#fc-check")
        page.locator(".fc-limit").get_by_text(GERMAN(words.MANY_READERS)).wait_for()
        # The toast says it in German too, and is covered by the card.
        assert toast.get_by_text(GERMAN(words_server.BUSY)).count() and not toast.is_visible()
        opened.keep("busy-german")
        page.get_by_label("English").check()
        # What was said in German goes; what is said from now on is English.
        toast.get_by_text(GERMAN(words_server.BUSY)).wait_for(state="detached")
        page.locator(".fc-limit").get_by_text(words.MANY_READERS).wait_for()
        page.get_by_role("tab", name="Video").click()
        page.get_by_text("Drop Video Here").wait_for()
    finally:
        detector.hold.set()


# For everyone --------------------------------------------------------------------------------------------------------


STATES = {"result": 0, "video": 1, "several": 2, "examples": 3, "about": 4}
"""What a tab shows, with the tab's place."""


@pytest.mark.parametrize(
    ("width", "scheme", "states"),
    [
        pytest.param(NARROW, "dark", ("result",), id="390-dark-result"),
        pytest.param(NARROW, "dark", [*STATES][1:], marks=pytest.mark.slow, id="390-dark-others"),
        pytest.param(WIDE, "light", STATES, marks=pytest.mark.slow, id="1280-light"),
        pytest.param(WIDE, "dark", STATES, marks=pytest.mark.slow, id="1280-dark"),
        pytest.param(NARROW, "light", STATES, marks=pytest.mark.slow, id="390-light"),
    ],
)
def test_nothing_serious_keeps_people_out(
    visit: Callable[..., Visit],
    url: str,
    photo: Path,
    width: int,
    scheme: Literal["light", "dark"],
    states: Iterable[str],
) -> None:
    """axe-core on every state of the page: no finding that it calls serious or critical."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed (requirements-dev.txt)"
    )
    opened = visit(url, width, scheme, "de-DE" if scheme == "dark" else "en-US")
    page = opened.page
    found: list[str] = []
    opened.choose(photo)
    opened.check()
    page.locator("#fc-wrong-photo").click()
    page.locator("#fc-feedback-photo textarea").wait_for()
    for fold in page.locator("#fc-output summary").all():
        fold.click()
    for state in states:
        if STATES[state]:
            page.get_by_role("tab").nth(STATES[state]).click()
            page.wait_for_timeout(500)
        result = axe.Axe().run(page).response
        assert result["passes"], "axe looked at nothing"
        found.extend(
            f"{state}: {each['id']}: {[node['html'][:120] for node in each['nodes']]}"
            for each in result["violations"]
            if each["impact"] in ("serious", "critical")
        )
    assert found == []
