"""Scores: how one is written, what its scale means, and the models that give it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.records import Verdict
from detector.sentences import Sentence, of_hundred

__all__ = [
    "BAND_NAMES",
    "DECIDES",
    "SCORE",
    "SCORES_OF_MODELS",
    "numbered",
    "score_meaning",
    "score_of",
    "score_of_file",
    "score_text",
]

SCORE = Sentence("Score")
SCORES_OF_MODELS, DECIDES = Sentence("Score of each model:"), Sentence("(sets the result)")
BAND_NAMES: Mapping[Verdict, Sentence] = MappingProxyType(
    {
        Verdict.NO_CLEAR_SIGNS: Sentence("no clear signs"),
        Verdict.INCONCLUSIVE: Sentence("can't tell"),
        Verdict.SOME_SIGNS: Sentence("some signs"),
        Verdict.STRONG_SIGNS: Sentence("strong signs"),
    }
)
"""On a scale, where there is little room."""


def score_text(score: float, *cuts: float) -> Sentence:
    """Write a score as "98 of 100", and never as 0 or 100, which would read as certain.

    Args:
        score: in [0, 1].
        cuts: between verdicts, in [0, 1]; near one of them the score has one more digit.
    """
    return Sentence("{score} of 100", score=of_hundred(score, *cuts)[0])


def score_of(number: int, clip: bool = False) -> Sentence:
    """What a scale shows, for those who cannot see it."""
    return Sentence("Score of {one}", one=numbered(number, clip))


def score_of_file(kind: str) -> Sentence:
    """What the scale at the head of a result shows, for those who cannot see it."""
    return Sentence("Score of this video") if kind == "video" else Sentence("Score of this photo")


def score_meaning(score: float, verdict: Verdict | None, *cuts: float) -> Sentence:
    """A score with the band it lies in; without cuts, or for a score of no band, the score alone."""
    text = score_text(score, *cuts)
    if verdict is None or verdict not in BAND_NAMES or not cuts:
        return text
    return Sentence("{score}: {band}", score=text, band=BAND_NAMES[verdict])


def numbered(number: int, clip: bool = False) -> Sentence:
    """ "Face 2", or "Person 2" in a clip."""
    return Sentence("Person {number}", number=number) if clip else Sentence("Face {number}", number=number)
