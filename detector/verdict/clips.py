"""From a person's scores over a clip to a verdict in plain words. Pure, as in ``faces``."""

from __future__ import annotations

import math
from collections.abc import Mapping

from detector.records import Bands, ClipRules, Rejection, Verdict
from detector.sentences import Sentence, joined
from detector.verdict.faces import judge_face

__all__ = ["CLIP_LIMITS", "judge_person"]

CLIP_LIMITS: tuple[Sentence, ...] = (
    Sentence("Of a clip only some frames are looked at; what happens between them is not seen."),
    Sentence("People are told apart by place and looks within the clip; two may be taken for one, or one for two."),
    Sentence(
        "A score over a whole clip is a mean: an alteration of a short part can be lost in it, so look at the times as well."
    ),
)
"""Sentences that belong beside the result of a clip, after ``LIMITS``."""


def judge_person(
    scores: Mapping[str, float],
    decides: str,
    bands: Bands,
    *,
    usable: int,
    seen: int,
    sampled: int,
    rules: ClipRules,
    rejection: Rejection | None = None,
    pair: tuple[str, str] | None = None,
    sharpness: float = math.inf,
) -> tuple[Verdict, Sentence]:
    """Put a person of a clip into a band, unless too little of the face was seen or the models contradict each other.

    Args:
        scores: calibrated p_fake over the whole clip, by model; may be empty where ``usable`` is too small.
        decides: the model that decides.
        bands: its cuts for clips.
        usable: frames in which the face could be scored.
        seen: frames in which it was found.
        sampled: frames sampled.
        rules: limits, from the manifest.
        rejection: the most frequent reason why a frame could not be scored, as ``judge_quality`` gives it.
        pair: a frame mean and a video model on the same trunk: if these two disagree, order in time makes a difference that
            nobody has measured, whichever model decides.
        sharpness: of the face in the frames that could be scored, their median.

    Returns:
        The verdict and its reason.
    """
    if usable < rules.min_frames:
        return Verdict.NOT_ANALYSED, _too_few(usable, sampled, rules, rejection)
    verdict, reason = judge_face(scores[decides], bands, sharpness)
    if seen < rules.min_share * sampled:
        return Verdict.INCONCLUSIVE, Sentence(
            "The face was seen in only {seen} of the {looked} frames looked at, too few for a verdict (score "
            "{score:.2f}). Cut out the part of the clip that shows this person and try again.",
            seen=seen,
            looked=sampled,
            score=scores[decides],
        )
    limit = rules.max_disagreement
    if pair is not None and limit is not None and abs(scores[pair[0]] - scores[pair[1]]) > limit:
        return Verdict.INCONCLUSIVE, Sentence(
            "Two ways of looking disagree: the model that follows the face over time gives {score:.2f}, the mean over "
            "single frames {other:.2f}, and more than {limit:.2f} apart counts as no result.",
            score=scores[pair[1]],
            other=scores[pair[0]],
            limit=limit,
        )
    return verdict, reason


def _too_few(usable: int, sampled: int, rules: ClipRules, rejection: Rejection | None) -> Sentence:
    return joined(
        Sentence(
            "The face could be scored in only {usable} of the {looked} frames looked at, and at least {least} are "
            "needed.",
            usable=usable,
            looked=sampled,
            least=rules.min_frames,
        ),
        Sentence("Most often: {obstacle}", obstacle=rejection.reason) if rejection else "",
        Sentence("Use a longer clip, or one that shows the face larger and clearer."),
    )
