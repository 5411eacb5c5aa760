"""What a result depends on beside the file's bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

from detector.weights.manifest import MANIFEST_NAME, weights_folder

__all__ = ["settings_of"]


def settings_of(weights: Path | None, model: str | None) -> str:
    """The model asked for and the SHA-256 of the manifest, which holds that of every weight file and all thresholds.

    Args:
        weights: folder with the manifest; default as for ``load_detector``.
        model: name; None for the default.

    Raises:
        OSError: there is no manifest.
    """
    manifest = (weights_folder(weights) / MANIFEST_NAME).read_bytes()
    return f"{model or 'default'}@{hashlib.sha256(manifest).hexdigest()}"
