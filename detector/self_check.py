"""Tries everything that an analysis needs on this computer, and reports in words what works and what to do where it does not.

python -m detector self-check [--weights DIR] [--json]
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from detector.errors import DetectorError
from detector.paths import EXAMPLES, ROOT
from detector.runtime.environment import prepare

if TYPE_CHECKING:
    from detector.worker.isolation import IsolatedDetector

__all__ = ["Check", "self_check"]

FREE_BYTES = 1 << 30
"""Free space that the temporary folder should have: uploads and results lie there."""
_PORTRAIT = EXAMPLES / "collins.jpg"
_FRAMES = 8
_CODECS = ("h264", "hevc", "vp8", "vp9", "av1", "mpeg4", "mpeg2video", "mjpeg", "prores")


@dataclass(frozen=True)
class Check:
    """One thing that was tried."""

    name: str
    ok: bool
    words: str
    """What was found; where it is not well, what to do."""
    seconds: float


def self_check(weights_dir: Path | None = None) -> Iterator[Check]:
    """Try everything that an analysis needs, one thing after the other.

    Args:
        weights_dir: folder with ``manifest.json``; default as for ``load_detector``.
    """
    from detector.worker.isolation import IsolatedDetector

    wrong = prepare()
    with ExitStack() as opened, ThreadPoolExecutor(1) as ahead:
        # The models load while the rest is tried; what is wrong with them is reported in its turn.
        detector = ahead.submit(lambda: opened.enter_context(IsolatedDetector(weights_dir)))
        tries: tuple[tuple[str, Callable[[], str]], ...] = (
            ("versions", _versions),
            ("environment", lambda: _environment(wrong)),
            ("temporary folder", _temporary_folder),
            ("weights", lambda: _weights(weights_dir)),
            ("picture formats", _picture_formats),
            ("video codecs", _video_codecs),
            ("photo and video from end to end", lambda: _end_to_end(detector.result())),
        )
        yield from _each(tries)


def _each(tries: Iterable[tuple[str, Callable[[], str]]]) -> Iterator[Check]:
    for name, attempt in tries:
        began = time.monotonic()
        try:
            ok, words = True, attempt()
        except _NotWell as problem:
            ok, words = False, str(problem)
        except DetectorError as error:
            ok, words = False, str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, this check reports it and the others go on
            ok, words = False, f"failed with {type(error).__name__}: {error}"
        yield Check(name, ok, words, time.monotonic() - began)


class _NotWell(Exception):
    """Something is not as it should be; the text says what, and what to do."""


def _versions() -> str:
    """Compare what is installed with the ranges of requirements.txt."""
    from packaging.requirements import Requirement

    wrong, known = [], []
    for line in _requirements():
        wanted = Requirement(line)
        try:
            found = importlib.metadata.version(wanted.name)
        except importlib.metadata.PackageNotFoundError:
            wrong.append(f"{wanted.name} is missing")
            continue
        known.append(f"{wanted.name} {found}")
        if not wanted.specifier.contains(found, prereleases=True):
            wrong.append(f"{wanted.name} is {found}, but {wanted.specifier} is needed")
    if wrong:
        raise _NotWell(f"{'; '.join(wrong)}. Run: {_cure()}")
    return f"Python {platform.python_version()} with {', '.join(known)}."


def _environment(wrong: Sequence[str]) -> str:
    """Say which variables of the environment are not as they should be."""
    if wrong:
        raise _NotWell(" ".join(wrong))
    return "No variable of the environment stands in the way."


def _requirements() -> list[str]:
    """One requirement each: of ``requirements.txt`` in a checkout, else of the installed package, which was built from it."""
    listed = ROOT / "requirements.txt"
    if not listed.is_file():
        return [each for each in importlib.metadata.requires("photo-check") or [] if "extra ==" not in each]
    lines = listed.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip() and not line.startswith(("#", "-"))]


def _cure() -> str:
    checkout = (ROOT / "requirements.txt").is_file()
    return "pip install -r requirements.txt" if checkout else "pip install --force-reinstall photo-check"


def _temporary_folder() -> str:
    folder = Path(tempfile.gettempdir())
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _NotWell(f"{folder} cannot be written ({error.strerror}); set TMPDIR to a folder that can.") from error
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        raise _NotWell(f"{folder} has only {free >> 20} MB left; make room, or set TMPDIR to another disk.")
    return f"{folder} can be written and has {free / (1 << 30):.0f} GB left."


def _weights(weights_dir: Path | None) -> str:
    """Every file that the manifest names, compared with its SHA-256; only a missing one is fetched from the Hub."""
    from detector.weights.store import WeightStore

    store = WeightStore(weights_dir)
    files = [*(spec.file for spec in store.manifest.models.values()), *store.manifest.face_detectors.values()]
    places = {file.name: store.locate(file).revision for file in files}
    if not store.manifest.models:
        raise _NotWell(f"The manifest in {store.folder} lists no model; use the weights folder of a release.")
    origins = {"local": f"in {store.folder}"}
    return (
        f"{len(places)} files are byte for byte those of the manifest: "
        f"{', '.join(f'{name} ({origins.get(place, place[:12])})' for name, place in places.items())}."
    )


def _picture_formats() -> str:
    from detector.media.images import FORMATS, unreadable_formats

    if bad := unreadable_formats():
        raise _NotWell(
            f"{', '.join(bad)} cannot be read. Reinstall with: pip install --force-reinstall pillow pillow-heif"
        )
    return f"{FORMATS} were each written and read back."


def _video_codecs() -> str:
    from detector.media.clip_scan import missing_decoders

    if missing := missing_decoders(_CODECS):
        raise _NotWell(f"No decoder for {', '.join(missing)}. Reinstall with: pip install --force-reinstall av")
    return f"FFmpeg decodes {', '.join(_CODECS)}."


def _end_to_end(detector: IsolatedDetector) -> str:
    """Analyse a portrait, and a clip that is made of it, as a user would."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [_PORTRAIT]
        if detector.manifest.clips is not None:
            paths.append(Path(folder) / "written.mp4")
            _write_clip(paths[-1])
        results = [_checked(detector, path) for path in paths]
    if len(paths) < 2:
        results.append("videos are not read, since the manifest has no rules for them")
    return f"{'; '.join(results)}."


def _checked(detector: IsolatedDetector, path: Path) -> str:
    from detector.records import Verdict

    began = time.monotonic()
    report = detector.analyze(path)
    if report.verdict is Verdict.NOT_ANALYSED:
        raise _NotWell(f"No face was analysed in {path.name}, which shows one: {report.reason}")
    if report.p_fake is None or not 0.0 <= report.p_fake <= 1.0:
        raise _NotWell(f"The score of {path.name} is {report.p_fake}; the weights may be damaged.")
    return f"{path.name}: score {report.p_fake:.2f} after {time.monotonic() - began:.1f} s"


def _write_clip(clip: Path) -> None:
    """Write one second of the portrait moving sideways, with the writer of annotated videos."""
    from detector.media.clip_writer import ClipWriter
    from detector.media.images import read_image

    rgb = read_image(_PORTRAIT).frame.rgb
    with ClipWriter(clip, fps=_FRAMES) as writer:
        for index in range(_FRAMES):
            writer.add(np.roll(rgb, 2 * index, axis=1), index / _FRAMES)
