"""The version, in one place: the package, its reports and the packaging read it here."""

from __future__ import annotations

__all__ = ["VERSION"]

VERSION = "0.2.0"
