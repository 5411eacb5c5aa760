"""From a face's quality and score to a verdict in plain words. Pure functions; every threshold comes from the manifest.

A verdict is a band of the calibrated score, never a claim of fact. The words follow from that: a high score is "signs
of alteration", a low one is "no clear signs" and always says what it does not show, and a face that could not be judged
is "not analysed" with its reason and what may help.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from detector.records import Bands, FaceQuality, Obstacle, QualityGates, Rejection, Stability, Verdict
from detector.sentences import Sentence, apart, of_hundred

__all__ = ["LEAST_MOVE", "judge_face", "judge_quality", "judge_stability"]

LEAST_MOVE = 0.01
"""Change of p_fake up to which a view counts as unmoved."""


def judge_quality(quality: FaceQuality, gates: QualityGates) -> Rejection | None:
    """Say why a face cannot be analysed, or None if it can.

    The comparisons are written so that a measurement that is not a number counts as not passed. Light comes before
    sharpness: a face in the dark is also without contrast, and "too blurred" would send its owner the wrong way.
    """
    if not quality.size_px >= gates.min_size_px:
        shown, limit = apart(quality.size_px, gates.min_size_px, digits=0)
        return Rejection(
            Obstacle.TOO_SMALL,
            Sentence(
                "The face is too small: it is {shown} pixels across, and we need {limit}. "
                "Use the original, or a picture in which it is larger.",
                shown=shown,
                limit=limit,
            ),
        )
    if (light := _judge_light(quality, gates)) is not None:
        return light
    if not quality.sharpness >= gates.min_sharpness:
        shown, limit = apart(quality.sharpness, gates.min_sharpness, digits=0)
        return Rejection(
            Obstacle.TOO_BLURRED,
            Sentence(
                "The face is too blurred: its sharpness is {shown}, and we need {limit}. Use a sharper picture.",
                shown=shown,
                limit=limit,
            ),
        )
    if not abs(quality.yaw) <= gates.max_abs_yaw:
        shown, limit = apart(abs(quality.yaw), gates.max_abs_yaw, digits=1)
        return Rejection(
            Obstacle.TURNED_AWAY,
            Sentence(
                "The face is turned too far away: its turn is {shown} (0 is frontal), and {limit} is the most we can use. "
                "Use a picture in which it looks more towards the camera.",
                shown=shown,
                limit=limit,
            ),
        )
    return None


def _judge_light(quality: FaceQuality, gates: QualityGates) -> Rejection | None:
    if not quality.brightness >= gates.min_brightness:
        shown, limit = apart(quality.brightness, gates.min_brightness, digits=0)
        return Rejection(
            Obstacle.TOO_DARK,
            Sentence(
                "The face is too dark: its brightness is {shown} of 255, and we need {limit}. "
                "Use a picture with more light on it.",
                shown=shown,
                limit=limit,
            ),
        )
    if not quality.brightness <= gates.max_brightness:
        shown, limit = apart(quality.brightness, gates.max_brightness, digits=0)
        return Rejection(
            Obstacle.TOO_BRIGHT,
            Sentence(
                "The face is too bright: its brightness is {shown} of 255, and {limit} is the most we can use. "
                "Use a picture in which it is not overexposed.",
                shown=shown,
                limit=limit,
            ),
        )
    return None


def judge_face(p_fake: float, bands: Bands, sharpness: float = math.inf) -> tuple[Verdict, Sentence]:
    """Put a calibrated score into its band and say what that means.

    Args:
        p_fake: in [0, 1].
        bands: cuts of the model that gave the score.
        sharpness: of the face; one below ``bands.signs_need_sharpness`` shows no signs, whatever its score.

    Returns:
        The verdict and one or two sentences that name the score and the cut.
    """
    if not 0.0 <= p_fake <= 1.0:
        raise ValueError(f"judge_face: expected p_fake in [0, 1], got {p_fake!r}")
    low, high, strong = bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from
    if p_fake >= high and not sharpness >= bands.signs_need_sharpness:
        return Verdict.INCONCLUSIVE, Sentence(
            "The score is high ({shown} of 100), but the face is blurred, and blurred genuine faces score as high. Use a "
            "sharper picture.",
            shown=of_hundred(p_fake)[0],
        )
    if strong is not None and p_fake >= strong:
        shown, cut = of_hundred(p_fake, strong)
        return Verdict.STRONG_SIGNS, Sentence(
            "This face scores {shown} of 100, and from {cut} on we call the signs strong. A few genuine faces score as high, "
            "so it is not proof.",
            shown=shown,
            cut=cut,
        )
    if p_fake >= high:
        shown, cut = of_hundred(p_fake, high)
        return Verdict.SOME_SIGNS, Sentence(
            "This face scores {shown} of 100, and signs begin at {cut}. That is weak evidence: genuine faces score as high "
            "too.",
            shown=shown,
            cut=cut,
        )
    if p_fake >= low:
        shown, cut_low, cut_high = of_hundred(p_fake, low, high)
        return Verdict.INCONCLUSIVE, Sentence(
            "Between {low} and {high} of 100, genuine and altered faces look alike to the model, and this face scores {shown}.",
            shown=shown,
            low=cut_low,
            high=cut_high,
        )
    shown, cut = of_hundred(p_fake, low)
    return Verdict.NO_CLEAR_SIGNS, Sentence(
        "This face scores {shown} of 100, and below {cut} we see no clear signs. That is not an all-clear.",
        shown=shown,
        cut=cut,
    )


def judge_stability(
    verdict: Verdict, reason: Sentence, p_fake: float, scores: Mapping[str, float], bands: Bands
) -> tuple[Verdict, Sentence, Stability]:
    """Take a verdict back where it does not survive changes that mean nothing.

    Where the views lie in different bands, the result is inconclusive. One case is milder: where all of them show signs and
    differ only in how strong, "strong" becomes "some". A view within ``LEAST_MOVE`` of the score agrees with it on either
    side of a cut.

    Args:
        verdict: of the score, as ``judge_face`` gives it.
        reason: the same.
        p_fake: the score.
        scores: p_fake of every view.
        bands: cuts of the model that gave the scores.

    Returns:
        The verdict and reason that stand, and the record of the test.
    """
    moved = [score for score in scores.values() if abs(score - p_fake) > LEAST_MOVE]
    bands_seen = {judge_face(score, bands)[0] for score in (p_fake, *moved)}
    stability = Stability(scores, len(bands_seen) == 1)
    if stability.holds or verdict is not judge_face(p_fake, bands)[0]:
        # What was taken back for another reason stays so, with that reason.
        return verdict, reason, stability
    stability = replace(stability, decided=True)
    span = {
        "low": of_hundred(min(p_fake, stability.lowest), *bands.cuts)[0],
        "high": of_hundred(max(p_fake, stability.highest), *bands.cuts)[0],
    }
    if bands_seen <= {Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS}:
        return (
            Verdict.SOME_SIGNS,
            Sentence(
                "This face scores {score} of 100, but tiny changes you would not notice move that between {low} and {high}, so "
                "we do not call the signs strong. Genuine faces score as high too.",
                score=of_hundred(p_fake, *bands.cuts)[0],
                **span,
            ),
            stability,
        )
    return (
        Verdict.INCONCLUSIVE,
        Sentence(
            "Tiny changes you would not notice move the score of this face between {low} and {high} of 100, so it says "
            "nothing.",
            **span,
        ),
        stability,
    )
