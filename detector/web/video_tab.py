"""The page's tab for videos: an analysis that can be watched and stopped, and a video with the marks drawn in.

The work runs in a thread of its own, so that the page hears how far it is and a press on "Stop" ends it at the next frame,
whatever the queue of the web server does.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar

from detector.errors import Cancelled, DetectorError
from detector.pipeline.annotation import annotate
from detector.records import Report
from detector.report import page_clip
from detector.report.page import notice, refusal
from detector.web.feedback_form import Feedback
from detector.web.focus import to_button, to_result
from detector.web.gradio_import import gr
from detector.web.localised import Relabel, Said
from detector.words import results as words
from detector.words.language import ENGLISH, Language, language

__all__ = ["VideoTab", "Work"]

T = TypeVar("T")
Tell = Callable[[str, int, int], None]
Stop = Callable[[], bool]

_LOOK_S = 0.25
"""Seconds between two looks at how far the work is."""
_ESTIMATE_S = 2.0
"""Seconds of work before the time left is estimated."""


class Work(Generic[T]):
    """One piece of work in a thread of its own.

    Args:
        run: does it; it is given what to tell its progress, and what to ask whether to stop.
    """

    def __init__(self, run: Callable[[Tell, Stop], T]) -> None:
        self._stop = threading.Event()
        self._step: tuple[str, int, int] | None = None
        self._stage_began = time.monotonic()
        self._value: list[T] = []
        self._error: BaseException | None = None

        def work() -> None:
            try:
                self._value.append(run(self._tell, self._stop.is_set))
            except BaseException as error:  # noqa: BLE001 - raised again by result(), in the thread that asks
                self._error = error

        self._thread = threading.Thread(target=work, name="video-check", daemon=True)
        self._thread.start()

    def _tell(self, stage: str, done: int, total: int) -> None:
        if self._step is None or self._step[0] != stage:
            self._stage_began = time.monotonic()
        self._step = (stage, done, total)

    def stop(self) -> None:
        """Ask it to stop; ``result`` then raises ``Cancelled``, unless it was done already."""
        self._stop.set()

    def watch(self) -> Iterator[tuple[str, int, int, float | None]]:
        """Stage, done, total and seconds left of the stage, whenever they change, until the work ends."""
        shown: object = None
        while self._thread.is_alive():
            self._thread.join(_LOOK_S)
            step = self._step
            if step is not None and step != shown:
                shown = step
                yield (*step, self._left_s(*step))

    def _left_s(self, _: str, done: int, total: int) -> float | None:
        spent = time.monotonic() - self._stage_began
        return spent / done * (total - done) if done and spent >= _ESTIMATE_S else None

    def result(self) -> T:
        """What the work gave, or its error."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._value[0]


class VideoTab:
    """The tab's parts and what happens when they are used.

    Args:
        analyze: ``detector.Detector.analyze``.
        resolve: (path, user's name) of an upload; refuses what was not uploaded.
        render: makes of a report what can be said in any language.
        switch: holds the reader's language.
        kept_s: seconds after which a report is forgotten; uploads are deleted as early.
        feedback_to: folder for what readers consent to store of wrong results; None stores nothing.
        annotate: ``detector.pipeline.annotation.annotate``, or what does the same elsewhere.
    """

    def __init__(
        self,
        analyze: Callable[..., Report],
        resolve: Callable[[Any], tuple[Path, str]],
        render: Callable[[Report], Said],
        switch: gr.Radio,
        kept_s: int,
        feedback_to: Path | None,
        annotate: Callable[..., None] = annotate,
    ) -> None:
        self._annotate = annotate
        self._analyze, self._resolve, self._render = analyze, resolve, render
        self._working: dict[str, Work[Any]] = {}
        """By browser session: what may be stopped."""
        self._build(switch, kept_s, feedback_to)

    def _build(self, switch: gr.Radio, kept_s: int, feedback_to: Path | None) -> None:
        clip = gr.Video(
            label=words.CHOOSE_CLIP,
            # No format and no trimming: the original bytes, so that hash, limits and turn are the detector's business.
            sources=["upload", "webcam"],
            buttons=[],
            elem_id="fc-clip-input",
        )
        hint = gr.HTML(_hint(ENGLISH), apply_default_css=False)
        with gr.Row():
            button = gr.Button(words.CHECK_CLIP, variant="primary", size="lg", elem_id="fc-check-clip")
            stop = gr.Button(words.STOP, size="lg", elem_id="fc-stop", visible=False)
        shown = self.shown = gr.HTML(elem_id="fc-clip-output", apply_default_css=False)
        mark = gr.Button(words.MARK, elem_id="fc-mark", visible=False)
        marking = gr.HTML(elem_id="fc-marking", apply_default_css=False)
        marked = gr.Video(
            label=words.MARKED, interactive=False, visible=False, buttons=["download"], elem_id="fc-marked"
        )
        found = gr.State(None, time_to_live=kept_s)
        kept = self.said = gr.State(None, time_to_live=kept_s)
        wrong = Feedback(kept, switch, feedback_to, "clip")
        self.labels: list[tuple[Any, Relabel]] = [
            (clip, lambda say: gr.update(label=say(words.CHOOSE_CLIP))),
            (hint, _hint),
            (button, lambda say: gr.update(value=say(words.CHECK_CLIP))),
            (stop, lambda say: gr.update(value=say(words.STOP))),
            (mark, lambda say: gr.update(value=say(words.MARK))),
            (marked, lambda say: gr.update(label=say(words.MARKED))),
            *wrong.labels,
        ]

        private: dict[str, Any] = {"api_visibility": "private"}
        work: dict[str, Any] = {"concurrency_id": "analysis", "show_progress": "hidden", **private}
        checked = button.click(
            self._check, [clip, switch], [shown, kept, found, stop, mark, marking, marked], preprocess=False, **work
        )
        checked.success(None, js=to_result("fc-clip-output"), **private)
        wrong.offer_after(checked)
        checked.failure(lambda code: _unfinished(refusal, code), switch, [shown, stop], queue=False, **private)
        stop.click(self.stop, None, None, queue=False, **private)
        made = mark.click(self._mark, [found, switch], [marking, marked, stop, mark], **work)
        made.failure(lambda code: _unfinished(notice, code), switch, [marking, stop], queue=False, **private)
        # A result belongs to the video above it.
        gone = [shown, kept, found, stop, mark, marking, marked]
        wrong.offer_after(clip.change(self._forget, None, gone, queue=False, **private))
        clip.upload(None, js=to_button("fc-check-clip"), **private)

    def stop(self, request: gr.Request) -> None:
        """Stop what this browser session has asked for; also called when its page is closed."""
        work = self._working.pop(request.session_hash or "", None)
        if work is not None:
            work.stop()

    def _forget(self, request: gr.Request) -> tuple[Any, ...]:
        self.stop(request)
        hidden = gr.update(visible=False)
        return "", None, None, hidden, hidden, "", gr.update(value=None, visible=False)

    def _follow(self, run: Callable[[Tell, Stop], T], session: str, say: Language) -> Iterator[str | T]:
        """Progress as HTML, and at last what the work gave.

        Raises:
            Cancelled: it was stopped.
        """
        work = Work(run)
        self._working[session] = work
        try:
            for stage, done, total, left_s in work.watch():
                yield page_clip.progress(stage, done, total, left_s, say)
            yield work.result()
        finally:
            # A page that was closed, or an event that was cancelled, ends the generator here.
            work.stop()
            if self._working.get(session) is work:
                del self._working[session]

    def _check(self, upload: dict[str, Any] | None, code: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        say = language(code)
        hidden, visible = gr.update(visible=False), gr.update(visible=True)
        no_video = gr.update(value=None, visible=False)
        if not upload or not upload.get("path"):
            asked = Said(notice, words.NO_CLIP)
            yield asked(say), asked, None, hidden, hidden, "", no_video
            return
        path, name = self._resolve(upload)
        yield notice(words.OPENING, say), None, None, visible, hidden, "", no_video

        def run(tell: Tell, stop: Stop) -> Report:
            return self._analyze(path, name=name, progress=tell, cancelled=stop)

        try:
            for news in self._follow(run, request.session_hash or "", say):
                if isinstance(news, Report):
                    offer = gr.update(visible=news.input.kind == "video" and bool(news.faces))
                    card = self._render(news)
                    yield card(say), card, (str(path), news), hidden, offer, "", no_video
                else:
                    yield news, None, None, visible, hidden, "", no_video
        except Cancelled:
            card = Said(notice, words.STOPPED)
            yield card(say), card, None, hidden, hidden, "", no_video
        except DetectorError as error:
            card = Said(refusal, error.sentence, name, kind="video")
            yield card(say), card, None, hidden, hidden, "", no_video

    def _mark(self, found: tuple[str, Report] | None, code: str, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        say = language(code)
        hidden, visible = gr.update(visible=False), gr.update(visible=True)
        if found is None:
            yield notice(words.NOT_UPLOADED, say), hidden, hidden, hidden
            return
        path, report = found
        # Outside the folder of uploads, so that Gradio copies it into its cache, from which it is deleted in time.
        target = Path(tempfile.mkdtemp()) / "marked.mp4"

        def run(tell: Tell, stop: Stop) -> Path:
            self._annotate(path, report, target, heat=True, progress=tell, cancelled=stop)
            return target

        try:
            for news in self._follow(run, request.session_hash or "", say):
                if isinstance(news, Path):
                    yield "", gr.update(value=str(news), visible=True), hidden, hidden
                else:
                    yield news, hidden, visible, hidden
        except Cancelled:
            yield notice(words.STOPPED, say), hidden, hidden, visible
        except DetectorError as error:
            yield notice(error.sentence, say), hidden, hidden, visible
        finally:
            shutil.rmtree(target.parent, ignore_errors=True)


def _hint(say: Language) -> str:
    """What videos are taken, and which are best."""
    return f'<p class="fc-hint">{say(words.TIP)} {say(words.CLIP_LIMITS)}</p>'


def _unfinished(show: Callable[..., str], code: str) -> tuple[str, Any]:
    """The card for work that failed for no fault of the file, and the stop button hidden again."""
    return show(words.UNFINISHED, say=language(code)), gr.update(visible=False)
