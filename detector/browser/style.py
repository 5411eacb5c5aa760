"""The style of the page in the browser: the one of results, with the reader's dark mode in place of the web framework's."""

from __future__ import annotations

import re

from detector.paths import PACKAGE
from detector.report.page import STYLESHEET

__all__ = ["style"]

_DARK = re.compile(r"^\.dark (.+)$", re.MULTILINE)


def style() -> str:
    """The content of ``style.css``."""
    shared = STYLESHEET.read_text(encoding="utf-8")
    # There the framework puts a class on the page; here the browser is asked.
    shared = _DARK.sub(r"@media (prefers-color-scheme: dark) { \1 }", shared)
    document, own = (
        (PACKAGE / place).read_text(encoding="utf-8") for place in ("report/document.css", "browser/browser.css")
    )
    return shared + document + own
