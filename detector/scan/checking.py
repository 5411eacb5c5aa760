"""One content checked by one detector: what every engine does with a file, on whatever machine."""

from __future__ import annotations

from dataclasses import dataclass

from detector.errors import DetectorError, MediaError, UnknownModel, WorkerFailed
from detector.media.images import encode_jpeg
from detector.pipeline.analyser import Analyser
from detector.records import Report
from detector.scan.contents import hash_of
from detector.scan.result import FLAGGED, Result, of_error, of_report

__all__ = ["Order", "Outcome", "checked"]

_QUALITY = 80
"""JPEG quality of thumbnails."""
_STARTS = 3
"""Times that a detector may fail to start before the scan stops."""


@dataclass(frozen=True)
class Order:
    """What is asked of every file."""

    settings: str
    """As ``settings.settings_of`` writes it."""
    model: str | None = None
    """The model that decides; None for the default."""
    thumbnails: bool = False
    """Whether pictures of flagged faces are wanted."""


@dataclass(frozen=True)
class Outcome:
    """What became of one content."""

    sha256: str
    """That of the content that was asked for."""
    result: Result | None
    """None where the file's bytes are no longer the same, so that nothing is known about them."""
    pictures: tuple[bytes, ...] = ()
    """Crops of the flagged faces, JPEG."""


def checked(detector: Analyser, label: str, path: str, sha256: str, order: Order) -> Outcome:
    """Check a file.

    Args:
        detector: loaded or not.
        label: the name in the result; its last part is the one in the report.
        path: of the file.
        sha256: of the bytes that are meant.
        order: what is asked.

    Raises:
        DetectorError: the detector cannot work, whatever the file.
    """
    _wait(detector)
    name = label.rpartition("/")[2]
    try:
        report = detector.analyze(path, model=order.model, heatmaps=False, name=name, verdict_only=True)
    except (MediaError, WorkerFailed, UnknownModel) as error:
        result = of_error(label, sha256, order.settings, error)
    except DetectorError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault in the program on one file must not cost the others
        fault = WorkerFailed(f"The program itself failed on this file ({error}). Please report it.")
        result = of_error(label, sha256, order.settings, fault)
    else:
        if report.input.sha256 != sha256:
            return Outcome(sha256, None)
        pictures = _pictures(report) if order.thumbnails else ()
        return Outcome(sha256, of_report(label, order.settings, report), pictures)
    return Outcome(sha256, result if _is_still(path, sha256) else None)


def _wait(detector: Analyser) -> None:
    """Return once the models are loaded; a start that fails is nobody's file."""
    for left in reversed(range(_STARTS)):
        try:
            detector.wait()
        except WorkerFailed:
            if not left:
                raise
        else:
            return


def _is_still(path: str, sha256: str) -> bool:
    try:
        return hash_of(path) == sha256
    except OSError:
        return False


def _pictures(report: Report) -> tuple[bytes, ...]:
    return tuple(encode_jpeg(face.crop.rgb, _QUALITY) for face in report.faces if face.verdict in FLAGGED)
