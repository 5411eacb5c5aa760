"""A live check on the page: what a browser's requests may hold, and the whole of it in Chromium with a made camera."""

from __future__ import annotations

import base64
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import pytest

from detector import Detector
from detector.errors import DamagedMedia, WorkerFailed
from detector.records import LiveSnapshot
from detector.sentences import Sentence
from detector.web import live_part
from detector.web.live_part import LivePart
from detector.web.localised import Reader
from detector.web.session import new_session
from detector.words import results as words
from detector.words.language import ENGLISH
from tests.support import browsing, fakes
from tests.support.asynchronous import run
from tests.support.browsing import NARROW, Visit, needs_chromium
from tests.support.camera import camera_jpegs, write_y4m
from tests.support.running import within

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DATA = "data:image/jpeg;base64,"


class Watches(fakes.Loaded):
    """Answers every frame with what it is told to."""

    def __init__(self) -> None:
        self.manifest = fakes.manifest()
        self.frames: list[bytes] = []
        self.ended: list[str] = []
        self.session = ""
        self.error: Exception | None = None

    def analyze(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("a live check analyses no file")

    def watch(self, session: str, frame: bytes, time_s: float) -> LiveSnapshot:
        self.frames.append(frame)
        self.session = session
        if self.error is not None:
            raise self.error
        return LiveSnapshot(float(len(self.frames)), 0, 0.0, None, "resnet")

    def end_watch(self, session: str) -> None:
        self.ended.append(session)


class Asked:
    """A request of one browser session, with a queue in which nothing stands."""

    session_hash = "page"

    class _Queue:
        event_queue_per_concurrency_id: dict[str, Any] = {}  # noqa: RUF012
        event_ids_to_events: dict[str, Any] = {}  # noqa: RUF012

    @property
    def request(self) -> Any:
        return self

    @property
    def app(self) -> Any:
        return self

    def get_blocks(self) -> Any:
        return self

    _queue = _Queue


@pytest.fixture
def part() -> Iterator[tuple[LivePart, Watches]]:
    detector = Watches()
    with gr.Blocks():
        yield LivePart(detector, gr.Radio(["en"], value="en"), new_session(60, lambda: False), 60), detector


def frame_of(part: LivePart, picture: Any) -> tuple[Any, Any]:
    return run(part._frame(picture, "en", Reader(), Asked()))  # type: ignore[arg-type]


def begin(part: LivePart) -> None:
    part._begin("en", Reader(), Asked())  # type: ignore[arg-type]


def end(part: LivePart) -> tuple[Any, ...]:
    return run(part._end("en", Reader(), Asked()))  # type: ignore[arg-type]


def test_only_pictures_of_a_camera_reach_the_detector(part: tuple[LivePart, Watches]) -> None:
    live, detector = part
    jpeg = {"url": DATA + base64.b64encode(b"jpeg").decode()}
    frame_of(live, jpeg)
    assert detector.frames == [], "nobody pressed the button"
    begin(live)
    for wrong in (
        None,
        "text",
        {},
        {"path": "/etc/passwd"},
        {"url": "/etc/passwd"},
        {"url": "http://127.0.0.1/a.jpg"},
        {"url": f"{DATA}not base64!"},
        {"url": DATA + "A" * (1 << 23)},
    ):
        frame_of(live, wrong)
    assert detector.frames == []
    shown, card = frame_of(live, jpeg)
    assert detector.frames == [b"jpeg"]
    assert words.LIVE_NO_FACE in shown and card is not None


def test_what_comes_after_the_end_is_not_looked_at(part: tuple[LivePart, Watches]) -> None:
    live, detector = part
    jpeg = {"url": DATA + base64.b64encode(b"jpeg").decode()}
    begin(live)
    frame_of(live, jpeg)
    camera, *_, shown, _ = end(live)
    assert camera["visible"] is False and camera["value"] is None
    assert words.LIVE_ENDED in shown
    assert within(5, lambda: detector.ended == [detector.session])
    frame_of(live, jpeg)
    assert len(detector.frames) == 1
    # Told to end once more, as when the event ends as well: what was said stands.
    assert end(live)[3] == gr.skip()
    before = detector.session
    begin(live)
    frame_of(live, jpeg)
    assert detector.session != before, "the end of one check could forget the next"


def test_one_damaged_picture_is_passed_over_and_a_broken_worker_ends_the_check(part: tuple[LivePart, Watches]) -> None:
    live, detector = part
    jpeg = {"url": DATA + base64.b64encode(b"jpeg").decode()}
    begin(live)
    detector.error = DamagedMedia(Sentence("This is damaged."))
    assert frame_of(live, jpeg) == (gr.skip(), gr.skip())
    detector.error = None
    assert words.LIVE_NO_FACE in frame_of(live, jpeg)[0]
    detector.error = WorkerFailed(Sentence("The worker broke off."))
    frame_of(live, jpeg)
    assert "The worker broke off." in end(live)[3]


def test_the_longest_time_is_said_and_named_where_it_ended_a_check(part: tuple[LivePart, Watches]) -> None:
    live, detector = part
    assert "2 minutes" in live_part._about(ENGLISH)
    begin(live)
    detector.frames = [b""] * live_part.MOST_S
    frame_of(live, {"url": DATA + base64.b64encode(b"jpeg").decode()})
    assert words.LIVE_ENDED_BY_TIME in end(live)[3]


# In the browser ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_camera(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    film = write_y4m(tmp_path_factory.mktemp("camera") / "camera.y4m")
    with browsing.with_a_camera(browser, film) as second:
        yield second


class Noted(fakes.Loaded):
    """A real detector whose frames are counted."""

    def __init__(self, real: Detector) -> None:
        self.manifest, self._real = real.manifest, real
        self.frames = 0
        self.ended = threading.Event()

    def analyze(self, *arguments: Any, **more: Any) -> Any:
        return self._real.analyze(*arguments, **more)

    def watch(self, session: str, frame: bytes, time_s: float) -> LiveSnapshot:
        self.frames += 1
        return self._real.watch(session, frame, time_s)

    def end_watch(self, session: str) -> None:
        self._real.end_watch(session)
        self.ended.set()


@pytest.fixture(scope="module")
def noted(tiny_detector_for_clips: Detector) -> Noted:
    return Noted(tiny_detector_for_clips)


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder in which this process and Gradio put their temporary files."""
    folder = tmp_path_factory.mktemp("disk")
    before = os.environ.get("TMPDIR"), tempfile.tempdir
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    yield folder
    os.environ.pop("TMPDIR") if before[0] is None else os.environ.update(TMPDIR=before[0])
    tempfile.tempdir = before[1]


@pytest.fixture(scope="module")
def url(noted: Noted, disk: Path) -> Iterator[str]:
    uploads = disk / "uploads"
    uploads.mkdir()
    with fakes.serve(noted, uploads) as blocks:
        yield str(blocks.local_url)


def started(opened: Visit) -> None:
    page = opened.page
    page.get_by_role("tab", name="Video").click()
    page.get_by_role("radio", name=words.WAY_CAMERA).click()
    page.click("#fc-live-start")


@needs_chromium
@pytest.mark.slow
def test_a_camera_is_checked_while_it_runs_and_leaves_nothing_behind(
    with_camera: Browser, url: str, noted: Noted, disk: Path
) -> None:
    with browsing.visits_of(browsing.Profiles(with_camera)) as visit:
        opened = visit(url, NARROW)
        page = opened.page
        files = sorted(disk.rglob("*"))
        started(opened)
        page.locator("#fc-live-output .fc-live").wait_for()
        assert page.locator(".fc-file-part").is_hidden()
        # A result, once there was enough of the face.
        page.locator("#fc-live-output .fc-score").wait_for()
        page.locator("#fc-live-output .fc-dot").nth(4).wait_for(state="attached")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        opened.keep("live")
        # Another tab turns the camera off.
        noted.ended.clear()
        page.get_by_role("tab", name="Photo").click()
        assert noted.ended.wait(10)
        assert within(5, lambda: page.locator("#fc-live-camera").count() == 0)
        frames = noted.frames
        assert frames > 5
        time.sleep(1.5)
        assert noted.frames == frames
        page.get_by_role("tab", name="Video").click()
        page.get_by_text(words.LIVE_ENDED).wait_for()
        assert page.locator("#fc-live-output .fc-photo").count() == 0, "the face is shown when the camera is off"
        assert sorted(disk.rglob("*")) == files
        # And by its button, after which the page is as before.
        page.click("#fc-live-start")
        page.locator("#fc-live-camera video").wait_for()
        page.click("#fc-live-stop")
        page.locator("#fc-live-camera").wait_for(state="detached")
        page.get_by_role("radio", name=words.WAY_FILE).click()
        page.locator("#fc-clip-input").wait_for()
        assert sorted(disk.rglob("*")) == files
        assert opened.complaints == []


@needs_chromium
@pytest.mark.parametrize(
    ("reason", "cause"), [("NotAllowedError", "denied"), ("NotFoundError", "none"), ("NotReadableError", "busy")]
)
def test_a_camera_that_cannot_be_had_is_one_sentence(
    visit: Callable[..., Visit], url: str, reason: str, cause: str
) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    # The page has wrapped the function already, so the one below is replaced by loading anew.
    page.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{reason}'));"
    )
    page.reload()
    page.wait_for_selector("#fc-check")
    opened.complaints.clear()
    started(opened)
    page.get_by_text(words.CAMERA_CAUSES[cause]).wait_for()
    page.locator("#fc-live-start").wait_for()
    assert page.locator("#fc-live-camera").count() == 0
    assert page.locator(".fc-causes p:visible").count() == 1
    opened.keep(f"no-camera-{cause}")
    assert opened.complaints == []


@needs_chromium
def test_a_page_without_https_says_what_to_do(visit: Callable[..., Visit], url: str) -> None:
    opened = visit(url, NARROW)
    page = opened.page
    page.add_init_script(
        "Object.defineProperty(navigator, 'mediaDevices', { value: undefined });"
        "Object.defineProperty(window, 'isSecureContext', { value: false });"
    )
    page.reload()
    page.wait_for_selector("#fc-check")
    opened.complaints.clear()
    started(opened)
    page.get_by_text(words.CAMERA_CAUSES["insecure"]).wait_for()
    assert page.locator("#fc-live-camera").count() == 0
    assert opened.complaints == []


def test_the_made_camera_is_what_the_recipe_says() -> None:
    one, other = camera_jpegs(2)
    assert one.startswith(b"\xff\xd8") and one != other
