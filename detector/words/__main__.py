"""Translations: ``python -m detector.words extract``, ``update [LOCALE ...]`` and ``check``."""

from __future__ import annotations

import argparse
import sys

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog

from detector.words import catalogues, check, extraction


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m detector.words", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("extract", help="collect the sentences of the source in messages.pot")
    update = commands.add_parser("update", help="extract, then bring catalogues up to date")
    update.add_argument(
        "locales",
        nargs="*",
        type=_locale,
        metavar="LOCALE",
        help="such as es or pt_BR; one without a catalogue gets an empty one (default: all that have one)",
    )
    commands.add_parser(
        "check", help="list what is missing, fuzzy, obsolete or has other fields; exit 1 if anything is"
    )
    options = parser.parse_args(arguments)
    if options.command == "check":
        return _check()
    template = extraction.write_template()
    print(f"{extraction.TEMPLATE}: {len(template)} sentences")
    if options.command == "update":
        for locale in options.locales or catalogues.locales():
            extraction.update_catalogue(locale, template)
            print(catalogues.catalogue_path(locale))
    return 0


def _locale(name: str) -> str:
    try:
        return str(Locale.parse(name))
    except (ValueError, UnknownLocaleError) as error:
        raise argparse.ArgumentTypeError(f"{name!r} is not a locale such as es or pt_BR") from error


def _check() -> int:
    source = extraction.sentences_of_the_source()
    found = [f"{extraction.TEMPLATE.name}: {line}" for line in _template_faults(source)]
    for locale in catalogues.locales():
        catalogue = extraction.read_catalogue(catalogues.catalogue_path(locale), locale)
        found += [f"{locale}: {line}" for line in check.faults(source, catalogue)]
    print("\n".join(found) if found else f"{len(source)} sentences, all in order: {', '.join(catalogues.locales())}")
    return 1 if found else 0


def _template_faults(source: Catalog) -> list[str]:
    try:
        return list(check.outdated(source, extraction.read_catalogue(extraction.TEMPLATE)))
    except FileNotFoundError:
        return ["there is none; run: python -m detector.words extract"]


if __name__ == "__main__":
    sys.exit(main())
