"""Facts about one face: its quality, how stable its score is, and what its heatmaps show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from detector.records import FaceQuality, QualityGates, RegionCheck, Stability
from detector.sentences import N_, Sentence, joined, listed, of_hundred

__all__ = [
    "BARE",
    "CROP",
    "CROP_NOT_CHECKED",
    "EACH_VIEW",
    "FACE_BY_FACE",
    "HOLD",
    "HOW_TO",
    "HOW_TO_READ",
    "LEGEND_ALT",
    "NOTHING_STOOD_OUT",
    "NOT_TRIED",
    "PERSON_BY_PERSON",
    "READ_HEATMAPS",
    "REGION_NAMES",
    "SMALL_SPOTS",
    "TOWARDS_ALTERED",
    "TOWARDS_GENUINE",
    "VIEW_NAMES",
    "WHOLE_FACE",
    "chance_facts",
    "described",
    "gate_facts",
    "quality_facts",
    "region_facts",
    "skipped_facts",
    "stability_facts",
    "strength",
    "view_facts",
]

FACE_BY_FACE, PERSON_BY_PERSON = Sentence("Face by face"), Sentence("Person by person")
CROP, CROP_NOT_CHECKED, BARE = Sentence("What the model saw"), Sentence("Not checked"), Sentence("The bare face")
HOLD = Sentence("Hold to see the bare face")
TOWARDS_GENUINE, TOWARDS_ALTERED = Sentence("towards genuine"), Sentence("towards altered")
LEGEND_ALT = Sentence(
    "Scale of the lines: towards genuine on the left, nothing in the middle, towards altered on the right"
)
READ_HEATMAPS = N_("The lines show what the model reacted to, not where the {medium} was edited.")
WHOLE_FACE = Sentence(
    "The model reacted to much of the face, most within the innermost lines; no single spot explains the score."
)
SMALL_SPOTS = Sentence("Only small spots stood out to the model; none of them explains the score.")
NOTHING_STOOD_OUT = Sentence("Nothing in this face stood out to the model.")
HOW_TO = Sentence("How to read the picture and the score")
HOW_TO_READ = (
    N_("The picture is exactly what the model was given, nothing else."),
    N_("Orange lines: something here pushed the score up. Broken teal lines: something here pushed it down."),
    N_("Each line is a step of a scale that is the same for every {medium}. More lines mean more evidence."),
    N_("The lines are coarse, and can point at a spot for the wrong reason."),
    N_("We name a part of the face only if blurring it changes the score far more than blurring random spots."),
    N_(
        "The bar on the scale spans the scores after tiny changes: saved again, half the size, mirrored, cropped a little."
    ),
)
VIEW_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "as_is": Sentence("as it is"),
        "mirrored": Sentence("mirrored"),
        "jpeg": Sentence("saved again as JPEG"),
        "half_size": Sentence("at half the size"),
        "shifted": Sentence("cropped slightly differently"),
    }
)
NOT_TRIED = Sentence(
    "We skipped the test with tiny changes, such as saving the picture again: at this score they hardly ever change the "
    "result."
)
EACH_VIEW = Sentence("Score after each tiny change:")
REGION_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "eyes": Sentence("the eyes"),
        "nose": Sentence("the nose"),
        "mouth": Sentence("the mouth"),
        "left_cheek": Sentence("the cheek on the left"),
        "right_cheek": Sentence("the cheek on the right"),
        "forehead": Sentence("the forehead"),
        "chin": Sentence("the chin"),
        "outline": Sentence("the outline of the face"),
        "surroundings": Sentence("what surrounds the face"),
    }
)


_FRONTAL, _ASIDE = 0.2, 0.6
"""Turns (``FaceQuality.yaw``) below which a face looks into the camera, and up to which it is turned a little."""
_TILTED = 5
"""Degrees from which on a tilt is named."""


def quality_facts(quality: FaceQuality) -> Sentence:
    """Describe what was measured on a face."""
    if abs(quality.yaw) < _FRONTAL:
        pose = Sentence("facing the camera")
    elif abs(quality.yaw) <= _ASIDE:
        pose = Sentence("turned a little to the side")
    else:
        pose = Sentence("turned far to the side")
    tilt = round(abs(quality.roll_deg))
    if tilt >= _TILTED:
        pose = Sentence("{pose}, tilted by {tilt}°", pose=pose, tilt=tilt)
    return Sentence(
        "About this face: {size:.0f} pixels across, {pose}, brightness {brightness:.0f} of 255, sharpness {sharpness:.0f}.",
        size=quality.size_px,
        pose=pose,
        brightness=quality.brightness,
        sharpness=quality.sharpness,
    )


def gate_facts(gates: QualityGates) -> Sentence:
    """Describe which faces are analysed at all."""
    given: dict[str, object] = {"size": gates.min_size_px, "low": gates.min_brightness, "high": gates.max_brightness}
    if gates.min_sharpness > 0:
        return Sentence(
            "A face is checked if it is at least {size:.0f} pixels across, not turned too far away, with a brightness from "
            "{low:.0f} to {high:.0f} and a sharpness of at least {sharp:.0f}.",
            **given,
            sharp=gates.min_sharpness,
        )
    return Sentence(
        "A face is checked if it is at least {size:.0f} pixels across, not turned too far away, with a brightness from "
        "{low:.0f} to {high:.0f}.",
        **given,
    )


def stability_facts(stability: Stability, cuts: Sequence[float] = (), clip: bool = False) -> Sentence:
    """Say between what the score moves, where it holds; where it does not, its verdict says so."""
    low, high = (of_hundred(score, *cuts)[0] for score in (stability.lowest, stability.highest))
    if stability.skipped and set(stability.scores) <= {"as_is", "mirrored"}:
        return NOT_TRIED
    if not stability.holds:
        text = Sentence(
            "Tiny changes you would not notice move the score between {low} and {high}.", low=low, high=high
        )
    elif low == high:
        text = Sentence("The score holds: tiny changes you would not notice leave it at {score}.", score=low)
    else:
        text = Sentence(
            "The score holds: tiny changes you would not notice move it only between {low} and {high}.",
            low=low,
            high=high,
        )
    return joined(text, Sentence("Estimated from a few frames.")) if clip else text


def skipped_facts(skipped: Sequence[str]) -> Sentence:
    """Which changes were not tried."""
    named = [VIEW_NAMES[name] for name in skipped if name in VIEW_NAMES]
    return Sentence("Not tried, since it hardly ever changes such a result: {views}", views=listed(named))


def view_facts(name: str, score: float, *cuts: float) -> Sentence:
    """One change and the score after it."""
    return Sentence("{view}: {score}", view=VIEW_NAMES[name], score=of_hundred(score, *cuts)[0])


def region_facts(check: RegionCheck, p_fake: float) -> Sentence:
    """What hiding a part of the face does to the score, where that matters; else that no part does."""
    if not check.matters:
        return WHOLE_FACE
    before, hidden = of_hundred(p_fake)[0], of_hundred(check.hidden)[0]
    region = REGION_NAMES[check.hottest]
    if check.hidden < p_fake:
        return Sentence(
            "Hiding {region} lowers the score from {before} to {hidden}.", region=region, before=before, hidden=hidden
        )
    return Sentence(
        "Hiding {region} raises the score from {before} to {hidden}.", region=region, before=before, hidden=hidden
    )


def chance_facts(check: RegionCheck, p_fake: float) -> Sentence:
    """What hiding random places of the same size does, to compare with."""
    by_chance = max(check.elsewhere, key=lambda score: abs(score - p_fake))
    return Sentence(
        "Hiding {region} changes the score from {before} to {hidden}; hiding {count} random spots as large, to {chance} "
        "at most.",
        region=REGION_NAMES[check.hottest],
        before=of_hundred(p_fake)[0],
        hidden=of_hundred(check.hidden)[0],
        chance=of_hundred(by_chance)[0],
        count=len(check.elsewhere),
    )


def described(subject: str, caption: str, strength: str | None = None) -> Sentence:
    """A picture of a face, for those who cannot see it."""
    if strength is None:
        return Sentence("{subject}: {caption}", subject=subject, caption=caption)
    return Sentence("{subject}: {caption}, {strength}", subject=subject, caption=caption, strength=strength)


def strength(altered: float, genuine: float) -> Sentence:
    """The highest values of a heatmap in words, for those who cannot see it.

    Args:
        altered: share of the full scale, in [0, 1].
        genuine: the same.
    """
    return Sentence(
        "strongest spot {altered} of 100 towards altered, {genuine} of 100 towards genuine",
        altered=round(100 * altered),
        genuine=round(100 * genuine),
    )
