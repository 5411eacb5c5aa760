"""The templates escape whatever they are given, and fail loudly where something is missing."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

from detector.paths import PACKAGE
from detector.records import ContentCredentials, Provenance, ProvenanceFact, Report, Verdict
from detector.report import page, page_about, page_clip
from detector.report.document import document
from detector.report.page import Pictures
from detector.report.pictures import pictures_of
from detector.report.serialise import to_json
from detector.report.templates import render
from detector.sentences import Sentence, of_hundred
from detector.web.gallery import Gallery, read_examples
from detector.words import results as words
from detector.words.language import ENGLISH, LANGUAGES, Language
from tests.report.harness import Tree, one_face
from tests.report.test_page_clip import clip_report
from tests.support import fakes

TEMPLATES = sorted((PACKAGE / "report" / "templates").glob("*.html"))
HOSTILE = [
    pytest.param('<img src=x onerror="alert(1)">', id="element"),
    pytest.param("\" onmouseover='alert(1)' autofocus onfocus='alert(1)", id="attribute"),
    pytest.param("</pre></title></style></section><script>alert(1)</script>", id="end of an element"),
    pytest.param("{{ 7 * 7 }}{% raw %}{# x #}{{title}}{{result}}", id="template"),
    pytest.param("&lt;script&gt;&#60;script&#62;&quot;", id="entities"),
    pytest.param("javascript:alert(1)//\u202egpj.exe", id="address"),
]
OUR_LINKS = {link.address for link in words.LINKS}
KNOWN = {
    "src",
    "href",
    "download",
    "alt",
    "class",
    "id",
    "style",
    "role",
    "tabindex",
    "hidden",
    "open",
    "lang",
    "charset",
} | {
    *(
        "viewbox",
        "fill",
        "stroke",
        "stroke-width",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-dasharray",
        "focusable",
    ),
    *("cx", "cy", "r", "d", "type", "min", "max", "step", "value", "scope", "http-equiv", "content", "name"),
    *("controls", "muted", "playsinline", "target", "rel", "title", "data-time", "data-seconds"),
    *("preserveaspectratio", "x", "y", "width", "height", "x1", "y1", "x2", "y2"),
}
"""Attributes that our own templates write."""


def hostile(text: str, made: Report) -> Report:
    """The report with that text wherever a file or a model can put one."""
    # As the analysis does it: what a file says is a value of our sentence.
    reason = Sentence("{text}", text=text)
    facts = tuple(ProvenanceFact(kind, text, text) for kind in ("camera", "software", "generator"))
    signed = ContentCredentials("broken", text, text, (text,), (text,), (text,))
    faces = tuple(dataclasses.replace(face, reason=reason, models={**face.models, text: 0.2}) for face in made.faces)
    return dataclasses.replace(
        made,
        input=dataclasses.replace(made.input, name=text, format=text, codec=text, notes=(text,)),
        reason=reason,
        faces=faces,
        model=dataclasses.replace(made.model, revision=text),
        versions={text: text},
        limits=(text,),
        options={text: text},
        made_at=text,
        provenance=Provenance(facts, signed),
    )


@functools.cache
def shown(kind: str) -> tuple[Report, Pictures]:
    """A result on a photo or a clip with its pictures, which no text changes."""
    made = one_face(Verdict.SOME_SIGNS, 0.75) if kind == "photo" else clip_report()
    return made, pictures_of(made)


def pages(text: str, say: Language) -> Iterator[tuple[str, str]]:
    """Every kind of HTML that is made of what a stranger can write, with its name."""
    manifest = fakes.manifest()
    for kind in ("photo", "clip"):
        made, pictures = shown(kind)
        report = hostile(text, made)
        yield f"result of a {kind}", page.result(report, pictures, manifest, to_json(report), say)
        yield f"document of a {kind}", document(report, pictures, manifest, say)
    yield "notice", page.notice(text, say)
    yield "refusal", page.refusal(text, text, say)
    yield "limit", page.limit(60, say)
    yield "hint", page.hint(text, text, say=say)
    evaluation = {"date": text, "models": {"resnet": {"by_source": {text: {"recall": 0.5}}}}}
    yield "about", page_about.about(manifest, evaluation, {}, say)
    example = dataclasses.replace(read_examples()[0], title=text, what=text, credit=text)
    yield "example", Gallery(fakes.FakeDetector().analyze, manifest, Path("nowhere")).card(example, say)
    yield "example's clip", render("example_clip.html", say, title=text, clip="data:,", result=text)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("say", LANGUAGES.values(), ids=lambda each: each.code)
def test_a_strangers_text_stays_text(text: str, say: Language) -> None:
    for name, html in pages(text, say):
        tree = Tree(re.sub("<!doctype html>", "", html).replace("<meta", "<input"))
        assert not [
            tag for tag, _ in tree.elements if tag in ("script", "iframe", "object", "embed", "form", "base")
        ], name
        for tag, attributes in tree.elements:
            strange = {each for each in attributes if each not in KNOWN and not each.startswith("aria-")}
            assert not strange, (name, tag, strange)
            for place in ("src", "href"):
                given = attributes.get(place) or "data:"
                assert given.startswith("data:") or given in OUR_LINKS, (name, tag)
        if name not in ("about", "limit"):
            assert text in tree.text, name


def test_the_document_keeps_its_title_and_result_apart_from_a_name_that_looks_like_their_places() -> None:
    report = hostile("{{title}}{{result}}", one_face(Verdict.SOME_SIGNS, 0.75))
    html = document(report, pictures_of(report), fakes.manifest())
    assert re.findall(r"<title>(.*)</title>", html) == ["Check of {{title}}{{result}}"]
    assert html.count("<main") == html.count("fc-result") - html.split("</style>")[0].count("fc-result") == 1


def test_what_is_missing_is_loud() -> None:
    with pytest.raises(jinja2.UndefinedError, match="status"):
        render("hint.html", ENGLISH)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.stem))
def test_no_template_turns_escaping_off_or_holds_words_of_its_own(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape|Markup", source)
    # Words for readers are said by `say`, so that every language has them.
    markup = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", "", markup)
    assert not re.search(r"[A-Za-z]{2,}", text), text


def test_a_script_in_an_attribute_of_the_policy_has_no_place() -> None:
    html = document(clip_report(), pictures_of(clip_report()), fakes.manifest())
    policy = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert len(policy) == 1 and policy[0].startswith("default-src 'none';") and "script" not in policy[0]


@pytest.mark.parametrize("say", LANGUAGES.values(), ids=lambda each: each.code)
def test_numbers_for_programs_have_a_point_in_every_language(say: Language) -> None:
    found: list[dict[str, Any]] = [
        attributes
        for _, attributes in Tree(
            page.result(
                one_face(Verdict.SOME_SIGNS, 0.75),
                pictures_of(one_face(Verdict.SOME_SIGNS, 0.75)),
                fakes.manifest(),
                json.dumps({}),
                say,
            )
            + page_clip.progress("reading", 1, 3, None, say)
        ).elements
    ]
    values = [each[name] for each in found for name in ("style", "aria-valuenow", "value") if name in each]
    assert len(values) >= 6
    assert not [value for value in values if "," in value]
    assert say(of_hundred(0.705, 0.7)[0]) == ("70.5" if say.code == "en" else "70,5")


def test_ids_are_unique_on_a_page_with_a_result_in_every_tab() -> None:
    manifest = fakes.manifest()
    html = page.refusal("A reason.", ids="fc-fourth")
    for ids, made in (("fc-photo", one_face(Verdict.SOME_SIGNS, 0.75)), ("fc-clip", clip_report())):
        report = hostile("A text.", made)
        html += page.result(report, pictures_of(report), manifest, "{}", ids=ids)
    report = hostile("A text.", one_face(Verdict.SOME_SIGNS, 0.75))
    html += page.result(report, pictures_of(report), manifest, "{}", ids="fc-examples")
    elements = Tree(html).elements
    found = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(found) == len(set(found)) == 4
