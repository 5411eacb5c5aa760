"""The page in the reader's language: taken from the browser, changed by a switch, without losing what is shown.

Whatever is shown is kept as a card that can be made in any language, so that the switch translates a result too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

from detector.web.choice import of_choice
from detector.web.gradio_import import gr
from detector.web.scripts import translate_gradio
from detector.words import gradio_texts
from detector.words import results as words
from detector.words.language import ENGLISH, LANGUAGES, Language, language, preferred

__all__ = ["LocalisedCard", "Reader", "Relabel", "follow", "language_switch"]

Relabel = Callable[[Language], Any]
"""Makes the update of a component that puts its labels into a language."""

_SET_LANGUAGE = """(code) => {
    document.documentElement.lang = code;
    const title = document.querySelector('.fc-intro h1');
    setTimeout(() => { document.title = document.querySelector('.fc-intro h1')?.innerText ?? document.title; }, 800);
}"""


class LocalisedCard:
    """A card of ``detector.report.page`` that can be made in any language.

    Args:
        card: function that makes it.
        arguments: of that function, but for the language.
        record: of a result, what may be kept if it was wrong (``feedback.record``).
        more: its other arguments.
    """

    def __init__(
        self, card: Callable[..., str], *arguments: Any, record: dict[str, Any] | None = None, **more: Any
    ) -> None:
        self._card, self._arguments, self._more = card, arguments, more
        self.record = record
        self._choice: Any = None
        self._kept = False

    def of(self, choice: Any) -> LocalisedCard:
        """The same card, which belongs to a choice (``detector.web.choice``)."""
        self._choice = choice
        return self

    def again(self) -> LocalisedCard:
        """The same card, to be shown again without its file."""
        copied = copy(self)
        copied._choice, copied._kept = 0, True
        return copied

    def __call__(self, say: Language) -> str:
        card = self._card(*self._arguments, **self._more, say=say)
        note = words.KEPT if self._kept else None
        return card if self._choice is None else of_choice(card, self._choice, say, note=note)


class Reader:
    """The language in which one browser session reads right now, for what is made while the switch is used."""

    def __init__(self) -> None:
        self._code: str | None = None

    def turn_to(self, code: str) -> None:
        """The switch was used."""
        self._code = code

    def say(self, code: str) -> Language:
        """The language of now; that of the code as long as the switch was not used."""
        return language(self._code or code)


def language_switch(lang: str | None) -> gr.Radio:
    """The visible switch; its value is the code of the language."""
    return gr.Radio(
        [(each.name, code) for code, each in LANGUAGES.items()],
        value=lang or ENGLISH.code,
        label=" / ".join(each(words.LANGUAGE) for each in LANGUAGES.values()),
        elem_id="fc-language",
        container=False,
    )


def follow(
    app: gr.Blocks,
    switch: gr.Radio,
    lang: str | None,
    labels: Sequence[tuple[Any, Relabel]],
    cards: Sequence[tuple[gr.HTML, gr.State]],
    reader: gr.State,
) -> None:
    """Let labels and cards follow the switch, and the switch follow the browser unless a language is given.

    Args:
        app: whose page is loaded.
        switch: from ``language_switch``.
        lang: code of the language to begin with; None for the browser's.
        labels: components with what puts them into a language.
        cards: what shows a card, with the state that holds it as a ``LocalisedCard``.
        reader: state with a ``Reader``.
    """

    def translate(code: str, who: Reader, *shown: LocalisedCard | None) -> list[Any]:
        who.turn_to(code)
        say = language(code)
        return [
            *(relabel(say) for _, relabel in labels),
            # What was forgotten in the meantime stays as it is.
            *(gr.skip() if card is None else card(say) for card in shown),
        ]

    private: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden"}
    outputs = [*(component for component, _ in labels), *(html for html, _ in cards)]
    switch.change(translate, [switch, reader, *(state for _, state in cards)], outputs, js=None, **private)
    switch.change(None, switch, None, js=_SET_LANGUAGE, api_visibility="private")

    def begin(request: gr.Request) -> str:
        return lang or preferred(request.headers.get("accept-language"))

    app.load(begin, None, switch, **private)
    app.load(None, None, None, js=translate_gradio(gradio_texts.table(LANGUAGES)), api_visibility="private")
