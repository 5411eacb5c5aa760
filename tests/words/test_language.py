"""Sentences in other languages: values, numbers, plural forms, the reader's language, and no English in the German page."""

from __future__ import annotations

import copy
import pickle
import re
from dataclasses import replace
from typing import Any

import pytest

from detector.errors import DamagedMedia
from detector.media import clip_kinds, decoding
from detector.records import ClipRules, Obstacle, Rejection, Report, Verdict
from detector.report import page, page_clip
from detector.sentences import Sentence, joined, listed
from detector.verdict.clips import CLIP_LIMITS, judge_person
from detector.verdict.files import LIMITS, judge_file
from detector.words import language as languages
from detector.words import results as words
from detector.words.language import ENGLISH, LANGUAGES, Language, language, preferred
from tests.report import harness, test_page_clip
from tests.report.harness import Tree
from tests.support import fakes

GERMAN = LANGUAGES["de"]


def test_a_sentence_is_its_english_text() -> None:
    sentence = Sentence(
        "The file has {size:.0f} MB; at most {most} MB are read. {cure}", size=51.2, most=50, cure="Cut it."
    )
    assert sentence == "The file has 51 MB; at most 50 MB are read. Cut it."
    assert hash(sentence) == hash(str(sentence))
    assert type(str(sentence)) is str


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_sentence_keeps_its_template_when_copied(copied) -> None:  # type: ignore[no-untyped-def]
    inner = Sentence("Most often: {obstacle}", obstacle=Sentence("a text file"))
    made = copied(joined(inner, "End."))
    assert made == "Most often: a text file End."
    assert GERMAN(made) == "Am häufigsten: eine Textdatei End."


def test_a_missing_value_is_loud() -> None:
    with pytest.raises(KeyError):
        Sentence("Face {number}")
    with pytest.raises(KeyError):
        Sentence.plural("1 face found, {analysed} checked.", "{count} faces found, {analysed} checked.", 2)


@pytest.mark.parametrize(
    ("count", "english", "german"),
    [
        (0, "0 faces found, 0 checked.", "0 Gesichter gefunden, 0 geprüft."),
        (1, "1 face found, 0 checked.", "1 Gesicht gefunden, 0 geprüft."),
        (2, "2 faces found, 0 checked.", "2 Gesichter gefunden, 0 geprüft."),
    ],
)
@pytest.mark.parametrize("copied", [lambda each: each, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_number_chooses_the_form(count: int, english: str, german: str, copied) -> None:  # type: ignore[no-untyped-def]
    sentence = copied(
        Sentence.plural(
            "1 face found, {analysed} checked.", "{count} faces found, {analysed} checked.", count, analysed=0
        )
    )
    assert sentence == ENGLISH(sentence) == english
    assert GERMAN(sentence) == german


def test_a_list_ends_with_a_full_stop() -> None:
    made = listed([Sentence("photo"), Sentence("video")])
    assert made == "photo, video."
    assert GERMAN(made) == "Foto, Video."
    assert listed([]) == "."
    assert joined("", "") == ""


def test_empty_text_stays_empty() -> None:
    assert GERMAN("") == GERMAN(Sentence("")) == ""


def test_numbers_get_the_decimal_sign_of_the_language() -> None:
    sentence = Sentence(
        "The clip is {hours:.1f} hours long; at most {most:.0f} are read. {cure}", hours=4.5, most=4, cure=""
    )
    assert ENGLISH(sentence).startswith("The clip is 4.5 hours long")
    assert "4,5" in GERMAN(sentence)
    assert (
        GERMAN(Sentence("{time}: {score}", time="0:07.4", score=words.score_text(0.705, 0.7))) == "0:07,4: 70,5 von 100"
    )
    assert GERMAN("0.83") == "0,83"
    assert GERMAN("family.2.jpg") == "family.2.jpg"


def test_braces_in_a_value_are_text() -> None:
    sentence = joined(Sentence("The first: {reason}", reason="{0} {{value}} {reason}"), "")
    assert GERMAN(sentence) == "Das erste: {0} {{value}} {reason}"


def test_an_error_keeps_its_sentence() -> None:
    error = DamagedMedia(Sentence("The file is empty: copy or download it again."))
    assert GERMAN(pickle.loads(pickle.dumps(error)).sentence).startswith("Die Datei ist leer")
    assert DamagedMedia("x").sentence == "x"
    assert DamagedMedia().sentence == ""


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("en-GB,de;q=0.9", "en"),
        ("fr,de;q=0.4,en;q=0.3", "de"),
        ("fr-CA, DE-ch;q=0.8", "de"),
        ("de;q=0", "en"),
        ("de;q=junk,,;;", "en"),
        ("*", "en"),
        ("", "en"),
        (None, "en"),
    ],
)
def test_the_browsers_language(header: str | None, code: str) -> None:
    assert preferred(header) == code
    assert language(code).code == code


def test_codes_are_found_whatever_their_case_and_their_region(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {each.code: each for each in (ENGLISH, Language("pt_BR"), Language("pt"), Language("zh_Hant"))}
    monkeypatch.setattr(languages, "LANGUAGES", there)
    assert preferred("PT-br") == "pt-BR"
    assert preferred("pt-PT") == "pt"
    assert preferred("zh-hant-TW, en;q=0.9") == "zh-Hant"
    assert preferred("zh-CN, pt;q=0.5") == "pt"
    assert language("pt-BR").name == "Português (Brasil)"


def test_an_unknown_code_is_english() -> None:
    assert language("xx") is language(None) is ENGLISH


# The page in German --------------------------------------------------------------------------------------------------

ENGLISH_WORDS = re.compile(
    r"\b(the|this|that|it|is|are|of|and|or|not|with|from|to|your|you|be|by|at|no|one|only|than|which|can|may|how|what|"
    r"face|faces|file|score|scores|frames|picture|found|altered|genuine)\b",
    re.IGNORECASE,
)
"""Words of which hardly any English sentence has none, and which are not German."""


def judged_clip() -> Report:
    """The clip of the page's tests, with reasons and limits that the detector itself gives."""
    report = test_page_clip.clip_report()
    bands = fakes.manifest().models["resnet"].bands
    rules = ClipRules(32, 1, 3, 0.1, 0.2, {})
    first, second = report.faces
    counts: dict[str, Any] = {"decides": "resnet", "bands": bands, "sampled": 5, "rules": rules}
    _, why = judge_person({"resnet": 0.75}, usable=4, seen=4, **counts)
    _, why_not = judge_person(
        {}, usable=1, seen=1, rejection=Rejection(Obstacle.TOO_DARK, Sentence("a text file")), **counts
    )
    people = (replace(first, reason=why), replace(second, reason=why_not))
    reason = judge_file(people, "video")[1]
    return replace(report, faces=people, reason=reason, limits=(*LIMITS, *CLIP_LIMITS))


def states() -> dict[str, str]:
    """Everything the page can show, in German, by a name."""
    shown = {}
    for found, p_fake in zip(Verdict, harness.SCORES, strict=True):
        for count in (1, 3):
            report = fakes.judged(harness.RGB, found, p_fake, count)
            shown[f"{found}, {count} faces"] = harness.html(report, GERMAN)
            # Whether the score holds and whether a region is named are said in words of their own.
            shaky = harness.shaken(report)
            shown[f"{found}, {count} faces, shaky"] = harness.html(shaky, GERMAN)
    shown["clip"] = test_page_clip.html_of_clip(judged_clip(), GERMAN)
    shown["introduction"] = page.introduction(GERMAN)
    for name in ("NO_PHOTO", "NO_CLIP", "WAITING", "OPENING", "STOPPED", "NOT_UPLOADED"):
        shown[name] = page.notice(getattr(words, name), GERMAN)
    shown["refusal"] = page.refusal(Sentence("The file is empty: copy or download it again."), "a.jpg", GERMAN)
    shown["refused clip"] = page.refusal(words.UNFINISHED, None, GERMAN, "video")
    for stage in words.STAGES:
        shown[stage] = "".join(page_clip.progress(stage, 1, 4, left, GERMAN) for left in (None, 1.0, 30.0, 60.0, 200.0))
    shown["no total"] = page_clip.progress("starting", 0, 0, None, GERMAN)
    return shown


def test_no_english_is_left_in_the_german_page() -> None:
    for name, html in states().items():
        tree = Tree(html)
        said = [tree.text, *(attrs.get(key) or "" for _, attrs in tree.elements for key in READ_ALOUD)]
        left = [
            f"{word.group()!r} in {text[max(0, word.start() - 40) : word.end() + 40]!r}"
            for text in said
            for word in ENGLISH_WORDS.finditer(text)
        ]
        assert left == [], name


READ_ALOUD = ("alt", "aria-label", "aria-valuetext", "title", "placeholder")


def test_english_in_the_german_page_would_be_seen() -> None:
    assert ENGLISH_WORDS.search(page.notice("A sentence that is in no catalogue.", GERMAN))
    assert ENGLISH_WORDS.search(page.introduction())


def test_what_the_page_takes_is_what_is_read() -> None:
    assert f"{decoding.MAX_FILE_BYTES >> 20} MB and {decoding.MAX_PIXELS // 10**6} megapixels" in words.ACCEPTED_IMAGES
    assert f"{clip_kinds.MAX_FILE_BYTES >> 20} MB" in words.ACCEPTED_CLIPS
