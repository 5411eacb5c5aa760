"""Which versions a result was made with."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Mapping
from types import MappingProxyType

from detector.version import VERSION

__all__ = ["library_versions"]

_LIBRARIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tensorflow": ("tensorflow", "tensorflow-cpu"),
        "keras": ("keras",),
        "mediapipe": ("mediapipe",),
        # The module is cv2 in all of them; mediapipe brings the second.
        "opencv": (
            "opencv-python",
            "opencv-contrib-python",
            "opencv-python-headless",
            "opencv-contrib-python-headless",
        ),
        "pillow": ("pillow",),
        "numpy": ("numpy",),
        "av": ("av",),
        "c2pa": ("c2pa-python",),
    }
)
"""Libraries whose version can change a score or what is read of the origin, and the distributions each may come from."""


def library_versions() -> dict[str, str]:
    """Versions of the detector, of Python and of the libraries that can change a result, by name."""
    versions = {"detector": VERSION, "python": platform.python_version()}
    for library, distributions in _LIBRARIES.items():
        for distribution in distributions:
            try:
                versions[library] = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                continue
            break
    return versions
