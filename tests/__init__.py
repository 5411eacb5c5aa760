"""The tests, in the folders of what they test; a package, so that they find each other before any other of this name."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the repository."""
