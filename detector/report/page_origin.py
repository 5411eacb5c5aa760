"""The block of a result with what the file says about its own origin."""

from __future__ import annotations

from detector.records import Provenance
from detector.report.templates import render
from detector.words.language import Language

__all__ = ["provenance_block"]


def provenance_block(say: Language, provenance: Provenance | None) -> str:
    """What the file says about its origin, apart from the verdict; empty where it was not read."""
    return "" if provenance is None else render("origin.html", say, provenance=provenance)
