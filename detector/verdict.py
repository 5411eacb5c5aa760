"""From scores and quality to plain words. Pure functions; every threshold comes from the manifest.

A verdict is a band of the calibrated score, never a claim of fact. The words follow from that: a high score is "signs
of alteration", a low one is "no clear signs" and always says what it does not show, and a face or file that could not
be judged is "not analysed" with its reason and what may help.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from detector.records import Bands, Calibration, ClipRules, FaceQuality, FaceResult, QualityGates, Verdict

__all__ = [
    "CLIP_LIMITS",
    "LIMITS",
    "SEVERITY",
    "calibrate",
    "judge_face",
    "judge_file",
    "judge_person",
    "judge_quality",
]

SEVERITY: tuple[Verdict, ...] = (
    Verdict.NO_CLEAR_SIGNS,
    Verdict.INCONCLUSIVE,
    Verdict.SOME_SIGNS,
    Verdict.STRONG_SIGNS,
)
"""Ascending: the last verdict that any face has speaks for the file. "Not analysed" has no place in the order."""

LIMITS: tuple[str, ...] = (
    "A score is an estimate by a statistical model, not evidence; do not use it to accuse a person.",
    "A low score does not show that a picture is unaltered: new methods may leave no trace that the models know.",
    "Only faces are looked at; bodies, backgrounds, text and sound are not.",
    "Of several faces the highest score decides, so a crowd is flagged by chance more often than a portrait.",
    "The error rates given with the models were measured on test pictures; on your own they are likely to be worse.",
    "Heavy compression, resizing, filters and screenshots change scores in both directions.",
)
"""Sentences that belong beside every result."""

CLIP_LIMITS: tuple[str, ...] = (
    "Of a clip only some frames are looked at; what happens between them is not seen.",
    "People are told apart by place and looks within the clip; two may be taken for one, or one for two.",
    "A score over a whole clip is a mean: an alteration of a short part can be lost in it, so look at the times as well.",
)
"""Sentences that belong beside the result of a clip, after ``LIMITS``."""

_MOST_DECIMALS = 15


def calibrate(fake_logit: float, calibration: Calibration) -> float:
    """Turn a raw logit into a score in [0, 1] (Platt 1999).

    Args:
        fake_logit: log-odds of "fake" as the model gives them.
        calibration: fitted on held-out groups.

    Returns:
        p_fake = sigmoid(scale * fake_logit + offset), in [0, 1].

    Raises:
        ValueError: the logit is not finite; no score can be made of it.
    """
    if not math.isfinite(fake_logit):
        raise ValueError(f"calibrate: expected a finite logit, got {fake_logit!r}")
    z = calibration.scale * fake_logit + calibration.offset
    # Two forms of the same function, so that exp never overflows.
    return 1.0 / (1.0 + math.exp(-z)) if z >= 0 else math.exp(z) / (1.0 + math.exp(z))


def judge_quality(quality: FaceQuality, gates: QualityGates) -> str | None:
    """Say why a face cannot be analysed, or None if it can.

    The comparisons are written so that a measurement that is not a number counts as not passed. Light comes before
    sharpness: a face in the dark is also without contrast, and "too blurred" would send its owner the wrong way.
    """
    if not quality.size_px >= gates.min_size_px:
        shown, limit = _apart(quality.size_px, gates.min_size_px, digits=0)
        return (
            f"The face is too small: {shown} pixels across, and at least {limit} are needed. "
            "Use the original picture or one in which the face is larger."
        )
    if not quality.brightness >= gates.min_brightness:
        shown, limit = _apart(quality.brightness, gates.min_brightness, digits=0)
        return (
            f"The face is too dark: its mean brightness is {shown} of 255, and at least {limit} is needed. "
            "Use a picture with more light on the face."
        )
    if not quality.brightness <= gates.max_brightness:
        shown, limit = _apart(quality.brightness, gates.max_brightness, digits=0)
        return (
            f"The face is too bright: its mean brightness is {shown} of 255, and at most {limit} is allowed. "
            "Use a picture in which the face is not overexposed."
        )
    if not quality.sharpness >= gates.min_sharpness:
        shown, limit = _apart(quality.sharpness, gates.min_sharpness, digits=0)
        return (
            f"The face is too blurred: its sharpness is {shown}, and at least {limit} is needed. "
            "Use a sharper or less compressed picture."
        )
    if not abs(quality.yaw) <= gates.max_abs_yaw:
        shown, limit = _apart(abs(quality.yaw), gates.max_abs_yaw, digits=1)
        return (
            f"The face is turned too far away: its turn is {shown} (0 is frontal), and at most {limit} is allowed. "
            "Use a picture in which the face looks more towards the camera."
        )
    return None


def judge_face(p_fake: float, bands: Bands) -> tuple[Verdict, str]:
    """Put a calibrated score into its band and say what that means.

    Args:
        p_fake: in [0, 1].
        bands: cuts of the model that gave the score.

    Returns:
        The verdict and one or two sentences that name the score and the cut.
    """
    if not 0.0 <= p_fake <= 1.0:
        raise ValueError(f"judge_face: expected p_fake in [0, 1], got {p_fake!r}")
    low, high, strong = bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from
    if strong is not None and p_fake >= strong:
        shown, cut = _apart(p_fake, strong)
        return Verdict.STRONG_SIGNS, (
            f"Strong signs that the face was altered or generated (score {shown}, where {cut} and above is strong). "
            "This is an estimate, not proof: genuine faces reach this band too, though seldom."
        )
    if p_fake >= high:
        shown, cut = _apart(p_fake, high)
        return Verdict.SOME_SIGNS, (
            f"Some signs that the face was altered or generated (score {shown}, where signs begin at {cut}). "
            "This is weak evidence and not conclusive: genuine faces reach this band too."
        )
    if p_fake >= low:
        shown, cut_low, cut_high = _apart(p_fake, low, high)
        return Verdict.INCONCLUSIVE, (
            f"The score {shown} lies between {cut_low} and {cut_high}, where altered and genuine faces look alike "
            "to the model. It says nothing either way."
        )
    shown, cut = _apart(p_fake, low)
    return Verdict.NO_CLEAR_SIGNS, (
        f"No clear signs of alteration (score {shown}, below {cut}). "
        "That does not show that the face is unaltered: some kinds of editing leave nothing the model can see."
    )


def judge_person(
    scores: Mapping[str, float],
    decides: str,
    bands: Bands,
    *,
    usable: int,
    seen: int,
    looked: int,
    rules: ClipRules,
    obstacle: str | None = None,
    against: str | None = None,
) -> tuple[Verdict, str]:
    """Put a person of a clip into a band, unless too little of the face was seen or the models contradict each other.

    Args:
        scores: calibrated p_fake over the whole clip, by model; may be empty where ``usable`` is too small.
        decides: the model that decides.
        bands: its cuts for clips.
        usable: frames in which the face could be scored.
        seen: frames in which it was found.
        looked: frames looked at.
        rules: limits, from the manifest.
        obstacle: the most frequent reason why a frame could not be scored, as ``judge_quality`` gives it.
        against: the frame mean that must not contradict a video model that decides.

    Returns:
        The verdict and its reason.
    """
    if usable < rules.min_frames:
        why = f" Most often: {obstacle}" if obstacle else ""
        return Verdict.NOT_ANALYSED, (
            f"The face could be scored in only {usable} of the {looked} frames looked at, and at least "
            f"{rules.min_frames} are needed.{why} Use a longer clip, or one that shows the face larger and clearer."
        )
    verdict, reason = judge_face(scores[decides], bands)
    if seen < rules.min_share * looked:
        return Verdict.INCONCLUSIVE, (
            f"The face was seen in only {seen} of the {looked} frames looked at, too few for a verdict (score "
            f"{scores[decides]:.2f}). Cut out the part of the clip that shows this person and try again."
        )
    limit = rules.max_disagreement
    if against is not None and limit is not None and abs(scores[against] - scores[decides]) > limit:
        return Verdict.INCONCLUSIVE, (
            f"Two ways of looking disagree: the model that follows the face over time gives {scores[decides]:.2f}, the "
            f"mean over single frames {scores[against]:.2f}, and more than {limit:.2f} apart counts as no result."
        )
    return verdict, reason


def judge_file(
    faces: Sequence[FaceResult], file: str = "picture", one: str = "face"
) -> tuple[Verdict, str, float | None, int | None]:
    """Let the most suspicious analysed face speak for the file.

    Args:
        faces: every face found, in the report's order.
        file: what it is called: "picture" or "clip".
        one: what a face is called: "face", or "person" in a clip.

    Returns:
        The verdict, its reason, the deciding face's p_fake and its index in ``faces``; the last two are None when
        nothing was analysed.
    """
    if not faces:
        return (
            Verdict.NOT_ANALYSED,
            (
                f"No face was found in this {file}, so nothing was analysed. {_not_a_finding(file)} "
                f"Use a {file} in which a face is larger, sharper or turned more towards the camera."
            ),
            None,
            None,
        )
    skipped = sum(face.p_fake is None for face in faces)
    if skipped == len(faces):
        found = f"The one {one} found" if skipped == 1 else f"None of the {skipped} {_many(one)} found"
        could = "could not be analysed" if skipped == 1 else "could be analysed"
        first = faces[0].reason if skipped == 1 else f"The first: {faces[0].reason}"
        return Verdict.NOT_ANALYSED, f"{found} {could}. {_not_a_finding(file)} {first}", None, None

    def suspicion(index: int) -> tuple[int, float]:
        face = faces[index]
        return (-1, 0.0) if face.p_fake is None else (SEVERITY.index(face.verdict), face.p_fake)

    # max() keeps the first of equals, which is the first in reading order.
    index = max(range(len(faces)), key=suspicion)
    reason = faces[index].reason
    if len(faces) > 1:
        reason = f"{one.capitalize()} {index + 1} of {len(faces)} weighs most and decides for the {file}. {reason}"
    if skipped:
        them = "it" if skipped == 1 else "them"
        reason += (
            f" {skipped} of the {len(faces)} {_many(one)} could not be analysed, and nothing is said about {them}."
        )
    return faces[index].verdict, reason, faces[index].p_fake, index


def _not_a_finding(file: str) -> str:
    return f"Nothing is said about whether the {file} was altered."


def _many(one: str) -> str:
    return "people" if one == "person" else f"{one}s"


def _apart(value: float, *cuts: float, digits: int = 2) -> tuple[str, ...]:
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
