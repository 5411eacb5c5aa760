"""How often the tests behind the manifest gave a verdict, and what that means where few faces are altered."""

from __future__ import annotations

from collections.abc import Sequence

from detector.records import ErrorRate, Verdict
from detector.sentences import Sentence

__all__ = ["base_rate", "track_record"]

_FEW = 100
"""Test faces of each kind below which "so many of 100" would say more than was measured."""


def track_record(record: Sequence[ErrorRate], verdict: Verdict) -> str:
    """How often the tests behind the manifest gave this verdict; empty if they did not measure it."""
    counts = _counts(record, verdict)
    if counts is None:
        return ""
    of_genuine, of_fake, genuine, fake = counts
    if min(genuine, fake) < _FEW:
        return Sentence(
            "In tests, {real} of {reals} genuine faces got this result, and {altered} of {fakes} altered or AI-made ones. So "
            "few faces tell little.",
            real=round(of_genuine * genuine),
            reals=genuine,
            altered=round(of_fake * fake),
            fakes=fake,
        )
    return Sentence(
        "In tests, {real} of 100 genuine faces got this result, and {altered} of 100 altered or AI-made ones "
        "(measured on {reals} and {fakes} faces).",
        real=_of_hundred(of_genuine),
        altered=_of_hundred(of_fake),
        reals=genuine,
        fakes=fake,
    )


def base_rate(record: Sequence[ErrorRate], verdict: Verdict) -> str:
    """What the track record means where 1 face in 10 is altered; empty where it was not measured, or on too few faces.

    Never having met a case is no reason to say "none" or "all" of the faces out there.
    """
    counts = _counts(record, verdict)
    if counts is None:
        return ""
    of_genuine, of_fake, genuine, fake = counts
    if min(genuine, fake) < _FEW or not of_genuine or not of_fake:
        return ""
    all_with = 0.1 * of_fake + 0.9 * of_genuine
    share = _of_hundred(0.1 * of_fake / all_with)
    if verdict in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS):
        return Sentence(
            "If 1 face in 10 were altered, {count} of 100 faces with this result would in fact be altered.",
            count=share,
        )
    return Sentence(
        "If 1 face in 10 were altered, {count} of 100 faces with this result would be altered all the same.",
        count=share,
    )


def _counts(record: Sequence[ErrorRate], verdict: Verdict) -> tuple[float, float, int, int] | None:
    """Shares of genuine and of altered test faces with this verdict, and how many there were of each."""
    genuine, fake = sum(rate.genuine for rate in record), sum(rate.fake for rate in record)
    rates = [rate for rate in record if rate.verdict is verdict]
    if not rates or not genuine or not fake:
        return None
    return sum(rate.genuine for rate in rates) / genuine, sum(rate.fake for rate in rates) / fake, genuine, fake


def _of_hundred(share: float) -> Sentence:
    hundred = 100 * share
    if 0 < hundred < 0.5:
        return Sentence("fewer than 1")
    if 99.5 <= hundred < 100:
        return Sentence("more than 99")
    return Sentence("about {count:.0f}", count=hundred) if hundred else Sentence("none")
