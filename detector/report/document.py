"""A result as one file that opens anywhere, without a network: the HTML of the page, its style, and nothing else.

Pictures are data URIs already. A policy in the file forbids it to load or run anything, so that even a hole in the escaping
of a hostile name could do no more than show text.
"""

from __future__ import annotations

from markupsafe import Markup

from detector.paths import PACKAGE
from detector.records import Manifest, Report
from detector.report.knowledge import known_kinds, read_evaluation
from detector.report.page import STYLESHEET, Pictures, result
from detector.report.serialise import to_json
from detector.report.templates import render
from detector.words import export
from detector.words.language import ENGLISH, Language

__all__ = ["TITLE_FIELD", "document", "shell"]

TITLE_FIELD = "{{title}}"
"""Stands in the first part of ``shell`` where the title goes, once as plain text and escaped."""

_RESULT_FIELD = "{{result}}"


def document(report: Report, pictures: Pictures, manifest: Manifest, say: Language = ENGLISH) -> str:
    """The whole file.

    Args:
        report: as ``Detector.analyze`` returns it.
        pictures: as ``pictures.pictures_of`` makes them.
        manifest: thresholds and measured rates come from here.
        say: the reader's language.
    """
    known = known_kinds(manifest, read_evaluation())
    shown = result(report, pictures, manifest, to_json(report), say, known=known, printed=True)
    return _filled(say, export.title(report), shown)


def shell(say: Language) -> tuple[str, str]:
    """The HTML before and after a result in a file of its own; the first has ``TITLE_FIELD`` in place of the title."""
    before, _, after = _filled(say, TITLE_FIELD, _RESULT_FIELD).partition(_RESULT_FIELD)
    return before, after


def _filled(say: Language, title: str, result: str) -> str:
    style = STYLESHEET.read_text(encoding="utf-8") + (PACKAGE / "report" / "document.css").read_text(encoding="utf-8")
    # Our own files, and HTML of a template.
    return render("document.html", say, title=title, style=Markup(style), result=Markup(result))  # noqa: S704
