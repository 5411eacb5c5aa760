"""Several files as a list and as CSV."""

from __future__ import annotations

import csv
import io

from detector.records import Verdict
from detector.report.several import Outcome, as_csv, several
from detector.words import results as words
from detector.words.language import LANGUAGES
from tests.report.harness import Tree, one_face

FOUND = (
    Outcome.of_report(one_face(Verdict.NO_CLEAR_SIGNS, 0.1)),
    Outcome.of_error("=cmd|' /C calc'!A0.jpg", "The file is empty: copy or download it again."),
    Outcome.of_report(one_face(Verdict.STRONG_SIGNS, 0.9)),
    Outcome.of_report(one_face(Verdict.STRONG_SIGNS, 0.95)),
)


def test_the_worst_stands_first_and_what_was_not_checked_before_what_is_calm() -> None:
    for say in LANGUAGES.values():
        tree = Tree(several(FOUND, 0, say))
        kinds = [(each["class"] or "").split()[-1] for each in tree.of_class("fc-card")]
        assert kinds == ["fc-strong_signs", "fc-strong_signs", "fc-not_analysed", "fc-no_clear_signs"]
        assert tree.text.index(say(words.score_text(0.95))) < tree.text.index(say(words.score_text(0.9)))
        assert say(words.SAVE_LIST) in tree.text
    # As long as files are left, there is no list to save.
    tree = Tree(several(FOUND[:1], 2))
    assert "2 files left." in tree.text and not tree.of_class("fc-download")


def test_no_spreadsheet_takes_a_name_for_a_formula() -> None:
    lines = list(csv.DictReader(io.StringIO(as_csv(FOUND))))
    assert [line["verdict"] for line in lines] == [each.verdict.value for each in FOUND]
    assert lines[1]["file"] == "'=cmd|' /C calc'!A0.jpg" and lines[1]["score_of_100"] == ""
    assert lines[3]["score_of_100"] == "95.00"
