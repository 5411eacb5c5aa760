"""The part of the video tab that scores a camera while it runs.

Gradio streams the camera's pictures, each as a JPEG in a request of its own, to one event that stands in the queue of analyses
as one. A picture goes to the detector from memory and lies on no disk. Whatever ends a check (its button, its longest time,
another tab, a page that was closed, a camera that sends nothing more) ends the event, so that nobody waits for it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import math
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Any, ClassVar

from detector.errors import DetectorError, MediaError
from detector.media.camera import MOST_BYTES
from detector.pipeline.analyser import Analyser
from detector.records import LiveSnapshot, Manifest
from detector.report.page import hint, notice
from detector.report.page_live import camera_causes, live
from detector.web.choice import take_out
from detector.web.gate import ANALYSIS
from detector.web.gradio_import import gr
from detector.web.localised import LocalisedCard, Reader, Relabel
from detector.web.session import Session
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["MOST_S", "LivePart"]

MOST_S = 120
"""Seconds that a live check lasts at most."""
_EVERY_S = 0.08
"""Seconds between two pictures that the browser sends; what comes while another is scored takes the place of what waits."""
_SHOWN_EVERY_S = 0.5
_STALLED_S = 15.0
"""Seconds without a picture after which a check is over."""
_MOST_WATCHES = 100
_HEAD = "data:image/jpeg;base64,"
_FILE, _CAMERA = "file", "camera"


@dataclass
class _Watch:
    """A check that runs."""

    name: str = field(default_factory=secrets.token_hex)
    """By which the detector knows it: of its own, so that the end of one check never meets the next of the same page."""
    snapshot: LiveSnapshot | None = None
    shown_s: float = -math.inf
    """When it was last sent to the page, on the monotonic clock."""
    error: DetectorError | None = None
    """What ended it."""
    stalled: asyncio.TimerHandle | None = None

    def hold(self) -> None:
        """Do not take it for stalled, for now or for good."""
        if self.stalled is not None:
            self.stalled.cancel()

    def last_card(self, manifest: Manifest) -> LocalisedCard | None:
        """What stands after the end; None where there is nothing to say."""
        if self.error is not None:
            return LocalisedCard(notice, self.error.sentence)
        if self.snapshot is None:
            return None
        over = words.LIVE_ENDED_BY_TIME if self.snapshot.running_s > MOST_S - _STALLED_S else words.LIVE_ENDED
        return LocalisedCard(live, self.snapshot.without_pixels(), manifest, over=over)


class LivePart:
    """The parts and what happens when they are used. Stands below the choice between a file and the camera.

    Args:
        detector: scores the frames.
        switch: holds the reader's language.
        session: what the browser session has in common over the tabs.
        kept_s: seconds after which the card is forgotten.
    """

    ID = "fc-live"
    PLACES: ClassVar[dict[str, str]] = {
        "part": ID,
        "camera": "fc-live-camera",
        "start": "fc-live-start",
        "stop": "fc-live-stop",
    }

    def __init__(self, detector: Analyser, switch: gr.Radio, session: Session, kept_s: int) -> None:
        self._detector, self._loading = detector, session.loading
        self._watches: dict[str, _Watch] = {}
        """By browser session."""
        self._ways = gr.Radio(
            [(words.WAY_FILE, _FILE), (words.WAY_CAMERA, _CAMERA)],
            value=_FILE,
            label=words.WAYS,
            show_label=False,
            container=False,
            elem_id="fc-ways",
        )
        with gr.Column(visible=False, elem_id=self.ID) as self._part:
            about = gr.HTML(_about(ENGLISH), apply_default_css=False)
            self._start = gr.Button(words.LIVE_START, variant="primary", size="lg", elem_id=self.PLACES["start"])
            causes = gr.HTML(camera_causes(), apply_default_css=False)
            self._camera = gr.Image(
                label=words.LIVE_CAMERA,
                sources=["webcam"],
                streaming=True,
                visible=False,
                buttons=[],
                elem_id=self.PLACES["camera"],
                webcam_options=gr.WebcamOptions(
                    constraints={"video": {"width": {"ideal": 640}, "height": {"ideal": 480}}}
                ),
            )
            self._stop = gr.Button(words.LIVE_STOP, size="lg", visible=False, elem_id=self.PLACES["stop"])
            self.shown = gr.HTML(elem_id="fc-live-output", apply_default_css=False)
        self.card = gr.State(None, time_to_live=kept_s)
        self.labels: list[tuple[Any, Relabel]] = [
            (self._ways, _ways),
            (about, _about),
            (causes, camera_causes),
            (self._start, lambda say: gr.update(value=say(words.LIVE_START))),
            (self._camera, lambda say: gr.update(label=say(words.LIVE_CAMERA))),
            (self._stop, lambda say: gr.update(value=say(words.LIVE_STOP))),
        ]
        self._connect(switch, session.reader)

    def _connect(self, switch: gr.Radio, reader: gr.State) -> None:
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        at_once = private | {"queue": False}
        whole = [self._camera, self._start, self._stop, self.shown, self.card]
        self._ways.change(lambda way: gr.update(visible=way == _CAMERA), self._ways, self._part, **at_once)
        self._ways.change(self._leave_way, [self._ways, switch, reader], whole, **at_once)
        self._start.click(self._begin, [switch, reader], whole, **at_once)
        self._stop.click(self._end, [switch, reader], whole, **at_once)
        streamed = self._camera.stream(
            self._frame,
            [self._camera, switch, reader],
            [self.shown, self.card],
            time_limit=MOST_S,
            stream_every=_EVERY_S,
            concurrency_id=ANALYSIS,
            preprocess=False,
            **private,
        )
        self._job = streamed["id"]
        streamed.then(self._end, [switch, reader], whole, **at_once)

    # From the page ---------------------------------------------------------------------------------------------------

    def _begin(self, code: str, reader: Reader, request: gr.Request) -> tuple[Any, ...]:
        while len(self._watches) >= _MOST_WATCHES:  # of pages that went without a word
            self._watches.pop(next(iter(self._watches)), None)
        self._watches[request.session_hash or ""] = _Watch()
        card = LocalisedCard(notice, words.STARTING if self._loading() else words.LIVE_STARTING)
        return gr.update(visible=True), gr.update(visible=False), gr.update(visible=True), card(reader.say(code)), card

    async def _frame(self, picture: Any, code: str, reader: Reader, request: gr.Request) -> tuple[Any, Any]:
        """Score one picture; what is known of the face is shown twice a second."""
        page, data = request.session_hash or "", _jpeg(picture)
        watch = self._watches.get(page)
        if data is None or watch is None:
            return gr.skip(), gr.skip()
        queue, loop = _queue_of(request), asyncio.get_running_loop()
        watch.hold()
        try:
            watch.snapshot = await asyncio.to_thread(self._detector.watch, watch.name, data, time.monotonic())
        except MediaError:  # one picture of many
            return gr.skip(), gr.skip()
        except DetectorError as error:
            watch.error = error
            await self._close(page, queue)
            return gr.skip(), gr.skip()
        finally:
            watch.stalled = loop.call_later(_STALLED_S, lambda: loop.create_task(self._stall(page, queue, watch)))
            if self._watches.get(page) is not watch:  # turned off meanwhile
                self._forget(watch)
        now = time.monotonic()
        if now - watch.shown_s < _SHOWN_EVERY_S or self._watches.get(page) is not watch:
            return gr.skip(), gr.skip()
        watch.shown_s = now
        card = LocalisedCard(live, watch.snapshot, self._detector.manifest)
        return card(reader.say(code)), card

    async def _leave_way(self, way: str, code: str, reader: Reader, request: gr.Request) -> tuple[Any, ...]:
        return (gr.skip(),) * 5 if way == _CAMERA else await self._end(code, reader, request)

    async def _end(self, code: str, reader: Reader, request: gr.Request) -> tuple[Any, ...]:
        """Turn the camera off, and let the last state stand with why it ended."""
        page = request.session_hash or ""
        watch = self._watches.pop(page, None)
        # The browser ends the event itself when its camera goes; should it not, it ends as stalled.
        # No value, since the last picture would stay with the session else.
        parts = gr.update(value=None, visible=False), gr.update(visible=True), gr.update(visible=False)
        if watch is None:  # ended before, and what was said then stands
            return *parts, gr.skip(), gr.skip()
        self._forget(watch)
        card = watch.last_card(self._detector.manifest)
        return *parts, "" if card is None else card(reader.say(code)), card

    def leave(self, request: gr.Request) -> None:
        """The page of this browser session was closed, or is being reloaded. What stands in the queue ends as stalled."""
        self._watches.pop(request.session_hash or "", None)

    # Behind it -------------------------------------------------------------------------------------------------------

    async def _stall(self, page: str, queue: Any, watch: _Watch) -> None:
        """No picture came for a while: the check is over, the page is gone, or the computer sleeps."""
        if self._watches.get(page, watch) is watch:  # else the next one runs
            await self._close(page, queue)
            self._forget(watch)

    def _forget(self, watch: _Watch) -> None:
        """Let the detector forget the check, once it is free; nobody waits for that."""

        def forget() -> None:
            with contextlib.suppress(DetectorError):
                self._detector.end_watch(watch.name)

        threading.Thread(target=forget, name="live-end", daemon=True).start()

    async def _close(self, page: str, queue: Any) -> None:
        """End the page's event as Gradio's own route for it would, which wants an id that only the browser knows."""
        waiting = [event for each in queue.event_queue_per_concurrency_id.values() for event in each.queue]
        for event in list(queue.event_ids_to_events.values()):
            if event.session_hash != page or event.fn._id != self._job:
                continue
            if event in waiting:
                await take_out(queue, event)
            event.run_time, event.closed = math.inf, True
            event.signal.set()


def _queue_of(request: gr.Request) -> Any:
    return request.request.app.get_blocks()._queue  # type: ignore[union-attr]


def _jpeg(picture: Any) -> bytes | None:
    """The file that a browser sent as an address; None for anything else, which a request made by hand may hold."""
    address = picture.get("url") if isinstance(picture, dict) else None
    if not isinstance(address, str) or not address.startswith(_HEAD) or len(address) > 4 * MOST_BYTES // 3 + 100:
        return None
    try:
        return base64.b64decode(address[len(_HEAD) :], validate=True)
    except binascii.Error:
        return None


def _ways(say: Language) -> Any:
    return gr.update(label=say(words.WAYS), choices=[(say(words.WAY_FILE), _FILE), (say(words.WAY_CAMERA), _CAMERA)])


def _about(say: Language) -> str:
    return hint(words.LIVE_HINT, words.live_hint(MOST_S), say=say)
