"""Reading the body of a request: its length, and its fields."""

from __future__ import annotations

import json
from typing import Any

from detector.web.asgi import Receive

__all__ = ["BodyTooLong", "announced_length", "at_most", "json_fields", "longest_input", "read_body"]


class BodyTooLong(Exception):
    """A body went on after its limit."""


def at_most(receive: Receive, most: int) -> Receive:
    """Limit a body to so many bytes; reading on raises ``BodyTooLong``."""
    taken = 0

    async def counted() -> Any:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise BodyTooLong
        return message

    return counted


async def read_body(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and what gives it once more to the application."""
    messages: list[dict[str, Any]] = []
    while not messages or (messages[-1]["type"] == "http.request" and messages[-1].get("more_body")):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    again = iter(messages)

    async def replayed() -> Any:
        return next(again, None) or await receive()

    return body, replayed


def json_fields(body: bytes) -> dict[str, Any]:
    """A JSON object's entries; none where it is something else or has a name twice, of which readers take different ones."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    try:
        fields = json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def longest_input(body: bytes) -> int:
    """Length of the longest list among the inputs of an event, such as that of several files; 1 where there is none."""
    longest = 1

    def measured(pairs: list[tuple[str, Any]]) -> None:
        nonlocal longest
        # All that stand under the name, since readers of a name that stands twice take different ones.
        inputs = [each for name, value in pairs if name == "data" and isinstance(value, list) for each in value]
        longest = max(longest, *(len(each) for each in inputs if isinstance(each, list)), 1)

    try:
        json.loads(body, object_pairs_hook=measured)
    except (ValueError, RecursionError):
        return 1
    return longest


def announced_length(given: dict[str, str], otherwise: int) -> int | None:
    """Bytes that the request announces; ``otherwise`` where it announces none; None where that is no number."""
    announced = given.get("content-length")
    if announced is None:
        return otherwise if "transfer-encoding" in given else 0
    return int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else None
