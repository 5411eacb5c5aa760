"""Texts of the overview of a scan."""

from __future__ import annotations

from detector.sentences import Sentence

__all__ = ["FACE", "FILE", "LEFT_OUT", "NOT_READ", "RESULT", "SCORE", "TITLE", "facts", "left_out", "page_of"]

TITLE = Sentence("Photo check: overview")
FILE = Sentence("File")
FACE = Sentence("Face")
RESULT = Sentence("Result")
SCORE = Sentence("Score")
NOT_READ = Sentence("Could not be read")
LEFT_OUT = Sentence("The table of the scan has all files.")


def facts(files: int, flagged: int, errors: int) -> Sentence:
    """How many files there are, and how many of them need a look."""
    return Sentence(
        "{files}, {flagged} with signs of manipulation, {errors}.",
        files=Sentence.plural("{count} file", "{count} files", files),
        flagged=flagged,
        errors=Sentence.plural("{count} could not be read", "{count} could not be read", errors),
    )


def left_out(shown: int) -> Sentence:
    """Said where there are more files than the page shows."""
    return Sentence("This page shows the first {shown}, in the order of their scores.", shown=shown)


def page_of(first: int, last: int) -> Sentence:
    """Head of one part of the list."""
    return Sentence("{first} to {last}", first=first, last=last)
