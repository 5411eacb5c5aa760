"""What may leave a client: the weights of a network as named arrays, and one count. Nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["COUNT", "Sent", "SentArray", "check", "write_down"]

COUNT = "num-examples"
"""The one number: how many faces a client trained on, by which the server weighs its weights."""


@dataclass(frozen=True)
class SentArray:
    """An array without its values."""

    shape: tuple[int, ...]
    dtype: str
    bytes: int


@dataclass(frozen=True)
class Sent:
    """All that a message holds, but for the values of arrays."""

    arrays: Mapping[str, SentArray]
    numbers: Mapping[str, object]
    settings: Mapping[str, object]
    """What is neither: words, flags, bytes."""


def check(asked: Sent, answer: Sent) -> None:
    """Make sure that an answer holds the arrays that came with the question, in their shapes, one count, and nothing else.

    Raises:
        ValueError: it does not, and must not be sent.
    """
    if answer.settings:
        raise ValueError(f"Not sent: a client answers with weights and a count, not with {', '.join(answer.settings)}.")
    if set(answer.numbers) != {COUNT} or type(answer.numbers[COUNT]) is not int:
        raise ValueError(f"Not sent: the only number may be {COUNT}, a whole one, not {dict(answer.numbers)}.")
    names = {*asked.arrays, *answer.arrays}
    if strange := sorted(name for name in names if asked.arrays.get(name) != answer.arrays.get(name)):
        raise ValueError(f"Not sent: these arrays are not weights as they were asked for: {', '.join(strange)}.")


def write_down(path: Path, sent: Sent) -> None:
    """Append it to a file as a line of JSON, the sum of the bytes first."""
    row = {"bytes": sum(array.bytes for array in sent.arrays.values()), **asdict(sent)}
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(row, default=str) + "\n")
