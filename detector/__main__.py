"""The command line: the same Report as the page, without a browser.

    python -m detector analyze FILE... [--json -|PATH] [--model NAME] [--heatmaps DIR] [--weights DIR]
    python -m detector analyze CLIP --annotated OUT.mp4 [...]
    python -m detector analyze FILE --html OUT.html [--lang LANGUAGE] [...]
    python -m detector models [--json] [--weights DIR]
    python -m detector self-check [--json] [--weights DIR]

Exit status: 0 if every file could be read (whatever its verdict), 2 otherwise.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

# Only what is quick: TensorFlow and mediapipe cost seconds, which --help should not.
from detector import __version__
from detector.errors import DetectorError
from detector.records import Appearance, FaceResult, Manifest, Report, Verdict
from detector.runtime.console import native_noise_hidden
from detector.words import origin as words_provenance
from detector.words import results as words
from detector.words.language import LANGUAGES, Language, language

if TYPE_CHECKING:
    from detector.pipeline.detector import Detector

__all__ = ["main"]

OK, FAILED = 0, 2
BROKEN_PIPE = 141
"""128 + SIGPIPE, as the shell reports a program whose reader went away."""

_LONGEST_STEM = 180
"""Bytes of a heatmap's name before its ending; file systems allow 255 in all."""

Load = Callable[[Path | None], AbstractContextManager["Detector"]]


def main(arguments: Sequence[str] | None = None, load: Load | None = None) -> int:
    """Run one command; the return value is the exit status.

    Args:
        arguments: without the program's name; default ``sys.argv``.
        load: makes the detector from the weights folder; default ``detector.load_detector``.
    """
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        # A file name that the terminal's encoding lacks must not stop a run of a thousand files.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        if options.command == "self-check":
            status = _self_check(options)
        else:
            status = _models(options) if options.command == "models" else _analyze(options, load or _load)
        sys.stdout.flush()
    except BrokenPipeError:
        # Else the interpreter complains about the same pipe once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except DetectorError as error:
        print(f"error: {error}", file=sys.stderr)
        return FAILED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m detector",
        description="Looks for signs that faces in pictures and videos were altered or generated. "
        "A score is an estimate, not evidence.",
    )
    parser.add_argument("--version", action="version", version=f"detector {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    weights = argparse.ArgumentParser(add_help=False)
    weights.add_argument("--weights", type=Path, metavar="DIR", help="folder with manifest.json and weights")

    analyze = commands.add_parser(
        "analyze",
        parents=[weights],
        help="analyse pictures and videos",
        description="Analyses pictures and videos, in the order given. A file that cannot be read does not stop the others.",
        epilog="Exit status: 0 if every file could be read, whatever its verdict; 2 otherwise.",
    )
    analyze.add_argument("files", nargs="+", metavar="FILE", help="a picture or a video")
    analyze.add_argument(
        "--json",
        metavar="-|PATH",
        help="write JSON Lines, one report a file: to standard output with -, which then carries nothing else, or to "
        "PATH (an existing file is replaced only if its name ends in .json or .jsonl)",
    )
    analyze.add_argument("--model", metavar="NAME", help="the model that decides; see the command models")
    analyze.add_argument(
        "--verdict-only",
        action="store_true",
        help="leave out what no verdict rests on, the other models' scores and the test of the hottest regions: faster",
    )
    analyze.add_argument(
        "--heatmaps",
        type=Path,
        metavar="DIR",
        help="write FILE.faces.png, a preview with numbered boxes, and for each face N, FILE.faceN.crop.png (what was scored), "
        ".fake.png and .real.png (what raised and lowered the score); for each person N of a video, FILE.faceN.timeline.png",
    )
    analyze.add_argument(
        "--annotated",
        type=Path,
        metavar="OUT.mp4",
        help="write the video, of which only one may be given, with boxes, numbers and scores drawn into it",
    )
    analyze.add_argument(
        "--html",
        type=Path,
        metavar="OUT.html",
        help="write the report on the file, of which only one may be given, as one HTML file that opens without a network",
    )
    analyze.add_argument("--lang", choices=tuple(LANGUAGES), default="en", help="language of --html (default en)")
    models = commands.add_parser("models", parents=[weights], help="list models, revisions and hashes")
    models.add_argument("--json", action="store_true", help="as one JSON object")
    check = commands.add_parser(
        "self-check",
        parents=[weights],
        help="try everything a check needs, and say in words what works",
        description="Tries versions, weights, decoders, the temporary folder, and one photo and one video from end to end.",
        epilog="Exit status: 0 if all of it works, 2 otherwise.",
    )
    check.add_argument("--json", action="store_true", help="as one JSON object")
    return parser


def _load(weights: Path | None) -> Detector:
    # Before TensorFlow is imported: its errors are enough, its start-up messages are for its developers.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with native_noise_hidden():
        from detector import load_detector

        return load_detector(weights)


def _analyze(options: argparse.Namespace, load: Load) -> int:
    from detector.report import serialise as reports

    with contextlib.ExitStack() as stack:
        try:
            lines = stack.enter_context(_json_lines(options.json, options.files))
            if options.heatmaps is not None:
                options.heatmaps.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            print(f"error: {error.filename} cannot be written ({error.strerror}); name another place.", file=sys.stderr)
            return FAILED
        if options.annotated is not None and (problem := _annotation_problem(options)):
            print(f"error: {problem}", file=sys.stderr)
            return FAILED
        if options.html is not None and (problem := _html_problem(options)):
            print(f"error: {problem}", file=sys.stderr)
            return FAILED
        summary = None if options.json == "-" else sys.stdout
        # Libraries print as they like; what is asked for on standard output stays alone there.
        stack.enter_context(contextlib.redirect_stdout(sys.stderr))
        detector = stack.enter_context(load(options.weights))
        # Before the first file is touched; a video model is known to clips only.
        if options.model is None or options.model not in detector.clip_models:
            detector.select(options.model)
        stems: set[str] = set()
        status = OK
        limits: tuple[str, ...] = ()
        for file in options.files:
            try:
                pictures = options.heatmaps is not None
                maps = pictures or options.annotated is not None or options.html is not None
                found = detector.analyze(
                    file,
                    model=options.model,
                    heatmaps=maps,
                    progress=_progress(),
                    verdict_only=options.verdict_only,
                )
                if options.annotated is not None:
                    detector.annotate(file, found, options.annotated, heat=True, progress=_progress())
            except DetectorError as error:
                status = FAILED
                name = _printable(os.path.basename(file) or file)
                plain, text = reports.error_dict(name, error), f"{_printable(file)}: could not be read\n  {error}\n"
            else:
                limits = found.limits
                plain, text = reports.to_dict(found), _summary(file, found)
                if options.html is not None:
                    _write_html(found, detector.manifest, options.html, language(options.lang))
                if pictures:
                    _write_pictures(found, detector.manifest, options.heatmaps, _stem(found.input.name, stems))
            if lines is not None:
                lines.write(f"{reports.to_json(plain)}\n")
                lines.flush()
            if summary is not None:
                summary.write(f"{text}\n")
                summary.flush()
        if summary is not None and limits:
            summary.write("Please note\n" + "".join(f"  {limit}\n" for limit in limits))
    return status


def _annotation_problem(options: argparse.Namespace) -> str:
    """Why the annotated video cannot be written; empty if it can."""
    target: Path = options.annotated
    if len(options.files) != 1:
        return "--annotated takes one video; give one FILE only."
    if target.suffix.lower() != ".mp4":
        return f"--annotated writes MP4, so its name must end in .mp4, unlike {target.name}."
    if target.exists() and os.path.exists(options.files[0]) and os.path.samefile(target, options.files[0]):
        return "--annotated names the video to be analysed; name another file."
    return ""


def _html_problem(options: argparse.Namespace) -> str:
    """Why the HTML report cannot be written; empty if it can."""
    target: Path = options.html
    if len(options.files) != 1:
        return "--html takes one picture or video; give one FILE only."
    if target.suffix.lower() not in (".html", ".htm"):
        return f"--html writes HTML, so its name must end in .html, unlike {_printable(target.name)}."
    if not target.absolute().parent.is_dir():
        return f"the folder of {_printable(str(target))} does not exist; make it first."
    return ""


def _write_html(found: Report, manifest: Manifest, target: Path, say: Language) -> None:
    from detector.report.document import document
    from detector.report.pictures import pictures_of

    target.write_text(document(found, pictures_of(found, manifest), manifest, say), encoding="utf-8")


def _progress() -> Callable[[str, int, int], None] | None:
    """A line on the terminal that is written over and at last removed; none where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def tell(stage: str, done: int, total: int) -> None:
        share = f"{words.STAGES[stage]}: {done} of {total}" if done < total else ""
        sys.stderr.write(f"\r\x1b[K{share}")
        sys.stderr.flush()

    return tell


@contextlib.contextmanager
def _json_lines(target: str | None, inputs: Sequence[str]) -> Iterator[TextIO | None]:
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


def _summary(file: str, found: Report) -> str:
    """A result for people, ending in a line feed."""
    head = [
        f"{_printable(file)}: {words.HEADLINES[found.verdict]}",
        f"  {found.reason}",
        *(f"  {n}" for n in found.input.notes),
    ]
    faces = (_face_line(n, f) for n, f in enumerate(found.faces, start=1))
    return "".join(f"{line}\n" for line in [*head, *faces, *_origin(found)])


def _origin(found: Report) -> list[str]:
    """What the file says about itself, apart from the scores."""
    if found.provenance is None:
        return []
    return [
        f"  {words_provenance.HEADING} (not part of the score)",
        *(f"    {line}" for line in words_provenance.lines(found.provenance)),
    ]


def _face_line(number: int, face: FaceResult) -> str:
    seen = face.over_time
    if seen is not None:
        return _person_line(number, face, seen)
    if face.p_fake is None:
        return f"  Face {number}: not analysed. {face.reason}"
    others = ", ".join(f"{name} {words.score_text(score)}" for name, score in face.models.items())
    return f"  Face {number}: score {words.score_text(face.p_fake)}, {words.HEADLINES[face.verdict].lower()} ({others})"


def _person_line(number: int, face: FaceResult, seen: Appearance) -> str:
    name = f"  Person {number}, {words.clock(seen.first_s)} to {words.clock(seen.last_s)}"
    if face.p_fake is None:
        return f"{name}: not analysed. {face.reason}"
    others = ", ".join(f"{model} {words.score_text(score)}" for model, score in face.models.items())
    moments = ", ".join(f"{words.clock(m.time_s)} ({words.score_text(m.p_fake)})" for m in seen.moments)
    return (
        f"{name}: score {words.score_text(face.p_fake)}, {words.HEADLINES[face.verdict].lower()} ({others})\n"
        f"    highest single frames at {moments}"
    )


def _write_pictures(found: Report, manifest: Manifest, folder: Path, stem: str) -> None:
    from detector.drawing.overlay import boxes_on_frame, heatmap_on_crop
    from detector.drawing.timeline import timeline
    from detector.media.images import encode_png

    if found.preview is not None and found.preview.rgb is not None and found.faces and found.input.kind == "image":
        boxes = [face.crop.detection.box.scaled(found.preview.scale) for face in found.faces]
        dashed = [face.verdict is Verdict.NOT_ANALYSED for face in found.faces]
        (folder / f"{stem}.faces.png").write_bytes(encode_png(boxes_on_frame(found.preview.rgb, boxes, dashed=dashed)))
    for number, face in enumerate(found.faces, start=1):
        pictures = {"crop": face.crop.rgb}
        if face.heatmap is not None:
            pictures["fake"] = heatmap_on_crop(face.crop.rgb, face.heatmap.towards_fake)
            pictures["real"] = heatmap_on_crop(face.crop.rgb, face.heatmap.towards_real)
        if face.over_time is not None:
            bands = manifest.models[face.over_time.scored_by].bands
            pictures["timeline"] = timeline(face.over_time, bands, found.input.duration_s or 0.0)
        for kind, rgb in pictures.items():
            (folder / f"{stem}.face{number}.{kind}.png").write_bytes(encode_png(rgb))


def _stem(name: str, taken: set[str]) -> str:
    """The input's name as the beginning of file names, with -2, -3 ... where an earlier input has it already."""
    safe = re.sub(r'[<>:"/\\|?*\x00-\x1f]', "_", name)
    safe = safe.encode("utf-8", "replace")[:_LONGEST_STEM].decode("utf-8", "ignore")
    stem, count = safe, 1
    # Without regard to case: some file systems have none.
    while stem.casefold() in taken:
        count += 1
        stem = f"{safe}-{count}"
    taken.add(stem.casefold())
    return stem


def _printable(text: str) -> str:
    """The text without characters that could steer a terminal or turn its writing direction."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _self_check(options: argparse.Namespace) -> int:
    from detector.self_check import self_check

    status, found = OK, []
    for check in self_check(options.weights):
        status = status if check.ok else FAILED
        found.append(asdict(check))
        if not options.json:
            print(
                f"{'well ' if check.ok else 'NOT WELL'} {check.name} ({check.seconds:.1f} s)\n  {check.words}",
                flush=True,
            )
    if options.json:
        print(json.dumps({"ok": status == OK, "checks": found}, allow_nan=False))
    else:
        print("Everything works." if status == OK else "Something does not work; see above.")
    return status


def _models(options: argparse.Namespace) -> int:
    from detector.weights.store import WeightStore

    store = WeightStore(options.weights)
    rows: list[dict[str, Any]] = []
    for spec in store.manifest.models.values():
        if (store.folder / spec.file.name).exists():
            revision: str | None = "local"
        else:
            revision = store.pin.revision if store.pin else None
        rows.append(
            {
                "name": spec.name,
                "architecture": spec.architecture,
                "kind": spec.kind,
                "default": spec.name in (store.manifest.default_image_model, store.manifest.default_video_model),
                "revision": revision,
                "file": spec.file.name,
                "bytes": spec.file.bytes,
                "sha256": spec.file.sha256,
                "trained_at_commit": spec.trained_at_commit,
            }
        )
    if options.json:
        print(json.dumps({"models": rows}, allow_nan=False))
        return OK
    if not rows:
        print(f"The manifest in {store.folder} lists no model.")
    for row in rows:
        chosen = ", the default" if row["default"] else ""
        print(f"{row['name']}: {row['kind']} model of the architecture {row['architecture']}{chosen}")
        print(f"  revision {row['revision'] or 'unknown: neither in the folder nor on a Hub'}")
        print(f"  file     {row['file']}, {row['bytes']} bytes")
        print(f"  sha256   {row['sha256']}")
    return OK


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
