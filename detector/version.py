"""The version, in one place: the package, its reports and the packaging read it here."""

from __future__ import annotations

__all__ = ["LICENCE", "VERSION"]

VERSION = "0.2.0"
LICENCE = "Apache-2.0"
"""SPDX identifier of the program's; weights have their own."""
