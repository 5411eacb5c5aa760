"""Texts that Gradio's own script writes into the page, and ours that replace them.

Gradio follows the browser's language for some of it, never the page's switch, and has the rest in English only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from detector.sentences import Sentence
from detector.words import results as words
from detector.words import server

__all__ = ["ITS_OWN", "LOST", "REPLACED", "WRONG_KIND", "table"]

WRONG_KIND = Sentence("This is neither a photo nor a video that can be checked here. Choose a photo or a video.")
LOST = Sentence("The connection to this page was lost. Reload the page, then try again.")

REPLACED: Mapping[str, str] = MappingProxyType(
    {
        "This application is currently busy": server.BUSY,
        "Invalid file type": WRONG_KIND,
        "File(s) exceed the maximum allowed size": server.UPLOAD_TOO_LARGE,
        "Connection errored out": LOST,
        "Connection to the server was lost": LOST,
        "An Unexpected Error Occurred": words.UNFINISHED,
    }
)
"""By the beginning of Gradio's text: the one shown in its place."""

ITS_OWN: tuple[Sentence, ...] = (
    Sentence("Error"),
    Sentence("Close"),
    Sentence("Clear"),
    Sentence("Remove Image"),
    Sentence("More tabs"),
    Sentence("File upload"),
    Sentence("Upload file"),
    Sentence("Capture from camera"),
    Sentence("Paste from clipboard"),
    Sentence("Click to Access Webcam"),
    Sentence("Drop an image file here to upload"),
    Sentence("Drop a video file here to upload"),
    Sentence("Drop Video Here"),
    Sentence("Click to Upload"),
    Sentence("- or -"),
    Sentence("Loading"),
)
"""Texts of Gradio that stay in English, and are translated."""

_FROM_THE_SERVER = (
    *(getattr(server, name) for name in server.__all__),
    words.NOT_UPLOADED,
)
"""Texts of ours that the server sends in the language of the request; the script turns them as the switch is used."""


def table(languages: Mapping[str, Callable[[str], str]]) -> list[dict[str, object]]:
    """For the page's script: each text in every language (``texts``), and how a text of Gradio ``begins`` that it replaces.

    Args:
        languages: functions from a sentence to its text, by code (``language.LANGUAGES``).
    """

    def row(begins: str | None, sentence: str) -> dict[str, object]:
        return {"begins": begins, "texts": {code: say(sentence) for code, say in languages.items()}}

    return [
        *(row(begins, sentence) for begins, sentence in REPLACED.items()),
        *(row(None, sentence) for sentence in (*ITS_OWN, *_FROM_THE_SERVER)),
    ]
