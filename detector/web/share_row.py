"""Buttons under a result: keep it as one HTML file, copy it as text. Both are made in the browser from what is shown, so the
server neither keeps nor sends anything for them.
"""

from __future__ import annotations

import json
from typing import Any

from detector.report.document import TITLE_FIELD, shell
from detector.web.gradio_import import gr
from detector.web.localised import Relabel
from detector.words import export
from detector.words.language import LANGUAGES

__all__ = ["share_row"]

_SAVE = """() => {
    const shown = document.querySelector('%(place)s .fc-result');
    if (!shown) return;
    const shells = %(shells)s;
    const [before, after, title] = shells[document.documentElement.lang] ?? shells.en;
    const copy = shown.cloneNode(true);
    // A file has no script, so what needs one to work is left out; on paper nothing can be unfolded.
    copy.querySelectorAll('input, button, script').forEach((part) => part.remove());
    copy.querySelectorAll('details').forEach((part) => { part.open = true; });
    copy.querySelectorAll('[tabindex]').forEach((part) => part.removeAttribute('tabindex'));
    const link = shown.querySelector('a.fc-download[download]');
    const stem = (link?.getAttribute('download') ?? 'report.json').replace(/[.]json$/, '');
    const text = document.createElement('i');
    text.textContent = title.replace('{name}', stem.replace(/-report$/, ''));
    const page = before.replace('%(field)s', () => text.innerHTML) + copy.outerHTML + after;
    const anchor = document.createElement('a');
    anchor.href = URL.createObjectURL(new Blob([page], {type: 'text/html;charset=utf-8'}));
    anchor.download = stem + '.html';
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 30000);
}"""
_COPY = """async () => {
    const text = document.querySelector('%(place)s .fc-plain')?.textContent;
    if (!text) return;
    let done = false;
    try {
        await navigator.clipboard.writeText(text);
        done = true;
    } catch {
        // Without https, browsers allow only this older way.
        const field = document.createElement('textarea');
        field.value = text;
        document.body.append(field);
        field.select();
        done = document.execCommand('copy');
        field.remove();
    }
    const button = document.querySelector('%(button)s');
    if (!done || !button) return;
    const label = button.textContent;
    button.setAttribute('aria-live', 'polite');
    button.textContent = (%(copied)s)[document.documentElement.lang] ?? 'Copied';
    setTimeout(() => { button.textContent = label; }, 2000);
}"""


def share_row(place: str) -> list[tuple[Any, Relabel]]:
    """Put the buttons under the result in ``place``; they show once there is one.

    Args:
        place: CSS identifier of the component that holds the result, such as "fc-output".

    Returns:
        The buttons with what puts their labels into a language.
    """
    shells = {code: (*shell(say), say(export.CHECK_OF)) for code, say in LANGUAGES.items()}
    copied = {code: say(export.COPIED) for code, say in LANGUAGES.items()}
    with gr.Row(elem_classes="fc-share"):
        save = gr.Button(export.SAVE, size="sm", elem_id=f"{place}-save")
        pdf = gr.Button(export.PRINT, size="sm", elem_id=f"{place}-print")
        copy = gr.Button(export.COPY, size="sm", elem_id=f"{place}-copy")
    values = {"place": f"#{place}", "field": TITLE_FIELD, "button": f"#{place}-copy"}
    private: dict[str, Any] = {"api_visibility": "private"}
    save.click(None, js=_SAVE % (values | {"shells": json.dumps(shells)}), **private)
    pdf.click(None, js="() => window.print()", **private)
    copy.click(None, js=_COPY % (values | {"copied": json.dumps(copied)}), **private)

    def label(text: str) -> Relabel:
        return lambda say: gr.update(value=say(text))

    return [(save, label(export.SAVE)), (pdf, label(export.PRINT)), (copy, label(export.COPY))]
