"""The card for a file that was not taken: too large, of no kind that is read, or lost on its way."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from detector.report.page import refused_upload
from detector.web.gradio_import import gr
from detector.web.localised import Relabel
from detector.words import gradio_texts, server
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["refusal_card"]

_CAUSES = MappingProxyType(
    {
        "large": server.UPLOAD_TOO_LARGE,
        "slow": server.UPLOAD_TOO_SLOW,
        "often": server.TOO_MANY,
        "full": server.NO_ROOM,
        "kind": gradio_texts.WRONG_KIND,
        "broke": words.UPLOAD_BROKE_OFF,
        "lost": gradio_texts.LOST,
    }
)
"""By the names that ``page_refused.js`` gives them."""


def refusal_card(ids: str, *, several: bool = False) -> tuple[gr.HTML, Relabel]:
    """Put the card where a result would stand; the second value puts it into a language.

    Args:
        ids: beginning of the ids of its elements.
        several: whether several files are uploaded at once.
    """
    causes: Mapping[str, str] = {**_CAUSES, "large": words.TOGETHER_TOO_LARGE} if several else _CAUSES
    card = partial(_card, causes, f"{ids}-refused")
    return gr.HTML(card(ENGLISH), apply_default_css=False), card


def _card(causes: Mapping[str, str], ids: str, say: Language) -> str:
    return refused_upload(causes, say, ids=ids)
