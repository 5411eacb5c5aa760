"""What tables for spreadsheets have in common: cells that hold other people's text."""

from __future__ import annotations

__all__ = ["harmless"]

_STEERING = ("=", "+", "-", "@", "\t", "\r")
"""What begins a formula in a spreadsheet."""


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: the name of a file is somebody else's text."""
    return f"'{cell}" if cell.startswith(_STEERING) else cell
