"""No reader gets half a language: every sentence of the source is in every catalogue, with the same fields, and is used."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po

from detector.sentences import Sentence
from detector.words import __main__ as command
from detector.words import catalogues, check, extraction
from detector.words.language import Language
from tests import ROOT


def entries(locale: str) -> list[tuple[str, str]]:
    """(template, translation) of every entry, each plural form by itself."""
    found: list[tuple[str, str]] = []
    for message in extraction.read_catalogue(catalogues.catalogue_path(locale), locale):
        if not message.id:
            continue
        if isinstance(message.id, str):
            found.append((message.id, str(message.string)))
        else:
            found += [(message.id[min(index, 1)], form) for index, form in enumerate(message.string or ())]
    return found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of catalogues in place of the package's, still empty."""
    monkeypatch.setattr(catalogues, "LOCALES", tmp_path)
    monkeypatch.setattr(extraction, "TEMPLATE", tmp_path / "messages.pot")
    return tmp_path


def catalogue_of(path: Path, locale: str, translations: dict[str | tuple[str, str], str | tuple[str, ...]]) -> None:
    """A .po file with these translations; the last of too few plural forms is repeated."""
    made = Catalog(locale, fuzzy=False)
    for template, translation in translations.items():
        if isinstance(translation, tuple):
            translation += translation[-1:] * (made.num_plurals - len(translation))
        made.add(template, translation)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_po(file, made)


# The catalogues of the package ---------------------------------------------------------------------------------------


def test_the_catalogues_are_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["check"]) == 0, capsys.readouterr().out
    assert len(extraction.sentences_of_the_source()) > 500, "the sentences of the source were not found"


@pytest.mark.parametrize("locale", catalogues.locales())
def test_translations_end_and_space_like_their_template(locale: str) -> None:
    for template, translation in entries(locale):
        assert translation == translation.strip()
        assert "  " not in translation, translation
        if template.endswith("."):
            assert translation.endswith("."), translation


def test_german_never_calls_a_picture_real_or_fake() -> None:
    forbidden = re.compile(r"\b(echt\w*|authenti\w+|verifizier\w+|gefälscht\w*|fälschung\w*|fakes?)\b", re.IGNORECASE)
    assert not [
        translation for _, translation in entries("de") if forbidden.search(re.sub(r"\{[^}]*\}", "", translation))
    ]


GIVEN_MARKED = {"detector/words/results/verdicts.py"}
"""Where ``of_kind`` fills templates that ``N_`` has marked."""


def test_every_template_is_a_literal_that_the_extractor_sees() -> None:
    hidden = []
    for path in sorted((ROOT / "detector").rglob("*.py")):
        where = path.relative_to(ROOT).as_posix()
        if where == "detector/sentences.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Sentence", "Sentence.plural", "N_"):
                given = node.args[: 2 if ast.unparse(node.func) == "Sentence.plural" else 1]
                names = [each.id for each in given if isinstance(each, ast.Name)]
                if all(isinstance(each, ast.Constant) for each in given) or names == ["CHECK_OF"]:
                    continue
                if names != ["template"] or where not in GIVEN_MARKED:
                    hidden.append(f"{where}:{node.lineno}")
    assert hidden == []


# The commands --------------------------------------------------------------------------------------------------------


def of_source(monkeypatch: pytest.MonkeyPatch, *messages: str | tuple[str, str]) -> None:
    """Let the source have these sentences and no others."""

    def found() -> Catalog:
        made = Catalog(project="x")
        for message in messages:
            made.add(message, locations=[("detector/x.py", 1)])
        return made

    monkeypatch.setattr(extraction, "sentences_of_the_source", found)


def test_extraction_reads_code_templates_and_examples(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = folder / "root"
    monkeypatch.setattr(extraction, "ROOT", root)
    for name, text in {
        "detector/a.py": 'x = Sentence("One {a}" " more", a=Sentence("inner"))\ny = N_("Later {b}")\n# Translators: why\n'
        'Sentence.plural("1 dog", "{count} dogs", 3)\nother("not this")\n',
        "detector/sentences.py": 'Sentence("nor this")',
        "detector/report/templates/b.html": '<p>{{ say("In a template") }} nor this</p>',
        "detector/examples/examples.json": '[{"title": "A title", "what": "What it is", "credit": "not this"}]',
        "app.py": 'Sentence("At the top")',
        "tests/c.py": 'Sentence("nor this")',
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    found = {message.id: message for message in extraction.sentences_of_the_source() if message.id}
    texts = {"One {a} more", "inner", "Later {b}", "In a template", "A title", "What it is", "At the top"}
    assert set(found) == texts | {("1 dog", "{count} dogs")}
    assert found["1 dog", "{count} dogs"].auto_comments == ["why"]


def test_extract_leaves_a_template_without_news_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_source(monkeypatch, "Stop")
    assert command.main(["extract"]) == 0
    before = extraction.TEMPLATE.read_bytes().replace(b"POT-Creation-Date: 2", b"POT-Creation-Date: 1")
    extraction.TEMPLATE.write_bytes(before)
    assert command.main(["extract"]) == 0
    assert extraction.TEMPLATE.read_bytes() == before
    of_source(monkeypatch, "Stop", "Go")
    assert command.main(["extract"]) == 0
    assert b"Go" in extraction.TEMPLATE.read_bytes()


def test_update_keeps_marks_and_sets_aside(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "es" / "LC_MESSAGES" / "messages.po"
    catalogue_of(path, "es", {"Stop": "Parar", "The file is empty now.": "Está vacío.", "Gone": "Ido"})
    of_source(monkeypatch, "Stop", "The file is empty.", "New {name}")
    assert command.main(["update"]) == 0
    text = path.read_text(encoding="utf-8")
    assert 'msgid "Stop"\nmsgstr "Parar"' in text
    assert '#, fuzzy\n#| msgid "The file is empty now."\nmsgid "The file is empty."\nmsgstr "Está vacío."' in text
    assert '#~ msgid "Gone"' in text
    assert '#, python-brace-format\nmsgid "New {name}"\nmsgstr ""' in text
    # What is doubtful is not shown.
    spanish = Language("es")
    assert [spanish("Stop"), spanish("The file is empty.")] == ["Parar", "The file is empty."]


def test_update_begins_a_catalogue(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of_source(monkeypatch, "Stop", ("1 dog", "{count} dogs"))
    assert command.main(["update", "pl"]) == 0
    made = extraction.read_catalogue(folder / "pl" / "LC_MESSAGES" / "messages.po", "pl")
    assert made.num_plurals == 3
    assert {message.id for message in made if message.id} == {"Stop", ("1 dog", "{count} dogs")}
    with pytest.raises(SystemExit):
        command.main(["update", "nonsense"])


DOGS = ("1 dog of {owner}", "{count} dogs of {owner}")


@pytest.mark.parametrize(
    ("translations", "fault"),
    [
        ({"Stop": "Parar", DOGS: ("1 perro de {owner}", "{count} perros de {owner}")}, None),
        ({"Stop": "Parar", DOGS: ("perro de {owner}", "{count} perros de {owner}")}, None),
        ({"Stop": "Parar", DOGS: ("perro de {owner}", "perros de {owner}")}, "fields differ: '1 dog of {owner}'"),
        ({"Stop": "", DOGS: ("1 perro de {owner}", "{count} perros de {owner}")}, "missing: 'Stop'"),
        ({"Stop": "Parar"}, "missing: '1 dog of {owner}'"),
        ({"Stop": "Parar", DOGS: ("1 perro", "{count} perros de {owner}")}, "fields differ: '1 dog of {owner}'"),
        ({"Stop": "Parar {now}", DOGS: ("{owner}", "{count} {owner}")}, "fields differ: 'Stop'"),
        ({"Stop": "Parar {", DOGS: ("{owner}", "{count} {owner}")}, "not a template"),
        ({"Stop": "Parar", DOGS: ("{owner}", "{count:.1f} {owner}")}, "fields differ: '1 dog of {owner}'"),
        ({"Stop": "Parar", DOGS: ("{owner}", "{count} {owner}"), "Old": "Viejo"}, "not in the source: 'Old'"),
    ],
)
def test_check_finds(
    translations: dict[str | tuple[str, str], str | tuple[str, ...]],
    fault: str | None,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    of_source(monkeypatch, "Stop", DOGS)
    command.main(["extract"])
    catalogue_of(folder / "es" / "LC_MESSAGES" / "messages.po", "es", translations)
    capsys.readouterr()
    assert command.main(["check"]) == (fault is not None)
    out = capsys.readouterr().out.splitlines()
    assert out, translations
    assert all(line.startswith(f"es: {fault}" if fault else "2 sentences, all in order: es") for line in out)


def test_check_finds_doubt_disuse_and_an_old_template(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "es" / "LC_MESSAGES" / "messages.po"
    catalogue_of(path, "es", {"The file is empty now.": "Está vacío.", "Gone": "Ido"})
    of_source(monkeypatch, "The file is empty.")
    assert command.main(["check"]) == 1
    assert "messages.pot: there is none" in capsys.readouterr().out
    command.main(["update"])
    of_source(monkeypatch, "The file is empty.", "Stop")
    capsys.readouterr()
    assert command.main(["check"]) == 1
    assert set(capsys.readouterr().out.splitlines()) == {
        "messages.pot: missing: 'Stop'",
        "es: fuzzy: 'The file is empty.'",
        "es: missing: 'Stop'",
        "es: obsolete: 'Gone'",
    }


def test_a_language_with_more_plural_forms(folder: Path) -> None:
    dogs = ("1 dog", "{count} dogs")
    catalogue_of(
        folder / "pl" / "LC_MESSAGES" / "messages.po", "pl", {dogs: ("{count} pies", "{count} psy", "{count} psów")}
    )
    polish = Language("pl")
    said = [polish(Sentence.plural(*dogs, count)) for count in (1, 2, 5, 22)]
    assert said == ["1 pies", "2 psy", "5 psów", "22 psy"]


def test_a_plural_that_lacks_a_form_is_english(folder: Path) -> None:
    dogs = ("1 dog", "{count} dogs")
    catalogue_of(folder / "pl" / "LC_MESSAGES" / "messages.po", "pl", {dogs: ("{count} pies", "{count} psy", "")})
    assert [Language("pl")(Sentence.plural(*dogs, count)) for count in (1, 2, 5)] == ["1 dog", "2 dogs", "5 dogs"]


def test_too_few_plural_forms_are_found() -> None:
    template, polish = Catalog(), Catalog("pl")
    template.add(("1 dog", "{count} dogs"))
    polish.add(("1 dog", "{count} dogs"), ("pies", "psy"))
    assert next(check.faults(template, polish)) == "2 plural forms where the language has 3: '1 dog'"


# A further language ---------------------------------------------------------------------------------------------------

ITALIAN: dict[str | tuple[str, str], str | tuple[str, ...]] = {
    "Check this photo": "Controlla questa foto",
    "Your photo": "La tua foto",
    "Photo": "Foto",
    "Photo check": "Controllo foto",
    "Language": "Lingua",
    "Stop": "Ferma",
    "Close": "Chiudi",
    "There is no such page.": "Questa pagina non esiste.",
    "Strong signs of manipulation": "Forti segni di manipolazione",
    ("1 face found, {analysed} checked.", "{count} faces found, {analysed} checked."): (
        "1 volto trovato, {analysed} controllati.",
        "{count} volti trovati, {analysed} controllati.",
    ),
}

IN_ITALIAN = """
import json
from detector.report import page
from detector.web.localised import language_switch
from detector.words import gradio_texts, results as words
from detector.words.language import LANGUAGES, language, preferred

it = language("it")
assert list(LANGUAGES) == ["en", "de", "es", "it"], list(LANGUAGES)
assert (it.code, it.name, it.decimal) == ("it", "Italiano", ","), it
assert preferred("it-CH,en;q=0.5") == "it" and preferred("fr,it;q=0.4,de;q=0.3") == "it"
assert it(words.CHECK) == "Controlla questa foto"
assert it(words.found_facts(1, 1, "image")) == "1 volto trovato, 1 controllati."
assert it(words.found_facts(3, 1, "image")) == "3 volti trovati, 1 controllati."
assert it(words.CHECK_CLIP) == "Check this video", "what the catalogue lacks is English"
assert "0,83" in it("0.83")
assert "La tua foto" in it(words.picture_facts("image", 1, None)), "a value is translated in a sentence that is not"
switch = language_switch("it")
assert switch.choices == [("English", "en"), ("Deutsch", "de"), ("Español", "es"), ("Italiano", "it")], switch.choices
assert switch.value == "it" and switch.label == "Language / Sprache / Idioma / Lingua", switch.label
closes = [row["texts"] for row in gradio_texts.table(LANGUAGES)]
assert {"en": "Close", "de": "Schließen", "es": "Cerrar", "it": "Chiudi"} in closes
assert "Controllo foto" in page.introduction(it)
"""


def test_a_further_language_needs_a_catalogue_and_no_code(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "detector", tmp_path / "detector", ignore=shutil.ignore_patterns("__pycache__"))
    locale = tmp_path / catalogues.LOCALES.relative_to(ROOT) / "it"
    catalogue_of(locale / "LC_MESSAGES" / "messages.po", "it", ITALIAN)
    done = subprocess.run(
        [sys.executable, "-c", IN_ITALIAN],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
