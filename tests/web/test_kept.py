"""A finished result is found again by the ticket of its browser tab, and by nothing else."""

from __future__ import annotations

import pytest

from detector.report import page
from detector.web.kept import KeptResults
from detector.web.localised import LocalisedCard, Reader
from detector.web.session import unfinished
from detector.words import results as words
from detector.words.language import LANGUAGES

TICKET = "0123456789abcdef" * 2
CARD = LocalisedCard(page.notice, words.STOPPED, record={})


def test_a_result_is_found_by_its_ticket_until_it_is_replaced_or_forgotten() -> None:
    results = KeptResults(60)
    assert results.find(TICKET) is None
    results.keep(TICKET, "fc-output", CARD)
    results.keep(TICKET, "fc-clip-output", CARD)
    found = results.find(TICKET)
    assert found is not None and (found.tab, found.card) == ("fc-clip-output", CARD)
    assert results.find("f" * 32) is None
    results.forget(TICKET)
    assert results.find(TICKET) is None


@pytest.mark.parametrize("ticket", [None, 7, "", "0" * 31, "0" * 33, "G" * 32, ["0" * 32], "0" * 32 + "\n"])
def test_what_is_no_ticket_keeps_and_finds_nothing(ticket: object) -> None:
    results = KeptResults(60)
    results.keep(ticket, "fc-output", CARD)
    assert results.find(ticket) is None
    results.forget(ticket)


def test_results_are_forgotten_in_time_and_their_number_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("detector.web.kept.time.monotonic", lambda: now[0])
    results = KeptResults(60)
    for number in range(105):
        results.keep(f"{number:032x}", "fc-output", CARD)
    assert [results.find(f"{number:032x}") is None for number in (0, 4, 5, 104)] == [True, True, False, False]
    now[0] += 61
    assert results.find(f"{104:032x}") is None


def test_a_result_that_is_shown_again_says_so_in_every_language() -> None:
    again = CARD.of(7).again()
    for say in LANGUAGES.values():
        assert 'data-choice="0" data-kept' in again(say) and say(words.KEPT) in again(say)
        assert 'data-choice="7"' in CARD(say) and "data-kept" not in CARD(say)


def test_the_language_of_now_counts() -> None:
    reader = Reader()
    assert reader.say("de").code == "de"
    reader.turn_to("es")
    assert reader.say("de").code == "es"


@pytest.mark.parametrize(
    ("wait", "limited"), [(42, True), (1.5, True), (0, False), (None, False), ("9", False), (1e9, False)]
)
def test_a_check_that_came_too_soon_is_told_for_how_long(wait: object, limited: bool) -> None:
    shown = unfinished(wait, "fc")(LANGUAGES["en"])
    assert ("fc-limit" in shown, words.UNFINISHED in shown) == (limited, not limited)
    if limited:
        assert f'data-seconds="{int(float(str(wait)))}"' in shown and words.LIMITED in shown


def test_a_check_that_found_the_server_full_is_not_blamed_on_its_reader() -> None:
    shown = unfinished(-30, "fc")(LANGUAGES["en"])
    assert 'data-seconds="30"' in shown and words.MANY_READERS in shown and words.LIMITED not in shown
