"""The examples of the page, and the results of the models that run here.

No result is written down in the code: each is computed once, by the detector that also answers for uploads,
and kept in a folder under a key made of the example's bytes, the manifest with all its weights' hashes, and this package's
own source. A change of any of them leads to new results; the old ones are deleted.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tempfile
import threading
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from markupsafe import Markup

from detector.errors import DetectorError
from detector.paths import EXAMPLES, PACKAGE
from detector.records import KnownKind, Manifest, Report, Verdict
from detector.report import page
from detector.report.pictures import pictures_of
from detector.report.serialise import to_json
from detector.report.templates import render
from detector.words import examples as words
from detector.words.language import ENGLISH, LANGUAGES, Language

__all__ = ["CACHE_VARIABLE", "FOLDER", "IDS", "Example", "Gallery", "cache_folder", "read_examples"]

FOLDER = EXAMPLES
IDS = "fc-examples"
"""Beginning of the ids of a result's elements."""
CACHE_VARIABLE = "DETECTOR_CACHE_DIR"


@dataclass(frozen=True)
class Example:
    """One file of which it is known what it is."""

    id: str
    path: Path
    kind: str
    """"image" or "video"."""
    truth: str
    """"genuine", "altered" or "no_face"."""
    title: str
    """English; the catalogues have the others, as of ``what``."""
    what: str
    credit: str
    sha256: str
    thumbnail: bytes
    """JPEG."""
    mask: bytes | None
    """PNG, white where the picture was altered; None where it was not."""


@cache
def read_examples(folder: Path = FOLDER) -> tuple[Example, ...]:
    """The examples as ``train.fakes.examples`` made them.

    Raises:
        ValueError: a file is not the one that ``examples.json`` describes.
    """
    found = []
    for entry in json.loads((folder / "examples.json").read_text(encoding="utf-8")):
        path = folder / entry["file"]
        if hashlib.sha256(path.read_bytes()).hexdigest() != entry["sha256"]:
            raise ValueError(f"{path} is not the file that examples.json describes; run: python -m train examples")
        facts = {key: entry[key] for key in ("id", "kind", "truth", "title", "what", "credit", "sha256")}
        mask = None if entry["mask"] is None else (folder / entry["mask"]).read_bytes()
        found.append(Example(path=path, thumbnail=(folder / entry["thumbnail"]).read_bytes(), mask=mask, **facts))
    return tuple(found)


def cache_folder() -> Path:
    """Where results are kept: the variable's folder, else the user's own cache."""
    given = os.environ.get(CACHE_VARIABLE)
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "photo-check"


class Gallery:
    """The examples with their results, computed when they are first asked for.

    Args:
        analyze: ``detector.Detector.analyze``.
        manifest: of the same detector.
        folder: for the cache; default ``cache_folder()``. One that cannot be written costs only the time of computing anew.
        examples: default those of the package.
        known: kinds of fakes that the model was tested on.
    """

    def __init__(
        self,
        analyze: Callable[..., Report],
        manifest: Manifest,
        folder: Path | None = None,
        examples: tuple[Example, ...] | None = None,
        known: Sequence[KnownKind] = (),
    ) -> None:
        self._analyze, self._manifest, self._known = analyze, manifest, tuple(known)
        self._folder = (cache_folder() if folder is None else folder) / "examples"
        self.examples = read_examples() if examples is None else examples
        self._models = hashlib.sha256(f"{manifest!r}{self._known!r}{_source()}".encode()).hexdigest()
        self._lock = threading.Lock()
        self._kept: dict[str, dict[str, Any]] = {}

    def known(self, example: Example) -> dict[str, Any] | None:
        """The kept result, or None: verdict, p_fake, and the HTML of the result by language."""
        key = self._key(example)
        if key not in self._kept:
            with suppress(OSError, ValueError, EOFError, TypeError, KeyError):  # damaged, or not ours
                found = json.loads(gzip.decompress((self._folder / f"{key}.json.gz").read_bytes()))
                if set(found["html"]) == set(LANGUAGES) and found["verdict"] in set(Verdict):
                    self._kept[key] = found
        return self._kept.get(key)

    def result(self, example: Example) -> dict[str, Any]:
        """The result, computed now if it is not known.

        Raises:
            DetectorError: the file cannot be analysed.
        """
        with self._lock:
            known = self.known(example)
            if known is None:
                known = self._kept[self._key(example)] = self._computed(example)
                self._keep(self._key(example), known)
            return known

    def fill(self, stopped: Callable[[], bool] = lambda: False) -> None:
        """Compute what is not known yet, and delete the results of other models."""
        for example in self.examples:
            if stopped():
                return
            with suppress(DetectorError):
                self.result(example)
        wanted = {f"{self._key(example)}.json.gz" for example in self.examples}
        with suppress(OSError):
            for file in self._folder.glob("*.json.gz"):
                if file.name not in wanted:
                    file.unlink(missing_ok=True)

    def about(self, say: Language = ENGLISH) -> str:
        """What the examples are, and what they lack: a false alarm, once it is known that none of them is one."""
        found = [(example, self.known(example)) for example in self.examples if example.truth == "genuine"]
        flagged = [
            each for example, each in found if each and words.is_false_alarm(example.truth, Verdict(each["verdict"]))
        ]
        record = self._manifest.models[self._manifest.default_image_model].track_record
        lacking = "" if flagged or not all(each for _, each in found) else words.no_false_alarm(record)
        return page.hint(*filter(None, (words.ABOUT, lacking, words.HOW_WELL)), say=say)

    def card(self, example: Example, say: Language = ENGLISH) -> str:
        """An example: its picture and mask, what it is, its result, and whether that was right."""
        known = self.known(example)
        return render(
            "example.html",
            say,
            example=example,
            verdict=None if known is None else Verdict(known["verdict"]),
            p_fake=None if known is None else known["p_fake"],
        )

    def shown(self, example: Example, say: Language = ENGLISH) -> str:
        """The result of an example in full, a clip with the clip itself; a card that says why where there is none."""
        try:
            html: str = self.result(example)["html"][say.code]
        except DetectorError as error:
            return page.refusal(error.sentence, example.path.name, say, example.kind, ids=IDS)
        if example.kind != "video":
            return html
        clip = f"data:video/mp4;base64,{b64encode(example.path.read_bytes()).decode()}"
        return render("example_clip.html", say, title=example.title, clip=clip, result=Markup(html))  # noqa: S704 - our own

    def _key(self, example: Example) -> str:
        return f"{example.id}-{hashlib.sha256(f'{self._models}{example.sha256}'.encode()).hexdigest()[:32]}"

    def _computed(self, example: Example) -> dict[str, Any]:
        report = self._analyze(example.path, name=example.path.name)
        pictures = pictures_of(report)
        return {
            "verdict": report.verdict.value,
            "p_fake": report.p_fake,
            "html": {
                code: page.result(report, pictures, self._manifest, to_json(report), say, ids=IDS, known=self._known)
                for code, say in LANGUAGES.items()
            },
        }

    def _keep(self, key: str, found: dict[str, Any]) -> None:
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            # Whole or not at all: another process may be reading.
            with tempfile.NamedTemporaryFile(dir=self._folder, suffix=".part", delete=False) as file:
                file.write(gzip.compress(json.dumps(found, allow_nan=False).encode(), 6))
            Path(file.name).replace(self._folder / f"{key}.json.gz")


_SOURCES = {".py", ".po", ".html", ".js", ".css"}


@cache
def _source() -> str:
    """Hex digest of this package's source: code that lays a result out anew makes new results."""
    digest = hashlib.sha256()
    for path in sorted(path for path in PACKAGE.rglob("*") if path.suffix in _SOURCES):
        digest.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
