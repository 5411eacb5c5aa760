"""A clip's way through the page in headless Chromium, with the whole pipeline behind it: uploaded, checked, marked, played,
stopped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from detector import Detector
from detector.records import Report
from detector.words import results as words
from tests.support import fakes
from tests.support.browsing import NARROW, WIDE, Visit, needs_chromium
from tests.support.clips import write_clip

pytestmark = needs_chromium

STOPS_WITHIN_S = 2.0


class Slow(fakes.Loaded):
    """A detector whose every step of progress takes a while longer; all that it says is the real one's."""

    def __init__(self, real: Detector, seconds: float) -> None:
        self.manifest = real.manifest
        self._real, self._seconds = real, seconds
        self.ended: list[float] = []
        """When each analysis ended, on the monotonic clock."""

    def analyze(self, path: Any, *, progress: Callable[[str, int, int], None] | None = None, **more: Any) -> Report:
        def step(stage: str, done: int, total: int) -> None:
            if progress is not None:
                progress(stage, done, total)
            time.sleep(self._seconds)

        try:
            return self._real.analyze(path, progress=step, **more)
        finally:
            self.ended.append(time.monotonic())

    def annotate(self, path: Any, report: Report, target: Any, **options: Any) -> None:
        self._real.annotate(path, report, target, **options)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, astronaut: NDArray[np.uint8]) -> Path:
    """Two seconds of a portrait, with sound."""
    return write_clip(tmp_path_factory.mktemp("clips") / "talk.mp4", [astronaut] * 20, sound=True)


@pytest.fixture(scope="module")
def slow(tiny_detector_for_clips: Detector) -> Slow:
    return Slow(tiny_detector_for_clips, 0.0)


@pytest.fixture(scope="module")
def url(slow: Slow, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with fakes.serve(slow, tmp_path_factory.mktemp("uploads")) as blocks:
        yield str(blocks.local_url)


def choose(opened: Visit, path: Path) -> None:
    page = opened.page
    page.get_by_role("tab", name="Video").click()
    with page.expect_response(lambda response: "/upload" in response.url):
        page.set_input_files("#fc-clip-input input[type=file]", path)
    # The button gets the focus once the video is there.
    page.wait_for_function("document.activeElement.id === 'fc-check-clip'")


@pytest.mark.parametrize("width", [pytest.param(WIDE, marks=pytest.mark.slow), NARROW])
def test_a_clip_is_checked_and_its_marked_copy_plays(
    visit: Callable[..., Visit], url: str, clip: Path, width: int
) -> None:
    opened = visit(url, width)
    page = opened.page
    choose(opened, clip)
    page.click("#fc-check-clip")
    output = page.locator("#fc-clip-output")
    output.locator(".fc-verdict").wait_for()
    assert output.locator(".fc-verdict h2").inner_text().strip() in (*words.HEADLINES.values(), words.NO_USABLE_FACE)
    assert output.locator(".fc-person").count() == 1
    # A dot of the timeline shows its frame in the player above.
    dot = output.locator(".fc-dot").nth(3)
    dot.click()
    time_s = float(dot.get_attribute("data-time") or 0)
    assert time_s > 0
    page.wait_for_function(f"Math.abs(document.querySelector('#fc-clip-input video').currentTime - {time_s}) < 0.1")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    opened.keep(f"clip-{width}")
    page.get_by_role("button", name=words.MARK).click()
    film = page.locator("#fc-marked video")
    film.wait_for()
    # Muted, since a page may not make a sound that nobody asked for.
    film.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("document.querySelector('#fc-marked video').currentTime > 0.5")
    assert film.evaluate("video => [video.videoWidth, video.videoHeight]") == [512, 512]
    assert film.evaluate("video => video.error") is None
    assert opened.complaints == []


def reloaded_in_mid_check(opened: Visit, slow: Slow, clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choose(opened, clip)
    monkeypatch.setattr(slow, "_seconds", 0.5)
    opened.page.click("#fc-check-clip")
    opened.page.locator("#fc-clip-output [role=progressbar]").wait_for()
    opened.page.reload()
    opened.page.get_by_text(words.GOES_ON).wait_for()
    opened.page.locator("#fc-clip-output [role=progressbar]").wait_for()
    opened.complaints.clear()  # what Gradio says of the stream that the reload ended


@pytest.mark.slow
def test_a_check_goes_on_when_the_page_is_reloaded(
    visit: Callable[..., Visit], url: str, slow: Slow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    before = len(slow.ended)
    reloaded_in_mid_check(opened, slow, clip, monkeypatch)
    opened.keep("goes-on")
    monkeypatch.setattr(slow, "_seconds", 0.0)
    page.locator("#fc-clip-output .fc-verdict").wait_for()
    page.get_by_text(words.KEPT).wait_for()
    page.locator("#fc-stop").wait_for(state="hidden")
    assert len(slow.ended) == before + 1
    assert opened.complaints == []


@pytest.mark.slow
def test_a_check_that_went_on_can_be_stopped(
    visit: Callable[..., Visit], url: str, slow: Slow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = visit(url, WIDE)
    before = len(slow.ended)
    reloaded_in_mid_check(opened, slow, clip, monkeypatch)
    opened.page.click("#fc-stop")
    opened.page.get_by_text(words.STOPPED_ALTOGETHER).wait_for()
    assert len(slow.ended) == before + 1


@pytest.mark.slow
def test_stop_ends_the_work(
    visit: Callable[..., Visit], url: str, slow: Slow, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    choose(opened, clip)
    # As long a job as an hour of video makes: twenty and more steps of half a second.
    monkeypatch.setattr(slow, "_seconds", 0.5)
    before = len(slow.ended)
    page.click("#fc-check-clip")
    page.locator("#fc-clip-output .fc-progress").wait_for()
    page.click("#fc-stop")
    began = time.monotonic()
    page.get_by_text(words.STOPPED).wait_for()
    took_s = time.monotonic() - began
    assert took_s < STOPS_WITHIN_S
    assert len(slow.ended) == before + 1, "the page says that it was stopped while it still runs"
    assert page.locator("#fc-clip-output .fc-verdict").count() == 0
    assert page.locator("#fc-check-clip").is_enabled()
