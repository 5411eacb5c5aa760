"""Where the gettext catalogues lie, and how one is read at run time: straight from its .po, without a compiled .mo."""

from __future__ import annotations

import gettext
import io
from pathlib import Path

__all__ = ["DOMAIN", "LOCALES", "SOURCE_LANGUAGE", "catalogue_path", "locales", "translations"]

SOURCE_LANGUAGE = "en"
"""The language of the templates; it has no catalogue."""
DOMAIN = "messages"
LOCALES = Path(__file__).with_name("locale")
"""One folder a language, named by its locale, such as "de" or "pt_BR"."""


def catalogue_path(locale: str) -> Path:
    """The catalogue of a language."""
    return LOCALES / locale / "LC_MESSAGES" / f"{DOMAIN}.po"


def locales() -> tuple[str, ...]:
    """The languages that have a catalogue, in the order of their names."""
    return tuple(sorted(path.parents[1].name for path in LOCALES.glob(f"*/LC_MESSAGES/{DOMAIN}.po")))


def translations(locale: str) -> gettext.NullTranslations:
    """Read a catalogue. Entries that are marked fuzzy or lack a form stay in English.

    Raises:
        FileNotFoundError: there is none for the language.
    """
    # Babel takes a moment to load, and English needs none of it.
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with catalogue_path(locale).open("rb") as file:
        catalogue = read_po(file, locale)
    for message in [each for each in catalogue if not isinstance(each.string, str) and not all(each.string or ())]:
        # Else gettext would show an empty text for some numbers.
        catalogue.delete(message.id)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
