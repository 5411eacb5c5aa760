"""Reading ahead changes who makes the items, not the items: order, errors and the end stay, and nothing runs on unwatched."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from detector.runtime.prefetch import read_ahead
from tests.support.running import within


def test_the_items_come_in_their_order_from_another_thread() -> None:
    makers = set()

    def numbers() -> Iterator[int]:
        for number in range(50):
            makers.add(threading.get_ident())
            yield number

    assert list(read_ahead(numbers(), 3)) == list(range(50))
    assert makers and threading.get_ident() not in makers


def test_items_are_made_while_earlier_ones_are_used_but_not_without_bound() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            yield number

    with contextlib.closing(read_ahead(numbers(), 3)) as items:
        assert next(items) == 0
        # Three wait and one is in the maker's hand.
        assert within(5, lambda: len(made) == 5)
        time.sleep(0.2)
        assert len(made) == 5


def test_an_error_comes_after_the_items_before_it() -> None:
    def broken() -> Iterator[int]:
        yield from (1, 2)
        raise LookupError("the third")

    items = read_ahead(broken(), 1)
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(LookupError, match="the third"):
        next(items)


def test_leaving_early_ends_the_thread_and_what_it_reads_from() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 0
        finally:
            closed.set()

    before = threading.active_count()
    with contextlib.closing(read_ahead(endless(), 2)) as items:
        next(items)
    assert closed.is_set() and threading.active_count() == before
