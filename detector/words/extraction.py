"""The sentences of the source, collected by Babel: a template catalogue (.pot), and the catalogues brought up to it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from detector.paths import ROOT
from detector.words.catalogues import DOMAIN, LOCALES, catalogue_path

__all__ = ["TEMPLATE", "read_catalogue", "sentences_of_the_source", "update_catalogue", "write_template"]

TEMPLATE = LOCALES / f"{DOMAIN}.pot"

_KEYWORDS: Mapping[str, tuple[int, ...] | None] = {
    "Sentence": None,
    "plural": (1, 2),  # Sentence.plural(one, many, ...)
    "N_": None,
    "say": None,  # in a template: say("...")
}


def _of_examples(file: IO[bytes], *_: Any, **__: Any) -> Iterator[tuple[int, None, str, list[str]]]:
    """Babel's extraction method for ``examples.json``: the title and the description of each example."""
    for example in json.load(file):
        for key in ("title", "what"):
            yield 1, None, example[key], []


_METHODS: tuple[tuple[str, Any], ...] = (
    ("detector/sentences.py", "ignore"),
    ("detector/**.py", "python"),
    ("detector/**/templates/**.html", "jinja2"),
    ("detector/examples/examples.json", _of_examples),
    ("app.py", "python"),
)


def _is_source(folder: str | os.PathLike[str]) -> bool:
    parts = Path(folder).relative_to(ROOT).parts
    return parts[:1] == ("detector",) and not any(part.startswith((".", "_")) for part in parts)


def sentences_of_the_source() -> Catalog:
    """Every template of the package, its examples and its HTML templates, with the files that use it and no translation."""
    found = _empty_catalogue()
    sources = extract_from_dir(
        ROOT,
        method_map=_METHODS,
        keywords=_KEYWORDS,
        comment_tags=("Translators:",),
        strip_comment_tags=True,
        directory_filter=_is_source,
    )
    for file, line, message, comments, _ in sources:
        found.add(message, locations=[(file, line)], auto_comments=comments)
    return found


def read_catalogue(path: Path, locale: str | None = None) -> Catalog:
    """A .po or .pot file.

    Raises:
        FileNotFoundError: there is none.
    """
    with path.open("rb") as file:
        return read_po(file, locale)


def write_template() -> Catalog:
    """Write the template of all catalogues anew, if the source has other sentences than it; returns it."""
    found = sentences_of_the_source()
    if TEMPLATE.exists():
        # A file that differs in its date alone stays as it is.
        found.creation_date = read_catalogue(TEMPLATE).creation_date
        if _serialised(found) == TEMPLATE.read_bytes():
            return found
        found.creation_date = sentences_of_the_source().creation_date
    TEMPLATE.parent.mkdir(parents=True, exist_ok=True)
    TEMPLATE.write_bytes(_serialised(found))
    return found


def update_catalogue(locale: str, template: Catalog) -> None:
    """Bring a catalogue up to the template; one that does not exist is begun.

    New entries are empty, or filled from a similar one and marked fuzzy; entries without use become obsolete.

    Args:
        locale: such as "de" or "pt_BR".
        template: from ``write_template``.

    Raises:
        babel.UnknownLocaleError: there is no such language.
        ValueError: that is no name of a locale.
    """
    path = catalogue_path(locale)
    catalogue = read_catalogue(path, locale) if path.exists() else _empty_catalogue(locale)
    catalogue.update(template)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_serialised(catalogue))


def _empty_catalogue(locale: str | None = None) -> Catalog:
    made = Catalog(
        locale,
        header_comment="# Translations template for PROJECT.\n#",
        project="Photo check",
        charset="utf-8",
        fuzzy=locale is None,
    )
    # Babel writes its own placeholders into these where they are not given; a version would change the files for nothing.
    made.version = made.msgid_bugs_address = ""
    return made


def _serialised(catalogue: Catalog) -> bytes:
    for message in catalogue:
        # A bare percent sign looks like printf to Babel; values are filled in by str.format alone.
        message.flags.discard("python-format")
    written = io.BytesIO()
    write_po(written, catalogue, include_lineno=False, include_previous=True)
    return written.getvalue()
