"""Looks for signs that faces in a picture were altered or generated.

>>> detector = load_detector()                    # doctest: +SKIP
>>> report = detector.analyze("photo.jpg")        # doctest: +SKIP
>>> report.verdict, report.reason                 # doctest: +SKIP

What needs TensorFlow, mediapipe or numpy is imported when it is first asked for, so that ``import detector`` is quick and
starts no thread.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if sys.version_info < (3, 11):  # noqa: UP036 - an older one gets so far, and would go on to fail without a reason
    sys.exit(
        f"error: Photo check needs Python 3.11, 3.12 or 3.13, and this is {sys.version_info[0]}.{sys.version_info[1]}. "
        "Install one of them, make a new environment with it, and try again."
    )

from detector.errors import DetectorError
from detector.version import VERSION

if TYPE_CHECKING:
    from detector.pipeline.detector import Detector, load_detector
    from detector.records import Report, Verdict

__all__ = ["Detector", "DetectorError", "Report", "Verdict", "__version__", "load_detector"]

__version__ = VERSION


def __getattr__(name: str) -> Any:
    if name in ("Detector", "load_detector"):
        from detector.pipeline import detector as pipeline

        return getattr(pipeline, name)
    if name in ("Report", "Verdict"):
        from detector import records

        return getattr(records, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "errors", "records"])
