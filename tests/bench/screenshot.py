"""The picture at the head of the README: a result of the page, in headless Chromium.

python -m tests.bench.screenshot [--example swapped] [--url ADDRESS] [--out docs/result.png]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import FloatRect, ViewportSize, sync_playwright

from detector.web.gallery import read_examples
from tests import ROOT
from tests.conftest import SHIPPED
from tests.support.running import Running

__all__ = ["main"]

_WINDOW: ViewportSize = {"width": 1280, "height": 860}
_CARD, _FACE = ".fc-verdict:has(#fc-photo-verdict)", ".fc-result:has(#fc-photo-verdict) .fc-face"
"""The answer, and below it the face that decides."""
_MARGIN = 12
_PATIENCE_MS = 300_000
"""For one check on a busy machine, with the models still loading."""

_SETTLE_MS = 2000
"""For what fades or scrolls after the result is there."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one of the examples with the shipped weights and save what a reader sees; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.screenshot", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--example", default="swapped", help="its id in examples.json (default %(default)s)")
    parser.add_argument("--url", metavar="ADDRESS", help="of a page that runs already; default one of its own")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "result.png", help="PNG file")
    options = parser.parse_args(arguments)
    photo = next(example.path for example in read_examples() if example.id == options.example)
    if options.url is not None:
        _take(options.url, photo, options.out)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        temp = Path(folder) / "temp"
        temp.mkdir()
        with Running(SHIPPED, temp) as server:
            _take(server.url, photo, options.out)
    return 0


def _take(url: str, photo: Path, out: Path) -> None:
    """Check a photo on the page at ``url`` and save the answer and the face that decides as PNG."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=_WINDOW, color_scheme="light", locale="en-US")
        page.set_default_timeout(_PATIENCE_MS)
        page.goto(url)
        page.wait_for_selector("#fc-check")
        with page.expect_response(lambda response: "/upload" in response.url):
            page.set_input_files("#fc-photo-input input[type=file]", photo)
        page.wait_for_function("document.activeElement.id === 'fc-check'")
        page.click("#fc-check")
        page.locator("#fc-photo-verdict").wait_for()
        page.wait_for_function("[...document.images].every((image) => image.complete)")
        page.wait_for_timeout(_SETTLE_MS)
        card, face = (page.locator(selector).first.bounding_box() for selector in (_CARD, _FACE))
        assert card is not None and face is not None, "the page shows no face"
        clip: FloatRect = {
            "x": card["x"] - _MARGIN,
            "y": card["y"] + page.evaluate("scrollY") - _MARGIN,  # the box counts from the window's upper edge
            "width": card["width"] + 2 * _MARGIN,
            "height": face["y"] + face["height"] - card["y"] + 2 * _MARGIN,
        }
        page.screenshot(path=out, full_page=True, clip=clip)
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
