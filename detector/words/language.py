"""The languages that results and page are shown in, and which of them a reader gets.

English is written where a sentence is made. Every folder of ``detector/words/locale`` adds a language; no code names one.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from detector.sentences import Sentence
from detector.words import catalogues

__all__ = ["ENGLISH", "LANGUAGES", "Language", "language", "preferred"]

_NUMBER = re.compile(r"-?[\d:]*\d\.\d+")
_ONLY_FIELDS = re.compile(r"(\{\w+\}|[\W\d_])*")


@dataclass(frozen=True)
class Language:
    """Translates: ``german(sentence)`` is its text in German.

    The catalogue is read when the first text is asked for. What it lacks is shown in English, since a page without a
    sentence would be worse; ``python -m detector.words check`` lists what it lacks.
    """

    locale: str
    """As its folder is named, such as "de" or "pt_BR"."""

    @property
    def code(self) -> str:
        """As in the attribute ``lang`` of HTML."""
        return self.locale.replace("_", "-")

    @cached_property
    def name(self) -> str:
        """In the language itself, with a capital letter."""
        from babel import Locale

        name = Locale.parse(self.locale).get_display_name() or self.code
        return name[:1].upper() + name[1:]

    @cached_property
    def decimal(self) -> str:
        """The decimal sign between Latin digits, in which all numbers are written."""
        if self.locale == catalogues.SOURCE_LANGUAGE:
            return "."
        from babel.numbers import get_decimal_symbol

        return get_decimal_symbol(self.locale, numbering_system="latn")

    @cached_property
    def _translations(self) -> gettext.NullTranslations:
        if self.locale == catalogues.SOURCE_LANGUAGE:
            return gettext.NullTranslations()
        return catalogues.translations(self.locale)

    def __call__(self, text: str) -> str:
        """The text in this language: of a ``Sentence``, of a template without fields, or of a number such as "0.83"."""
        if not isinstance(text, Sentence):
            return text.replace(".", self.decimal) if _NUMBER.fullmatch(text) else self._translated(text)
        template = self.template(text)
        return template.format(**{name: self._value(value) for name, value in text.values.items()})

    def template(self, sentence: Sentence, number: int | None = None) -> str:
        """A sentence's template in this language, with its fields still to be filled in.

        Args:
            sentence: of which only the English templates matter.
            number: chooses the form of a sentence that has several; default the sentence's own.
        """
        if sentence.plural_template is not None:
            wanted = sentence.number if number is None else number
            return self._translations.ngettext(sentence.template, sentence.plural_template, wanted)
        return sentence.template if _ONLY_FIELDS.fullmatch(sentence.template) else self._translated(sentence.template)

    def form(self, number: int) -> int:
        """Which of a sentence's plural forms goes with a number, counted from 0."""
        rule = getattr(self._translations, "plural", None)
        return int(number != 1) if rule is None else int(rule(number))

    def _translated(self, template: str) -> str:
        # gettext answers "" with the header of the catalogue.
        return self._translations.gettext(template) if template else ""

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


ENGLISH = Language(catalogues.SOURCE_LANGUAGE)
LANGUAGES: Mapping[str, Language] = MappingProxyType(
    {each.code: each for each in (ENGLISH, *map(Language, catalogues.locales()))}
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
        code = _lookup(tag.strip())
        found = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", q)
        liked = 1.0 if not q else float(found[1]) if found else 0.0
        if code is not None and liked > weight:
            best, weight = code, liked
    return best


def _lookup(tag: str) -> str | None:
    """The code that fits a language tag best: the tag itself, else its beginnings (RFC 4647, section 3.4)."""
    known = {code.lower(): code for code in LANGUAGES}
    parts = tag.lower().split("-")
    return next((known[start] for end in range(len(parts), 0, -1) if (start := "-".join(parts[:end])) in known), None)
