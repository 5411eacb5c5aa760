"""From a person's scores over a clip to a verdict in plain words. Pure, as in ``faces``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from detector.records import Bands, ClipRules, Rejection, ShortPart, Verdict
from detector.sentences import Sentence, joined, of_hundred
from detector.verdict.faces import judge_face

__all__ = ["CLIP_LIMITS", "WITHOUT_SIGNS", "judge_person", "judge_short_parts", "short_parts"]

CLIP_LIMITS: tuple[Sentence, ...] = (
    Sentence("Only some frames of a video are checked; what happens between them is not seen."),
    Sentence("People are told apart by place and looks; two may be taken for one, or one for two."),
    Sentence("The score of a video is a mean: a short altered part can be lost in it, so look at the times as well."),
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
            "This face was seen in only {seen} of {looked} frames, too few to tell (score {score} of 100). Cut out the part of "
            "the video that shows this person and try again.",
            seen=seen,
            looked=sampled,
            score=of_hundred(scores[decides])[0],
        )
    limit = rules.max_disagreement
    if pair is not None and limit is not None and abs(scores[pair[0]] - scores[pair[1]]) > limit:
        return Verdict.INCONCLUSIVE, Sentence(
            "Two ways of looking disagree: the model that follows the face over time gives {score} of 100, the mean of "
            "single frames {other}. More than {limit} apart counts as no result.",
            score=of_hundred(scores[pair[1]])[0],
            other=of_hundred(scores[pair[0]])[0],
            limit=of_hundred(limit)[0],
        )
    return verdict, reason


WITHOUT_SIGNS = (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE)
"""Verdicts on a whole clip beside which a short part may show signs of its own."""


def short_parts(
    samples: Sequence[int], times: Sequence[float], logits: Sequence[float], rule: ShortPart
) -> list[tuple[float, float, float]]:
    """Parts of a clip whose frames score as high as the rule's cut, in order of time.

    Args:
        samples: running numbers of the sampled frames in which a person could be scored, ascending.
        times: of these, seconds.
        logits: of these, uncalibrated.
        rule: how many frames that follow each other are taken together, and their least mean.

    Returns:
        (from, to, highest mean) of each; runs of frames that overlap are one part.
    """
    parts: list[tuple[float, float, float]] = []
    reached = -1
    for first in range(len(samples) - rule.frames + 1):
        last = first + rule.frames - 1
        mean = sum(logits[first : last + 1]) / rule.frames
        if samples[last] - samples[first] != rule.frames - 1 or mean < rule.cut:
            continue
        if parts and first <= reached:
            start, _, highest = parts.pop()
            parts.append((start, times[last], max(highest, mean)))
        else:
            parts.append((times[first], times[last], mean))
        reached = last
    return parts


def judge_short_parts(
    verdict: Verdict, reason: Sentence, parts: Sequence[tuple[float, float, float]], clock: Callable[[float], str]
) -> tuple[Verdict, Sentence]:
    """Signs where only a short part of a clip shows them; every other verdict stays as it is.

    Args:
        verdict: on the clip as a whole.
        reason: of it.
        parts: as ``short_parts`` gives them.
        clock: writes a time.
    """
    if not parts or verdict not in WITHOUT_SIGNS:
        return verdict, reason
    start, end, _ = max(parts, key=lambda part: part[2])
    return Verdict.SOME_SIGNS, Sentence(
        "As a whole this face does not score high enough for signs, but the part from {start} to {end} does, so it may be "
        "altered there. That is weak evidence: parts of genuine videos score as high too.",
        start=clock(start),
        end=clock(end),
    )


def _too_few(usable: int, sampled: int, rules: ClipRules, rejection: Rejection | None) -> Sentence:
    return joined(
        Sentence(
            "This face could be checked in only {usable} of {looked} frames, and we need {least}.",
            usable=usable,
            looked=sampled,
            least=rules.min_frames,
        ),
        Sentence("Most often: {obstacle}", obstacle=rejection.reason) if rejection else "",
        Sentence("Use a longer video, or one that shows the face larger and clearer."),
    )
