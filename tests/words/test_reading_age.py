"""The English texts are no harder to read than a newspaper."""

from __future__ import annotations

import pytest

from tests.bench.reading_age import grade, texts

NEWSPAPER = 9.0


def test_the_grade_is_that_of_the_formula() -> None:
    # 6 words, 6 syllables; 2 sentences of 2 words and 9 syllables.
    assert grade(["The cat sat on the mat."]) == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert grade(["Particular manipulation. Go home."]) == pytest.approx(0.39 * 2 + 11.8 * 11 / 4 - 15.59)
    with pytest.raises(ValueError, match="word"):
        grade(["1 2 3"])


def test_a_reader_of_newspapers_reads_the_page() -> None:
    found = texts()
    assert len(found) > 150
    assert grade(found) <= NEWSPAPER
