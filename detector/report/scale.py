"""The scale of a score as it is drawn: every band as wide as the next, so that a narrow one can be seen and named."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from detector.records import Bands, FaceResult, Stability, Verdict
from detector.sentences import of_hundred
from detector.words import results as words

__all__ = ["Band", "Gauge", "Scale", "gauge"]

_ORDER = (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE, Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS)


@dataclass(frozen=True)
class Band:
    """A verdict's part of the scale."""

    verdict: Verdict
    start: float
    """Share of the scale's length at which it begins, in [0, 1)."""
    end: float
    """The same of its end."""
    from_score: str
    """The score at which it begins, of 100."""


class Scale:
    """Where scores lie on the scale.

    Args:
        bands: cuts between verdicts; without them the scale is one even line.
    """

    def __init__(self, bands: Bands | None) -> None:
        self.cuts = bands.cuts if bands else ()
        ends = [0.0, *self.cuts, 1.0]
        verdicts = _ORDER if bands else ()
        # Where two cuts are one, the band between them does not exist.
        found = [
            (verdict, low, high) for verdict, (low, high) in zip(verdicts, pairwise(ends), strict=False) if high > low
        ]
        self._ends = [0.0, *(high for _, _, high in found)] if found else [0.0, 1.0]
        self.bands = tuple(
            Band(verdict, index / len(found), (index + 1) / len(found), of_hundred(0.5, low)[1])
            for index, (verdict, low, _) in enumerate(found)
        )

    def place(self, score: float) -> float:
        """Share of the scale's length, in [0, 1], at which a score in [0, 1] lies."""
        parts = list(pairwise(self._ends))
        index = next((i for i, (_, high) in enumerate(parts) if score < high), len(parts) - 1)
        low, high = parts[index]
        return (index + (min(score, 1.0) - low) / (high - low)) / len(parts)


@dataclass(frozen=True)
class Gauge:
    """A score on its scale."""

    score: float
    """Of 100."""
    text: str
    meaning: str
    """Score and band, for those who cannot see it."""
    label: str
    """What the score is of."""
    place: float
    """Share of the scale's length."""
    span: tuple[float, float] | None
    """Places of the lowest and highest score after tiny changes; None if they were not tried."""
    bands: tuple[Band, ...]


def gauge(face: FaceResult, label: str, bands: Bands | None) -> Gauge | None:
    """The scale with the score of a face or person; None where there is no score.

    Args:
        face: or person.
        label: what the score is of.
        bands: cuts between verdicts; none are drawn if None.
    """
    if face.p_fake is None:
        return None
    scale = Scale(bands)
    return Gauge(
        score=100 * face.p_fake,
        text=words.score_text(face.p_fake, *scale.cuts),
        meaning=words.score_meaning(face.p_fake, face.verdict, *scale.cuts),
        label=label,
        place=scale.place(face.p_fake),
        span=_span(face.p_fake, face.stability, scale),
        bands=scale.bands,
    )


def _span(score: float, stability: Stability | None, scale: Scale) -> tuple[float, float] | None:
    if stability is None:
        return None
    return scale.place(min(score, stability.lowest)), scale.place(max(score, stability.highest))
