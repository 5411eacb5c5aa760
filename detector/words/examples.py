"""Texts of the tab "Examples", beside the titles and descriptions in ``examples.json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from detector.records import ErrorRate, Verdict
from detector.sentences import Sentence
from detector.words.results import HEADLINES, score_text

__all__ = [
    "ABOUT",
    "CREDIT",
    "HOW_WELL",
    "MASK",
    "MASK_ALT",
    "MODELS_RESULT",
    "NOT_YET",
    "SHOW",
    "TAB",
    "TRUTHS",
    "in_short",
    "is_false_alarm",
    "no_false_alarm",
    "outcome",
]

TAB = Sentence("Examples")
ABOUT = Sentence(
    "Files of which we know what they are, with what the models here say of them, right or wrong. So few files show how to "
    "read a result, not how good the models are."
)
HOW_WELL = Sentence("How often they are wrong was measured on many more faces and stands in every result.")
MODELS_RESULT = Sentence("The models said")
NOT_YET = Sentence("Not checked yet. Press the button to check it now.")
SHOW = Sentence("Show the result")
CREDIT = Sentence("Source")
MASK = Sentence("White: what we altered")
MASK_ALT = Sentence("Mask of the altered part of the face")
TRUTHS: Mapping[str, Sentence] = MappingProxyType(
    {
        "genuine": Sentence("What it is: not altered"),
        "altered": Sentence("What it is: altered by us"),
        "no_face": Sentence("What it is: no face in it"),
    }
)

_NOTICED = (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS)


def in_short(verdict: Verdict, p_fake: float | None) -> Sentence:
    """Verdict and score of a file in a few words."""
    if p_fake is None:
        return Sentence("{verdict}.", verdict=HEADLINES[verdict])
    return Sentence("{verdict}: {score}.", verdict=HEADLINES[verdict], score=score_text(p_fake))


def no_false_alarm(record: Sequence[ErrorRate]) -> str:
    """What no genuine example shows, since none is flagged; empty where it was not measured how often that happens.

    Args:
        record: how often the tests gave each verdict.
    """
    genuine = sum(rate.genuine for rate in record)
    flagged = sum(rate.genuine for rate in record if rate.verdict in _NOTICED)
    if not genuine or not flagged:
        return ""
    return Sentence(
        "A false alarm is missing: none of these genuine files is flagged. In tests it happened to {flagged} of {genuine} "
        "genuine faces.",
        flagged=flagged,
        genuine=genuine,
    )


def is_false_alarm(truth: str, verdict: Verdict) -> bool:
    """Whether something was noticed in a file that nobody altered."""
    return truth == "genuine" and verdict in _NOTICED


def outcome(truth: str, verdict: Verdict) -> Sentence:
    """Compare a result with what the file is.

    Args:
        truth: a key of ``TRUTHS``.
        verdict: of the file.
    """
    if truth == "no_face":
        if verdict is Verdict.NOT_ANALYSED:
            return Sentence("That is as it should be: nothing was scored.")
        return Sentence("That is wrong: something was taken for a face.")
    if verdict is Verdict.NOT_ANALYSED:
        return Sentence("So nothing was said about the face in it.")
    if verdict is Verdict.INCONCLUSIVE:
        return Sentence("So the models could not tell.")
    if (truth == "altered") == (verdict in _NOTICED):
        return Sentence("That fits what the file is.")
    if truth == "altered":
        return Sentence("That is wrong: the alteration was missed.")
    return Sentence("That is wrong: a face that nobody altered was flagged.")
