"""The page's tab for photos: choose one, press the button, read the result."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from detector.errors import DetectorError
from detector.records import Report
from detector.report import page
from detector.web.choice import Choice, Places, leave_queue
from detector.web.feedback_form import Feedback
from detector.web.focus import to_button, to_result
from detector.web.gate import ANALYSIS
from detector.web.gradio_import import gr
from detector.web.localised import LocalisedCard, Relabel
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
    """

    PLACES = Places("fc-photo-input", "fc-check", "fc-output")
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
    ) -> None:
        self._analyze, self._resolve, self._render = analyze, resolve, render
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
        hint = gr.HTML(_hint(ENGLISH), apply_default_css=False)
        number, choice = gr.Number(0, visible=False), gr.State(Choice())
        button = gr.Button(words.CHECK, variant="primary", size="lg", elem_id=self.PLACES.button)
        self.shown = gr.HTML(elem_id=self.PLACES.output, apply_default_css=False)
        self.card = gr.State(None, time_to_live=kept_s)
        wrong = Feedback(self.card, switch, feedback_to, "photo")

        def relabel_photo(say: Language) -> Any:
            return gr.update(label=say(words.CHOOSE), placeholder=say(words.DROP), alt_text=say(words.CHOOSE))

        self.labels: list[tuple[Any, Relabel]] = [
            (photo, relabel_photo),
            (hint, _hint),
            (button, lambda say: gr.update(value=say(words.CHECK))),
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
            [photo, switch, choice, number],
            [self.shown, self.card],
            js=self.PLACES.with_number(3),
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
        checked.failure(None, js=self.PLACES.ended(), **private)
        checked.failure(
            _unfinished,
            [switch, number],
            [self.shown, self.card],
            js=self.PLACES.with_number(1),
            preprocess=False,
            queue=False,
            **private,
        )
        # A result belongs to the photo above it: the browser takes it away, and then has the server forget it.
        photo.change(None, photo, self.shown, js=self.PLACES.chosen(), **private)
        photo.change(
            self._forget,
            [choice, number],
            self.card,
            js=self.PLACES.with_number(1),
            preprocess=False,
            queue=False,
            **private,
        )
        photo.upload(None, photo, self.shown, js=self.PLACES.chosen(), **private)
        photo.upload(None, js=to_button(self.PLACES.button), **private)

    def _check(
        self, upload: dict[str, Any] | None, code: str, choice: Choice, number: Any
    ) -> Iterator[tuple[Any, Any]]:
        say = language(code)
        choice.move_to(number)
        for card in self._cards(upload):
            if choice.is_over(number):
                # Another photo was chosen while this check waited for its turn or was made.
                yield gr.skip(), gr.skip()
                return
            card.of(number)
            yield card(say), card

    def _cards(self, upload: dict[str, Any] | None) -> Iterator[LocalisedCard]:
        if not upload or not upload.get("path"):
            yield LocalisedCard(page.notice, words.NO_PHOTO)
            return
        yield LocalisedCard(page.notice, words.WAITING)
        path, name = self._resolve(upload)
        try:
            found = self._analyze(path, name=name)
        except DetectorError as error:
            yield LocalisedCard(page.refusal, error.sentence, name, ids=self.IDS)
        else:
            yield self._render(found)

    async def _forget(self, choice: Choice, number: Any, request: gr.Request) -> Any:
        """Forget the card of an earlier choice, unless a check of this one was sooner here than its announcement."""
        await leave_queue(request, self._checks, self._number, number)
        return None if choice.move_to(number) else gr.skip()


def _hint(say: Language) -> str:
    """What photos are taken, and which are best."""
    return page.hint(words.TIP, words.ACCEPTED_IMAGES, say=say) + PhotoTab.PLACES.waiting(say)


def _unfinished(code: str, number: Any) -> tuple[str, LocalisedCard]:
    """The card for a check that failed for no fault of the file."""
    card = LocalisedCard(page.refusal, words.UNFINISHED, ids=PhotoTab.IDS).of(number)
    return card(language(code)), card
