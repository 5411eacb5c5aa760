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
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

from detector.errors import Cancelled, DetectorError
from detector.records import Report
from detector.report import page_clip
from detector.report.page import hint, notice, refusal
from detector.web.choice import OF_RESULT, Choice, Places, of_choice
from detector.web.feedback_form import Feedback
from detector.web.focus import to_button, to_result
from detector.web.gate import ANALYSIS
from detector.web.gradio_import import gr
from detector.web.localised import Relabel, Said
from detector.words import results as words
from detector.words.language import ENGLISH, Language, language

__all__ = ["PLACES", "VideoTab", "Work"]

PLACES = Places("fc-clip-input", "fc-check-clip", "fc-clip-output")

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
        annotate: ``detector.Detector.annotate``.
    """

    def __init__(
        self,
        analyze: Callable[..., Report],
        resolve: Callable[[Any], tuple[Path, str]],
        render: Callable[[Report], Said],
        switch: gr.Radio,
        kept_s: int,
        feedback_to: Path | None,
        annotate: Callable[..., None],
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
            elem_id=PLACES.input,
        )
        advice = gr.HTML(_hint(ENGLISH), apply_default_css=False)
        number, choice = gr.Number(0, visible=False), gr.State(Choice())
        with gr.Row():
            button = gr.Button(words.CHECK_CLIP, variant="primary", size="lg", elem_id=PLACES.button)
            stop = gr.Button(words.STOP, size="lg", elem_id="fc-stop", elem_classes=OF_RESULT, visible=False)
        shown = self.shown = gr.HTML(elem_id=PLACES.output, apply_default_css=False)
        mark = gr.Button(words.MARK, elem_id="fc-mark", elem_classes=OF_RESULT, visible=False)
        marking = gr.HTML(elem_id="fc-marking", elem_classes=OF_RESULT, apply_default_css=False)
        marked = gr.Video(
            label=words.MARKED,
            interactive=False,
            visible=False,
            buttons=["download"],
            elem_id="fc-marked",
            elem_classes=OF_RESULT,
        )
        found = gr.State(None, time_to_live=kept_s)
        kept = self.said = gr.State(None, time_to_live=kept_s)
        wrong = Feedback(kept, switch, feedback_to, "clip")
        self.labels: list[tuple[Any, Relabel]] = [
            (clip, lambda say: gr.update(label=say(words.CHOOSE_CLIP))),
            (advice, _hint),
            (button, lambda say: gr.update(value=say(words.CHECK_CLIP))),
            (stop, lambda say: gr.update(value=say(words.STOP))),
            (mark, lambda say: gr.update(value=say(words.MARK))),
            (marked, lambda say: gr.update(label=say(words.MARKED))),
            *wrong.labels,
        ]

        private: dict[str, Any] = {"api_visibility": "private"}
        # preprocess=False also because a number by hand may be anything.
        work: dict[str, Any] = {
            "concurrency_id": ANALYSIS,
            "show_progress": "hidden",
            "preprocess": False,
            "js": PLACES.with_number(3),
            **private,
        }
        checked = button.click(
            self._check,
            [clip, switch, choice, number],
            [shown, kept, found, stop, mark, marking, marked],
            # A check of an earlier choice may still be on its way; the browser sees to it that each has one at a time.
            trigger_mode="multiple",
            **work,
        )
        checked.then(None, js=PLACES.ended(), **private)
        checked.success(None, js=to_result(PLACES.output), **private)
        wrong.offer_after(checked)
        checked.failure(None, js=PLACES.ended(), **private)
        told: dict[str, Any] = {"js": PLACES.with_number(1), "preprocess": False, "queue": False, **private}
        checked.failure(partial(_unfinished, refusal), [switch, number], [shown, stop], **told)
        stop.click(self.stop, None, None, queue=False, **private)
        made = mark.click(self._mark, [found, switch, choice, number], [marking, marked, stop, mark], **work)
        made.failure(partial(_unfinished, notice), [switch, number], [marking, stop], **told)
        # A result belongs to the video above it: the browser takes it away, and the server forgets it when it is told.
        clip.change(None, clip, shown, js=PLACES.chosen(), **private)
        clip.change(self._forget, [choice, number], [kept, found], **told)
        clip.upload(None, clip, shown, js=PLACES.chosen(), **private)
        clip.upload(None, js=to_button(PLACES.button), **private)

    def stop(self, request: gr.Request) -> None:
        """Stop what this browser session has asked for; also called when its page is closed."""
        work = self._working.pop(request.session_hash or "", None)
        if work is not None:
            work.stop()

    def _forget(self, choice: Choice, number: Any, request: gr.Request) -> tuple[Any, ...]:
        """Forget the result of an earlier choice, unless a check of this one was sooner here than its announcement."""
        if not choice.move_to(number):
            return gr.skip(), gr.skip()
        self.stop(request)
        return None, None

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

    def _check(
        self, upload: dict[str, Any] | None, code: str, choice: Choice, number: Any, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        say = language(code)
        hidden, visible = gr.update(visible=False), gr.update(visible=True)
        no_video = gr.update(value=None, visible=False)
        choice.move_to(number)
        if choice.is_over(number):
            # Another video was chosen while this check waited for its turn.
            yield (gr.skip(),) * 7
            return
        if not upload or not upload.get("path"):
            asked = Said(notice, words.NO_CLIP).of(number)
            yield asked(say), asked, None, hidden, hidden, "", no_video
            return
        path, name = self._resolve(upload)
        yield of_choice(notice(words.OPENING, say), number), None, None, visible, hidden, "", no_video

        def run(tell: Tell, stop: Stop) -> Report:
            return self._analyze(path, name=name, progress=tell, cancelled=stop)

        try:
            for news in self._follow(run, request.session_hash or "", say):
                if isinstance(news, Report):
                    offer = gr.update(visible=news.input.kind == "video" and bool(news.faces))
                    card = self._render(news).of(number)
                    yield card(say), card, (str(path), news), hidden, offer, "", no_video
                else:
                    yield of_choice(news, number), None, None, visible, hidden, "", no_video
        except Cancelled:
            card = Said(notice, words.STOPPED).of(number)
            yield card(say), card, None, hidden, hidden, "", no_video
        except DetectorError as error:
            card = Said(refusal, error.sentence, name, kind="video").of(number)
            yield card(say), card, None, hidden, hidden, "", no_video

    def _mark(
        self, found: tuple[str, Report] | None, code: str, choice: Choice, number: Any, request: gr.Request
    ) -> Iterator[tuple[Any, ...]]:
        say = language(code)
        hidden, visible = gr.update(visible=False), gr.update(visible=True)
        if choice.is_over(number):
            yield (gr.skip(),) * 4
            return
        if found is None:
            yield of_choice(notice(words.NOT_UPLOADED, say), number), hidden, hidden, hidden
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
                    yield of_choice(news, number), hidden, visible, hidden
        except Cancelled:
            yield of_choice(notice(words.STOPPED, say), number), hidden, hidden, visible
        except DetectorError as error:
            yield of_choice(notice(error.sentence, say), number), hidden, hidden, visible
        finally:
            shutil.rmtree(target.parent, ignore_errors=True)


def _hint(say: Language) -> str:
    """What videos are taken, and which are best."""
    return hint(words.TIP, words.ACCEPTED_CLIPS, say=say) + PLACES.waiting(say)


def _unfinished(show: Callable[..., str], code: str, number: Any) -> tuple[str, Any]:
    """The card for work that failed for no fault of the file, and the stop button hidden again."""
    return of_choice(show(words.UNFINISHED, say=language(code)), number), gr.update(visible=False)
