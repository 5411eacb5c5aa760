"""A sentence that can still be said in another language.

What happens to a file is known long before it is known who reads it: the analysis, its errors and its reports come first,
the reader's language last. So a sentence is kept as its English template with the values to fill in, and is itself the
English text; ``language`` looks the template up where the sentence is shown.

Like ``records`` and ``errors``, this module knows no stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["Sentence", "joined"]


class Sentence(str):
    """English text that remembers its template and values; equal to, hashed, pickled and written like that text.

    Whatever makes a plain string of it (``+``, an f-string, ``str.replace``) loses the template, and with it every other
    language: put sentences together by giving one as a value of another, or with ``joined``.

    Args:
        template: English, with named fields as for ``str.format``.
        values: what the fields hold; a ``Sentence`` among them is translated as well.

    Raises:
        KeyError: the template has a field without a value.
    """

    template: str
    values: Mapping[str, object]

    def __new__(cls, template: str, /, **values: object) -> Sentence:
        sentence = super().__new__(cls, template.format(**values))
        sentence.template = template
        sentence.values = MappingProxyType(values)
        return sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.template, dict(self.values))


def _made(template: str, values: Mapping[str, object]) -> Sentence:
    return Sentence(template, **values)


def joined(*parts: str) -> Sentence:
    """Several sentences as one, with a space between; empty ones are left out."""
    given = {f"part{number}": part for number, part in enumerate((p for p in parts if p), start=1)}
    return Sentence(" ".join(f"{{{name}}}" for name in given), **given)
