"""The page's tab for photos: choose one, press the button, read the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from detector.errors import DetectorError
from detector.records import Report
from detector.report import page
from detector.web.choice import Choice, Places, leave_queue
from detector.web.feedback_form import Feedback
from detector.web.focus import to_button, to_result
from detector.web.gallery import Example
from detector.web.gate import ANALYSIS
from detector.web.gradio_import import gr
from detector.web.localised import LocalisedCard, Reader, Relabel
from detector.web.refused import refusal_card
from detector.web.session import Session, unfinished
from detector.words import results as words
from detector.words.language import ENGLISH, Language, language

__all__ = ["PhotoTab"]


class PhotoTab:
    """The tab's parts and what happens when they are used.

    Args:
        analyze: ``detector.Detector.analyze``.
        resolve: (path, user's name) of an upload; refuses what was not uploaded.
        render: makes the card of a report.
        switch: holds the reader's language.
        kept_s: seconds after which a result is forgotten; uploads are deleted as early.
        feedback_to: folder for what readers consent to store of wrong results; None stores nothing.
        session: what the browser session has in common over the tabs.
        samples: examples that are offered below the input.
    """

    PLACES = Places("fc-photo-input", "fc-check", "fc-output")
    ID = "fc-tab-photo"
    IDS = "fc-photo"
    """Beginning of the ids of a result's elements."""

    def __init__(
        self,
        analyze: Callable[..., Report],
        resolve: Callable[[Any], tuple[Path, str]],
        render: Callable[[Report], LocalisedCard],
        switch: gr.Radio,
        kept_s: int,
        feedback_to: Path | None,
        session: Session,
        samples: Sequence[Example] = (),
    ) -> None:
        self._analyze, self._resolve, self._render = analyze, resolve, render
        self._session, self._samples = session, samples
        self._build(switch, kept_s, feedback_to)

    def _build(self, switch: gr.Radio, kept_s: int, feedback_to: Path | None) -> None:
        photo = gr.Image(
            label=words.CHOOSE,
            # The original bytes, undecoded: limits, orientation and the file's hash are the detector's business.
            type="filepath",
            image_mode=None,
            sources=["upload", "webcam", "clipboard"],
            height=300,
            placeholder=words.DROP,
            alt_text=words.CHOOSE,
            buttons=[],
            elem_id=self.PLACES.input,
        )
        hint = gr.HTML(self._beside(ENGLISH), apply_default_css=False)
        number, choice = gr.Number(0, visible=False), gr.State(Choice())
        button = gr.Button(words.CHECK, variant="primary", size="lg", elem_id=self.PLACES.button)
        refused = refusal_card(self.IDS)
        self.shown = gr.HTML(elem_id=self.PLACES.output, apply_default_css=False)
        self.card = gr.State(None, time_to_live=kept_s)
        wrong = Feedback(self.card, switch, feedback_to, "photo")

        def relabel_photo(say: Language) -> Any:
            return gr.update(label=say(words.CHOOSE), placeholder=say(words.DROP), alt_text=say(words.CHOOSE))

        self.labels: list[tuple[Any, Relabel]] = [
            (photo, relabel_photo),
            (hint, self._beside),
            (button, lambda say: gr.update(value=say(words.CHECK))),
            refused,
            *wrong.labels,
        ]
        self._connect(photo, button, switch, choice, number, wrong)

    def _connect(
        self, photo: gr.Image, button: gr.Button, switch: gr.Radio, choice: gr.State, number: gr.Number, wrong: Feedback
    ) -> None:
        """Bind the events of the parts."""
        private: dict[str, Any] = {"api_visibility": "private"}
        # preprocess=False: gr.Image would open the file with Pillow first, and fail before a sentence can be shown.
        checked = button.click(
            self._check,
            [photo, switch, choice, self._session.reader, number, self._session.ticket],
            [self.shown, self.card],
            js=self.PLACES.with_ticket(4),
            # A check of an earlier choice may still be on its way; the browser sees to it that each has one at a time.
            trigger_mode="multiple",
            preprocess=False,
            show_progress="minimal",
            concurrency_id=ANALYSIS,
            **private,
        )
        self._checks, self._number = (checked["id"],), number
        checked.then(None, js=self.PLACES.ended(), **private)
        checked.success(None, js=to_result(self.PLACES.output), **private)
        wrong.offer_after(checked)
        checked.failure(
            _unfinished,
            [switch, self._session.wait, number],
            [self.shown, self.card],
            js=self.PLACES.after_failure(),
            preprocess=False,
            queue=False,
            **private,
        )
        # A result belongs to the photo above it: the browser takes it away, and then has the server forget it.
        photo.change(None, photo, self.shown, js=self.PLACES.chosen(), **private)
        photo.change(
            self._forget,
            [choice, number, self._session.ticket],
            self.card,
            js=self.PLACES.with_ticket(1),
            preprocess=False,
            queue=False,
            **private,
        )
        photo.upload(None, photo, self.shown, js=self.PLACES.chosen(), **private)
        photo.upload(None, js=to_button(self.PLACES.button), **private)

    def _check(
        self, upload: dict[str, Any] | None, code: str, choice: Choice, reader: Reader, number: Any, ticket: Any
    ) -> Iterator[tuple[Any, Any]]:
        choice.move_to(number)
        for card in self._cards(upload):
            if choice.is_over(number):
                # Another photo was chosen while this check waited for its turn or was made.
                yield gr.skip(), gr.skip()
                return
            card.of(number)
            if card.record is not None:
                self._session.kept.keep(ticket, self.PLACES.output, card)
            # Looked up each time, since the switch may be used in between.
            yield card(reader.say(code)), card

    def _cards(self, upload: dict[str, Any] | None) -> Iterator[LocalisedCard]:
        if not upload or not upload.get("path"):
            yield LocalisedCard(page.notice, words.NO_PHOTO)
            return
        yield LocalisedCard(page.notice, words.STARTING if self._session.loading() else words.WAITING)
        path, name = self._resolve(upload)
        try:
            found = self._analyze(path, name=name)
        except DetectorError as error:
            yield LocalisedCard(page.refusal, error.sentence, name, ids=self.IDS)
        else:
            yield self._render(found)

    def _beside(self, say: Language) -> str:
        """What photos are taken, which are best, and samples."""
        return self.PLACES.beside(say, words.ACCEPTED_IMAGES, self._samples)

    async def _forget(self, choice: Choice, number: Any, ticket: Any, request: gr.Request) -> Any:
        """Forget the card of an earlier choice, unless a check of this one was sooner here than its announcement."""
        await leave_queue(request, self._checks, self._number, number)
        if not choice.move_to(number):
            return gr.skip()
        self._session.kept.forget(ticket)
        return None


def _unfinished(code: str, wait: Any, number: Any) -> tuple[str, LocalisedCard]:
    """The card for a check that failed for no fault of the file, or that came too soon."""
    card = unfinished(wait, PhotoTab.IDS).of(number)
    return card(language(code)), card
