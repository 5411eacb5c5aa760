"""Seconds from choosing a file to its result in a browser on this computer, for a photo and for a clip.

    python -m tests.bench.first_result [--rounds N] [--publish]

The page is started with the shipped weights, and an example is chosen in headless Chromium by a reader who presses the button
at once. The clock stops when the headline stands. The first round of each file is the first check of its kind, as a
reader meets it; the others show what a warm page takes. ``--publish`` keeps the figures and writes their section of
docs/speed.md. Measure on a quiet machine: the load at the start is part of the result.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detector.web.gallery import read_examples
from tests import ROOT
from tests.bench.sections import Section
from tests.conftest import SHIPPED
from tests.support.browsing import WIDE, Profiles, launched, visits_of
from tests.support.running import Running

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["DOCUMENT", "RESULT", "SECTION", "main", "published", "section"]

RESULT = Path(__file__).resolve().parent / "results" / "first_result.json"
DOCUMENT = ROOT / "docs" / "speed.md"
SECTION = Section("tests/bench/results/first_result.json", "tests/bench/first_result.py")
_FILES = {"photo": "swapped", "clip": "pan_altered"}
"""Ids of examples."""
_PLACES = {
    "photo": ("#fc-tab-photo-button", "#fc-photo-input", "#fc-check", "#fc-output"),
    "clip": ("#fc-tab-video-button", "#fc-clip-input", "#fc-check-clip", "#fc-clip-output"),
}
"""Tab, input, button and output."""
_PATIENCE_MS = 300_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and keep the figures if asked to; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.first_result", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=7, help="checks of each file (default %(default)s)")
    parser.add_argument("--publish", action="store_true", help="write the figures and their section of docs/speed.md")
    options = parser.parse_args(arguments)
    result = _measured(options.rounds)
    print(section(result))
    if options.publish:
        RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        document = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(published(document, section(result)), encoding="utf-8")
    return 0


def published(document: str, text: str) -> str:
    """The document with the text in its section, which is put at the end where there is none yet."""
    if SECTION.begin not in document:
        document = f"{document.rstrip()}\n\n## Until the first result\n\n{SECTION.begin}\n{SECTION.end}\n"
    return SECTION.replaced(document, text)


def section(result: Mapping[str, Any]) -> str:
    """The figures as sentences.

    Args:
        result: as ``RESULT`` holds it.
    """
    head = (
        f"Measured on {result['date']} on {result['machine']}, load {result['load']} at the start: "
        "`python -m tests.bench.first_result --publish`. From choosing a file to the headline of its result, in a browser on "
        "the same computer:"
    )
    rows = [
        f"| {name} | {each['first_s']:.1f} | {each['median_s']:.1f} | {each['longest_s']:.1f} |"
        for name, each in result["files"].items()
    ]
    return "\n".join(
        [head, "", "| file | first, s | later, median, s | later, longest, s |", "|---|---|---|---|", *rows]
    )


def _measured(rounds: int) -> dict[str, Any]:
    load = os.getloadavg()[0]
    paths = {name: next(each.path for each in read_examples() if each.id == id_) for name, id_ in _FILES.items()}
    with tempfile.TemporaryDirectory() as folder:
        temp = Path(folder) / "temp"
        temp.mkdir()
        with Running(SHIPPED, temp) as server, launched() as browser, visits_of(Profiles(browser)) as open_page:
            server.settle()  # the examples' own checks are over, and the models loaded
            page = open_page(server.url, WIDE).page
            page.set_default_timeout(_PATIENCE_MS)
            seconds = {name: [_seconds(page, name, path) for _ in range(rounds)] for name, path in paths.items()}
    return {
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "load": round(load, 1),
        "rounds": rounds,
        "files": {
            name: {
                "first_s": round(taken[0], 2),
                "median_s": round(statistics.median(taken[1:] or taken), 2),
                "longest_s": round(max(taken[1:] or taken), 2),
            }
            for name, taken in seconds.items()
        },
    }


def _seconds(page: Page, name: str, path: Path) -> float:
    """Of one check; the page is loaded anew before it, and its earlier result is hidden by the choice."""
    tab, place, button, output = _PLACES[name]
    page.reload()
    page.wait_for_selector("#fc-check")
    page.click(tab)
    page.locator(place).get_by_test_id("upload-text").wait_for()
    # What the page does when it is loaded is not part of it.
    page.wait_for_timeout(2000)
    began = time.monotonic()
    page.set_input_files(f"{place} input[type=file]", path)
    page.locator(f"{button}:not([disabled])").click()
    page.locator(f"{output} [data-choice]:not([data-kept]) .fc-verdict h2").wait_for()
    return time.monotonic() - began


if __name__ == "__main__":
    sys.exit(main())
