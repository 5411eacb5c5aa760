"""``analyze``: one report a file, in the order given; a file that cannot be read does not stop the others."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from detector.commands.command import FAILED, OK, Load, add_command, printable
from detector.commands.inputs import WrongInput, expanded
from detector.commands.outputs import json_lines, problem_with, stem_of, write_html, write_pictures
from detector.commands.table import Rows, csv_rows
from detector.errors import DetectorError
from detector.records import Report
from detector.sentences import Sentence
from detector.words import results as words
from detector.words.language import LANGUAGES, language

if TYPE_CHECKING:
    from tqdm import tqdm

    from detector.pipeline.detector import Detector

__all__ = ["add_to", "run"]

_CLEARED = "\r\x1b[K"
"""Removes the line that a terminal shows."""
_UNREAD = Sentence("could not be read")
_NOTE = Sentence("Please note")


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Describe the command and its arguments."""
    parser = add_command(
        commands,
        "analyze",
        run,
        summary="analyse photos and videos",
        description="Analyses photos and videos, in the order given. A file that cannot be read does not stop the others. "
        "Exit status: 0 if every file could be read, whatever its verdict; 2 otherwise.",
        example="python -m detector analyze photo.jpg video.mp4 --json reports.jsonl",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help='a photo, a video, a folder of them, or a pattern such as "photos/*.jpg"',
    )
    parser.add_argument(
        "--json",
        metavar="-|PATH",
        help="write JSON Lines, one report a file: to standard output with -, which then carries nothing else, or to "
        "PATH (an existing file is replaced only if its name ends in .json or .jsonl)",
    )
    parser.add_argument("--csv", type=Path, metavar="OUT.csv", help="write a table for spreadsheets, one line a file")
    parser.add_argument("--model", metavar="NAME", help="the model that decides; see the command models")
    parser.add_argument(
        "--verdict-only",
        action="store_true",
        help="leave out what no verdict rests on, the other models' scores and the test of the hottest regions: faster",
    )
    parser.add_argument(
        "--heatmaps",
        type=Path,
        metavar="DIR",
        help="write FILE.faces.png, a preview with numbered boxes, and for each face N, FILE.faceN.crop.png (what was scored), "
        ".heat.png (what raised and lowered the score); for each person N of a video, FILE.faceN.timeline.png",
    )
    parser.add_argument(
        "--annotated",
        type=Path,
        metavar="OUT.mp4",
        help="write the video, of which only one may be given, with boxes, numbers and scores drawn into it",
    )
    parser.add_argument(
        "--html",
        type=Path,
        metavar="OUT.html",
        help="write the report on the file, of which only one may be given, as one HTML file that opens without a network",
    )
    parser.add_argument(
        "--lang",
        choices=tuple(LANGUAGES),
        default="en",
        metavar="LANGUAGE",
        help="language of the results and of --html: %(choices)s (default %(default)s)",
    )


def run(options: argparse.Namespace, load: Load) -> int:
    """Analyse the files; 0 if every one could be read."""
    try:
        options.files = expanded(options.files)
    except WrongInput as error:
        return _refused(str(error))
    if problem := problem_with(options) or _model_problem(options.model, options.weights):
        return _refused(problem)
    with contextlib.ExitStack() as stack:
        try:
            lines = stack.enter_context(json_lines(options.json, options.files))
            table = stack.enter_context(csv_rows(options.csv))
            if options.heatmaps is not None:
                options.heatmaps.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            return _refused(f"{error.filename} cannot be written ({error.strerror}); name another place.")
        people = None if options.json == "-" else sys.stdout
        # Libraries print as they like; what is asked for on standard output stays alone there.
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        detector = stack.enter_context(_loaded(load, options.weights))
        return _analyze_each(options, detector, lines, people, table)


def _loaded(load: Load, weights: Path | None) -> contextlib.AbstractContextManager[Detector]:
    """The detector; at a terminal with a line that says why nothing happens for some seconds."""
    shown = sys.stderr.isatty()
    if shown:
        sys.stderr.write("Loading models…")
        sys.stderr.flush()
    try:
        return load(weights)
    finally:
        if shown:
            sys.stderr.write(_CLEARED)


def _model_problem(name: str | None, weights: Path | None) -> str:
    """Why no such model can decide; empty if one can."""
    if name is None:
        return ""
    from detector.weights.manifest import load_manifest

    known = load_manifest(weights).models
    return "" if name in known else f"there is no model named {name!r}; choose one of: {', '.join(sorted(known))}."


def _refused(problem: str) -> int:
    print(f"error: {problem}", file=sys.stderr)
    return FAILED


def _analyze_each(
    options: argparse.Namespace, detector: Detector, lines: TextIO | None, people: TextIO | None, table: Rows
) -> int:
    """One file after the other, each written before the next is begun."""
    from tqdm import tqdm

    from detector.report import serialise
    from detector.report.plain_text import result_text

    say = language(options.lang)
    stems: set[str] = set()
    status = OK
    limits: tuple[str, ...] = ()
    # At a terminal alone, and taken away at the end.
    with tqdm(total=len(options.files), unit="file", leave=False, disable=None, dynamic_ncols=True) as bar:
        for file in options.files:
            bar.set_description_str(printable(os.path.basename(file))[:40])
            try:
                report = _analyzed(file, options, detector, bar)
            except DetectorError as error:
                status = FAILED
                table.add(file, error)
                name = printable(os.path.basename(file) or file)
                plain: dict[str, Any] = serialise.error_dict(name, error)
                text = f"{printable(file)}: {say(_UNREAD)}\n  {say(error.sentence)}\n"
            else:
                limits = report.limits
                table.add(file, report)
                plain, text = serialise.to_dict(report), f"{result_text(report, printable(file), say)}\n"
                if options.html is not None:
                    write_html(report, detector.manifest, options.html, say)
                if options.heatmaps is not None:
                    write_pictures(report, detector.manifest, options.heatmaps, stem_of(report.input.name, stems))
            bar.clear()
            for stream, line in ((lines, serialise.to_json(plain)), (people, text)):
                if stream is not None:
                    stream.write(f"{line}\n")
                    stream.flush()
            bar.set_postfix_str("", refresh=False)
            bar.update()
    if people is not None and limits:
        people.write(f"{say(_NOTE)}\n" + "".join(f"  {say(limit)}\n" for limit in limits))
    return status


def _analyzed(file: str, options: argparse.Namespace, detector: Detector, bar: tqdm) -> Report:
    def show(stage: str, done: int, total: int) -> None:
        bar.set_postfix_str(f"{words.STAGES[stage]}: {done} of {total}")

    shows_heatmaps = (options.heatmaps, options.annotated, options.html)
    report = detector.analyze(
        file,
        model=options.model,
        heatmaps=any(target is not None for target in shows_heatmaps),
        progress=show,
        verdict_only=options.verdict_only,
    )
    if options.annotated is not None:
        detector.annotate(file, report, options.annotated, heat=True, progress=show)
    return report
