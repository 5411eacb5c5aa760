"""The block of a result with what the file says about its own origin."""

from __future__ import annotations

from detector.records import Provenance
from detector.report.templates import render
from detector.words.language import Language

__all__ = ["provenance_block"]


def provenance_block(say: Language, provenance: Provenance | None, ids: str = "fc") -> str:
    """What the file says about its origin, apart from the verdict; empty where it was not read.

    Args:
        say: the reader's language.
        provenance: as in the report.
        ids: beginning of the ids of its elements.
    """
    return "" if provenance is None else render("origin.html", say, provenance=provenance, ids=ids)
