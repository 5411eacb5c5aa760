"""After a reload or a lost line a finished result is shown again, and a check of a video that still runs goes on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from detector.web.gradio_import import gr
from detector.web.session import Session
from detector.words.language import Language, language, preferred

__all__ = ["show_again"]

_TICKET = "(ticket) => window.photoCheck?.ticket() ?? ticket"
_OPEN_ITS_TAB = """(name) => { if (name) document.getElementById(`${name}-button`)?.click(); }"""


class Tab(Protocol):
    """A tab with a result."""

    ID: str
    """Of the tab itself."""
    shown: gr.HTML
    card: gr.State


class Going(Tab, Protocol):
    """A tab whose checks outlive a reload."""

    stop_button: gr.Button
    timer: gr.Timer
    """Looks how far the check is."""

    def come_back(self, ticket: Any, page: str, say: Language) -> tuple[Any, ...] | None:
        """What to show, the stop button and the timer; None where no check goes on."""


def show_again(app: gr.Blocks, session: Session, lang: str | None, tabs: Mapping[str, Tab], going: Going) -> None:
    """When the page is loaded, let each tab show the last finished result of its browser tab, as long as it is kept.

    Args:
        app: whose page is loaded.
        session: with the ticket and the results.
        lang: code of the language the page begins in; None for the browser's.
        tabs: by the id of the component that shows the result.
        going: the one of them whose checks go on meanwhile.
    """

    def find(ticket: Any, request: gr.Request) -> list[Any]:
        say = language(lang or preferred(request.headers.get("accept-language")))
        # Before the finished ones, among which it is from the moment that it no longer runs.
        running = going.come_back(ticket, request.session_hash or "", say)
        if running is not None:
            html, *buttons = running
            shown = [value for tab in tabs.values() for value in (html if tab is going else gr.skip(), gr.skip())]
            return [going.ID, *shown, *buttons]
        kept = session.kept.find(ticket)
        if kept is None or kept.tab not in tabs:
            return ["", *[gr.skip()] * (2 * len(tabs) + 2)]
        card = kept.card.again()
        shown = [value for tab in tabs for value in ((card(say), card) if tab == kept.tab else (gr.skip(), gr.skip()))]
        return [tabs[kept.tab].ID, *shown, gr.skip(), gr.skip()]

    name = gr.Textbox("", visible=False)
    outputs = [name, *(part for tab in tabs.values() for part in (tab.shown, tab.card)), going.stop_button, going.timer]
    found = app.load(
        find, session.ticket, outputs, js=_TICKET, queue=False, show_progress="hidden", api_visibility="private"
    )
    found.then(None, name, None, js=_OPEN_ITS_TAB, api_visibility="private")
