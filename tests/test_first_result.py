"""The times until a first result are published as they were measured."""

from __future__ import annotations

import json

import pytest

from tests.bench.first_result import DOCUMENT, RESULT, SECTION, published, section

MADE = {
    "date": "2026-01-02",
    "machine": "2 cores",
    "load": 0.1,
    "rounds": 3,
    "files": {"photo": {"first_s": 1.25, "median_s": 0.5, "longest_s": 0.75}},
}


def test_a_section_is_added_once_and_then_replaced() -> None:
    document = published("# Speed\n\nText.\n", "old")
    assert document.startswith("# Speed\n\nText.\n\n## Until the first result\n")
    document = published(document, section(MADE))
    assert "old" not in document and document.count(SECTION.begin) == 1
    assert "| photo | 1.2 | 0.5 | 0.8 |" in SECTION.read(document)


@pytest.mark.skipif(not RESULT.exists(), reason="not measured on a quiet machine yet")
def test_the_document_has_the_figures_of_the_file() -> None:
    assert SECTION.read(DOCUMENT.read_text(encoding="utf-8")) == section(json.loads(RESULT.read_text(encoding="utf-8")))
