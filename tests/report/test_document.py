"""What is handed on: a result as one file that opens without a network, as text, and the block about a file's origin."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, get_args
from urllib.parse import urlsplit

import pytest

from detector.records import ContentCredentials, CredentialsState, FactKind, Provenance, ProvenanceFact, Report, Verdict
from detector.report.document import document
from detector.report.pictures import pictures_of
from detector.report.plain_text import plain_text
from detector.report.templates import render
from detector.words import origin as words_provenance
from detector.words import results as words
from detector.words.language import LANGUAGES
from tests.report import harness, test_page_clip
from tests.support import fakes
from tests.support.browsing import NARROW, WIDE, WIDTHS, needs_chromium
from tests.support.listening import listening

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

GERMAN = LANGUAGES["de"]
EVIL = "<script>document.title='owned'</script><img src=http://127.0.0.1:9/x.png onerror=alert(1)>"
ORIGIN = Provenance(
    (ProvenanceFact("camera", "Canon EOS R5", "EXIF Make/Model"), ProvenanceFact("software", EVIL, "EXIF Software")),
    ContentCredentials("broken", signer="Test Camera", problems=("assertion.dataHash.mismatch",)),
    unread=True,
)


def finished(report: Report) -> Report:
    """With what the detector adds at the end."""
    options = {"model": "resnet", "bands": {"some_signs_from": 0.7}}
    return dataclasses.replace(report, provenance=ORIGIN, made_at="2026-01-02T03:04:05+00:00", options=options)


@pytest.fixture(scope="module")
def of_image() -> Report:
    rgb = fakes.group_photo()
    faces = tuple(fakes.face(rgb, *found) for found in zip(fakes.FACES, fakes.VERDICTS, fakes.SCORES, strict=True))
    return finished(fakes.report(rgb, faces, Verdict.STRONG_SIGNS, 0.83, name=f"family {EVIL}.jpg"))


@pytest.fixture(scope="module")
def of_clip() -> Report:
    return finished(test_page_clip.clip_report())


def written(report: Report, code: str = "en") -> str:
    return document(report, pictures_of(report), fakes.manifest(), LANGUAGES[code])


@pytest.fixture
def visits() -> Iterator[tuple[str, list[str]]]:
    """Address of a server on this computer, and what was asked of it."""
    with listening() as heard:
        yield heard


# The block about the origin


@pytest.mark.parametrize("say", LANGUAGES.values(), ids=lambda each: each.code)
def test_every_kind_of_fact_and_state_can_be_said(say) -> None:  # type: ignore[no-untyped-def]
    kinds = get_args(FactKind)
    facts = tuple(ProvenanceFact(kind, "X 17.4", "EXIF Software") for kind in kinds)
    for state in get_args(CredentialsState):
        found = Provenance(
            facts, ContentCredentials(state, "A", "2026", ("P",), ("trainedAlgorithmicMedia", "odd"), ("a",))
        )
        shown = render("origin.html", say, provenance=found)
        assert shown.count("X 17.4") == len(kinds)
        assert shown.count("<li>") == len(kinds) + len(words_provenance.credentials_lines(found.credentials))  # type: ignore[arg-type]


def test_nothing_found_is_said_neutrally_and_never_looked_is_not_said() -> None:
    shown = render("origin.html", LANGUAGES["en"], provenance=Provenance())
    assert "so this says nothing" in shown
    assert "Cropping" in shown
    made = dataclasses.replace(harness.one_face(Verdict.SOME_SIGNS, 0.75), provenance=None)
    assert words_provenance.HEADING not in written(made)


def test_no_word_about_the_origin_is_a_verdict() -> None:
    said = [
        render("origin.html", LANGUAGES["en"], provenance=ORIGIN),
        *(str(line) for line in words_provenance.lines(ORIGIN)),
    ]
    for text in said:
        assert not re.search(r"\b(real|fake|authentic|verified|trusted|proves?)\b", text, re.IGNORECASE)


# Text


def test_the_text_says_verdict_faces_origin_and_how_to_repeat_it(of_image: Report) -> None:
    text = plain_text(of_image)
    assert text.startswith("Strong signs of manipulation: family")
    assert [line[:7] for line in text.splitlines() if line.startswith("Face ")] == ["Face 1:", "Face 2:", "Face 3:"]
    for part in ("83 of 100", "Canon EOS R5", "not proof", of_image.input.sha256, of_image.model.sha256, "2026-01-02"):
        assert part in text
    assert "83 von 100" in plain_text(of_image, GERMAN)


# One file


def test_the_file_holds_everything_and_names_no_address(of_image: Report) -> None:
    html = written(of_image)
    for part in (
        of_image.input.sha256,
        of_image.model.sha256,
        "python 3.11",
        "some_signs_from",
        "2026-01-02",
        "not proof",
    ):
        assert part in html
    assert "about 40 of 100" in html, "the track record"
    assert "<script" not in html and "&lt;script" in html
    tree = harness.Tree(html.replace("<!doctype html>", "").replace("<meta", "<input"))
    places = [attrs.get(key) or "" for _, attrs in tree.elements for key in ("src", "href", "srcset", "action")]
    # Links are followed only by who presses them.
    links = {link.address for link in words.LINKS}
    assert [place[:40] for place in places if place and not place.startswith("data:") and place not in links] == []
    assert "url(" not in html and "@import" not in html


def test_the_json_in_the_file_is_the_report(of_image: Report) -> None:
    import base64

    from detector.report.serialise import to_dict

    found = re.search(r'href="data:application/json;base64,([^"]+)"', written(of_image))
    assert found is not None
    assert json.loads(base64.b64decode(found[1])) == to_dict(of_image)


@pytest.fixture
def offline(browser: Browser) -> Iterator[Callable[[Path, int], tuple[Page, list[str]]]]:
    """Opens a file from disk in a browser that has no network; also gives what went wrong or was asked of the network."""
    contexts = []

    def open_file(path: Path, width: int) -> tuple[Page, list[str]]:
        context = browser.new_context(
            viewport={"width": width, "height": WIDTHS[width]}, offline=True, accept_downloads=True
        )
        contexts.append(context)
        complaints: list[str] = []
        page = context.new_page()

        def watch(url: str) -> None:
            if urlsplit(url).scheme not in ("data", "blob") and url != path.as_uri():
                complaints.append(f"request to {url}")

        page.on("request", lambda request: watch(request.url))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        return page, complaints

    yield open_file
    for context in contexts:
        context.close()


@needs_chromium
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("kind", ["image", "clip"])
def test_the_file_opens_from_disk_without_a_network(
    offline: Callable[[Path, int], tuple[Page, list[str]]],
    of_image: Report,
    of_clip: Report,
    tmp_path: Path,
    kind: str,
    width: int,
) -> None:
    report = of_image if kind == "image" else of_clip
    path = tmp_path / "report.html"
    path.write_text(written(report), encoding="utf-8")
    page, complaints = offline(path, width)
    assert "Check of" in page.title() and "owned" not in page.title()[:5]
    assert page.locator(".fc-verdict h2").is_visible()
    assert page.locator(".fc-face").count() == len(report.faces)
    sizes = page.locator("img").evaluate_all("all => all.map(i => i.naturalWidth)")
    assert len(sizes) > 3 and min(sizes) > 0, "a picture is missing"
    # On paper nothing can be unfolded, and on a phone nothing may stick out.
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("input, button, script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.get_by_text("Canon EOS R5").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator(".fc-download").is_hidden()
    assert len(page.pdf(format="A4")) > 20_000
    assert complaints == []


@needs_chromium
@pytest.mark.parametrize("policy", [True, False], ids=["with the policy", "without it"])
def test_the_policy_in_the_file_stops_what_escaping_would_miss(
    browser: Browser, of_image: Report, tmp_path: Path, visits: tuple[str, list[str]], policy: bool
) -> None:
    address, asked = visits
    evil = f"<script>document.title='owned'</script><img id=evil src={address}/x.png>"
    html = written(of_image).replace("<main", f"{evil}<main")
    if not policy:
        html = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", html)
    path = tmp_path / "report.html"
    path.write_text(html, encoding="utf-8")
    context = browser.new_context()
    page = context.new_page()
    page.goto(path.as_uri())
    title = page.title()
    context.close()
    assert (title == "owned") == (not policy)
    assert (asked == []) == policy


@needs_chromium
@pytest.mark.parametrize(
    ("locale", "name"),
    [
        ("en-GB", "Save as HTML"),
        ("de-DE", "Als HTML sichern"),
    ],
)
@pytest.mark.slow
def test_a_result_on_the_page_can_be_kept_and_copied(
    browser: Browser,
    offline: Callable[[Path, int], tuple[Page, list[str]]],
    tmp_path: Path,
    locale: str,
    name: str,
) -> None:
    photo = tmp_path / "Tante Zoë $& <b>.jpg"
    photo.write_bytes(fakes.jpeg(fakes.group_photo()))
    with fakes.serve(fakes.FakeDetector(), tmp_path / "uploads") as blocks:
        context = browser.new_context(
            viewport={"width": WIDE, "height": 900}, locale=locale, permissions=["clipboard-read", "clipboard-write"]
        )
        page = context.new_page()
        page.goto(str(blocks.local_url))
        page.wait_for_selector("#fc-check")
        save = page.get_by_role("button", name=name)
        page.set_input_files("#fc-photo-input input[type=file]", photo)
        page.wait_for_function("document.activeElement.id === 'fc-check'", timeout=20_000)
        assert save.count() == 0 or not save.first.is_visible(), "there is nothing to keep yet"
        page.click("#fc-check")
        page.wait_for_selector("#fc-output .fc-verdict", timeout=30_000)
        with page.expect_download() as started:
            save.first.click()
        kept = tmp_path / "kept.html"
        started.value.save_as(kept)
        page.click("#fc-output-copy")
        page.wait_for_function("document.querySelector('#fc-output-copy').textContent.match(/Copied|Kopiert/)")
        copied = page.evaluate("navigator.clipboard.readText()")
        headline = page.locator("#fc-output .fc-verdict h2").inner_text()
        context.close()
    assert started.value.suggested_filename.endswith("-report.html")
    assert headline in copied and photo.name in copied
    assert "\n" in copied
    opened, complaints = offline(kept, NARROW)
    assert opened.locator(".fc-verdict h2").inner_text() == headline
    assert "Tante Zoë" in opened.title()
    assert opened.locator(".fc-face").count() == 3
    assert opened.locator("input, button, script, details:not([open])").count() == 0
    assert opened.evaluate("document.documentElement.lang") == locale[:2]
    assert complaints == []
