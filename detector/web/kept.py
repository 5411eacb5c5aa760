"""The last finished result of each browser tab, found again after a reload or a lost line, for as long as results are kept.

The browser makes up a ticket of 128 random bits, keeps it for its tab alone, and sends it along with each check.
"""

from __future__ import annotations

import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from detector.web.localised import LocalisedCard

__all__ = ["Kept", "KeptResults", "is_ticket"]

_TICKET = re.compile(r"[0-9a-f]{32}")
_MOST = 100
"""Results that are kept; older ones go first."""


@dataclass(frozen=True)
class Kept:
    """A finished result."""

    tab: str
    """Id of the component that showed it."""
    card: LocalisedCard
    until: float
    """On the monotonic clock, seconds."""


class KeptResults:
    """Finished results by ticket.

    Args:
        kept_s: seconds after which a result is forgotten.
    """

    def __init__(self, kept_s: float) -> None:
        self._kept_s = kept_s
        self._by_ticket: OrderedDict[str, Kept] = OrderedDict()
        self._changing = threading.Lock()

    def keep(self, ticket: Any, tab: str, card: LocalisedCard) -> None:
        """Keep a result; an earlier one of the same ticket is forgotten, and a ticket of another form ignored."""
        if not is_ticket(ticket):
            return
        with self._changing:
            self._forget_old()
            self._by_ticket.pop(ticket, None)
            self._by_ticket[ticket] = Kept(tab, card, time.monotonic() + self._kept_s)
            while len(self._by_ticket) > _MOST:
                self._by_ticket.popitem(last=False)

    def forget(self, ticket: Any) -> None:
        """Forget the result of a ticket, since its file was taken away."""
        with self._changing:
            self._by_ticket.pop(ticket if is_ticket(ticket) else "", None)

    def find(self, ticket: Any) -> Kept | None:
        """The result of a ticket; None where there is none, or no longer."""
        with self._changing:
            self._forget_old()
            return self._by_ticket.get(ticket) if is_ticket(ticket) else None

    def _forget_old(self) -> None:
        now = time.monotonic()
        for ticket in [ticket for ticket, kept in self._by_ticket.items() if kept.until < now]:
            del self._by_ticket[ticket]


def is_ticket(given: Any) -> bool:
    """Whether something has the form of a ticket."""
    return isinstance(given, str) and _TICKET.fullmatch(given) is not None
