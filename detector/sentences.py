"""Text for readers that can still be shown in another language.

An analysis, its errors and its reports are made before it is known who reads them. So a message is kept as its English
template with the values to fill in, and is itself the English text; ``detector.words.language`` translates it where it is
shown. The templates are extracted from the source by ``python -m detector.words``, so they are literals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

__all__ = ["N_", "Sentence", "Verbatim", "apart", "joined", "listed", "of_hundred", "packed", "restored"]

_MOST_DECIMALS = 15
_NEAR = 1.0
"""Points of 100 from a cut within which a score has one more digit."""

_SURE = 1e-4
"""Points of 100 by which a score that is written exactly still keeps away from 0 and 100."""


class Sentence(str):
    """English text that keeps its template and values; equal to, hashed and serialised like that text.

    Whatever makes a plain string of it (``+``, an f-string, ``str.replace``) loses the template, and with it every other
    language: combine sentences by giving one as a value of another, or with ``joined`` and ``listed``.

    Args:
        template: English, with named fields as for ``str.format``; the key of the translation.
        values: what the fields hold; a ``Sentence`` among them is translated as well.

    Raises:
        KeyError: the template has a field without a value.
    """

    template: str
    values: Mapping[str, object]
    plural_template: str | None
    """The template for any number but one; None where the sentence does not depend on a number."""
    number: int
    """The number that chooses the form; 1 where there is no ``plural_template``."""

    def __new__(cls, template: str, /, **values: object) -> Sentence:
        return cls._made(template, None, 1, values)

    @classmethod
    def plural(cls, one: str, many: str, /, count: int, **values: object) -> Sentence:
        """A sentence with a form for one and a form for any other number, as in gettext's ``ngettext``.

        A catalogue has as many forms as its language needs, and may use ``{count}`` in each of them.

        Args:
            one: English template where ``count`` is 1.
            many: English template for every other count.
            count: chooses the form, and fills the field ``{count}``.
            values: as for ``Sentence``.

        Raises:
            KeyError: the chosen template has a field without a value.
        """
        return cls._made(one, many, count, {"count": count, **values})

    @classmethod
    def _made(cls, template: str, plural: str | None, number: int, values: Mapping[str, object]) -> Sentence:
        chosen = template if plural is None or number == 1 else plural
        sentence = super().__new__(cls, chosen.format(**values))
        sentence.template = template
        sentence.plural_template = plural
        sentence.number = number
        sentence.values = MappingProxyType(dict(values))
        return sentence

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.template, self.plural_template, self.number, dict(self.values))


class Verbatim:
    """Text of a file, shown as it is in every language: a photo may be called "Photo", and a program have the version 17.4."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __format__(self, spec: str) -> str:
        return format(self._text, spec)


def _unpickled(template: str, plural: str | None, number: int, values: Mapping[str, object]) -> Sentence:
    return Sentence._made(template, plural, number, values)


def packed(value: object) -> Any:
    """A sentence, or a value of one, as what JSON can hold."""
    if isinstance(value, Sentence):
        values = {name: packed(each) for name, each in value.values.items()}
        return {"template": value.template, "plural": value.plural_template, "number": value.number, "values": values}
    return {"verbatim": f"{value}"} if isinstance(value, Verbatim) else value


def restored(plain: Any) -> Any:
    """What ``packed`` was given.

    Raises:
        LookupError: something is missing in it.
    """
    if not isinstance(plain, dict):
        return plain
    if "verbatim" in plain:
        return Verbatim(plain["verbatim"])
    values = {name: restored(each) for name, each in plain["values"].items()}
    return Sentence._made(plain["template"], plain["plural"], plain["number"], values)


def N_(template: str) -> str:  # noqa: N802 - the name that gettext gives to this marker
    """Mark a template whose values come later, so that it is extracted; returns it unchanged."""
    return template


def joined(*parts: str) -> Sentence:
    """Several sentences as one, with a space between; empty ones are left out."""
    return _combined((part for part in parts if part), " ")


def listed(parts: Iterable[str]) -> Sentence:
    """One sentence of parts: commas between, a full stop at the end."""
    return _combined(parts, ", ", ".")


def _combined(parts: Iterable[str], between: str, end: str = "") -> Sentence:
    fields = {f"part{number}": part for number, part in enumerate(parts, start=1)}
    return Sentence(between.join(f"{{{name}}}" for name in fields) + end, **fields)


def apart(value: float, *cuts: float, digits: int = 2) -> tuple[str, ...]:
    """Write a value and its cuts with as few decimals as still show on which side of each cut the value lies.

    Plain rounding would print 0.6999 and a cut of 0.7 alike, in a sentence that calls the first one lower.
    """
    for decimals in range(digits, _MOST_DECIMALS + 1):
        shown = tuple(f"{number:.{decimals}f}" for number in (value, *cuts))
        if _sides([float(text) for text in shown]) == _sides([value, *cuts]):
            break
    return shown


def of_hundred(score: float, *cuts: float) -> tuple[str, ...]:
    """Write a score and its cuts as shares of 100, the score whole, and with decimals where a cut is near.

    Args:
        score: in [0, 1]. Whole it is never 0 or 100, which would read as certain.
        cuts: in [0, 1], written with at most one decimal unless the score needs more to lie on its side.

    Returns:
        The score, then the cuts, such as ("98", "97.5").
    """
    value, others = min(max(100 * score, _SURE), 100 - _SURE), [100 * cut for cut in cuts]
    near = any(abs(value - other) < _NEAR for other in others)
    for decimals in range(1, _MOST_DECIMALS + 1):
        shown = f"{value:.{decimals}f}" if near else f"{min(max(value, 1), 99):.0f}"
        if near and float(shown) in (0.0, 100.0):
            continue
        bounds = [f"{other:.{decimals}f}".rstrip("0").rstrip(".") for other in others]
        if not near or _sides([float(shown), *map(float, bounds)]) == _sides([value, *others]):
            break
    return shown, *bounds


def _sides(numbers: list[float]) -> list[int]:
    """On which side of each further number the first one lies."""
    value, *cuts = numbers
    return [(value > cut) - (value < cut) for cut in cuts]
