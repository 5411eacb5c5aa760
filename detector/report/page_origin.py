"""The block of a result in which the file speaks for itself. Pure functions from records to strings, as in ``page``."""

from __future__ import annotations

from html import escape

from detector.records import Provenance
from detector.words import origin as words
from detector.words.language import Language

__all__ = ["provenance_block"]


def provenance_block(say: Language, provenance: Provenance | None) -> str:
    """What the file says about its origin, apart from the verdict; empty where nobody looked."""
    if provenance is None:
        return ""
    facts = "".join(f"<li>{escape(say(words.fact_line(fact)))}</li>" for fact in provenance.facts)
    signed = ""
    if provenance.credentials is not None:
        told = "".join(f"<li>{escape(say(line))}</li>" for line in words.credentials_lines(provenance.credentials))
        signed = f"<h4>{say(words.CREDENTIALS)}</h4><ul>{told}</ul>"
    found = f"{f'<ul>{facts}</ul>' if facts else ''}{signed}" or f"<p>{say(words.NOTHING)}</p>"
    unread = f"<p>{say(words.UNREAD)}</p>" if provenance.unread else ""
    return (
        f'<section class="fc-origin" aria-labelledby="fc-origin"><h3 id="fc-origin">{say(words.HEADING)}</h3>'
        f'<p class="fc-hint">{say(words.BESIDE)}</p>{found}{unread}<p class="fc-hint">{say(words.LOSSES)}</p></section>'
    )
