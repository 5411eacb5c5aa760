"""Scores: how one is written, what its scale means, and the models that give it."""

from __future__ import annotations

from detector.sentences import Sentence

__all__ = [
    "DECIDES",
    "ON_SCALE",
    "SCALE_HIGH",
    "SCALE_LOW",
    "SCORE",
    "SCORES_OF_MODELS",
    "numbered",
    "score_meaning",
    "score_of",
    "score_text",
]

SCORE, ON_SCALE = Sentence("Score"), Sentence("on a scale of 0 to 1")
SCORES_OF_MODELS, DECIDES = Sentence("Score of each model:"), Sentence("(decides)")
SCALE_LOW = Sentence("looks like the genuine faces the models were shown")
SCALE_HIGH = Sentence("looks like the altered or generated ones")


def score_text(score: float) -> str:
    """Write a score with two decimals, and never as 0.00 or 1.00, which would read as certain."""
    return f"{min(max(score, 0.01), 0.99):.2f}"


def score_of(number: int, clip: bool = False) -> Sentence:
    """What a scale shows, for those who cannot see it."""
    return Sentence("Score of {one}", one=numbered(number, clip))


def score_meaning(score: float) -> Sentence:
    """A score with what its scale means."""
    return Sentence(
        "{score} on a scale from 0 ({low}) to 1 ({high})", score=score_text(score), low=SCALE_LOW, high=SCALE_HIGH
    )


def numbered(number: int, clip: bool = False) -> Sentence:
    """ "Face 2", or "Person 2" in a clip."""
    return Sentence("Person {number}", number=number) if clip else Sentence("Face {number}", number=number)
