"""Files -> scores of the shipped ``Detector``, kept in a file so that tables can be made again without scoring again."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from detector import Detector, DetectorError
from detector.media.images import read_image
from detector.probes.stability import VIEWS, VIEWS_VERSION
from detector.records import Report
from train.data.cache import Sample

__all__ = ["Degrade", "ScoreBook", "Scored", "fingerprint", "score_files", "versions_of"]

Degrade = Callable[[np.ndarray, int], tuple[bytes, str]]
"""(H, W, 3) uint8 RGB and a seed -> the bytes of an image file and its suffix."""
CLEAN = "clean"


@dataclass(frozen=True)
class Scored:
    """The detector's result on one file."""

    sample: Sample
    condition: str
    """"clean", or the name of what was done to the picture first."""
    scores: Mapping[str, float]
    """p_fake by model: the highest of any analysed face, since the most suspicious face decides about the file. Empty when no
    face was analysed."""
    quality: Mapping[str, float]
    """``FaceQuality`` of the face that the default model finds most suspicious; empty when none was analysed."""
    why: str
    """The report's reason, or what was wrong with the file."""
    seconds: float
    views: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict)
    """Of the model that decides: for each analysed face its p_fake, then that of every view of the stability test that was
    scored. Empty where the test was left out."""


class ScoreBook:
    """Scores by condition and path, appended to a file as they are made: an interrupted evaluation goes on where it was.

    Args:
        path: JSON lines, the first holding the fingerprint; made when absent, begun anew when the fingerprint differs, for
            then other weights, settings or versions gave the scores. None keeps the scores in memory only.
        mark: see ``fingerprint``.
    """

    def __init__(self, path: Path | None, mark: str) -> None:
        self._path = path
        self._rows: dict[tuple[str, str], Scored] = {}
        if path is None:
            return
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if lines and _parsed(lines[0]).get("fingerprint") == mark:
            for line in lines[1:]:
                if row := _parsed(line):
                    self._keep(Scored(**{**row, "sample": Sample(**row["sample"])}))
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".part")
        kept = [json.dumps(asdict(row)) for row in self._rows.values()]
        beside.write_text("\n".join([json.dumps({"fingerprint": mark}), *kept]) + "\n", encoding="utf-8")
        os.replace(beside, path)

    def find(self, condition: str, sample: Sample) -> Scored | None:
        """The stored score, if this very row of the table has one."""
        row = self._rows.get((condition, sample.path))
        return row if row is not None and row.sample == sample else None

    def add(self, row: Scored) -> None:
        """Keep a score and append it to the file."""
        self._keep(row)
        if self._path is not None:
            with open(self._path, "a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row)) + "\n")

    def _keep(self, row: Scored) -> None:
        self._rows[row.condition, row.sample.path] = row


def _parsed(line: str) -> dict[str, Any]:
    """A stored row; empty for the half line that a kill may leave at the end."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) else {}


def fingerprint(detector: Detector, data: Path, versions: Mapping[str, str]) -> str:
    """All that can change a score: weights, crop, calibration, gates, face detectors, libraries and the table of files.

    The bands are in it only where views are left out because of them: else they are applied to stored scores, and to those of
    the stability test's views.
    """
    manifest = detector.manifest
    parts = {
        "models": {
            name: [spec.file.sha256, asdict(spec.crop), asdict(spec.calibration)]
            for name, spec in manifest.models.items()
        },
        "default": manifest.default_image_model,
        "gates": asdict(manifest.gates),
        "face_detectors": {key: file.sha256 for key, file in manifest.face_detectors.items()},
        "versions": dict(versions),
        "views": [VIEWS_VERSION, *VIEWS],
        "table": hashlib.sha256((data / "faces.tsv").read_bytes()).hexdigest(),
    }
    spreads = {name: spec.spread for name, spec in manifest.models.items() if spec.spread is not None}
    if spreads:
        parts["spreads"] = {name: [each.digest, asdict(manifest.models[name].bands)] for name, each in spreads.items()}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def versions_of(detector: Detector, data: Path, samples: Iterable[Sample]) -> dict[str, str]:
    """Versions as the detector's own report gives them, of the first file that can be read.

    Raises:
        ValueError: no file of ``samples`` can be read.
    """
    for sample in samples:
        try:
            return dict(detector.analyze(data / sample.path, heatmaps=False).versions)
        except DetectorError:
            continue
    raise ValueError(f"none of the files that {data / 'faces.tsv'} names can be read; check --data")


def score_files(
    detector: Detector, data: Path, samples: Sequence[Sample], book: ScoreBook, condition: str = CLEAN,
    degrade: Degrade | None = None, stability: bool = False,
) -> list[Scored]:  # fmt: skip
    """Run ``Detector.analyze`` on every file that the book does not hold yet.

    Args:
        detector: the shipped one.
        data: folder of the files.
        samples: what to score.
        book: where scores are looked up and kept.
        condition: name under which they are kept.
        degrade: applied to the upright picture; the result is written to a temporary file, and that file is analysed.
        stability: whether the stability test is run as well, on which verdicts depend.
    """
    found = []
    with tempfile.TemporaryDirectory(prefix="evaluate-") as folder:
        for count, sample in enumerate(samples, start=1):
            row = book.find(condition, sample)
            if row is None:
                row = _score(detector, data, sample, condition, degrade, Path(folder), stability)
                book.add(row)
                if count % 200 == 0:
                    print(f"{condition}: {count} of {len(samples)} files", file=sys.stderr, flush=True)
            found.append(row)
    return found


def _score(
    detector: Detector,
    data: Path,
    sample: Sample,
    condition: str,
    degrade: Degrade | None,
    folder: Path,
    stability: bool,
) -> Scored:
    path = data / sample.path
    try:
        if degrade is not None:
            seed = int.from_bytes(hashlib.sha256(sample.path.encode()).digest()[:4], "big")
            content, suffix = degrade(read_image(path).frame.rgb, seed)
            path = folder / f"degraded{suffix}"
            path.write_bytes(content)
        started = time.monotonic()
        report = detector.analyze(path, heatmaps=False, stability=stability)
    except DetectorError as error:
        return Scored(sample, condition, {}, {}, str(error), 0.0)
    seconds = round(time.monotonic() - started, 4)
    views = {report.model.name: _views(report)} if stability else {}
    return Scored(sample, condition, _highest(report), _quality(report), str(report.reason), seconds, views)


def _views(report: Report) -> list[list[float]]:
    return [
        [face.p_fake, *face.stability.scores.values()]
        for face in report.faces
        if face.p_fake is not None and face.stability is not None
    ]


def _highest(report: Report) -> dict[str, float]:
    scores: dict[str, float] = {}
    for face in report.faces:
        for name, value in face.models.items():
            scores[name] = max(value, scores.get(name, 0.0))
    return scores


def _quality(report: Report) -> dict[str, float]:
    analysed = [face for face in report.faces if face.p_fake is not None]
    if not analysed:
        return {}
    deciding = max(analysed, key=lambda face: face.p_fake or 0.0)
    return {key: round(float(value), 3) for key, value in asdict(deciding.crop.quality).items()}
