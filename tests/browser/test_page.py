"""The whole page in headless Chromium, as the command builds it: the same scores as here, nothing sent, and no network needed
after the first load.
"""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector.__main__ import main
from detector.media.images import encode_jpeg, read_image
from detector.models.loading import LoadedModel
from detector.paths import EXAMPLES
from detector.probes.stability import face_logit
from detector.records import Report
from detector.verdict.calibration import calibrate
from detector.words import browser as words_browser
from detector.words import results as words
from detector.words.language import LANGUAGES
from tests.support.browsing import NARROW, WIDE, Visit, needs_chromium
from tests.support.static_site import Site, static_site

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from detector import Detector

pytestmark = [needs_chromium, pytest.mark.needs_weights, pytest.mark.slow]

CLOSE = 0.01
"""How far a score may be from the one computed here; more is another verdict."""

CROPS = """(images) => images.map((image) => {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(image, 0, 0);
  return Array.from(pen.getImageData(0, 0, canvas.width, canvas.height).data);
})"""

Open = Callable[..., Visit]


@dataclass
class Answer:
    """What the page said about one photo."""

    headline: str
    reason: str
    report: dict[str, Any]
    """Its JSON."""
    crops: list[NDArray[np.uint8]]
    """What is shown of each face, in the order of the page: (S, S, 3) uint8 RGB."""


@pytest.fixture(scope="module")
def folder(tarballs: Path | None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("page") / "site"
    options = [] if tarballs is None else ["--packages", str(tarballs)]
    assert main(["export", "--format", "page", "--out", str(out), *options]) == 0
    return out


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    with static_site(folder) as site:
        yield site


def ready(page: Page) -> None:
    page.locator("#fc-state", has_text=LANGUAGES["en"](words_browser.STATES["ready"])).wait_for(timeout=120_000)


def answer(page: Page, path: Path | dict[str, Any]) -> Answer:
    """Choose a photo and read its result."""
    page.set_input_files("#fc-file", path)  # type: ignore[arg-type]
    page.locator("#fc-verdict").wait_for(timeout=60_000)
    page.locator("#fc-output details").evaluate_all("(all) => all.forEach((each) => (each.open = true))")
    with page.expect_download() as download:
        page.click("#fc-output .fc-download")
    images = page.locator("#fc-output .fc-crop img")
    for image in images.all():
        image.evaluate("(image) => image.decode()")
    crops = [np.array(pixels, np.uint8).reshape(-1, 4)[:, :3] for pixels in images.evaluate_all(CROPS)]
    return Answer(
        page.locator("#fc-verdict").inner_text().strip(),
        page.locator(".fc-reason").inner_text().strip(),
        json.loads(Path(download.value.path()).read_text(encoding="utf-8")),
        [crop.reshape(round(len(crop) ** 0.5), -1, 3) for crop in crops],
    )


def compare(found: Answer, wanted: Report, deciding: LoadedModel) -> None:
    """The same verdict in the same words, and for the very crop that the page shows the same score."""
    assert found.headline == str(words.file_headline(wanted))
    assert found.report["verdict"] == wanted.verdict.value
    assert [face["verdict"] for face in found.report["faces"]] == [face.verdict.value for face in wanted.faces]
    for there, here in zip(found.report["faces"], wanted.faces, strict=True):
        assert there["p_fake"] == pytest.approx(here.p_fake, abs=CLOSE)
        if here.stability is not None:
            # The page scores every view; here those are left out that could not change the verdict.
            scores = {view: there["stability"]["scores"][view] for view in here.stability.scores}
            assert scores == pytest.approx(dict(here.stability.scores), abs=CLOSE)
    scored = sorted(face["p_fake"] for face in found.report["faces"] if face["p_fake"] is not None)
    assert len(found.crops) == len(wanted.faces)
    if len(scored) == len(found.crops) and scored:
        sides = deciding.scorer.sides(np.stack(found.crops))
        assert scored == pytest.approx(
            sorted(calibrate(face_logit(each), deciding.spec.calibration) for each in sides), abs=CLOSE
        )


def test_the_verdict_is_the_same_nothing_leaves_and_it_works_without_a_network(
    site: Site, visit: Open, shipped_detector: Detector
) -> None:
    opened = visit(site.url, NARROW)
    page = opened.page
    requests: list[str] = []
    page.context.on("request", lambda request: requests.append(f"{request.method} {request.url}"))
    ready(page)
    deciding = shipped_detector.select()
    for name in ("swapped.jpg", "group.jpg"):
        wanted = shipped_detector.analyze(EXAMPLES / name, heatmaps=False, verdict_only=True)
        found = answer(page, EXAMPLES / name)
        compare(found, wanted, deciding)
        assert found.reason == str(wanted.reason)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        opened.keep(f"browser-{name.partition('.')[0]}")
    site.stop()
    asked = len(site.asked)
    assert asked > 20 and all(line.startswith("GET /") for line in site.asked)
    page.reload()
    ready(page)
    wanted = shipped_detector.analyze(EXAMPLES / "hopper.jpg", heatmaps=False, verdict_only=True)
    compare(answer(page, EXAMPLES / "hopper.jpg"), wanted, deciding)
    assert len(site.asked) == asked, "a stopped server answered"
    assert requests and all(line.startswith((f"GET {site.url}", f"GET blob:{site.url}")) for line in requests)
    assert opened.complaints == []


def test_a_page_that_would_send_something_is_stopped_by_its_own_policy(site: Site, visit: Open) -> None:
    reached: list[str] = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            reached.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    page = visit(site.url, NARROW).page
    send = (
        "(url) => fetch(url, { method: 'POST', body: 'a photo', mode: 'no-cors' }).then(() => 'sent', () => 'refused')"
    )
    assert page.evaluate(send, f"http://127.0.0.1:{server.server_port}/") == "refused"
    server.shutdown()
    server.server_close()
    assert reached == []


def as_file(name: str, content: bytes) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def turned(rgb: NDArray[np.uint8], degrees: float) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(90, 90, 90)).save(out, "PNG")
    return out.getvalue()


def test_tilted_lying_small_and_large_faces_get_the_same_result(
    site: Site, visit: Open, shipped_detector: Detector, tmp_path: Path
) -> None:
    rgb = read_image(EXAMPLES / "collins.jpg").frame.rgb
    large = np.asarray(Image.fromarray(rgb).resize((rgb.shape[1] * 3, rgb.shape[0] * 3), Image.Resampling.BICUBIC))
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = io.BytesIO()
    Image.fromarray(np.rot90(rgb)).save(sideways, "JPEG", quality=95, exif=exif)
    transparent = Image.fromarray(rgb).convert("RGBA")
    transparent.putalpha(
        Image.fromarray(np.tile(np.linspace(0, 255, rgb.shape[1]).astype(np.uint8), (rgb.shape[0], 1)))
    )
    see_through = io.BytesIO()
    transparent.save(see_through, "PNG")
    files = {
        "tilted.png": turned(rgb, 33),
        "lying.png": turned(rgb, 90),
        "upside-down.png": turned(rgb, 180),
        "sideways.jpg": sideways.getvalue(),
        "see-through.png": see_through.getvalue(),
        "large.jpg": encode_jpeg(large, 90),
        "small.png": turned(np.asarray(Image.fromarray(rgb).resize((96, round(96 * rgb.shape[0] / rgb.shape[1])))), 0),
    }
    page = visit(site.url, WIDE).page
    ready(page)
    deciding = shipped_detector.select()
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        wanted = shipped_detector.analyze(tmp_path / name, heatmaps=False, verdict_only=True)
        assert wanted.faces, name
        found = answer(page, tmp_path / name)
        compare(found, wanted, deciding)
        size = found.report["input"]["width"], found.report["input"]["height"]
        assert size == (wanted.input.width, wanted.input.height), name


def test_what_cannot_be_checked_gets_a_sentence_in_the_readers_language(site: Site, visit: Open) -> None:
    opened = visit(site.url, NARROW, "dark", "de-DE")
    page, german = opened.page, LANGUAGES["de"]
    page.locator("#fc-state", has_text=german(words_browser.STATES["ready"])).wait_for(timeout=120_000)
    tiny = io.BytesIO()
    Image.new("RGB", (8, 8)).save(tiny, "PNG")
    for content, sentence in (
        (b"Dear diary", german(words_browser.REFUSALS["unreadable"])),
        (b"", "Die Datei ist leer"),
        (tiny.getvalue(), "8 x 8"),
    ):
        page.set_input_files("#fc-file", as_file("Tante Zoë <b>.jpg", content))  # type: ignore[arg-type]
        page.locator(".fc-refusal").get_by_text(sentence).wait_for()
        assert page.locator("#fc-verdict").inner_text().strip() == german(words.UNREADABLE)
        assert "Tante Zoë <b>.jpg" in page.locator(".fc-refusal").inner_text()
    page.set_input_files("#fc-file", EXAMPLES / "coffee.jpg")
    page.locator("#fc-verdict", has_text=german(words.NO_FACE)).wait_for()
    page.set_input_files("#fc-file", EXAMPLES / "blended.jpg")
    page.locator(".fc-photo").wait_for()
    assert german(words.FACE_BY_FACE) in page.locator("#fc-output").inner_text()
    assert page.evaluate("document.activeElement.id") == "fc-verdict"
    opened.keep("browser-german-dark")
    page.get_by_label("Español").check()
    assert LANGUAGES["es"](words.FACE_BY_FACE) in page.locator("#fc-output").inner_text()
    assert LANGUAGES["es"](words_browser.PRIVACY) in page.locator(".fc-intro").inner_text()
    assert opened.complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(NARROW, "light"), (WIDE, "dark")])
def test_nothing_serious_keeps_people_out(
    site: Site, visit: Open, width: int, scheme: Literal["light", "dark"]
) -> None:
    """axe-core on the page with a result: no finding that it calls serious or critical."""
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe is not installed (requirements-dev.txt)"
    )
    opened = visit(site.url, width, scheme)
    ready(opened.page)
    answer(opened.page, EXAMPLES / "group.jpg")
    opened.keep(f"browser-{width}-{scheme}")
    result = axe.Axe().run(opened.page).response
    assert result["passes"], "axe looked at nothing"
    serious = [each for each in result["violations"] if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [node["html"][:120] for node in each["nodes"]]) for each in serious] == []


def test_a_browser_that_cannot_run_it_says_why(site: Site, visit: Open) -> None:
    """As in one without SIMD, and in one that changes the pixels that pages read."""
    opened = visit(site.url, NARROW)
    for name, spoiled in {
        "no_simd": "WebAssembly.validate = () => false",
        "no_graphics": "HTMLCanvasElement.prototype.getContext = () => null",
        "changed_pixels": "CanvasRenderingContext2D.prototype.getImageData = function () "
        "{ return { data: new Uint8ClampedArray(1024).fill(7) } }",
    }.items():
        page = opened.page.context.new_page()
        page.add_init_script(spoiled)
        page.goto(site.url)
        page.locator(".fc-refusal").get_by_text(words_browser.REFUSALS[name]).wait_for()
        page.close()
