"""What each verdict means, does not mean, and suggests to do next.

No text calls a picture real, fake, authentic or verified: a score says what a face looks like to a model, not what it is.
Templates with the field ``{medium}`` are shared by photos and videos and filled by ``of_kind``.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.records import Bands, Report, Verdict
from detector.sentences import N_, Sentence, joined, listed, of_hundred
from detector.words.results.scores import BAND_NAMES

__all__ = [
    "FACTS",
    "HEADLINES",
    "HOW_OFTEN",
    "LIMITS_OF_RESULT",
    "MEANS",
    "MEANS_NOT",
    "MEANS_SHAKY",
    "NEXT",
    "NOT_SCORED",
    "NO_FACE",
    "NO_RECORD",
    "NO_USABLE_FACE",
    "TECHNICAL",
    "UNREADABLE",
    "WHAT_IT_DOES_NOT",
    "WHAT_IT_MEANS",
    "WHAT_NEXT",
    "band_facts",
    "file_headline",
    "of_kind",
]

HEADLINES: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: Sentence("Not checked"),
        Verdict.NO_CLEAR_SIGNS: Sentence("No clear signs found"),
        Verdict.INCONCLUSIVE: Sentence("We can't tell either way"),
        Verdict.SOME_SIGNS: Sentence("Some signs of manipulation"),
        Verdict.STRONG_SIGNS: Sentence("Strong signs of manipulation"),
    }
)
NO_FACE, NO_USABLE_FACE = Sentence("No face found"), Sentence("No face could be checked")
UNREADABLE = Sentence("This file was not checked")
NOT_SCORED = N_("There is no score, so this tells you nothing about the {medium}, either way.")
MEANS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: NOT_SCORED,
        Verdict.NO_CLEAR_SIGNS: N_("No face in this {medium} looks clearly like the altered or AI-made faces we know."),
        Verdict.INCONCLUSIVE: N_("This is not a middle score: it means we don't know."),
        Verdict.SOME_SIGNS: N_(
            "A face in this {medium} looks more like altered or AI-made faces than like genuine ones."
        ),
        Verdict.STRONG_SIGNS: N_(
            "A face in this {medium} looks much more like altered or AI-made faces than like genuine ones."
        ),
    }
)
MEANS_SHAKY = N_(
    "Saved again, at half the size, mirrored or cropped a little, the {medium} looks the same to you, but not to the model."
)
"""What "inconclusive" means where the score does not hold."""
MEANS_NOT: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: N_("It does not mean that something is wrong with the {medium}, or that nothing is."),
        Verdict.NO_CLEAR_SIGNS: N_(
            "It does not mean that the {medium} is unaltered. We miss new methods, good ones, and changes outside the faces."
        ),
        Verdict.INCONCLUSIVE: N_("It does not mean that the {medium} is half suspicious, or that it is fine."),
        Verdict.SOME_SIGNS: N_("It does not mean that the {medium} is altered: genuine ones get this result too."),
        Verdict.STRONG_SIGNS: N_(
            "It is not proof. Filters, make-up, strong compression or a screenshot can do this to a genuine {medium}."
        ),
    }
)
NEXT: Mapping[Verdict, tuple[str, ...]] = MappingProxyType(
    {
        Verdict.NOT_ANALYSED: (
            N_("Use the original file, with large, sharp, well-lit faces."),
            N_("Ask where the {medium} comes from. That often says more than its pixels."),
        ),
        Verdict.NO_CLEAR_SIGNS: (
            N_("Judge the source as carefully as you would without this result."),
            N_("If much depends on it, ask the person shown, or an expert."),
        ),
        Verdict.INCONCLUSIVE: (
            N_("Try the original file, or another {medium} of the same scene."),
            N_("Treat it as a {medium} that nobody has checked: look for its source and other reports."),
        ),
        Verdict.SOME_SIGNS: (
            N_("Look for an older copy and compare the faces."),
            N_("Ask who made the {medium}, and try the original file here."),
            N_("Do not share it as proof, and do not accuse anyone because of it."),
        ),
        Verdict.STRONG_SIGNS: (
            N_("Look for an older copy and compare the faces."),
            N_("Ask who made the {medium}, and show it to an expert before you act."),
            N_("Do not share it further, and do not accuse anyone because of this alone."),
        ),
    }
)
NO_RECORD = N_("How often genuine and altered {medium}s get this result was not measured.")
WHAT_IT_MEANS, WHAT_IT_DOES_NOT = Sentence("What this means"), Sentence("What this does not mean")
HOW_OFTEN, WHAT_NEXT = Sentence("How often this happens"), Sentence("What to do next")
TECHNICAL = Sentence("Technical details")
LIMITS_OF_RESULT, FACTS = Sentence("Limits"), Sentence("To repeat this check")
_MEDIA: Mapping[str, Sentence] = MappingProxyType({"image": Sentence("photo"), "video": Sentence("video")})


def of_kind(template: str, kind: str) -> Sentence:
    """A sentence said of a photo ("image") or of a video."""
    return Sentence(template, medium=_MEDIA.get(kind, _MEDIA["image"]))


def file_headline(report: Report) -> str:
    """The verdict on a file in words; where there is none, what stood in its way."""
    if report.verdict is not Verdict.NOT_ANALYSED:
        return HEADLINES[report.verdict]
    return NO_USABLE_FACE if report.faces else NO_FACE


def band_facts(bands: Bands) -> Sentence:
    """Describe at which scores one verdict ends and the next begins."""
    low, some, strong = bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from
    parts = [Sentence("Below {cut}: {band}", cut=_cut(low), band=BAND_NAMES[Verdict.NO_CLEAR_SIGNS])]
    rising = [(low, Verdict.INCONCLUSIVE)] if low < some else []
    rising.append((some, Verdict.SOME_SIGNS))
    if strong is not None:
        rising.append((strong, Verdict.STRONG_SIGNS))
    parts += [Sentence("from {cut}: {band}", cut=_cut(cut), band=BAND_NAMES[verdict]) for cut, verdict in rising]
    facts: list[str] = [listed(parts)]
    if bands.signs_need_sharpness > 0:
        facts.append(
            Sentence(
                "A face with a sharpness below {limit:.0f} shows no signs, whatever its score: blurred genuine faces score "
                "high too.",
                limit=bands.signs_need_sharpness,
            )
        )
    return joined(*facts)


def _cut(cut: float) -> str:
    return of_hundred(0.5, cut)[1]
