"""The languages that results and page are shown in, and which of them a reader gets.

English is written where a sentence is made; each other language is one catalogue from English templates to its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from detector.sentences import Sentence
from detector.words.german import GERMAN

__all__ = ["ENGLISH", "LANGUAGES", "Language", "language", "preferred"]

_NUMBER = re.compile(r"-?[\d:]*\d\.\d+")
_ONLY_FIELDS = re.compile(r"(\{\w+\}|[\W\d_])*")


@dataclass(frozen=True)
class Language:
    """Says a sentence: ``german(sentence)`` is its text in German.

    What the catalogue lacks is shown in English, since a page without a sentence would be worse; a test holds that it
    lacks none.
    """

    code: str
    """As in the attribute ``lang`` of HTML."""
    name: str
    """In the language itself."""
    catalogue: Mapping[str, str] = field(repr=False, default_factory=lambda: MappingProxyType({}))
    decimal: str = "."

    def __call__(self, text: str) -> str:
        """The text in this language: of a ``Sentence``, of a template without fields, or of a number such as "0.83"."""
        if not isinstance(text, Sentence):
            if _NUMBER.fullmatch(text):
                return text.replace(".", self.decimal)
            return self.catalogue.get(text, text)
        template = text.template
        if not _ONLY_FIELDS.fullmatch(template):
            template = self.catalogue.get(template, template)
        return template.format(**{name: self._value(value) for name, value in text.values.items()})

    def _value(self, value: object) -> object:
        if isinstance(value, float):
            return _Number(value, self.decimal)
        return self(value) if isinstance(value, str) else value


class _Number:
    """A number that is written with the language's decimal sign, whatever format its template asks for."""

    def __init__(self, value: float, decimal: str) -> None:
        self._value, self._decimal = value, decimal

    def __format__(self, spec: str) -> str:
        return format(self._value, spec).replace(".", self._decimal)


ENGLISH = Language("en", "English")
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {each.code: each for each in (ENGLISH, Language("de", "Deutsch", GERMAN, ","))}
)
"""By code; the first is what readers get whose own language is not among them."""


def language(code: str | None) -> Language:
    """The language of that code, English for any other."""
    return LANGUAGES.get(code or "", ENGLISH)


def preferred(accepted: str | None) -> str:
    """Code of the language that a browser likes best of those there are.

    Args:
        accepted: the request's header ``Accept-Language`` (RFC 9110, section 12.5.4), such as "de-AT,de;q=0.9,en;q=0.5".
    """
    best, weight = ENGLISH.code, 0.0
    for part in (accepted or "").split(","):
        tag, _, q = part.strip().partition(";")
        code = tag.strip().split("-")[0].lower()
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", q)
        liked = 1.0 if not q else float(found[1]) if found else 0.0
        if code in LANGUAGES and liked > weight:
            best, weight = code, liked
    return best
