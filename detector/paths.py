"""Where the package's own files lie."""

from __future__ import annotations

from pathlib import Path

__all__ = ["EXAMPLES", "PACKAGE", "ROOT"]

PACKAGE = Path(__file__).resolve().parent
"""The folder of the package ``detector``."""
ROOT = PACKAGE.parent
"""The folder that holds the package: that of ``app.py`` and ``weights/`` in a checkout."""
EXAMPLES = PACKAGE / "examples"
"""Example files of the page, with ``examples.json``."""
