"""The figures of a result: scores, bands, and how often a result was right; none says more than was measured."""

from __future__ import annotations

import re

import pytest

from detector.records import Bands, ErrorRate, Verdict
from detector.report import page
from detector.report.scale import Scale
from detector.sentences import of_hundred
from detector.words import results as words
from tests.report.harness import CASES, KNOWN, Tree, one_face, show
from tests.support import fakes


def test_a_score_is_a_whole_number_of_100_and_has_one_more_digit_near_a_cut() -> None:
    assert words.score_text(0.83) == "83 of 100"
    assert words.score_text(0.83, 0.3, 0.7, 0.95) == "83 of 100"
    assert words.score_text(0.7049, 0.3, 0.7) == "70.5 of 100"
    assert words.score_text(0.69999, 0.7) == "69.999 of 100"
    assert words.score_text(0.0) == "1 of 100"
    assert words.score_text(1.0, 0.7) == "99 of 100"
    assert words.score_text(1.0, 0.995) == "99.9999 of 100"
    assert of_hundred(0.98, 0.975) == ("98.0", "97.5")
    assert of_hundred(0.12, 0.3736) == ("12", "37.4")


def test_every_band_of_the_gauge_is_named_and_as_wide_as_the_next() -> None:
    scale = Scale(fakes.manifest().models["resnet"].bands)
    assert [band.from_score for band in scale.bands] == ["0", "30", "70", "80"]
    assert [scale.place(score) for score in (0, 0.3, 0.5, 0.7, 0.9, 1)] == pytest.approx(
        [0, 0.25, 0.375, 0.5, 0.875, 1]
    )
    tree = show(one_face(Verdict.SOME_SIGNS, 0.75))
    for band in scale.bands:
        assert words.BAND_NAMES[band.verdict] in tree.text
    assert tree.of_class("fc-meter")[0]["aria-valuetext"] == "75 of 100: some signs"
    # No cut between "no clear signs" and "some signs": then there is no band between them.
    assert [band.start for band in Scale(Bands(0.5, 0.5, None)).bands] == [0, 0.5]
    assert Scale(None).place(0.4) == 0.4


@pytest.mark.parametrize(("found", "p_fake"), CASES)
def test_what_it_knows_stands_where_nothing_was_found(found: Verdict, p_fake: float | None) -> None:
    text = show(one_face(found, p_fake)).text
    told = "In tests it finds 45 of 100 swapped faces, 3 of 12 Wombo." in text
    assert told == (found in (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE))
    assert "45 of 100 swapped faces" in Tree(page.introduction(known=KNOWN)).text
    assert "was not measured" in Tree(page.introduction()).text


@pytest.mark.parametrize(("p_fake", "text"), [(0.0, "1 of 100"), (1.0, "99 of 100")])
def test_a_score_never_reads_as_certain(p_fake: float, text: str) -> None:
    shown = show(one_face(Verdict.INCONCLUSIVE, p_fake)).text
    assert not re.search(r"\b(0|100)(\.0)? of 100\b", shown)
    assert text in shown


def test_track_record_is_counted_over_all_test_faces() -> None:
    record = fakes.manifest().models["resnet"].track_record
    text = words.track_record(record, Verdict.STRONG_SIGNS)
    assert "about 1 of 100 genuine faces" in text
    assert "about 40 of 100 altered" in text
    assert "500 and 500 faces" in text
    # Bayes with 1 in 10: 0.1 * 0.4 / (0.1 * 0.4 + 0.9 * 0.01).
    assert "about 82 of 100 faces with this result" in words.base_rate(record, Verdict.STRONG_SIGNS)
    # 0.1 * 0.18 / (0.1 * 0.18 + 0.9 * 0.84)
    assert "about 2 of 100 faces with this result" in words.base_rate(record, Verdict.NO_CLEAR_SIGNS)
    shown = show(one_face(Verdict.STRONG_SIGNS, 0.95)).text
    assert text in shown
    assert words.base_rate(record, Verdict.STRONG_SIGNS) in shown


@pytest.mark.parametrize(
    "record",
    [
        pytest.param((), id="nothing measured"),
        pytest.param((ErrorRate(Verdict.SOME_SIGNS, 5, 5),), id="another verdict"),
        pytest.param((ErrorRate(Verdict.STRONG_SIGNS, 0, 7),), id="no genuine faces"),
    ],
)
def test_no_track_record_is_made_up(record: tuple[ErrorRate, ...]) -> None:
    assert words.track_record(record, Verdict.STRONG_SIGNS) == ""
    assert words.base_rate(record, Verdict.STRONG_SIGNS) == ""


def test_few_test_faces_are_not_stretched_to_a_hundred() -> None:
    record = (ErrorRate(Verdict.NO_CLEAR_SIGNS, 3, 1), ErrorRate(Verdict.INCONCLUSIVE, 8, 11))
    text = words.track_record(record, Verdict.NO_CLEAR_SIGNS)
    assert text.startswith("In tests, 3 of 11 genuine faces got this result, and 1 of 12 altered")
    assert words.base_rate(record, Verdict.NO_CLEAR_SIGNS) == ""


def test_what_was_never_met_is_not_promised() -> None:
    record = (ErrorRate(Verdict.NO_CLEAR_SIGNS, 400, 0), ErrorRate(Verdict.STRONG_SIGNS, 0, 300))
    assert "none of 100 altered" in words.track_record(record, Verdict.NO_CLEAR_SIGNS)
    assert words.base_rate(record, Verdict.NO_CLEAR_SIGNS) == words.base_rate(record, Verdict.STRONG_SIGNS) == ""


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "none"), (0.001, "fewer than 1"), (0.5, "about 50"), (0.999, "more than 99"), (1.0, "about 100")],
)
def test_rare_is_not_written_as_never(share: float, text: str) -> None:
    hits = round(1000 * share)
    record = (ErrorRate(Verdict.INCONCLUSIVE, hits, 500), ErrorRate(Verdict.SOME_SIGNS, 1000 - hits, 500))
    assert words.track_record(record, Verdict.INCONCLUSIVE).startswith(f"In tests, {text} of 100 genuine")


def test_a_manifest_without_a_strong_band_promises_none() -> None:
    tree = show(one_face(Verdict.SOME_SIGNS, 0.95), strong_from=None)
    assert words.HEADLINES[Verdict.STRONG_SIGNS] not in tree.text
    assert words.BAND_NAMES[Verdict.STRONG_SIGNS] not in tree.text
    assert len([tag for tag, _ in tree.elements if tag == "i"]) == 3
