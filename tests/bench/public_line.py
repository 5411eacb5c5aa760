"""What the tests of the public page have in common: a line of the table, a running page, a photo."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support import fakes
from tests.support.running import Running

__all__ = ["MEGABYTE", "Line", "a_photo", "p95", "running"]

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Line:
    """One test: what was asked, what was seen, and whether that is enough."""

    test: str
    asked: str
    seen: str
    ok: bool


@contextlib.contextmanager
def running(weights: Path, *arguments: str, warm: bool = True) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        temp = Path(folder) / "temp"
        temp.mkdir()
        with Running(weights, temp, *arguments) as server:
            if warm:
                server.settle()
                assert server.check(a_photo())["verdict"]
            yield server


def a_photo() -> bytes:
    return fakes.jpeg(fakes.group_photo())


def p95(values: Sequence[float]) -> float:
    return sorted(values)[int(0.95 * (len(values) - 1))]
