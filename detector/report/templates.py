"""The HTML templates of this package, all with autoescape: whatever a file, a model or a reader gives is text, never markup.

A template gets plain data and decides how it is written; what is shown, and in which order, is decided in Python. Sentences
stay in English until a template puts them into the reader's language with ``say``.
"""

from __future__ import annotations

import base64
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from detector.words import about, browser, examples, export, origin, results
from detector.words.language import Language

__all__ = ["data_uri", "render"]


def data_uri(picture: bytes) -> str:
    """A PNG or JPEG file as an address that needs no network."""
    kind = "png" if picture.startswith(b"\x89PNG") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def _json_uri(text: str) -> str:
    """A text in JSON as an address that needs no network."""
    return f"data:application/json;base64,{base64.b64encode(text.encode()).decode()}"


def _csv_uri(text: str) -> str:
    """A table as an address that needs no network; the mark at its head tells spreadsheets that it is UTF-8."""
    return f"data:text/csv;base64,{base64.b64encode(text.encode('utf-8-sig')).decode()}"


def _number(value: float, decimals: int) -> str:
    """For attributes that programs read: with a decimal point in every language."""
    return f"{value:.{decimals}f}"


def _percent(share: float, decimals: int = 1) -> str:
    """A share of 1 as a length in CSS."""
    return f"{100 * share:.{decimals}f}%"


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("detector.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    made.filters.update(data_uri=data_uri, json_uri=_json_uri, csv_uri=_csv_uri, number=_number, percent=_percent)
    made.globals.update(words=results, about=about, browser=browser, examples=examples, export=export, origin=origin)
    return made


_ENVIRONMENT = _environment()


def render(template: str, say: Language, **shown: Any) -> str:
    """Fill a template. To put its HTML into another one, wrap it as ``markupsafe.Markup``, else it is escaped as any text.

    Args:
        template: file name in ``templates``.
        say: the reader's language.
        shown: what the template names.

    Raises:
        jinja2.UndefinedError: the template needs something that is not given.
    """
    return _ENVIRONMENT.get_template(template).render(say=say, **shown)
