"""The HTML of a result: every word escaped, every face shown, and nothing said that a score cannot carry."""

from __future__ import annotations

import base64
import dataclasses
import re

import numpy as np
import pytest
from gradio.themes.utils import colors

from detector.records import Box, Verdict
from detector.report import page
from detector.report.page_cards import FacePictures
from detector.words import results as words
from tests.report.harness import BOX, CASES, PNG, RGB, SCORES, Tree, html, one_face, shaken, show
from tests.support import fakes


@pytest.mark.parametrize(("found", "p_fake"), CASES)
def test_every_verdict_says_what_it_means_and_what_not(found: Verdict, p_fake: float | None) -> None:
    tree = show(one_face(found, p_fake, reason="The reason of the file."))
    said = (words.MEANS[found], words.MEANS_NOT[found], *words.NEXT[found])
    for sentence in (
        words.HEADLINES[found] if p_fake is not None else words.NO_USABLE_FACE,
        *(words.of_kind(each, "image") for each in said),
        "The reason of the file.",
    ):
        assert sentence in tree.text
    others = set(words.HEADLINES.values()) - {words.HEADLINES[found]}
    headline = next(i for i, (tag, _) in enumerate(tree.elements) if tag == "h2")
    # A shape stands beside the words, so that colour is never alone.
    assert tree.elements[headline + 1][0] == "svg"
    first_screen = tree.text.split("Face by face")[0].split("family.jpg")[0]
    assert not [other for other in others if other in first_screen]


def test_every_verdict_has_its_own_shape() -> None:
    shapes = set()
    for found, p_fake in zip(Verdict, (0.1, 0.5, 0.75, 0.95, None), strict=True):
        tree = show(one_face(found, p_fake))
        start = next(i for i, (tag, _) in enumerate(tree.elements) if tag == "svg")
        drawn = [str(attrs) for tag, attrs in tree.elements[start + 1 : start + 4] if tag in ("path", "circle")]
        shapes.add(tuple(drawn))
    assert len(shapes) == len(Verdict)


@pytest.mark.parametrize(("found", "p_fake"), CASES)
def test_nothing_is_called_real_or_fake(found: Verdict, p_fake: float | None) -> None:
    text = show(one_face(found, p_fake)).text + Tree(page.introduction()).text + Tree(page.refusal("It broke.")).text
    assert not re.findall(r"\b(real|fake|authentic|verified|confiden\w*|certain\w*|proven)\b", text, re.IGNORECASE)


def test_what_comes_from_a_file_is_escaped() -> None:
    evil = '<img src=x onerror="alert(1)">\'&${1+1}{{value}}'
    found = fakes.face(RGB, BOX, Verdict.SOME_SIGNS, 0.75, reason=evil)
    found = dataclasses.replace(found, models={"resnet": 0.75, evil: 0.2})
    report = fakes.report(RGB, (found,), Verdict.SOME_SIGNS, 0.75, name=evil, reason=evil, notes=(evil,))
    report = dataclasses.replace(report, limits=(evil,), versions={evil: evil})
    tree = show(report)
    # On the page, and in its plain text.
    assert tree.text.count(evil) == 14
    for tag, attrs in tree.elements:
        assert not [name for name in attrs if name.startswith("on")]
        if tag == "img":
            assert (attrs["src"] or "").startswith("data:image/")
    links = {attrs["href"] for tag, attrs in tree.elements if tag == "a" and "download" not in attrs}
    assert links == {link.address for link in words.LINKS}
    assert evil in Tree(page.refusal(evil, evil)).text
    name = tree.of_class("fc-download")[0]["download"]
    assert name
    assert not set("<>\"'&${}/\\") & set(name)


def test_the_deciding_face_comes_first_and_calm_ones_are_a_line() -> None:
    rgb = fakes.group_photo()
    found = zip(fakes.FACES, fakes.VERDICTS, fakes.SCORES, strict=True)
    faces = tuple(fakes.face(rgb, *facts, reason=f"Reason {facts[2]}.") for facts in found)
    report = fakes.report(rgb, faces, Verdict.STRONG_SIGNS, 0.83, reason="The reason of the file.")
    tree = show(report)
    assert "3 faces found, 3 checked." in tree.text
    cards = tree.of_class("fc-face")
    assert [(attrs["class"] or "").split()[-1] for attrs in cards] == [
        "fc-strong_signs",
        "fc-inconclusive",
        "fc-no_clear_signs",
    ]
    assert ["open" in attrs for attrs in cards] == [True, False, False]
    positions = [tree.text.index(f"Face {number}") for number in (2, 3, 1)]
    assert positions == sorted(positions)
    # The first gauge is that of the result; the deciding face does not repeat it, nor the reason.
    assert [attrs["aria-valuenow"] for attrs in tree.of_class("fc-meter")] == ["83.00", "50.00", "12.00"]
    assert "Reason 0.83." not in tree.text.split("A score is an estimate")[0]
    assert "Reason 0.5." in tree.text and "Reason 0.12." in tree.text
    # One crop and one overlay a face; below the overlay the crop needs no words.
    pictures = [attrs["alt"] or "" for tag, attrs in tree.elements if tag == "img"]
    assert pictures.count("") == len(tree.of_class("fc-lines")) == 3
    for number in (1, 2, 3):
        assert len([alt for alt in pictures if alt.startswith(f"Face {number}: ")]) == 1
    assert "small network (cnn): 88 of 100" in tree.text
    assert "residual network (resnet): 83 of 100 (sets the result)" in tree.text


def test_nothing_is_said_twice() -> None:
    """Every sentence of a result stands once, but for the scores of each face under "Technical details"."""
    for found, p_fake in zip(Verdict, SCORES, strict=True):
        made = fakes.judged(RGB, found, p_fake)
        text = html(made).split('<pre class="fc-plain"')[0].replace("</p>", ".\n").replace("</li>", ".\n")
        plain = re.sub(r"<[^>]*>", "\n", text)
        sentences = [each.strip() for each in re.split(r"(?<=[.!?])\s|\n", plain)]
        long = [each for each in sentences if len(each.split()) >= 6]
        assert len(long) > 8
        assert sorted({each for each in long if long.count(each) > 1}) == []


def test_boxes_lie_on_the_photo_where_the_faces_are() -> None:
    faces = tuple(fakes.face(RGB, box, Verdict.INCONCLUSIVE, 0.5) for box in (BOX, Box(-50, -20, 60, 80)))
    outside = dataclasses.replace(faces[1].crop.detection, box=Box(250, 150, 360, 260))
    faces = (*faces, dataclasses.replace(faces[1], crop=dataclasses.replace(faces[1].crop, detection=outside)))
    tree = show(fakes.report(RGB, faces, Verdict.INCONCLUSIVE, 0.5))
    places = [
        {key: float(value.rstrip("%")) for key, value in (part.split(":") for part in (box["style"] or "").split(";"))}
        for box in tree.of_class("fc-box")
    ]
    assert places[0] == pytest.approx({"left": 10, "top": 10, "width": 80 / 3, "height": 40}, abs=0.01)
    for place in places:
        assert place["left"] >= 0
        assert place["left"] + place["width"] <= 100.01
        assert place["top"] >= 0
        assert place["top"] + place["height"] <= 100.01


def test_a_face_that_was_not_checked_has_a_reason_and_no_score() -> None:
    skipped = fakes.face(RGB, BOX, Verdict.NOT_ANALYSED, None, reason="The face is too small.")
    made = fakes.report(RGB, (skipped,), Verdict.NOT_ANALYSED, None, reason="The face is too small.")
    tree = show(made)
    assert "1 face found, 0 checked." in tree.text
    assert tree.text.count("The face is too small.") == 3  # once on the page, twice as plain text
    assert words.NO_USABLE_FACE in tree.text
    assert not tree.of_class("fc-meter") and not tree.of_class("fc-legend")
    assert [attrs["alt"] for tag, attrs in tree.elements if tag == "img"][1:] == ["Face 1: Not checked"]


def test_no_face_is_a_headline_of_its_own() -> None:
    tree = show(fakes.report(RGB, (), Verdict.NOT_ANALYSED, None))
    headline = tree.text.split(words.WHAT_IT_MEANS)[0]
    assert words.NO_FACE in headline


def test_a_score_that_holds_and_one_that_does_not() -> None:
    report = one_face(Verdict.SOME_SIGNS, 0.75)
    tree = show(report)
    assert "The score holds: tiny changes you would not notice move it only between 73 and 77." in tree.text
    assert "saved again as JPEG: 77" in tree.text
    # Between the cuts of 70 and 80, the third quarter of the scale.
    assert tree.of_class("fc-spread")[0]["style"] == "left:57.5%;width:10.0%"
    assert "The score holds" not in show(shaken(report)).text


def test_what_does_not_hold_is_explained_and_not_by_its_score() -> None:
    report = one_face(Verdict.INCONCLUSIVE, 0.1)
    shaky = words.of_kind(words.MEANS_SHAKY, "image")
    assert shaky in show(shaken(report)).text
    assert words.MEANS[Verdict.INCONCLUSIVE] not in show(shaken(report)).text
    assert shaky not in show(report).text
    # Nor where the verdict had been taken back for another reason already.
    face = shaken(report).faces[0]
    assert face.stability is not None
    blurred = dataclasses.replace(face, stability=dataclasses.replace(face.stability, decided=False))
    assert shaky not in show(dataclasses.replace(report, faces=(blurred,))).text
    # A second face that is shaky says nothing about the first one, which decides.
    strong = one_face(Verdict.STRONG_SIGNS, 0.9)
    both = dataclasses.replace(strong, faces=(*strong.faces, *shaken(report).faces))
    assert shaky not in show(both).text


def test_a_region_is_named_only_where_hiding_proves_it() -> None:
    report = one_face(Verdict.SOME_SIGNS, 0.75)
    text = show(report).text
    assert "Hiding the mouth lowers the score from 75 to 45." in text
    assert "hiding 2 random spots as large, to 77 at most" in text
    assert words.WHOLE_FACE not in text
    text = show(shaken(report)).text.split(words.TECHNICAL)[0]
    assert "mouth" not in text
    # The fake's one hot corner is not "much of the face".
    assert words.SMALL_SPOTS in text and words.WHOLE_FACE not in text
    face = shaken(report).faces[0]
    assert face.heatmap is not None
    wide = dataclasses.replace(face.heatmap, towards_fake=np.full((7, 7), 0.9, np.float32))
    text = show(dataclasses.replace(report, faces=(dataclasses.replace(face, heatmap=wide),))).text
    assert words.WHOLE_FACE in text and words.SMALL_SPOTS not in text
    face = report.faces[0]
    assert face.region is not None
    raised = dataclasses.replace(face, region=dataclasses.replace(face.region, hidden=0.9))
    assert "Hiding the mouth raises the score from 75 to 90." in show(dataclasses.replace(report, faces=(raised,))).text


def test_a_heatmap_is_told_in_words() -> None:
    faint = fakes.face(RGB, BOX, Verdict.INCONCLUSIVE, 0.5, heat=0.04)
    faint = dataclasses.replace(faint, region=None)
    tree = show(fakes.report(RGB, (faint,), Verdict.INCONCLUSIVE, 0.5))
    assert words.NOTHING_STOOD_OUT in tree.text
    assert words.of_kind(words.READ_HEATMAPS, "image") in tree.text
    (lines,) = tree.of_class("fc-lines")
    assert (
        lines["alt"] == "Face 1: What the model saw, strongest spot 4 of 100 towards altered, 0 of 100 towards genuine"
    )
    # To compare, it is held by finger, mouse or keyboard; in a file without scripts the bare face stands beside it.
    assert len([tag for tag, attrs in tree.elements if attrs.get("class") == "fc-hold"]) == 1
    pictures = page.Pictures(PNG, (FacePictures(PNG, PNG),), PNG)
    made = fakes.report(RGB, (faint,), Verdict.INCONCLUSIVE, 0.5)
    printed = Tree(page.result(made, pictures, fakes.manifest(), "{}", printed=True))
    assert not printed.of_class("fc-hold") and len(printed.of_class("fc-bare-crop")) == 1
    assert not [attrs for tag, attrs in printed.elements if tag == "details" and "open" not in attrs]


def test_without_heatmaps_nothing_is_said_of_colours() -> None:
    bare = dataclasses.replace(fakes.face(RGB, BOX, Verdict.INCONCLUSIVE, 0.5), heatmap=None)
    tree = show(fakes.report(RGB, (bare,), Verdict.INCONCLUSIVE, 0.5))
    assert words.of_kind(words.READ_HEATMAPS, "image") not in tree.text
    assert not tree.of_class("fc-legend")
    assert words.band_facts(fakes.manifest().models["resnet"].bands) in tree.text


def test_the_download_is_the_report() -> None:
    link = show(one_face(Verdict.INCONCLUSIVE, 0.5)).of_class("fc-download")[0]
    kind, _, data = (link["href"] or "").partition(",")
    assert kind == "data:application/json;base64"
    assert base64.b64decode(data) == b'{"a": 1}'
    assert link["download"] == "family-report.json"


def test_pictures_must_match_the_faces() -> None:
    with pytest.raises(ValueError, match="expected 1 face pictures, got 0"):
        page.result(one_face(Verdict.INCONCLUSIVE, 0.5), page.Pictures(None, ()), fakes.manifest(), "{}")


def test_nothing_is_fetched_from_elsewhere() -> None:
    html = page.introduction() + page.refusal("x") + page.STYLESHEET.read_text(encoding="utf-8")
    assert not re.search(r"https?:|//\w|@import|url\(", html)


@pytest.mark.parametrize(("scheme", "ground"), [("", "#ffffff"), (".dark ", colors.slate.c800)])
def test_colours_of_words_can_be_read(scheme: str, ground: str) -> None:
    css = page.STYLESHEET.read_text(encoding="utf-8")
    hues = re.findall(rf"^{re.escape(scheme)}\.fc-\w+ {{[^}}]*--fc-(?:hue|soft): (#\w{{6}})", css, re.MULTILINE)
    assert len(hues) == len(Verdict) + 1
    # WCAG 2, level AA.
    assert min(contrast(hue, ground) for hue in hues) >= 4.5


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio of two #rrggbb colours."""

    def luminance(colour: str) -> float:
        shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_icon_is_hidden_from_screen_readers() -> None:
    tree = show(one_face(Verdict.INCONCLUSIVE, 0.5))
    assert all(attrs.get("aria-hidden") == "true" for tag, attrs in tree.elements if tag == "svg")
