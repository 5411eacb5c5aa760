"""The page's tab "About": the measurements and the model card, as they lie beside the weights."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from detector.records import Manifest
from detector.report import page_about
from detector.web.gradio_import import gr
from detector.web.localised import Relabel
from detector.words import about as words
from detector.words.language import ENGLISH, Language

__all__ = ["AboutTab"]

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
_PICTURE = re.compile(r"!\[[^\]]*\]\([^)]*\)")
_HEADING = re.compile(r"^(#{1,3}) ", re.MULTILINE)


class AboutTab:
    """The tab's parts.

    Args:
        manifest: of the models that are running.
        folder: with ``evaluation.json``, ``figures/`` and ``README.md``; what is missing is left out.
    """

    def __init__(self, manifest: Manifest, folder: Path) -> None:
        evaluation = _json(folder / "evaluation.json")
        figures = {path.name: path.read_bytes() for path in sorted((folder / "figures").glob("*.png"))}

        def show(say: Language) -> str:
            return page_about.about(manifest, evaluation, figures, say)

        shown = gr.HTML(show(ENGLISH), apply_default_css=False, elem_id="fc-about")
        self.labels: list[tuple[Any, Relabel]] = [(shown, show)]
        card = folder / "README.md"
        if card.is_file():
            with gr.Accordion(words.WHOLE_CARD, open=False, elem_id="fc-card-text") as whole:
                gr.Markdown(_plain(card.read_text(encoding="utf-8")))
            self.labels.append((whole, lambda say: gr.update(label=say(words.WHOLE_CARD))))


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def _plain(card: str) -> str:
    """The card without its head for machines and its pictures, which stand above; headings below the page's own."""
    return _HEADING.sub(r"\1## ", _PICTURE.sub("", _FRONT_MATTER.sub("", card)))
