"""From scores and quality to plain words. Pure functions; every threshold comes from the manifest.

A verdict is a band of the calibrated score, never a claim of fact. The words follow from that: a high score is "signs
of alteration", a low one is "no clear signs" and always says what it does not show, and a face or file that could not
be judged is "not analysed" with its reason and what may help.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from detector.records import Bands, Calibration, ClipRules, FaceQuality, FaceResult, QualityGates, Stability, Verdict
from detector.sentences import Sentence, joined

__all__ = [
    "CLIP_LIMITS",
    "LIMITS",
    "SEVERITY",
    "calibrate",
    "judge_face",
    "judge_file",
    "judge_person",
    "judge_quality",
    "judge_stability",
]

SEVERITY: tuple[Verdict, ...] = (
    Verdict.NO_CLEAR_SIGNS,
    Verdict.INCONCLUSIVE,
    Verdict.SOME_SIGNS,
    Verdict.STRONG_SIGNS,
)
"""Ascending: the last verdict that any face has speaks for the file. "Not analysed" has no place in the order."""

LIMITS: tuple[Sentence, ...] = (
    Sentence("A score is an estimate by a statistical model, not evidence; do not use it to accuse a person."),
    Sentence(
        "A low score does not show that a picture is unaltered: new methods may leave no trace that the models know."
    ),
    Sentence("Only faces are looked at; bodies, backgrounds, text and sound are not."),
    Sentence("Of several faces the highest score decides, so a crowd is flagged by chance more often than a portrait."),
    Sentence(
        "The error rates given with the models were measured on test pictures; on your own they are likely to be worse."
    ),
    Sentence("Heavy compression, resizing, filters and screenshots change scores in both directions."),
)
"""Sentences that belong beside every result."""

CLIP_LIMITS: tuple[Sentence, ...] = (
    Sentence("Of a clip only some frames are looked at; what happens between them is not seen."),
    Sentence("People are told apart by place and looks within the clip; two may be taken for one, or one for two."),
    Sentence(
        "A score over a whole clip is a mean: an alteration of a short part can be lost in it, so look at the times as well."
    ),
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


def judge_quality(quality: FaceQuality, gates: QualityGates) -> Sentence | None:
    """Say why a face cannot be analysed, or None if it can.

    The comparisons are written so that a measurement that is not a number counts as not passed. Light comes before
    sharpness: a face in the dark is also without contrast, and "too blurred" would send its owner the wrong way.
    """
    if not quality.size_px >= gates.min_size_px:
        shown, limit = _apart(quality.size_px, gates.min_size_px, digits=0)
        return Sentence(
            "The face is too small: {shown} pixels across, and at least {limit} are needed. "
            "Use the original picture or one in which the face is larger.",
            shown=shown,
            limit=limit,
        )
    if not quality.brightness >= gates.min_brightness:
        shown, limit = _apart(quality.brightness, gates.min_brightness, digits=0)
        return Sentence(
            "The face is too dark: its mean brightness is {shown} of 255, and at least {limit} is needed. "
            "Use a picture with more light on the face.",
            shown=shown,
            limit=limit,
        )
    if not quality.brightness <= gates.max_brightness:
        shown, limit = _apart(quality.brightness, gates.max_brightness, digits=0)
        return Sentence(
            "The face is too bright: its mean brightness is {shown} of 255, and at most {limit} is allowed. "
            "Use a picture in which the face is not overexposed.",
            shown=shown,
            limit=limit,
        )
    if not quality.sharpness >= gates.min_sharpness:
        shown, limit = _apart(quality.sharpness, gates.min_sharpness, digits=0)
        return Sentence(
            "The face is too blurred: its sharpness is {shown}, and at least {limit} is needed. "
            "Use a sharper or less compressed picture.",
            shown=shown,
            limit=limit,
        )
    if not abs(quality.yaw) <= gates.max_abs_yaw:
        shown, limit = _apart(abs(quality.yaw), gates.max_abs_yaw, digits=1)
        return Sentence(
            "The face is turned too far away: its turn is {shown} (0 is frontal), and at most {limit} is allowed. "
            "Use a picture in which the face looks more towards the camera.",
            shown=shown,
            limit=limit,
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
        seen, limit = _apart(sharpness, bands.signs_need_sharpness, digits=0)
        return Verdict.INCONCLUSIVE, Sentence(
            "The score is high ({shown}), but the face is blurred (sharpness {seen}; from {limit} on it counts), and too many "
            "genuine faces that are as blurred score as high. It says nothing either way. Use a sharper picture.",
            shown=_two(p_fake),
            seen=seen,
            limit=limit,
        )
    if strong is not None and p_fake >= strong:
        shown, cut = _apart(p_fake, strong)
        return Verdict.STRONG_SIGNS, Sentence(
            "Strong signs that the face was altered or generated (score {shown}, where {cut} and above is strong). "
            "This is an estimate, not proof: genuine faces reach this band too, though seldom.",
            shown=shown,
            cut=cut,
        )
    if p_fake >= high:
        shown, cut = _apart(p_fake, high)
        return Verdict.SOME_SIGNS, Sentence(
            "Some signs that the face was altered or generated (score {shown}, where signs begin at {cut}). "
            "This is weak evidence and not conclusive: genuine faces reach this band too.",
            shown=shown,
            cut=cut,
        )
    if p_fake >= low:
        shown, cut_low, cut_high = _apart(p_fake, low, high)
        return Verdict.INCONCLUSIVE, Sentence(
            "The score {shown} lies between {low} and {high}, where altered and genuine faces look alike to the model. "
            "It says nothing either way.",
            shown=shown,
            low=cut_low,
            high=cut_high,
        )
    shown, cut = _apart(p_fake, low)
    return Verdict.NO_CLEAR_SIGNS, Sentence(
        "No clear signs of alteration (score {shown}, below {cut}). "
        "That does not show that the face is unaltered: some kinds of editing leave nothing the model can see.",
        shown=shown,
        cut=cut,
    )


def judge_stability(
    verdict: Verdict, reason: str, p_fake: float, scores: Mapping[str, float], bands: Bands
) -> tuple[Verdict, str, Stability]:
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
    span = {"low": _two(min(p_fake, stability.lowest)), "high": _two(max(p_fake, stability.highest))}
    if bands_seen <= {Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS}:
        return (
            Verdict.SOME_SIGNS,
            Sentence(
                "Some signs that the face was altered or generated (score {score}). Small changes that mean nothing to a "
                "person move the score between {low} and {high}, so the signs do not count as strong. This is weak evidence "
                "and not conclusive: genuine faces reach this band too.",
                score=_two(p_fake),
                **span,
            ),
            stability,
        )
    return (
        Verdict.INCONCLUSIVE,
        Sentence(
            "The score {score} does not hold: small changes that mean nothing to a person move it between {low} and {high}, "
            "across a boundary between verdicts. It says nothing either way.",
            score=_two(p_fake),
            **span,
        ),
        stability,
    )


def _two(score: float) -> str:
    """Two decimals, and never 0.00 or 1.00, which would read as certain."""
    return f"{min(max(score, 0.01), 0.99):.2f}"


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
        looked: frames looked at.
        rules: limits, from the manifest.
        obstacle: the most frequent reason why a frame could not be scored, as ``judge_quality`` gives it.
        pair: a frame mean and a video model on the same trunk: if these two disagree, order in time makes a difference that
            nobody has measured, whichever model decides.
        sharpness: of the face in the frames that could be scored, their median.

    Returns:
        The verdict and its reason.
    """
    if usable < rules.min_frames:
        return Verdict.NOT_ANALYSED, joined(
            Sentence(
                "The face could be scored in only {usable} of the {looked} frames looked at, and at least {least} are "
                "needed.",
                usable=usable,
                looked=looked,
                least=rules.min_frames,
            ),
            Sentence("Most often: {obstacle}", obstacle=obstacle) if obstacle else "",
            Sentence("Use a longer clip, or one that shows the face larger and clearer."),
        )
    verdict, reason = judge_face(scores[decides], bands, sharpness)
    if seen < rules.min_share * looked:
        return Verdict.INCONCLUSIVE, Sentence(
            "The face was seen in only {seen} of the {looked} frames looked at, too few for a verdict (score "
            "{score:.2f}). Cut out the part of the clip that shows this person and try again.",
            seen=seen,
            looked=looked,
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
    this = _FILES[file]
    nothing = Sentence("Nothing is said about whether the {file} was altered.", file=this)
    if not faces:
        none = Sentence("No face was found in this {file}, so nothing was analysed.", file=this)
        cure = Sentence("Use a {file} in which a face is larger, sharper or turned more towards the camera.", file=this)
        return Verdict.NOT_ANALYSED, joined(none, nothing, cure), None, None
    said = _PEOPLE if one == "person" else _FACES
    skipped = sum(face.p_fake is None for face in faces)
    if skipped == len(faces):
        first: str = faces[0].reason
        why = first if skipped == 1 else Sentence("The first: {reason}", reason=first)
        return Verdict.NOT_ANALYSED, joined(said.all_failed(skipped), nothing, why), None, None

    def suspicion(index: int) -> tuple[int, float]:
        face = faces[index]
        return (-1, 0.0) if face.p_fake is None else (SEVERITY.index(face.verdict), face.p_fake)

    # max() keeps the first of equals, which is the first in reading order.
    index = max(range(len(faces)), key=suspicion)
    reason = faces[index].reason
    if len(faces) > 1:
        reason = joined(said.decides(index + 1, len(faces), this), reason)
    if skipped:
        reason = joined(reason, said.skipped(skipped, len(faces)))
    return faces[index].verdict, reason, faces[index].p_fake, index


_FILES: Mapping[str, Sentence] = MappingProxyType({"picture": Sentence("picture"), "clip": Sentence("clip")})


class _Faces:
    """What is said of several faces. Whole sentences, since other languages bend other words than English does."""

    def all_failed(self, count: int) -> Sentence:
        return Sentence.plural(
            "The one face found could not be analysed.", "None of the {count} faces found could be analysed.", count
        )

    def decides(self, number: int, count: int, file: Sentence) -> Sentence:
        return Sentence(
            "Face {number} of {count} weighs most and decides for the {file}.", number=number, count=count, file=file
        )

    def skipped(self, skipped: int, count: int) -> Sentence:
        return Sentence.plural(
            "1 of the {total} faces could not be analysed, and nothing is said about it.",
            "{count} of the {total} faces could not be analysed, and nothing is said about them.",
            skipped,
            total=count,
        )


class _People(_Faces):
    """The same of the people of a clip."""

    def all_failed(self, count: int) -> Sentence:
        return Sentence.plural(
            "The one person found could not be analysed.", "None of the {count} people found could be analysed.", count
        )

    def decides(self, number: int, count: int, file: Sentence) -> Sentence:
        return Sentence(
            "Person {number} of {count} weighs most and decides for the {file}.", number=number, count=count, file=file
        )

    def skipped(self, skipped: int, count: int) -> Sentence:
        return Sentence.plural(
            "1 of the {total} people could not be analysed, and nothing is said about it.",
            "{count} of the {total} people could not be analysed, and nothing is said about them.",
            skipped,
            total=count,
        )


_FACES, _PEOPLE = _Faces(), _People()


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
