"""A scan from folders to tables: the stages in their order. Everything that is written, one process writes, this one."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from detector.errors import ScanRefused
from detector.scan.checking import Order, Outcome
from detector.scan.contents import Content, contents
from detector.scan.done import DoneList
from detector.scan.overview import overview
from detector.scan.result import Result
from detector.scan.rows import Rows
from detector.scan.table import write_table
from detector.scan.walk import Entry, entries
from detector.words.language import ENGLISH, Language

__all__ = ["Engine", "Plan", "Summary", "scan"]

Engine = Callable[[Iterator[Content]], Generator[Outcome, None, None]]
"""Checks contents and gives what became of each, in any order, some perhaps twice."""
Report = Callable[[int, int, int], None]
"""Told how many files are done, how many of them were checked in this run, and how many there are."""
_AGAIN = ("WorkerFailed",)
"""Errors that say nothing about the file."""


@dataclass(frozen=True)
class Plan:
    """What to scan, and where the results go."""

    places: Sequence[str]
    """Folders, archives and files."""
    endings: Collection[str]
    """Of names that are taken from folders and archives."""
    out: Path
    """The table, in a folder that exists."""
    order: Order
    overview: Path | None = None
    thumbnails: Path | None = None
    retry: bool = False
    """Whether files on which the worker failed are checked again."""
    say: Language = ENGLISH
    """Of table and overview."""

    def beside(self, ending: str) -> Path:
        """A file of the scan's own beside the table."""
        return self.out.with_name(self.out.name + ending)


@dataclass(frozen=True)
class Summary:
    """How a scan ended."""

    files: int
    checked: int
    """Contents that this run checked; the others were on the list, or the same as these."""
    flagged: int
    errors: int


def scan(plan: Plan, engine: Engine, report: Report) -> Summary:
    """Check what is not yet done, then write the tables.

    Args:
        plan: what to scan.
        engine: does the work.
        report: told of progress.

    Raises:
        ScanRefused: another scan writes to the same place, or the place holds something else.
        OSError: something cannot be written; what is done so far is kept.
        DetectorError: the engine cannot go on; what is done so far is kept.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_alone(plan))
        if plan.out.exists() and not plan.beside(".done.jsonl").exists():
            raise ScanRefused(f"{plan.out} exists and is not of a scan; name another file with --out.")
        temp = stack.enter_context(_temporary_folder(plan.beside(".unpacked")))
        again = _AGAIN if plan.retry else ()
        done = stack.enter_context(DoneList(plan.beside(".done.jsonl"), plan.order.settings, again))
        found = list(entries(plan.places, plan.endings, [str(plan.thumbnails)] if plan.thumbnails else []))
        work = _Work(plan, done, found, temp, report)
        work.run(engine)
        write_table(plan.out, work.rows, plan.say)
        if plan.overview is not None:
            page = overview(work.rows, plan.thumbnails, plan.say)
            plan.overview.write_text(page, encoding="utf-8", errors="backslashreplace")
        flagged = errors = 0
        for row in work.rows:
            flagged, errors = flagged + row.flagged, errors + bool(row.error)
        return Summary(len(work.rows), work.checked, flagged, errors)


class _Work:
    """The files of a scan on their way through the engine."""

    def __init__(self, plan: Plan, done: DoneList, found: list[Entry], temp: Path, report: Report) -> None:
        self.rows, self.checked = Rows(done), 0
        self._plan, self._done, self._found, self._temp, self._report = plan, done, found, temp, report
        self._running: dict[str, Content] = {}
        self._passed = 0

    def run(self, engine: Engine) -> None:
        """Give every content that is not done to the engine, and write down what comes back as it comes."""
        self._tell()
        with contextlib.closing(engine(self._waiting())) as outcomes:
            for outcome in outcomes:
                content = self._running.pop(outcome.sha256, None)
                if content is None:
                    continue  # an engine that lost a machine may do work twice; it counts once
                if outcome.result is not None:
                    self._write(outcome.result, outcome.pictures)
                content.discard()
                self.checked += 1
                self._tell(1)
        if lost := len(self._found) - len(self.rows) + len(self._running):
            raise ScanRefused(f"{lost} files came back without a result; run the same command again.")

    def _waiting(self) -> Iterator[Content]:
        """Contents that nobody has checked or is checking."""
        for content in contents(self._found, self._temp):
            self.rows.add(content.label, content.problem or content.sha256)
            if content.problem is not None or content.sha256 in self._done or content.sha256 in self._running:
                content.discard()
                self._tell(1)
                continue
            self._running[content.sha256] = content
            yield content

    def _write(self, result: Result, pictures: Sequence[bytes]) -> None:
        # The pictures first: what is on the list is whole.
        names = []
        if self._plan.thumbnails is not None:
            for number, picture in enumerate(pictures, start=1):
                names.append(f"{result.sha256[:32]}.face{number}.jpg")
                (self._plan.thumbnails / names[-1]).write_bytes(picture)
        self._done.add(replace(result, thumbnails=tuple(names)))

    def _tell(self, more: int = 0) -> None:
        self._passed += more
        self._report(self._passed, self.checked, len(self._found))


@contextlib.contextmanager
def _alone(plan: Plan) -> Iterator[None]:
    """Hold the lock that one scan has on its list; the system frees it, whatever ends the scan.

    Raises:
        ScanRefused: another scan has it.
    """
    try:
        with FileLock(plan.beside(".lock"), mode=0o600, blocking=False):
            yield
    except Timeout as error:
        raise ScanRefused(
            f"another scan is writing to {plan.out}; wait until it ends, or name another file with --out."
        ) from error


@contextlib.contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """An empty folder for what lies in archives. One that a killed scan left is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
