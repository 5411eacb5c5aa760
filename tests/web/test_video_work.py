"""Work on a video outlives its page for a moment, and no longer."""

from __future__ import annotations

import threading

from detector.errors import Cancelled
from detector.records import Progress
from detector.web.video_work import VideoWork
from detector.web.work import IsCancelled, Work
from tests.support.running import within

OLD, NEW, TICKET = "page before", "page after", "0" * 32


def lasting(let_go: threading.Event) -> Work[int]:
    def run(_: Progress, stopped: IsCancelled) -> int:
        while not let_go.wait(0.01):
            if stopped():
                raise Cancelled("stopped")
        return 7

    return Work(run)


def test_a_page_that_comes_back_finds_its_work() -> None:
    given_up: list[str] = []
    works, let_go = VideoWork(given_up.append, return_s=0.3), threading.Event()
    work = lasting(let_go)
    works.begin(work, OLD, TICKET)
    works.leave(OLD)
    assert works.come_back("f" * 32, NEW) is None
    assert works.come_back(TICKET, NEW) is work and works.of(NEW) is work and works.of(OLD) is None
    works.leave(OLD)  # heard of late: it is no longer that page's
    assert not within(0.6, lambda: not work.running) and given_up == []
    let_go.set()
    assert work.result() == 7
    assert works.come_back(TICKET, NEW) is None, "done: the result is found elsewhere"


def test_a_page_that_does_not_come_back_is_given_up() -> None:
    given_up: list[str] = []
    works, let_go = VideoWork(given_up.append, return_s=0.1), threading.Event()
    work = lasting(let_go)
    works.begin(work, OLD, TICKET)
    works.leave(OLD)
    assert within(5, lambda: not work.running) and within(5, lambda: given_up == [TICKET])
    assert works.come_back(TICKET, NEW) is None


def test_what_needs_its_page_or_is_stopped_ends_at_once() -> None:
    given_up: list[str] = []
    works, let_go = VideoWork(given_up.append), threading.Event()
    for ticket, end in ((None, works.leave), (TICKET, works.stop)):
        work = lasting(let_go)
        works.begin(work, OLD, ticket)
        end(OLD)
        assert within(5, lambda ended=work: not ended.running)  # type: ignore[misc]
        assert works.of(OLD) is None and works.come_back(TICKET, NEW) is None
    assert given_up == []
