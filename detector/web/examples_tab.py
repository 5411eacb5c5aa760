"""The page's tab of examples: files whose truth is known, with the models' results."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from detector.report import page
from detector.web.focus import to_result
from detector.web.gallery import IDS, Example, Gallery
from detector.web.gate import EXAMPLES
from detector.web.gradio_import import gr
from detector.web.localised import LocalisedCard, Relabel
from detector.words import examples
from detector.words import results as words
from detector.words.language import Language, language

__all__ = ["ExamplesTab"]


_AT_ONCE = 4
"""Examples that are shown at once: each one is kept after it was analysed once, and then takes no time."""


class ExamplesTab:
    """The tab's parts and what happens when they are used.

    Args:
        gallery: examples and results.
        switch: holds the reader's language.
        kept_s: seconds after which a result is forgotten.
    """

    OUTPUT = "fc-example-output"
    """Id of the component that holds the result."""

    def __init__(self, gallery: Gallery, switch: gr.Radio, kept_s: int) -> None:
        self._gallery = gallery
        self.labels: list[tuple[Any, Relabel]] = []
        self.cards: list[gr.HTML] = []
        """What it is all about, then a card an example."""
        self._build(switch, kept_s)

    def _build(self, switch: gr.Radio, kept_s: int) -> None:
        about = gr.HTML(self._gallery.about(), apply_default_css=False)
        self.cards.append(about)
        self.labels.append((about, self._gallery.about))
        buttons = []
        with gr.Row(elem_classes="fc-examples"):
            for example in self._gallery.examples:
                with gr.Column(min_width=260):
                    card = gr.HTML(self._gallery.card(example), apply_default_css=False)
                    button = gr.Button(examples.SHOW, elem_id=f"fc-example-{example.id}")
                self.cards.append(card)
                buttons.append((example, card, button))
                self.labels += [(card, partial(self._gallery.card, example)), (button, _label)]
        self.shown = gr.HTML(elem_id=self.OUTPUT, apply_default_css=False)
        self.card = gr.State(None, time_to_live=kept_s)
        private: dict[str, Any] = {"api_visibility": "private"}
        for example, card, button in buttons:
            pressed = button.click(
                partial(self._show, example),
                switch,
                [self.shown, self.card, card],
                show_progress="minimal",
                concurrency_id=EXAMPLES,
                concurrency_limit=_AT_ONCE,
                **private,
            )
            pressed.success(None, js=to_result(self.OUTPUT, whole=True), **private)
            broke = LocalisedCard(page.refusal, words.UNFINISHED, ids=IDS)
            pressed.failure(
                lambda code, card=broke: (card(language(code)), card),
                switch,
                [self.shown, self.card],
                queue=False,
                **private,
            )

    def refresh(self, code: str) -> list[str]:
        """Every card as it is now: results may have come in since the page was made."""
        say = language(code)
        return [self._gallery.about(say), *(self._gallery.card(example, say) for example in self._gallery.examples)]

    def _show(self, example: Example, code: str) -> Iterator[tuple[Any, ...]]:
        say = language(code)
        if self._gallery.known(example) is None:
            wait = LocalisedCard(page.notice, words.WAITING)
            yield wait(say), wait, gr.skip()
        shown = LocalisedCard(self._gallery.shown, example)
        yield shown(say), shown, self._gallery.card(example, say)


def _label(say: Language) -> Any:
    return gr.update(value=say(examples.SHOW))
