"""What surrounds a result in headless Chromium: heatmaps, reload, tabs, About, wrong results, examples, several files."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from detector.records import Verdict
from detector.report import feedback
from detector.web.gallery import CACHE_VARIABLE, Gallery, read_examples
from detector.words import about as words_about
from detector.words import examples as words_examples
from detector.words import results as words
from detector.words.language import LANGUAGES
from tests.support import fakes
from tests.support.browsing import NARROW, WIDE, Visit, needs_chromium
from tests.web.test_gallery import Counting

if TYPE_CHECKING:
    pass

pytestmark = needs_chromium

GERMAN = LANGUAGES["de"]


# Heatmaps, About, results that were wrong ----------------------------------------------------------------------------


@pytest.mark.slow
def test_the_bare_face_is_seen_while_something_is_held(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, WIDE)
    page = opened.page
    opened.choose(photo)
    opened.check()
    page.wait_for_function("document.activeElement.id === 'fc-photo-verdict'")
    lines, crop = page.locator(".fc-lines").first, page.locator(".fc-heat img:not(.fc-lines)").first
    assert lines.is_visible()
    hold = page.get_by_role("button", name=words.HOLD).first
    for down, up in (
        (partial(page.keyboard.down, "Space"), partial(page.keyboard.up, "Space")),
        (page.mouse.down, page.mouse.up),
    ):
        hold.hover()
        hold.focus()
        down()
        assert not lines.is_visible() and crop.is_visible()
        up()
        assert lines.is_visible()


@pytest.mark.slow
def test_a_result_is_found_again_after_a_reload(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    opened.choose(photo)
    opened.check()
    page.reload()
    page.get_by_text(words.KEPT).wait_for()
    assert opened.headline() == "Strong signs of manipulation"
    assert page.locator("#fc-output-save").is_visible()
    # It leaves with the next file, and another tab of the browser never had it.
    opened.choose(photo)
    page.locator("#fc-photo-verdict").wait_for(state="hidden")
    other = page.context.new_page()
    other.goto(url)
    other.wait_for_selector("#fc-check")
    other.wait_for_timeout(1500)
    assert other.locator("#fc-photo-verdict").count() == 0
    assert opened.complaints == []


@pytest.mark.slow
def test_a_file_finds_the_tab_that_takes_it(visit: Callable[..., Visit], url: str, photo: Path, tmp_path: Path) -> None:
    opened = visit(url, WIDE)
    page = opened.page
    # What no browser shows as a picture gets a sentence, not a broken image.
    page.set_input_files("#fc-photo-input input[type=file]", {"name": "a.heic", "mimeType": "", "buffer": b"x" * 99})
    page.get_by_text(words.NO_PREVIEW).first.wait_for()
    assert page.locator("#fc-photo-input img").evaluate_all(
        "a => a.every(e => getComputedStyle(e).visibility === 'hidden')"
    )
    # A video on the tab for photos moves to the other one, and back.
    opened = visit(url, WIDE)
    page = opened.page
    page.set_input_files(
        "#fc-photo-input input[type=file]", {"name": "a.mp4", "mimeType": "video/mp4", "buffer": b"x" * 99}
    )
    page.wait_for_function("document.activeElement.id === 'fc-check-clip'")
    assert page.locator("#fc-check-clip").is_enabled() and not page.locator("#fc-check").is_enabled()
    # Pasted from anywhere.
    page.evaluate(
        """async (bytes) => {
        const file = new File([new Uint8Array(bytes)], "pasted.jpg", {type: "image/jpeg"});
        const given = new DataTransfer();
        given.items.add(file);
        document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData: given, bubbles: true}));
    }""",
        list(photo.read_bytes()),
    )
    page.wait_for_function("document.activeElement.id === 'fc-check'")
    assert opened.check() == "Strong signs of manipulation"


def test_a_blocked_camera_says_so(visit: Callable[..., Visit], url: str) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    assert not page.get_by_text(words.CAMERA_DENIED).first.is_visible()
    # Headless Chromium has none, and asks nobody: it refuses.
    page.evaluate("navigator.mediaDevices.getUserMedia({video: true}).catch(() => null)")
    page.get_by_text(words.CAMERA_DENIED).first.wait_for()


def test_about_tells_what_was_measured_and_what_fails(visit: Callable[..., Visit], url: str) -> None:
    opened = visit(url, NARROW)
    opened.page.get_by_role("tab", name="About").click()
    shown = opened.page.locator("#fc-about")
    shown.get_by_role("heading", name=words_about.WHAT_FAILS).wait_for()
    text = shown.inner_text()
    # The record of tests/support/fakes.py: 200 of 500 fakes were neither "some" nor "strong".
    assert "Of 100 altered or AI-made test faces, 40 are not flagged." in text
    assert "84 of 100" in text
    opened.page.get_by_role("button", name=words_about.WHOLE_CARD).click()
    opened.page.locator("#fc-card-text").get_by_text("Known limits").wait_for()
    assert opened.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.keep("about")
    assert opened.complaints == []


@pytest.mark.slow
def test_a_wrong_result_can_be_copied_and_is_not_stored(visit: Callable[..., Visit], url: str, photo: Path) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    assert not page.locator("#fc-wrong-photo").is_visible()
    opened.choose(photo)
    opened.check()
    page.locator("#fc-wrong-photo").click()
    panel = page.locator("#fc-feedback-photo")
    panel.get_by_text(words_about.COPY_IT).wait_for()
    text = panel.locator("textarea").input_value()
    assert json.loads(text)["verdict"] == "strong_signs"
    assert photo.stem not in text
    assert not panel.get_by_label(words_about.CONSENT).is_visible()
    panel.get_by_role("button", name=words_about.WITHDREW).click()
    panel.wait_for(state="hidden")


def test_a_wrong_result_is_stored_only_after_consent(visit: Callable[..., Visit], photo: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    with fakes.serve(fakes.FakeDetector(), tmp_path / "uploads", feedback_to=kept) as blocks:
        opened = visit(str(blocks.local_url), WIDE)
        page = opened.page
        opened.choose(photo)
        opened.check()
        page.locator("#fc-wrong-photo").click()
        panel = page.locator("#fc-feedback-photo")
        panel.get_by_label(words_about.TRUTHS["unaltered"]).check()
        page.wait_for_function("document.querySelector('#fc-feedback-photo textarea').value.includes('unaltered')")
        shown = panel.locator("textarea").input_value()
        panel.get_by_role("button", name=words_about.SEND).click()
        panel.get_by_text(words_about.STORED_NOT).wait_for()
        assert not kept.exists()
        panel.get_by_label(words_about.CONSENT).check()
        panel.get_by_role("button", name=words_about.SEND).click()
        panel.get_by_text(words_about.STORED).first.wait_for()
        opened.keep("feedback")
        lines = (kept / feedback.FILE_NAME).read_text(encoding="ascii").splitlines()
        assert len(lines) == 1
        stored = json.loads(lines[0])
        del stored["day"]
        assert stored == json.loads(shown)


# Examples ------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_an_example_says_what_it_is_and_shows_what_was_said_of_it_before(
    visit: Callable[..., Visit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))
    # As an earlier start left it.
    Gallery(Counting(Verdict.STRONG_SIGNS, 0.95), fakes.manifest()).fill()
    detector = fakes.FakeDetector()
    swapped = next(each for each in read_examples() if each.id == "swapped")
    with fakes.serve(detector, tmp_path / "uploads") as blocks:
        opened = visit(str(blocks.local_url), NARROW)
        page = opened.page
        page.get_by_role("tab", name="Examples").click()
        card = page.locator(".fc-example").filter(has=page.get_by_role("heading", name=swapped.title, exact=True))
        card.wait_for()
        text = " ".join(card.inner_text().split())
        assert swapped.what in text
        assert words_examples.TRUTHS["altered"] in text
        assert "Strong signs of manipulation: 95 of 100. That fits what the file is." in text
        # The picture and the mask of what was altered, both there.
        widths = card.locator("img").evaluate_all("all => all.map(i => i.naturalWidth)")
        assert len(widths) == 2 and all(widths)
        page.click("#fc-example-swapped")
        shown = page.locator("#fc-example-output")
        assert shown.locator("#fc-examples-verdict").inner_text().strip() == words.HEADLINES[Verdict.STRONG_SIGNS]
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        opened.keep("example")
        assert detector.seen == [], "computed anew"
        assert opened.complaints == []


def test_several_files_make_a_list_with_the_worst_first(visit: Callable[..., Visit], url: str, tmp_path: Path) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    files = [tmp_path / f"{name}.jpg" for name in ("no_clear_signs", "strong_signs", "notes")]
    for path in files[:2]:
        path.write_bytes(fakes.jpeg(fakes.group_photo()))
    files[2].write_bytes(b"Dear diary")
    # Dropped where one photo belongs, they find their tab.
    page.evaluate(
        """(names) => {
        const field = document.querySelector('#fc-photo-input input[type=file]');
        field.multiple = true;
    }""",
        [],
    )
    page.set_input_files("#fc-photo-input input[type=file]", files)
    page.locator("#fc-several-input").get_by_text("strong_signs").first.wait_for()
    page.click("#fc-check-several")
    page.get_by_text(words.SAVE_LIST).wait_for()
    lines = page.locator(".fc-several li .fc-file").all_inner_texts()
    assert lines == ["strong_signs.jpg", "notes.jpg", "no_clear_signs.jpg"]
    assert "This is not a picture but a text file." in page.locator(".fc-several").inner_text()
    with page.expect_download() as download:
        page.get_by_text(words.SAVE_LIST).click()
    saved = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert saved[0] == "file,verdict,score_of_100,reason" and saved[1].startswith(
        "strong_signs.jpg,strong_signs,95.00,"
    )
    assert opened.complaints == []
