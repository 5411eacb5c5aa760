"""Facts about one face: its quality, how stable its score is, and what its heatmaps show."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.records import FaceQuality, QualityGates, RegionCheck, Stability
from detector.sentences import N_, Sentence, joined
from detector.words.results.scores import score_text

__all__ = [
    "CROP",
    "CROP_NOT_SCORED",
    "EACH_VIEW",
    "FACE_BY_FACE",
    "HOW_TO",
    "HOW_TO_READ",
    "LEGEND_ALT",
    "LOWERED",
    "OPACITY",
    "PERSON_BY_PERSON",
    "RAISED",
    "READ_HEATMAPS",
    "REGION_NAMES",
    "STRONG",
    "VIEW_NAMES",
    "WEAK",
    "gate_facts",
    "quality_facts",
    "region_facts",
    "stability_facts",
    "strength",
    "view_facts",
]

FACE_BY_FACE, PERSON_BY_PERSON = Sentence("Face by face"), Sentence("Person by person")
WEAK, STRONG = Sentence("weak"), Sentence("strong")
CROP = Sentence("Crop that was scored")
CROP_NOT_SCORED = Sentence("Crop, not scored")
RAISED = Sentence("Raised the score")
LOWERED = Sentence("Lowered the score")
READ_HEATMAPS = N_("The colour shows where the model looked, not where the {medium} was edited.")
HOW_TO = Sentence("How to read this")
LEGEND_ALT = Sentence("Colour scale of the heatmaps, from weak on the left to strong on the right")
HOW_TO_READ = (
    N_("“Crop that was scored”: exactly the pixels the model was given, nothing else."),
    N_("“Raised the score”: places that pushed the score up, towards altered or generated faces."),
    N_("“Lowered the score”: places that pushed it down, towards genuine faces."),
    N_(
        "The colour scale is fixed and the same for every {medium}. Faint colour means weak evidence; no colour means none."
    ),
    N_("The maps are coarse and can point at a place for the wrong reason. They say something about the model only."),
    N_(
        "A part of the face is named only if blurring it out changes the score clearly more than blurring out random places."
    ),
    N_(
        "The bar on the scale spans the scores after small changes: saved again, half the size, mirrored, cropped differently."
    ),
)
OPACITY = Sentence("Strength of the colour")
VIEW_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "as_is": Sentence("as it is"),
        "mirrored": Sentence("mirrored"),
        "jpeg": Sentence("saved again as JPEG"),
        "half_size": Sentence("at half the size"),
        "shifted": Sentence("cropped slightly differently"),
    }
)
EACH_VIEW = Sentence("Score after each change")
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


def quality_facts(quality: FaceQuality) -> Sentence:
    """Describe what was measured on a face."""
    if abs(quality.yaw) < 0.2:
        pose = Sentence("facing the camera")
    elif abs(quality.yaw) <= 0.6:
        pose = Sentence("turned a little to the side")
    else:
        pose = Sentence("turned far to the side")
    tilt = round(abs(quality.roll_deg))
    if tilt >= 5:
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
            "A face is analysed if it is at least {size:.0f} pixels across and not turned too far away, with "
            "a brightness from {low:.0f} to {high:.0f} and a sharpness of at least {sharp:.0f}.",
            **given,
            sharp=gates.min_sharpness,
        )
    return Sentence(
        "A face is analysed if it is at least {size:.0f} pixels across and not turned too far away, with "
        "a brightness from {low:.0f} to {high:.0f}.",
        **given,
    )


def stability_facts(stability: Stability, clip: bool = False) -> Sentence:
    """Describe whether the score holds, and between what it moves."""
    span = {"low": score_text(stability.lowest), "high": score_text(stability.highest)}
    if stability.holds:
        text = Sentence(
            "The score holds: small changes that mean nothing to a person move it between {low} and {high}, and the verdict "
            "stays the same.",
            **span,
        )
    else:
        text = Sentence(
            "The score does not hold: small changes that mean nothing to a person move it between {low} and {high}, and the "
            "verdict changes with it.",
            **span,
        )
    return joined(text, Sentence("Estimated from a few frames.")) if clip else text


def view_facts(name: str, score: float) -> Sentence:
    """One change and the score after it."""
    return Sentence("{view}: {score}", view=VIEW_NAMES[name], score=score_text(score))


def region_facts(check: RegionCheck, p_fake: float) -> Sentence:
    """Name the hottest region with both changes, or say why none is named."""
    by_chance = max(check.elsewhere, key=lambda score: abs(score - p_fake))
    scores = {
        "before": score_text(p_fake),
        "hidden": score_text(check.hidden),
        "chance": score_text(by_chance),
        "count": len(check.elsewhere),
    }
    if check.matters:
        return Sentence(
            "What mattered most here: {region}. With it blurred out, the score goes from {before} to {hidden}; with any of "
            "{count} random places of the same size blurred out, to {chance} at most.",
            region=REGION_NAMES[check.hottest],
            **scores,
        )
    return Sentence(
        "No part of the face can be named. With the most strongly coloured part blurred out, the score goes from {before} to "
        "{hidden}; with a random place of the same size blurred out, it goes as far as {chance}.",
        **{name: value for name, value in scores.items() if name != "count"},
    )


def strength(peak: float) -> Sentence:
    """Describe the highest value of a heatmap in words, for those who cannot see it or have no other map to compare with."""
    if peak <= 0.0:
        return Sentence("no place stood out")
    return Sentence("strongest place: {share} % of full colour", share=max(1, round(100 * peak)))
