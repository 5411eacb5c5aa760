"""Which work on a video belongs to which page, and what becomes of it when the page is reloaded or closed.

A reload is a page that is closed and another one with the same ticket soon after. So the work of a closed page goes on for a
moment, and belongs to the page that comes back for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from detector.web.work import Work

__all__ = ["RETURN_S", "VideoWork"]

RETURN_S = 30.0
"""Seconds for which the work of a closed page goes on."""


class VideoWork:
    """What is being done for which page.

    Args:
        given_up: called with the ticket of work that was stopped since its page did not come back.
        return_s: seconds that a page has for that.
    """

    def __init__(self, given_up: Callable[[str], None], return_s: float = RETURN_S) -> None:
        self._given_up, self._return_s = given_up, return_s
        self._of_page: dict[str, Work[Any]] = {}
        self._of_ticket: dict[str, Work[Any]] = {}
        self._timers: dict[str, threading.Timer] = {}
        self._changing = threading.Lock()

    def begin(self, work: Work[Any], page: str, ticket: str | None) -> None:
        """Note down whose the work is.

        Args:
            work: that has begun.
            page: the browser session.
            ticket: by which another page may come back for it; None for work that ends with its page.
        """
        with self._changing:
            self._of_page[page] = work
            if ticket is not None:
                self._of_ticket[ticket] = work

    def end(self, work: Work[Any]) -> None:
        """Forget work that is done or stopped."""
        with self._changing:
            for known in (self._of_page, self._of_ticket):
                for key in [key for key, each in known.items() if each is work]:
                    del known[key]

    def of(self, page: str) -> Work[Any] | None:
        """What is being done for a page."""
        return self._of_page.get(page)

    def stop(self, page: str) -> None:
        """Stop what a page has asked for."""
        work = self._of_page.get(page)
        if work is not None:
            work.stop()
            self.end(work)

    def leave(self, page: str) -> None:
        """The page was closed or is being reloaded."""
        with self._changing:
            work = self._of_page.pop(page, None)
            ticket = next((key for key, each in self._of_ticket.items() if each is work), None)
            if work is None:
                return
            if ticket is not None:
                timer = threading.Timer(self._return_s, self._give_up, (ticket, work))
                timer.daemon = True
                self._timers[ticket] = timer
                timer.start()
                return
        work.stop()

    def come_back(self, ticket: str, page: str) -> Work[Any] | None:
        """The work of a ticket, which belongs to this page from now on; None where there is none."""
        with self._changing:
            if (timer := self._timers.pop(ticket, None)) is not None:
                timer.cancel()
            work = self._of_ticket.get(ticket)
            if work is None or not work.running:
                self._of_ticket.pop(ticket, None)
                return None
            for before in [key for key, each in self._of_page.items() if each is work]:
                del self._of_page[before]
            self._of_page[page] = work
            return work

    def _give_up(self, ticket: str, work: Work[Any]) -> None:
        with self._changing:
            # The page may have come back at the last moment, or begun something else.
            if self._timers.pop(ticket, None) is None or self._of_ticket.get(ticket) is not work:
                return
            del self._of_ticket[ticket]
            if not work.running:
                return
        work.stop()
        self._given_up(ticket)
