"""A result as one file that opens anywhere, without a network: the HTML of the page, its style, and nothing else.

Pictures are data URIs already. A policy in the file forbids it to load or run anything, so that even a hole in the escaping
of a hostile name could do no more than show text.
"""

from __future__ import annotations

import re
from html import escape

from detector.records import Manifest, Report
from detector.report.page import STYLESHEET, Pictures, result
from detector.report.serialise import to_json
from detector.words import handover as words_report
from detector.words.language import ENGLISH, Language

__all__ = ["TITLE_FIELD", "document", "frame"]

TITLE_FIELD = "{{title}}"
"""Stands in the beginning of ``frame`` where the title goes, once as plain text and escaped."""

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
# The page's colours come from the theme of its web framework; a file has to bring them.
_STYLE = """
:root {
  color-scheme: light; --body-text-color: #1e293b; --border-color-primary: #cbd5e1; --block-background-fill: #fff;
  --background-fill-secondary: #f1f5f9; --color-accent: #1d4ed8; --button-secondary-background-fill: #f1f5f9;
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1.2rem; background: #fff; color: #1e293b; font: 16px/1.5 system-ui, sans-serif; }
.fc-page { max-width: 900px; margin: 0 auto; }
.fc-letterhead { border-bottom: 1px solid #cbd5e1; margin: 0 0 1rem; padding: 0 0 .6rem; }
.fc-letterhead h1 { font-size: 1.15rem; margin: 0 0 .2rem; }
.fc-letterhead p { margin: 0; color: #475569; font-size: .92rem; }
@media (max-width: 560px) { body { padding: .8rem; } .fc-page { margin: 0; } }
@media print {
  body { padding: 0; font-size: 11pt; }
  .fc-card, figure, .fc-moment, tr, li { break-inside: avoid; }
  .fc-face.fc-person { break-inside: auto; }
  h2, h3, h4 { break-after: avoid; }
  .fc-photo img { max-height: 11cm; }
  .fc-download { display: none; }
  * { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
"""


def document(report: Report, pictures: Pictures, manifest: Manifest, say: Language = ENGLISH) -> str:
    """The whole file.

    Args:
        report: as ``Detector.analyze`` returns it.
        pictures: as ``pictures.pictures_of`` makes them.
        manifest: thresholds and measured rates come from here.
        say: the reader's language.
    """
    before, after = frame(say)
    shown = result(report, pictures, manifest, to_json(report), say)
    # A file has no script to move the slider, and on paper nothing can be unfolded.
    shown = re.sub(r'<label class="fc-opacity">.*?</label>', "", shown)
    shown = re.sub(r"<details(?=[ >])(?! open)", "<details open", shown)
    return before.replace(TITLE_FIELD, escape(say(words_report.title(report)))) + shown + after


def frame(say: Language) -> tuple[str, str]:
    """What stands before and after a result in a file of its own; the first has ``TITLE_FIELD`` for the title."""
    style = STYLESHEET.read_text(encoding="utf-8")
    before = (
        f'<!doctype html><html lang="{say.code}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">'
        f'<meta name="robots" content="noindex"><title>{TITLE_FIELD}</title><style>{style}{_STYLE}</style></head>'
        f'<body><main class="fc-page"><header class="fc-letterhead"><h1>{say(words_report.MADE_BY)}</h1>'
        f"<p>{say(words_report.NOT_EVIDENCE)}</p></header>"
    )
    return before, "</main></body></html>\n"
