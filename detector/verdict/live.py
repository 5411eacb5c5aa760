"""From a face's scores over the last minute of a camera to a verdict in plain words. Pure, as in ``clips``."""

from __future__ import annotations

import math

from detector.records import Bands, ClipRules, Rejection, Verdict
from detector.sentences import Sentence, joined, of_hundred
from detector.verdict.faces import judge_face

__all__ = ["LIVE_LIMITS", "judge_live"]

LIVE_LIMITS: tuple[Sentence, ...] = (
    Sentence("A score is an estimate, not proof. Do not use it to accuse anyone."),
    Sentence("A low score is no all-clear: new methods may leave no trace that the models know."),
    Sentence("One face is followed, and the result speaks of its last minute only."),
    Sentence("How often we are wrong was measured on video files, not on cameras: expect more errors here."),
    Sentence(
        "A live check leaves out some tests that a video file gets. Where it matters, record a video and check that."
    ),
)
"""Sentences that belong beside the result of a live check."""


def judge_live(
    p_fake: float | None,
    bands: Bands,
    *,
    usable: int,
    seen: int,
    looked: int,
    rules: ClipRules,
    rejection: Rejection | None = None,
    sharpness: float = math.inf,
) -> tuple[Verdict, Sentence]:
    """Put a face that is watched into a band, unless too little of it was seen. A second counts as one look.

    Args:
        p_fake: calibrated score of all looks; may be None where ``usable`` is too small.
        bands: the deciding model's cuts for clips.
        usable: seconds in which the face could be scored.
        seen: seconds in which it was found.
        looked: seconds since it was first seen, a minute at most.
        rules: limits, from the manifest: a second here is what a sampled frame is in a clip.
        rejection: the latest reason why a frame could not be scored.
        sharpness: of the face in the frames that could be scored, their median.

    Returns:
        The verdict and its reason.
    """
    if p_fake is None or usable < rules.min_frames:
        return Verdict.NOT_ANALYSED, joined(
            Sentence(
                "This face could be checked in {usable} of the {least} seconds that a result needs.",
                usable=usable,
                least=rules.min_frames,
            ),
            "" if rejection is None else rejection.reason,
        )
    if seen < rules.min_share * looked:
        return Verdict.INCONCLUSIVE, Sentence(
            "This face was seen in only {seen} of {looked} seconds, too few to tell (score {score} of 100). Keep it in "
            "front of the camera.",
            seen=seen,
            looked=looked,
            score=of_hundred(p_fake)[0],
        )
    return judge_face(p_fake, bands, sharpness)
