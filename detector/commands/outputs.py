"""The files that ``analyze`` writes: where they may go, and what is in them."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from detector.commands.command import printable
from detector.records import Manifest, Report, Verdict
from detector.words.language import Language

__all__ = ["json_lines", "problem_with", "stem_of", "write_html", "write_pictures"]

_LONGEST_STEM = 180
"""Bytes of a heatmap's name before its ending; file systems allow 255 in all."""


def problem_with(options: argparse.Namespace) -> str:
    """Why the table, the annotated video or the HTML report cannot be written; empty if they can."""
    if options.csv is not None and (problem := _table_problem(options.csv)):
        return problem
    if options.annotated is not None and (problem := _annotation_problem(options.annotated, options.files)):
        return problem
    return _html_problem(options.html, options.files) if options.html is not None else ""


def _table_problem(target: Path) -> str:
    if target.suffix.lower() not in (".csv", ".txt"):
        return f"--csv writes a table, so its name must end in .csv, unlike {printable(target.name)}."
    if not target.absolute().parent.is_dir():
        return f"the folder of {printable(str(target))} does not exist; make it first."
    return ""


def _annotation_problem(target: Path, files: Sequence[str]) -> str:
    if len(files) != 1:
        return "--annotated takes one video; give one FILE only."
    if target.suffix.lower() != ".mp4":
        return f"--annotated writes MP4, so its name must end in .mp4, unlike {printable(target.name)}."
    if target.exists() and os.path.exists(files[0]) and os.path.samefile(target, files[0]):
        return "--annotated names the video to be analysed; name another file."
    return ""


def _html_problem(target: Path, files: Sequence[str]) -> str:
    if len(files) != 1:
        return "--html takes one photo or video; give one FILE only."
    if target.suffix.lower() not in (".html", ".htm"):
        return f"--html writes HTML, so its name must end in .html, unlike {printable(target.name)}."
    if not target.absolute().parent.is_dir():
        return f"the folder of {printable(str(target))} does not exist; make it first."
    return ""


@contextlib.contextmanager
def json_lines(target: str | None, inputs: Sequence[str]) -> Iterator[TextIO | None]:
    """Where the JSON Lines go; None if none were asked for.

    Raises:
        OSError: the file cannot be written, or is better not: ``--json photo.jpg`` is a slip that would cost a photo.
    """
    if target is None:
        yield None
    elif target == "-":
        yield sys.stdout
    else:
        if os.path.isfile(target):
            if any(os.path.exists(file) and os.path.samefile(target, file) for file in inputs):
                raise FileExistsError(0, "it is one of the files to analyse", target)
            if not target.lower().endswith((".json", ".jsonl")):
                raise FileExistsError(0, "it exists, and its name ends neither in .json nor in .jsonl", target)
        with Path(target).open("w", encoding="ascii") as stream:
            yield stream


def write_html(report: Report, manifest: Manifest, target: Path, say: Language) -> None:
    """Write the report as one HTML file."""
    from detector.report.document import document
    from detector.report.pictures import pictures_of

    target.write_text(document(report, pictures_of(report), manifest, say), encoding="utf-8")


def write_pictures(report: Report, manifest: Manifest, folder: Path, stem: str) -> None:
    """Write the faces' boxes, crops, heatmaps and timelines as PNG files whose names begin with ``stem``."""
    from detector.drawing.heatmap import heatmap_on_crop
    from detector.drawing.overlay import boxes_on_frame
    from detector.drawing.timeline import timeline
    from detector.media.images import encode_png

    preview = report.preview
    if preview is not None and preview.rgb is not None and report.faces and report.input.kind == "image":
        boxes = [face.crop.detection.box.scaled(preview.scale) for face in report.faces]
        dashed = [face.verdict is Verdict.NOT_ANALYSED for face in report.faces]
        (folder / f"{stem}.faces.png").write_bytes(encode_png(boxes_on_frame(preview.rgb, boxes, dashed=dashed)))
    for number, face in enumerate(report.faces, start=1):
        pictures = {"crop": face.crop.rgb}
        if face.heatmap is not None:
            pictures["heat"] = heatmap_on_crop(face.crop.rgb, face.heatmap.towards_fake, face.heatmap.towards_real)
        if face.over_time is not None:
            bands = manifest.models[face.over_time.scored_by].bands
            pictures["timeline"] = timeline(face.over_time, bands, report.input.duration_s or 0.0)
        for kind, rgb in pictures.items():
            (folder / f"{stem}.face{number}.{kind}.png").write_bytes(encode_png(rgb))


def stem_of(name: str, taken: set[str]) -> str:
    """The input's name as the beginning of file names, with -2, -3 ... where an earlier input has it already.

    Args:
        name: of the input, without folders.
        taken: what was given out before, without regard to case; this one is added.
    """
    safe = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name)
    safe = safe.encode("utf-8", "replace")[:_LONGEST_STEM].decode("utf-8", "ignore")
    stem, count = safe, 1
    # Without regard to case: some file systems have none.
    while stem.casefold() in taken:
        count += 1
        stem = f"{safe}-{count}"
    taken.add(stem.casefold())
    return stem
