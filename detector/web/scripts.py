"""The scripts of the page, each a function that the browser calls once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from detector.paths import PACKAGE

__all__ = ["act_on_results", "follow_choices", "guide_camera", "guide_files", "refuse_files", "translate_gradio"]


def act_on_results() -> str:
    """Lets the parts of a result be held, pressed and printed."""
    return _read("page.js")


def follow_choices(tabs: Mapping[str, Mapping[str, str]]) -> str:
    """Numbers what is chosen in each tab, and shows no result of an earlier choice.

    Args:
        tabs: ids of a tab's "input" and "output" by that of its button.
    """
    return f"() => ({_read('page_choice.js')})({json.dumps(tabs)})"


def guide_camera(places: Mapping[str, str]) -> str:
    """Starts the camera of a live check, turns it off when it is out of sight, and says why there is none.

    Args:
        places: ids of the "part", its "camera", and the "start" and "stop" buttons.
    """
    return f"() => ({_read('page_live.js')})({json.dumps(dict(places))})"


def guide_files(tabs: Sequence[tuple[str, str, str]]) -> str:
    """Brings files that are dropped, chosen or pasted to the tab that takes them.

    Args:
        tabs: id of each tab's input, "image", "video" or "several", and id of the tab.
    """
    return f"() => ({_read('page_files.js')})({json.dumps(tabs)})"


def refuse_files(inputs: Sequence[str]) -> str:
    """Shows a card in the result's place for a file that was not taken.

    Args:
        inputs: id of each tab's input.
    """
    return f"() => ({_read('page_refused.js')})({json.dumps(inputs)})"


def translate_gradio(texts: Sequence[object]) -> str:
    """Puts what Gradio's own script writes into the page's language.

    Args:
        texts: as ``gradio_texts.table`` makes them.
    """
    return f"() => ({_read('page_gradio.js')})({json.dumps(texts)})"


def _read(name: str) -> str:
    return (PACKAGE / "web" / name).read_text(encoding="utf-8").strip()
