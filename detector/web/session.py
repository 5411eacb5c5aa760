"""What the tabs of one browser session have in common, and the card for a check that did not finish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from detector.report import page
from detector.web.gradio_import import gr
from detector.web.kept import KeptResults
from detector.web.localised import LocalisedCard, Reader
from detector.words import results as words

__all__ = ["Session", "new_session", "unfinished"]

_LONGEST_WAIT_S = 3600


@dataclass(frozen=True)
class Session:
    """Invisible components that carry what the browser knows, and what is kept for it."""

    reader: gr.State
    """With a ``Reader``."""
    ticket: gr.Textbox
    """Of the browser's tab, by which its last result is found again."""
    wait: gr.Number
    """Seconds after which a refused check may be tried again; 0 where none was refused."""
    kept: KeptResults
    loading: Callable[[], bool]
    """Whether the models are still being loaded."""


def new_session(kept_s: float, loading: Callable[[], bool]) -> Session:
    """Put the components into the page that is being built.

    Args:
        kept_s: seconds for which a result can be found again.
        loading: whether the models are still being loaded.
    """
    return Session(
        gr.State(Reader()), gr.Textbox("", visible=False), gr.Number(0, visible=False), KeptResults(kept_s), loading
    )


def unfinished(wait: Any, ids: str) -> LocalisedCard:
    """The card for a check that failed for no fault of the file, or that was not begun.

    Args:
        wait: seconds until the next check, as the browser received them: positive where this reader had made too many, negative
            where the server had too many readers; 0, or anything that is no number, where the check was begun.
        ids: beginning of the ids of its elements.
    """
    if isinstance(wait, int | float) and 0 < abs(wait) <= _LONGEST_WAIT_S:
        return LocalisedCard(page.limit, int(abs(wait)), busy=wait < 0)
    return LocalisedCard(page.refusal, words.UNFINISHED, ids=ids)
