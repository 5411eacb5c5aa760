"""A finished result is shown again after a reload or a lost line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from detector.web.gradio_import import gr
from detector.web.session import Session
from detector.words.language import language, preferred

__all__ = ["show_again"]

_TICKET = "(ticket) => window.photoCheck?.ticket() ?? ticket"
_OPEN_ITS_TAB = """(name) => { if (name) document.getElementById(`${name}-button`)?.click(); }"""


class Tab(Protocol):
    """A tab with a result."""

    ID: str
    """Of the tab itself."""
    shown: gr.HTML
    card: gr.State


def show_again(app: gr.Blocks, session: Session, lang: str | None, tabs: Mapping[str, Tab]) -> None:
    """When the page is loaded, let each tab show the last finished result of its browser tab, as long as it is kept.

    Args:
        app: whose page is loaded.
        session: with the ticket and the results.
        lang: code of the language the page begins in; None for the browser's.
        tabs: by the id of the component that shows the result.
    """

    def find(ticket: Any, request: gr.Request) -> list[Any]:
        kept = session.kept.find(ticket)
        if kept is None or kept.tab not in tabs:
            return ["", *[gr.skip()] * (2 * len(tabs))]
        say = language(lang or preferred(request.headers.get("accept-language")))
        card = kept.card.again()
        shown = [value for tab in tabs for value in ((card(say), card) if tab == kept.tab else (gr.skip(), gr.skip()))]
        return [tabs[kept.tab].ID, *shown]

    name = gr.Textbox("", visible=False)
    outputs = [name, *(part for tab in tabs.values() for part in (tab.shown, tab.card))]
    found = app.load(
        find, session.ticket, outputs, js=_TICKET, queue=False, show_progress="hidden", api_visibility="private"
    )
    found.then(None, name, None, js=_OPEN_ITS_TAB, api_visibility="private")
