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
from detector.sentences import Sentence
from detector.verdict.rounding import apart, two_decimals

__all__ = ["judge_face", "judge_quality", "judge_stability"]


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
                "The face is too small: {shown} pixels across, and at least {limit} are needed. "
                "Use the original picture or one in which the face is larger.",
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
                "The face is too blurred: its sharpness is {shown}, and at least {limit} is needed. "
                "Use a sharper or less compressed picture.",
                shown=shown,
                limit=limit,
            ),
        )
    if not abs(quality.yaw) <= gates.max_abs_yaw:
        shown, limit = apart(abs(quality.yaw), gates.max_abs_yaw, digits=1)
        return Rejection(
            Obstacle.TURNED_AWAY,
            Sentence(
                "The face is turned too far away: its turn is {shown} (0 is frontal), and at most {limit} is allowed. "
                "Use a picture in which the face looks more towards the camera.",
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
                "The face is too dark: its mean brightness is {shown} of 255, and at least {limit} is needed. "
                "Use a picture with more light on the face.",
                shown=shown,
                limit=limit,
            ),
        )
    if not quality.brightness <= gates.max_brightness:
        shown, limit = apart(quality.brightness, gates.max_brightness, digits=0)
        return Rejection(
            Obstacle.TOO_BRIGHT,
            Sentence(
                "The face is too bright: its mean brightness is {shown} of 255, and at most {limit} is allowed. "
                "Use a picture in which the face is not overexposed.",
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
        seen, limit = apart(sharpness, bands.signs_need_sharpness, digits=0)
        return Verdict.INCONCLUSIVE, Sentence(
            "The score is high ({shown}), but the face is blurred (sharpness {seen}; from {limit} on it counts), and too many "
            "genuine faces that are as blurred score as high. It says nothing either way. Use a sharper picture.",
            shown=two_decimals(p_fake),
            seen=seen,
            limit=limit,
        )
    if strong is not None and p_fake >= strong:
        shown, cut = apart(p_fake, strong)
        return Verdict.STRONG_SIGNS, Sentence(
            "Strong signs that the face was altered or generated (score {shown}, where {cut} and above is strong). "
            "This is an estimate, not proof: genuine faces reach this band too, though seldom.",
            shown=shown,
            cut=cut,
        )
    if p_fake >= high:
        shown, cut = apart(p_fake, high)
        return Verdict.SOME_SIGNS, Sentence(
            "Some signs that the face was altered or generated (score {shown}, where signs begin at {cut}). "
            "This is weak evidence and not conclusive: genuine faces reach this band too.",
            shown=shown,
            cut=cut,
        )
    if p_fake >= low:
        shown, cut_low, cut_high = apart(p_fake, low, high)
        return Verdict.INCONCLUSIVE, Sentence(
            "The score {shown} lies between {low} and {high}, where altered and genuine faces look alike to the model. "
            "It says nothing either way.",
            shown=shown,
            low=cut_low,
            high=cut_high,
        )
    shown, cut = apart(p_fake, low)
    return Verdict.NO_CLEAR_SIGNS, Sentence(
        "No clear signs of alteration (score {shown}, below {cut}). "
        "That does not show that the face is unaltered: some kinds of editing leave nothing the model can see.",
        shown=shown,
        cut=cut,
    )


def judge_stability(
    verdict: Verdict, reason: Sentence, p_fake: float, scores: Mapping[str, float], bands: Bands
) -> tuple[Verdict, Sentence, Stability]:
    """Take a verdict back where it does not survive changes that mean nothing.

    Where the views lie in different bands, the result is inconclusive. One case is milder: where all of them show signs and
    differ only in how strong, "strong" becomes "some".

    Args:
        verdict: of the score, as ``judge_face`` gives it.
        reason: the same.
        p_fake: the score.
        scores: p_fake of every view.
        bands: cuts of the model that gave the scores.

    Returns:
        The verdict and reason that stand, and the record of the test.
    """
    bands_seen = {judge_face(score, bands)[0] for score in (p_fake, *scores.values())}
    stability = Stability(scores, len(bands_seen) == 1)
    if stability.holds or verdict is not judge_face(p_fake, bands)[0]:
        # What was taken back for another reason stays so, with that reason.
        return verdict, reason, stability
    stability = replace(stability, decided=True)
    span = {"low": two_decimals(min(p_fake, stability.lowest)), "high": two_decimals(max(p_fake, stability.highest))}
    if bands_seen <= {Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS}:
        return (
            Verdict.SOME_SIGNS,
            Sentence(
                "Some signs that the face was altered or generated (score {score}). Small changes that mean nothing to a "
                "person move the score between {low} and {high}, so the signs do not count as strong. This is weak evidence "
                "and not conclusive: genuine faces reach this band too.",
                score=two_decimals(p_fake),
                **span,
            ),
            stability,
        )
    return (
        Verdict.INCONCLUSIVE,
        Sentence(
            "The score {score} does not hold: small changes that mean nothing to a person move it between {low} and {high}, "
            "across a boundary between verdicts. It says nothing either way.",
            score=two_decimals(p_fake),
            **span,
        ),
        stability,
    )
