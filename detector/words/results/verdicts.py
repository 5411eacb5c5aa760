"""What each verdict means, does not mean, and suggests to do next.

No text calls a picture real, fake, authentic or verified: a score says what a face looks like to a model, not what it is.
Templates with the field ``{medium}`` are shared by photos and videos and filled by ``of_kind``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.records import Bands, Verdict
from detector.sentences import N_, Sentence, joined, listed

__all__ = [
    "FACE_NOT_ANALYSED",
    "FACTS",
    "HEADLINES",
    "HOW_OFTEN",
    "LIMITS_OF_RESULT",
    "MEANS",
    "MEANS_NOT",
    "MEANS_SHAKY",
    "NEXT",
    "NOT_SCORED",
    "NO_RECORD",
    "WHAT_IT_DOES_NOT",
    "WHAT_IT_MEANS",
    "WHAT_NEXT",
    "band_facts",
    "of_kind",
]

HEADLINES: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: Sentence("Could not check this file"),
        Verdict.NO_CLEAR_SIGNS: Sentence("No clear signs found"),
        Verdict.INCONCLUSIVE: Sentence("Inconclusive"),
        Verdict.SOME_SIGNS: Sentence("Some signs of manipulation"),
        Verdict.STRONG_SIGNS: Sentence("Strong signs of manipulation"),
    }
)
FACE_NOT_ANALYSED = Sentence("Not analysed")
NOT_SCORED = N_("No score was made, so this tells you nothing about the {medium}, in either direction.")
MEANS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: NOT_SCORED,
        Verdict.NO_CLEAR_SIGNS: N_(
            "No face that could be analysed looks clearly like the altered or generated faces the models were shown."
        ),
        Verdict.INCONCLUSIVE: N_("The check allows no statement in either direction; the reason stands above."),
        Verdict.SOME_SIGNS: N_(
            "At least one face looks more like the altered or generated faces the models were shown than like the "
            "genuine ones."
        ),
        Verdict.STRONG_SIGNS: N_(
            "At least one face looks much more like the altered or generated faces the models were shown than like the "
            "genuine ones."
        ),
    }
)
MEANS_SHAKY = N_(
    "Saved again, at half the size, mirrored or cropped a little differently, the {medium} still looks the same to a person, "
    "but the models then come to different verdicts. So none is given."
)
"""What "inconclusive" means where the score does not hold."""
MEANS_NOT: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: N_("It does not mean that something is wrong with the {medium}, or that nothing is."),
        Verdict.NO_CLEAR_SIGNS: N_(
            "It does not mean that the {medium} is unaltered. Good or new methods, and changes outside the faces, are "
            "missed."
        ),
        Verdict.INCONCLUSIVE: N_("It does not mean that the {medium} is half suspicious, nor that it is fine."),
        Verdict.SOME_SIGNS: N_("It does not mean that the {medium} is altered: genuine ones get this result too."),
        Verdict.STRONG_SIGNS: N_(
            "It is not proof. Filters, make-up, strong compression or screenshots can lead to it in a genuine {medium}."
        ),
    }
)
NEXT: Mapping[Verdict, tuple[str, ...]] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: (
            N_(
                "Look for the original file: larger, sharper and less compressed than a copy from a chat or a screenshot."
            ),
            N_("Ask where the {medium} comes from; that often says more than any check of its pixels."),
        ),
        Verdict.NO_CLEAR_SIGNS: (
            N_("Judge the source and the context as carefully as you would without this result."),
            N_("If much depends on it, ask someone with experience, or the person shown."),
        ),
        Verdict.INCONCLUSIVE: (
            N_("Try the original file, or another {medium} of the same scene."),
            N_(
                "Treat it as a {medium} that has not been checked: look for its source and for other reports of the event."
            ),
        ),
        Verdict.SOME_SIGNS: (
            N_("Look for the oldest copy with a reverse image search and compare the faces."),
            N_("Ask who made the {medium}, and try the original file here."),
            N_("Do not share it as proof of anything, and do not accuse anyone because of it."),
        ),
        Verdict.STRONG_SIGNS: (
            N_("Look for the oldest copy with a reverse image search and compare the faces."),
            N_("Ask who made the {medium}, and show it to someone with experience before you act on it."),
            N_("Do not share it further, and do not accuse anyone because of this result alone."),
        ),
    }
)
NO_RECORD = N_("How often genuine and altered {medium}s get this result was not measured.")
WHAT_IT_MEANS, WHAT_IT_DOES_NOT = Sentence("What this means"), Sentence("What this does not mean")
HOW_OFTEN, WHAT_NEXT = Sentence("How often this happens"), Sentence("What you can do next")
LIMITS_OF_RESULT, FACTS = Sentence("Limits of this result"), Sentence("Facts for repeating this result")
_MEDIA: Mapping[str, Sentence] = MappingProxyType({"image": Sentence("photo"), "video": Sentence("video")})


def of_kind(template: str, kind: str) -> Sentence:
    """A sentence said of a photo ("image") or of a video."""
    return Sentence(template, medium=_MEDIA.get(kind, _MEDIA["image"]))


def band_facts(bands: Bands) -> Sentence:
    """Describe at which scores one verdict ends and the next begins."""
    low, some, strong = bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from
    parts = [Sentence("Scores below {cut:.2f} read “{verdict}”", cut=low, verdict=HEADLINES[Verdict.NO_CLEAR_SIGNS])]
    rising = [(low, Verdict.INCONCLUSIVE)] if low < some else []
    rising.append((some, Verdict.SOME_SIGNS))
    if strong is not None:
        rising.append((strong, Verdict.STRONG_SIGNS))
    parts += [Sentence("from {cut:.2f} “{verdict}”", cut=cut, verdict=HEADLINES[verdict]) for cut, verdict in rising]
    facts: list[str] = [listed(parts), Sentence("The small marks on the scale stand at these scores.")]
    if bands.signs_need_sharpness > 0:
        facts.append(
            Sentence(
                "A face with a sharpness below {limit:.0f} shows no signs, whatever its score: blurred genuine faces score "
                "high too.",
                limit=bands.signs_need_sharpness,
            )
        )
    return joined(*facts)
