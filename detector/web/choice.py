"""A result belongs to one *choice*: a file that was put into a tab, or the tab's being empty since one was taken away.

The browser numbers the choices of a tab (``page_choice.js``) and shows no result of another. Every request carries the
number, so a slow or lost one about an earlier choice changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from detector.report.templates import render
from detector.web.gradio_import import ProcessCompletedMessage, gr
from detector.web.scripts import follow_choices
from detector.words.language import ENGLISH, Language

__all__ = ["OF_RESULT", "Choice", "Places", "install", "leave_queue", "of_choice", "take_out"]

OF_RESULT = "fc-of-result"
"""Class of what stands beside a result and leaves with it."""


class Choice:
    """The latest choice that has reached the server from one tab of one browser session."""

    def __init__(self) -> None:
        self._latest = 0

    def move_to(self, number: Any) -> bool:
        """Whether that choice is news; from then on all earlier ones are over."""
        news = _number(number) > self._latest
        self._latest = max(self._latest, _number(number))
        return news

    def is_over(self, number: Any) -> bool:
        """Whether another file was chosen since."""
        return _number(number) < self._latest


@dataclass(frozen=True)
class Places:
    """Ids of a tab's parts, and what the browser does with them, as functions for Gradio's events."""

    input: str
    button: str
    output: str

    def chosen(self) -> str:
        """To be called with the input's value when it has changed; what is shown of another file is taken away."""
        return f"(file) => window.photoCheck?.chosen('{self.button}', file)"

    def with_number(self, inputs: int) -> str:
        """To be called with some inputs and the choice's number, which it puts in its place."""
        names = ", ".join(f"value{index}" for index in range(inputs))
        return f"({names}, number) => [{names}, window.photoCheck?.number('{self.button}') ?? number]"

    def ended(self) -> str:
        """To be called when a check has ended, however it did."""
        return f"() => {{ window.photoCheck?.ended('{self.button}'); }}"

    def with_ticket(self, inputs: int) -> str:
        """The same with the browser tab's ticket, which comes after the number."""
        names = ", ".join(f"value{index}" for index in range(inputs))
        return (
            f"({names}, number, ticket) => "
            f"[{names}, window.photoCheck?.number('{self.button}') ?? number, window.photoCheck?.ticket() ?? ticket]"
        )

    def after_failure(self) -> str:
        """To be called with the language, the seconds to wait, and the choice's number, when a check failed."""
        ended = f"window.photoCheck?.ended('{self.button}')"
        number = f"window.photoCheck?.number('{self.button}') ?? number"
        return f"(code, wait, number) => {{ {ended}; return [code, window.photoCheck?.waited() ?? 0, {number}]; }}"

    def beside(self, say: Language, accepted: str, samples: Sequence[object] = ()) -> str:
        """HTML of what stands below the input.

        Args:
            say: the reader's language.
            accepted: which files are taken.
            samples: examples to be offered.
        """
        return render("beside_input.html", say, button=self.button, accepted=accepted, samples=samples)


def install(app: gr.Blocks, tabs: list[Places]) -> None:
    """Let the browser follow the uploads of these tabs from the moment the page is there."""
    script = follow_choices({tab.button: {"input": tab.input, "output": tab.output} for tab in tabs})
    app.load(None, None, None, js=script, api_visibility="private")


def of_choice(card: str, number: Any, say: Language = ENGLISH, *, note: str | None = None) -> str:
    """A card's HTML, marked as belonging to a choice.

    Args:
        card: made by a template.
        number: of the choice.
        say: the reader's language.
        note: of what is shown again after a reload, without its file: what it is.
    """
    return render("choice.html", say, number=_number(number), card=Markup(card), note=note)  # noqa: S704


async def leave_queue(request: gr.Request, checks: Collection[int], field: gr.Number, number: Any) -> None:
    """Take this browser session's checks of earlier choices out of the queue, so that nobody waits behind them.

    Args:
        request: of the session.
        checks: numbers of the tab's events that analyse.
        field: their input that holds the choice's number.
        number: of the choice that is the latest.
    """
    # Gradio's own route for this, /cancel, would end what runs as well, and wants an id that only the browser knows.
    queue = request.request.app.get_blocks()._queue  # type: ignore[union-attr]
    waiting = [event for each in queue.event_queue_per_concurrency_id.values() for event in each.queue]
    for event in waiting:
        if event.session_hash != request.session_hash or event.fn._id not in checks or event.data is None:
            continue
        given = dict(zip((each._id for each in event.fn.inputs), event.data.data, strict=False))
        if _number(given.get(field._id)) >= _number(number):
            continue
        await take_out(queue, event)


async def take_out(queue: Any, event: Any) -> None:
    """Take one event out of Gradio's queue, as if it had ended without a word; nothing where its turn has come."""
    await queue.remove_from_queue(event._id)
    if event._id not in queue.event_ids_to_events:
        output = {"data": [gr.skip()] * len(event.fn.outputs), "is_generating": False}
        queue.send_message(event, ProcessCompletedMessage(output=output, success=True))


def _number(given: Any) -> int:
    """What a browser sent as a number; 0 for anything else, which a request made by hand may hold."""
    return int(given) if isinstance(given, int | float) and 0 <= given < 2**53 else 0
