"""The button "This result is wrong": shows what would be stored, and stores it only with a consent, if the owner wants it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detector.report import feedback, page
from detector.web.choice import OF_RESULT
from detector.web.gradio_import import gr
from detector.web.localised import LocalisedCard, Relabel
from detector.words import about as words
from detector.words.language import Language, language

__all__ = ["Feedback"]


class Feedback:
    """The button and its panel below one tab's result.

    Args:
        shown: state with the card that is shown, a ``LocalisedCard``, or None.
        switch: holds the reader's language.
        folder: where consented records go; None stores nothing and offers the text for copying.
        name: of the tab, for the parts' ids.
    """

    def __init__(self, shown: gr.State, switch: gr.Radio, folder: Path | None, name: str) -> None:
        self._folder, self._shown = folder, shown
        self.button = gr.Button(
            words.WRONG, size="sm", visible=False, elem_classes=OF_RESULT, elem_id=f"fc-wrong-{name}"
        )
        with gr.Column(visible=False, elem_classes=["fc-feedback", OF_RESULT], elem_id=f"fc-feedback-{name}") as panel:
            truth = gr.Radio(_choices(language(None)), value="unknown", label=words.TRUTH)
            text = gr.Textbox(label=words.WHAT_IS_STORED, interactive=False, lines=8, max_lines=12, buttons=["copy"])
            note = gr.HTML("", apply_default_css=False)
            consent = gr.Checkbox(False, label=words.CONSENT, visible=folder is not None)
            with gr.Row():
                send = gr.Button(words.SEND, size="sm", visible=folder is not None)
                close = gr.Button(words.WITHDREW, size="sm")
        self.panel = panel
        self.labels: list[tuple[Any, Relabel]] = [
            (self.button, lambda say: gr.update(value=say(words.WRONG))),
            (truth, lambda say: gr.update(label=say(words.TRUTH), choices=_choices(say))),
            (text, lambda say: gr.update(label=say(words.WHAT_IS_STORED))),
            (consent, lambda say: gr.update(label=say(words.CONSENT))),
            (send, lambda say: gr.update(value=say(words.SEND))),
            (close, lambda say: gr.update(value=say(words.WITHDREW))),
        ]
        quick: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        self.button.click(self._open, [shown, truth, switch], [panel, text, note, consent, send], **quick)
        truth.change(self._text, [shown, truth], text, **quick)
        send.click(self._send, [shown, truth, consent, switch], [note, send], **quick)
        close.click(lambda: (gr.update(visible=False), False), None, [panel, consent], **quick)

    def offer_after(self, event: gr.events.Dependency) -> None:
        """Show the button once the event has left a result, and hide it once it has left none.

        Without a result the style sheet hides both button and panel, whatever was offered.
        """
        event.then(
            lambda card: (gr.update(visible=card is not None and card.record is not None), gr.update(visible=False)),
            self._shown,
            [self.button, self.panel],
            queue=False,
            show_progress="hidden",
            api_visibility="private",
        )

    def _open(self, card: LocalisedCard | None, truth: str, code: str) -> tuple[Any, ...]:
        note = "" if self._folder is not None else _note(words.COPY_IT, language(code))
        able = gr.update(visible=self._folder is not None)
        return (
            gr.update(visible=card is not None and card.record is not None),
            self._text(card, truth),
            note,
            False,
            able,
        )

    def _text(self, card: LocalisedCard | None, truth: str) -> str:
        made = _record(card, truth)
        return "" if made is None else feedback.as_text(made)

    def _send(self, card: LocalisedCard | None, truth: str, consent: bool, code: str) -> tuple[str, Any]:
        say = language(code)
        # The consent is asked for here as well: a request made by hand has no checkbox.
        made = _record(card, truth)
        if self._folder is None or made is None or consent is not True:
            return _note(words.STORED_NOT, say), gr.skip()
        feedback.store(made, self._folder)
        return _note(words.STORED, say), gr.update(visible=False)


def _record(card: LocalisedCard | None, truth: str) -> dict[str, Any] | None:
    if card is None or card.record is None or truth not in words.TRUTHS:
        return None
    return {**card.record, "said_to_be": truth}


def _choices(say: Language) -> list[tuple[str, str]]:
    return [(say(text), key) for key, text in words.TRUTHS.items()]


def _note(text: str, say: Language) -> str:
    return page.hint(text, say=say, status=True)
