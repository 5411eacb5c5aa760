"""The page's tab for videos: an analysis that can be watched and stopped, and a video with the marks drawn in.

The work runs in a thread of its own, so that the page shows how far it is and a press on "Stop" ends it at the next frame,
whatever the queue of the web server does.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from detector.errors import Cancelled, DetectorError
from detector.records import Progress, Report
from detector.report import page_clip
from detector.report.page import notice, refusal
from detector.web.choice import OF_RESULT, Choice, Places, leave_queue, of_choice
from detector.web.feedback_form import Feedback
from detector.web.focus import to_button, to_result
from detector.web.gate import ANALYSIS
from detector.web.gradio_import import gr
from detector.web.kept import is_ticket
from detector.web.localised import LocalisedCard, Reader, Relabel
from detector.web.refused import refusal_card
from detector.web.session import Session, unfinished
from detector.web.video_work import VideoWork
from detector.web.work import IsCancelled, Work
from detector.words import results as words
from detector.words.language import ENGLISH, Language, language

__all__ = ["VideoTab"]

T = TypeVar("T")

_TICK_S = 1.0
"""Seconds between two looks at a check that an earlier page began."""


class VideoTab:
    """The tab's parts and what happens when they are used.

    Args:
        analyze: ``detector.Detector.analyze``.
        resolve: (path, user's name) of an upload; refuses what was not uploaded.
        render: makes the card of a report.
        switch: holds the reader's language.
        kept_s: seconds after which a report is forgotten; uploads are deleted as early.
        feedback_to: folder for what readers consent to store of wrong results; None stores nothing.
        annotate: ``detector.Detector.annotate``.
        session: what the browser session has in common over the tabs.
    """

    PLACES = Places("fc-clip-input", "fc-check-clip", "fc-clip-output")
    ID = "fc-tab-video"
    IDS = "fc-clip"
    """Beginning of the ids of a result's elements."""

    def __init__(
        self,
        analyze: Callable[..., Report],
        resolve: Callable[[Any], tuple[Path, str]],
        render: Callable[[Report], LocalisedCard],
        switch: gr.Radio,
        kept_s: int,
        feedback_to: Path | None,
        annotate: Callable[..., None],
        session: Session,
    ) -> None:
        self._annotate, self._session = annotate, session
        self._analyze, self._resolve, self._render = analyze, resolve, render
        self._works = VideoWork(self._given_up)
        self._resumed: dict[str, Work[Any]] = {}
        """By browser session: what an earlier page of its tab began."""
        self._build(switch, kept_s, feedback_to)
        self._connect(switch)

    def _build(self, switch: gr.Radio, kept_s: int, feedback_to: Path | None) -> None:
        self._clip = gr.Video(
            label=words.CHOOSE_CLIP,
            # No format and no trimming: the original bytes, so that hash, limits and turn are the detector's business.
            sources=["upload", "webcam"],
            buttons=[],
            elem_id=self.PLACES.input,
        )
        advice = gr.HTML(_beside(ENGLISH), apply_default_css=False)
        self._number, self._choice = gr.Number(0, visible=False), gr.State(Choice())
        with gr.Row():
            self._button = gr.Button(words.CHECK_CLIP, variant="primary", size="lg", elem_id=self.PLACES.button)
            self.stop_button = gr.Button(
                words.STOP, size="lg", elem_id="fc-stop", elem_classes=OF_RESULT, visible=False
            )
        refused = refusal_card(self.IDS)
        self.shown = gr.HTML(elem_id=self.PLACES.output, apply_default_css=False)
        self._mark_button = gr.Button(words.MARK, elem_id="fc-mark", elem_classes=OF_RESULT, visible=False)
        self._marking = gr.HTML(elem_id="fc-marking", elem_classes=OF_RESULT, apply_default_css=False)
        self._marked = gr.Video(
            label=words.MARKED,
            interactive=False,
            visible=False,
            buttons=["download"],
            elem_id="fc-marked",
            elem_classes=OF_RESULT,
        )
        self.timer = gr.Timer(_TICK_S, active=False)
        self._found = gr.State(None, time_to_live=kept_s)
        self.card = gr.State(None, time_to_live=kept_s)
        self._feedback = Feedback(self.card, switch, feedback_to, "clip")
        self.labels: list[tuple[Any, Relabel]] = [
            (self._clip, lambda say: gr.update(label=say(words.CHOOSE_CLIP))),
            (advice, _beside),
            (self._button, lambda say: gr.update(value=say(words.CHECK_CLIP))),
            (self.stop_button, lambda say: gr.update(value=say(words.STOP))),
            (self._mark_button, lambda say: gr.update(value=say(words.MARK))),
            (self._marked, lambda say: gr.update(label=say(words.MARKED))),
            refused,
            *self._feedback.labels,
        ]

    def _connect(self, switch: gr.Radio) -> None:
        clip, choice, number, shown = self._clip, self._choice, self._number, self.shown
        private: dict[str, Any] = {"api_visibility": "private"}
        # preprocess=False also because a number by hand may be anything.
        work: dict[str, Any] = {
            "concurrency_id": ANALYSIS,
            "show_progress": "hidden",
            "preprocess": False,
            "js": self.PLACES.with_ticket(4),
            **private,
        }
        checked = self._button.click(
            self._check,
            [clip, switch, choice, self._session.reader, number, self._session.ticket],
            [shown, self.card, self._found, self.stop_button, self._mark_button, self._marking, self._marked],
            # A check of an earlier choice may still be on its way; the browser sees to it that each has one at a time.
            trigger_mode="multiple",
            **work,
        )
        checked.then(None, js=self.PLACES.ended(), **private)
        checked.success(None, js=to_result(self.PLACES.output), **private)
        self._feedback.offer_after(checked)
        late: dict[str, Any] = {"js": self.PLACES.after_failure(), "preprocess": False, "queue": False, **private}
        quick = late | {"js": self.PLACES.with_ticket(1)}
        failed = [switch, self._session.wait, number]
        checked.failure(_unfinished, failed, [shown, self.card, self.stop_button], **late)
        self.stop_button.click(self._press_stop, None, None, queue=False, **private)
        self.timer.tick(
            self._look,
            [switch, self._session.reader, self._session.ticket],
            [shown, self.card, self.stop_button, self.timer],
            js="(code, reader, ticket) => [code, reader, window.photoCheck?.ticket() ?? ticket]",
            preprocess=False,
            show_progress="hidden",
            queue=False,
            **private,
        )
        made = self._mark_button.click(
            self._mark,
            [self._found, switch, choice, self._session.reader, number, self._session.ticket],
            [self._marking, self._marked, self.stop_button, self._mark_button],
            **work,
        )
        self._jobs = (checked["id"], made["id"])
        made.failure(_unmarked, failed, [self._marking, self.stop_button], **late)
        # A result belongs to the video above it: the browser takes it away, and then has the server forget it.
        clip.change(None, clip, shown, js=self.PLACES.chosen(), **private)
        clip.change(self._forget, [choice, number, self._session.ticket], [self.card, self._found], **quick)
        clip.upload(None, clip, shown, js=self.PLACES.chosen(), **private)
        clip.upload(None, js=to_button(self.PLACES.button), **private)

    def leave(self, request: gr.Request) -> None:
        """The page of this browser session was closed, or is being reloaded."""
        self._resumed.pop(request.session_hash or "", None)
        self._works.leave(request.session_hash or "")

    def come_back(self, ticket: Any, page: str, say: Language) -> tuple[Any, ...] | None:
        """What to show, the stop button and the timer, where an earlier page began a check that goes on; else None.

        Args:
            ticket: of the browser's tab.
            page: its browser session.
            say: the reader's language.
        """
        work = self._works.come_back(ticket, page) if isinstance(ticket, str) else None
        if work is None:
            return None
        self._resumed[page] = work
        return _going_on(work, say), gr.update(visible=True), gr.update(active=True)

    def _look(self, code: str, reader: Reader, ticket: Any, request: gr.Request) -> tuple[Any, ...]:
        """How far a check is that an earlier page began, and at last its result."""
        page, say, hidden, off = (
            request.session_hash or "",
            reader.say(code),
            gr.update(visible=False),
            gr.update(active=False),
        )
        work = self._resumed.get(page)
        if work is None:  # another video was chosen
            return gr.skip(), gr.skip(), gr.skip(), off
        if work.running:
            return _going_on(work, say), gr.skip(), gr.skip(), gr.skip()
        del self._resumed[page]
        self._works.end(work)
        kept = self._session.kept.find(ticket)
        ours = kept is not None and kept.tab == self.PLACES.output
        card = kept.card.again() if kept is not None and ours else LocalisedCard(notice, words.STOPPED_ALTOGETHER).of(0)
        return card(say), card, hidden, off

    def _press_stop(self, request: gr.Request) -> None:
        self._works.stop(request.session_hash or "")

    def _given_up(self, ticket: str) -> None:
        self._session.kept.keep(ticket, self.PLACES.output, LocalisedCard(notice, words.STOPPED_AWAY).of(0))

    async def _forget(self, choice: Choice, number: Any, ticket: Any, request: gr.Request) -> tuple[Any, ...]:
        """Forget the result of an earlier choice, unless a check of this one was sooner here than its announcement."""
        await leave_queue(request, self._jobs, self._number, number)
        if not choice.move_to(number):
            return gr.skip(), gr.skip()
        self._resumed.pop(request.session_hash or "", None)
        self._works.stop(request.session_hash or "")
        self._session.kept.forget(ticket)
        return None, None

    def _follow(
        self,
        run: Callable[[Progress, IsCancelled], T],
        session: str,
        say: Callable[[], Language],
        ticket: str | None = None,
    ) -> Iterator[str | T]:
        """Progress as HTML, and at last what the work gave. With a ticket the work survives a reload of the page.

        Raises:
            Cancelled: it was stopped.
        """
        work = Work(run)
        self._works.begin(work, session, ticket)
        try:
            for stage, done, total, left_s in work.watch():
                yield page_clip.progress(stage, done, total, left_s, say())
            yield work.result()
        finally:
            # A page that was closed, or an event that was cancelled, ends the generator here.
            if not work.running:
                self._works.end(work)
            elif self._works.of(session) is work:
                self._works.leave(session)

    def _made(
        self, path: Path, name: str, number: Any, ticket: Any, progress: Progress, cancelled: IsCancelled
    ) -> tuple[LocalisedCard, Report | None]:
        """The card of a check and its report, if there is one; kept, since the page may be another by then."""
        found = None
        try:
            found = self._analyze(path, name=name, progress=progress, cancelled=cancelled)
        except Cancelled:
            raise
        except DetectorError as error:
            card = LocalisedCard(refusal, error.sentence, name, kind="video", ids=self.IDS).of(number)
        else:
            card = self._render(found).of(number)
        self._session.kept.keep(ticket, self.PLACES.output, card)
        return card, found

    def _check(
        self,
        upload: dict[str, Any] | None,
        code: str,
        choice: Choice,
        reader: Reader,
        number: Any,
        ticket: Any,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        # Looked up each time, since the switch may be used in between.
        say = partial(reader.say, code)
        hidden, visible = gr.update(visible=False), gr.update(visible=True)
        no_video = gr.update(value=None, visible=False)
        choice.move_to(number)
        if choice.is_over(number):
            # Another video was chosen while this check waited for its turn.
            yield (gr.skip(),) * 7
            return
        if not upload or not upload.get("path"):
            asked = LocalisedCard(notice, words.NO_CLIP).of(number)
            yield asked(say()), asked, None, hidden, hidden, "", no_video
            return
        path, name = self._resolve(upload)
        yield of_choice(notice(words.OPENING, say()), number), None, None, visible, hidden, "", no_video
        run = partial(self._made, path, name, number, ticket)
        try:
            for update in self._follow(run, request.session_hash or "", say, ticket if is_ticket(ticket) else None):
                if isinstance(update, str):
                    yield of_choice(update, number), None, None, visible, hidden, "", no_video
                    continue
                card, found = update
                offer = gr.update(visible=found is not None and found.input.kind == "video" and bool(found.faces))
                marked = None if found is None else (str(path), found)
                yield card(say()), card, marked, hidden, offer, "", no_video
        except Cancelled:
            card = LocalisedCard(notice, words.STOPPED).of(number)
            yield card(say()), card, None, hidden, hidden, "", no_video

    def _mark(
        self,
        found: tuple[str, Report] | None,
        code: str,
        choice: Choice,
        reader: Reader,
        number: Any,
        _: Any,
        request: gr.Request,
    ) -> Iterator[tuple[Any, ...]]:
        say = partial(reader.say, code)
        hidden, visible = gr.update(visible=False), gr.update(visible=True)
        if choice.is_over(number):
            yield (gr.skip(),) * 4
            return
        if found is None:
            yield of_choice(notice(words.NOT_UPLOADED, say()), number), hidden, hidden, hidden
            return
        path, report = found
        # Outside the folder of uploads, so that Gradio copies it into its cache, from which it is deleted in time.
        target = Path(tempfile.mkdtemp()) / "marked.mp4"

        def run(progress: Progress, cancelled: IsCancelled) -> Path:
            self._annotate(path, report, target, heat=True, progress=progress, cancelled=cancelled)
            return target

        try:
            for update in self._follow(run, request.session_hash or "", say):
                if isinstance(update, Path):
                    yield "", gr.update(value=str(update), visible=True), hidden, hidden
                else:
                    yield of_choice(update, number), hidden, visible, hidden
        except Cancelled:
            yield of_choice(notice(words.STOPPED, say()), number), hidden, hidden, visible
        except DetectorError as error:
            yield of_choice(notice(error.sentence, say()), number), hidden, hidden, visible
        finally:
            shutil.rmtree(target.parent, ignore_errors=True)


def _going_on(work: Work[Any], say: Language) -> str:
    """How far a check is that an earlier page of this browser tab began."""
    step = work.now() or ("starting", 0, 0, None)
    return of_choice(page_clip.progress(*step, say), 0, say, note=words.GOES_ON)


def _beside(say: Language) -> str:
    """What videos are taken, and which are best."""
    return VideoTab.PLACES.beside(say, words.ACCEPTED_CLIPS)


def _unfinished(code: str, wait: Any, number: Any) -> tuple[str, LocalisedCard, Any]:
    """The card for a check that failed for no fault of the file, and the stop button hidden again."""
    card = unfinished(wait, VideoTab.IDS).of(number)
    return card(language(code)), card, gr.update(visible=False)


def _unmarked(code: str, wait: Any, number: Any) -> tuple[str, Any]:
    """The same for a video that could not be made."""
    card = unfinished(wait, VideoTab.IDS) if wait else LocalisedCard(notice, words.UNFINISHED)
    return card.of(number)(language(code)), gr.update(visible=False)
