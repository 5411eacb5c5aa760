"""Copies that are lent: never to two at a time, always returned, results in order."""

from __future__ import annotations

import itertools
import threading
import time

import pytest

from detector.runtime.pool import Copies


class Tool:
    """Notices two users at a time."""

    made = itertools.count()

    def __init__(self) -> None:
        self.number, self.busy, self.freed = next(self.made), threading.Lock(), False

    def use(self, item: int) -> int:
        assert self.busy.acquire(blocking=False), "lent to two"
        time.sleep(0.001)
        self.busy.release()
        return item * item


def test_results_come_in_order_and_no_copy_serves_two_at_a_time() -> None:
    copies = Copies(Tool, "test")
    answers: list[list[int]] = []
    callers = [threading.Thread(target=lambda: answers.append(copies.map(Tool.use, range(40)))) for _ in range(6)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert answers == [[n * n for n in range(40)]] * 6


def test_a_copy_comes_back_after_an_error() -> None:
    copies = Copies(Tool, "test")

    def fail(tool: Tool, item: int) -> int:
        raise KeyError(item)

    for _ in range(10):
        with pytest.raises(KeyError):
            copies.map(fail, range(3))
    assert copies.map(Tool.use, iter([3])) == [9]
    assert copies.map(Tool.use, []) == []


def test_closing_frees_every_copy() -> None:
    before = next(Tool.made)
    copies = Copies(Tool, "test")
    freed: list[int] = []
    copies.map(Tool.use, range(8))
    copies.close(lambda tool: freed.append(tool.number))
    assert freed == list(range(before + 1, next(Tool.made)))
    with pytest.raises(RuntimeError):
        copies.map(Tool.use, range(2))
