"""``scan``: many files into one table; the same command goes on where it was stopped."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from detector.arguments import whole_number
from detector.commands.command import FAILED, OK, Load, add_command, printable
from detector.commands.inputs import ENDINGS
from detector.words.language import LANGUAGES, language

if TYPE_CHECKING:
    from detector.pipeline.analyser import Analyser
    from detector.scan.checking import Order, Outcome
    from detector.scan.contents import Content
    from detector.scan.run import Engine, Summary

__all__ = ["Meter", "add_to", "progress_text", "run"]

_CLEARED = "\r\x1b[K"
"""Removes the line that a terminal shows."""
_EVERY_S = 0.2
_EVERY_LOGGED_S = 60.0
"""Seconds between two lines about progress, at a terminal and elsewhere."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command and its arguments."""
    parser = add_command(
        commands,
        "scan",
        run,
        summary="check all files of folders and archives",
        description="Checks all photos and videos of folders and of ZIP and tar archives, and writes a table with a row "
        "for each. What is done stands in a list beside the table, so a scan that was stopped goes on with the same command. "
        "Exit status: 0 if every file could be read, whatever its verdict; 2 otherwise.",
        example="python -m detector scan photos/ more.zip --out results.csv --overview results.html",
    )
    parser.add_argument("places", nargs="+", metavar="FOLDER", help="a folder, a ZIP or tar archive, or a file")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="PATH",
        help="the table, PATH.csv or PATH.parquet; the list of what is done is PATH.done.jsonl in full",
    )
    parser.add_argument(
        "--overview", type=Path, metavar="OUT.html", help="also write one HTML file, with the highest scores first"
    )
    parser.add_argument(
        "--thumbnails", type=Path, metavar="DIR", help="also write the faces that were flagged as small JPEG files"
    )
    parser.add_argument(
        "--workers",
        type=whole_number(1, 256),
        metavar="N",
        help="files checked at a time (default: one for each core, fewer where memory is short)",
    )
    parser.add_argument("--model", metavar="NAME", help="the model that decides; see the command models")
    parser.add_argument(
        "--retry", action="store_true", help="check again the files on which a worker failed or ran out of time"
    )
    parser.add_argument(
        "--lang",
        choices=tuple(LANGUAGES),
        default="en",
        metavar="LANGUAGE",
        help="language of the table and of --overview: %(choices)s (default %(default)s)",
    )
    parser.add_argument(
        "--engine", choices=("pool", "ray"), default="pool", help="this computer (pool, the default) or a Ray cluster"
    )
    parser.add_argument("--address", metavar="HOST:PORT", help="of the Ray cluster (default: the one Ray finds)")


def run(options: argparse.Namespace, load: Load) -> int:
    """Scan; 0 if every file could be read."""
    from detector.errors import ScanRefused
    from detector.scan.checking import Order
    from detector.scan.run import Plan, scan
    from detector.scan.settings import settings_of

    if problem := _problem_with(options):
        print(f"error: {problem}", file=sys.stderr)
        return FAILED
    try:
        settings = settings_of(options.weights, options.model)
        order = Order(settings, options.model, options.thumbnails is not None)
        if options.thumbnails is not None:
            options.thumbnails.mkdir(parents=True, exist_ok=True)
        plan = Plan(
            places=options.places,
            endings=ENDINGS,
            out=options.out,
            order=order,
            overview=options.overview,
            thumbnails=options.thumbnails,
            retry=options.retry,
            say=language(options.lang),
        )
        meter = Meter()
        summary = scan(plan, _engine(options, order, load), meter)
    except OSError as error:
        raise ScanRefused(
            f"{error.filename or options.out} cannot be read or written ({error.strerror}); "
            "what is done is kept, and the same command goes on."
        ) from error
    except KeyboardInterrupt:
        print(f"{_CLEARED}stopped; the same command goes on.", file=sys.stderr)
        raise
    meter.close()
    _print_summary(summary, options)
    return FAILED if summary.errors else OK


def _problem_with(options: argparse.Namespace) -> str:
    """Why the results cannot be written; empty if they can."""
    from detector.scan import table

    for place in options.places:
        if not os.path.lexists(place):
            return f"there is no {printable(place)}; check the path."
    if options.out.suffix.lower() not in table.ENDINGS:
        return f"--out writes a table, so its name must end in .csv or .parquet, unlike {printable(options.out.name)}."
    if options.overview is not None and options.overview.suffix.lower() not in (".html", ".htm"):
        return f"--overview writes HTML, so its name must end in .html, unlike {printable(options.overview.name)}."
    for target in filter(None, (options.out, options.overview)):
        if not target.absolute().parent.is_dir():
            return f"the folder of {printable(str(target))} does not exist; make it first."
    if options.address is not None and options.engine != "ray":
        return "--address is that of a Ray cluster; add --engine ray."
    table.require(options.out)
    return ""


def _engine(options: argparse.Namespace, order: Order, load: Load) -> Engine:
    if options.engine == "ray":
        from detector.scan.cluster import on_cluster, require

        require()
        return lambda contents: on_cluster(contents, order, options.weights, options.address, options.workers)
    return lambda contents: _on_this_computer(contents, options, order, load)


def _on_this_computer(
    contents: Iterator[Content], options: argparse.Namespace, order: Order, load: Load
) -> Generator[Outcome, None, None]:
    from detector.scan.pool import default_workers, in_pool

    def make() -> Analyser:
        if os.name != "posix":
            return load(options.weights).__enter__()
        from detector.worker.isolation import IsolatedDetector

        return IsolatedDetector(options.weights)

    workers = options.workers or default_workers()
    yield from in_pool(contents, order, workers if os.name == "posix" else 1, make)


def _print_summary(summary: Summary, options: argparse.Namespace) -> None:
    print(
        f"{summary.files} files: {summary.flagged} with signs of manipulation, {summary.errors} that could not be read; "
        f"{summary.checked} checked in this run."
    )
    for target in filter(None, (options.out, options.overview, options.thumbnails)):
        print(f"  {printable(str(target))}")


class Meter:
    """Shows how many files are done, how fast it goes, and how long it will take. Called with the counts of ``scan.run``."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._shown_at = -math.inf
        self._first_at: float | None = None

    def __call__(self, done: int, checked: int, total: int) -> None:
        """Show the counts, unless others were shown just now."""
        now = time.monotonic()
        if checked and self._first_at is None:
            self._first_at = now  # what came before was spent on loading models
        if now - self._shown_at < (_EVERY_S if self._terminal else _EVERY_LOGGED_S):
            return
        self._shown_at = now
        text = progress_text(done, checked - 1, total, now - (self._first_at or now))
        sys.stderr.write(f"{_CLEARED}{text}" if self._terminal else f"{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Remove the line."""
        if self._terminal:
            sys.stderr.write(_CLEARED)


def progress_text(done: int, checked: int, total: int, seconds: float) -> str:
    """Such as "120 of 1000 files, 1.9 a second, about 8 min left".

    Args:
        done: files that are done, those of earlier runs included.
        checked: files that were checked in ``seconds``, by which the speed is known.
        total: of all files.
        seconds: since the first file was checked.
    """
    text = f"{done} of {total} files"
    if checked <= 0 or seconds <= 0:
        return text
    rate = checked / seconds
    fast = f"{rate:.1f} a second" if rate >= 1 else f"{60 * rate:.1f} a minute"
    return f"{text}, {fast}, about {_duration((total - done) / rate)} left"


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    if minutes < 60:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours < 24 else f"{hours // 24} days {hours % 24} h"
