"""What is wrong with a catalogue: entries that are missing, doubtful or without use, and fields that do not agree."""

from __future__ import annotations

import string
from collections.abc import Iterator

from babel.messages.catalog import Catalog, Message

__all__ = ["faults", "outdated"]


def faults(template: Catalog, catalogue: Catalog) -> Iterator[str]:
    """One line each, such as "missing: 'Stop'".

    Args:
        template: the sentences of the source.
        catalogue: of a language.
    """
    wanted = {message.id: message for message in template if message.id}
    for key in wanted:
        entry = catalogue.get(key)
        if entry is None or entry.id != key or not all(_forms(entry)):
            yield f"missing: {_shown(key)}"
        elif entry.fuzzy:
            yield f"fuzzy: {_shown(key)}"
        else:
            yield from _faults_of_forms(entry, catalogue.num_plurals)
    for entry in catalogue:
        if entry.id and entry.id not in wanted:
            yield f"not in the source: {_shown(entry.id)}"
    for entry in catalogue.obsolete.values():
        yield f"obsolete: {_shown(entry.id)}"


def outdated(template: Catalog, written: Catalog) -> Iterator[str]:
    """Entries in which the .pot file differs from the source, one line each.

    Args:
        template: the sentences of the source.
        written: the .pot file.
    """
    now, before = ({message.id for message in each if message.id} for each in (template, written))
    for key in sorted(now ^ before, key=str):
        yield f"{'missing' if key in now else 'not in the source'}: {_shown(key)}"


def _faults_of_forms(entry: Message, plurals: int) -> Iterator[str]:
    forms = _forms(entry)
    if entry.pluralizable and len(forms) != plurals:
        yield f"{len(forms)} plural forms where the language has {plurals}: {_shown(entry.id)}"
    templates = (entry.id,) if isinstance(entry.id, str) else entry.id
    allowed = {field for template in templates for field in _fields(template)}
    for index, form in enumerate(forms):
        needed = allowed
        if index < len(forms) - 1:
            # A form for few numbers, such as 1 or 2, can name them in words; the last is for all that have no other.
            needed = {field for field in allowed if field[0] != "count"}
        try:
            fields = _fields(form)
        except ValueError as error:
            yield f"not a template ({error}): {form!r}"
            continue
        if not needed <= fields <= allowed:
            yield f"fields differ: {_shown(entry.id)} -> {form!r}"


def _forms(entry: Message) -> tuple[str, ...]:
    return (entry.string or "",) if isinstance(entry.string, str | None) else tuple(entry.string)


def _fields(template: str) -> set[tuple[str, str | None, str | None]]:
    """(name, format, conversion) of every field.

    Raises:
        ValueError: the braces do not match.
    """
    return {(name, spec, how) for _, name, spec, how in string.Formatter().parse(template) if name is not None}


def _shown(key: str | tuple[str, ...] | list[str]) -> str:
    return repr(key if isinstance(key, str) else key[0])
