"""Where the package's own files lie."""

from __future__ import annotations

from pathlib import Path

__all__ = ["EXAMPLES", "PACKAGE", "ROOT", "WEIGHTS"]

PACKAGE = Path(__file__).resolve().parent
"""The folder of the package ``detector``."""
ROOT = PACKAGE.parent
"""The folder that holds the package: that of ``app.py`` in a checkout, ``site-packages`` where it is installed."""
EXAMPLES = PACKAGE / "examples"
"""Example files of the page, with ``examples.json``."""

_SHIPPED = PACKAGE / "shipped"
WEIGHTS = _SHIPPED if _SHIPPED.is_dir() else ROOT / "weights"
"""The weights that came with this version: within an installed package, ``weights/`` beside it in a checkout."""
