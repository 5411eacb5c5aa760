"""Numbers in sentences, with as many decimals as they need to be true beside each other."""

from __future__ import annotations

__all__ = ["apart", "two_decimals"]

_MOST_DECIMALS = 15


def two_decimals(score: float) -> str:
    """Two decimals, and never 0.00 or 1.00, which would read as certain."""
    return f"{min(max(score, 0.01), 0.99):.2f}"


def apart(value: float, *cuts: float, digits: int = 2) -> tuple[str, ...]:
    """Write a value and its cuts with as few decimals as still show on which side of each cut the value lies.

    Plain rounding would print 0.6999 and a cut of 0.7 alike, in a sentence that calls the first one lower.
    """
    decimals = digits
    while True:
        shown = [f"{number:.{decimals}f}" for number in (value, *cuts)]
        sides = [
            _side(float(shown[0]), float(text)) == _side(value, cut) for text, cut in zip(shown[1:], cuts, strict=True)
        ]
        if all(sides) or decimals == _MOST_DECIMALS:
            return tuple(shown)
        decimals += 1


def _side(value: float, cut: float) -> int:
    return (value > cut) - (value < cut)
