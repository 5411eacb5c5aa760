"""What a card of one face or person shows, as plain data for the templates: pictures, scale of the score, checks, models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detector.models.names import ARCHITECTURE_NAMES
from detector.records import Bands, FaceResult, Manifest, Stability, Verdict
from detector.words import results as words

__all__ = [
    "Checks",
    "FaceCard",
    "FacePictures",
    "Figure",
    "Meter",
    "ModelScore",
    "checks",
    "face_card",
    "headline",
    "meter",
    "model_scores",
    "network_kind",
]


@dataclass(frozen=True)
class FacePictures:
    """One face, encoded; the maps are None where no heatmap was made."""

    crop: bytes
    """PNG, so that it is the scored crop to the last pixel."""
    towards_fake: bytes | None = None
    """PNG of the colour alone, with its strength as opacity, to be laid over the crop."""
    towards_real: bytes | None = None
    """The same."""
    timeline: bytes | None = None
    """PNG; of a person of a clip."""
    moments: tuple[tuple[bytes, bytes | None], ...] = ()
    """(crop, colour of what raised the score) of each moment of a person of a clip, encoded."""


@dataclass(frozen=True)
class Figure:
    """A picture with its caption."""

    picture: bytes
    subject: str
    """Whose it is, such as "Face 1"."""
    caption: str
    strength: str | None = None
    """Of the heatmap, in words."""
    colour: bytes | None = None
    """PNG of a heatmap, to be laid over the picture."""


@dataclass(frozen=True)
class Meter:
    """The scale of a score."""

    score: float
    """In [0, 1], as every number here."""
    label: str
    cuts: tuple[float, ...]
    """Between verdicts."""
    span: tuple[float, float] | None
    """Lowest and highest score after small changes, this one among them; None if they were not tried."""


@dataclass(frozen=True)
class Checks:
    """Whether the score holds, and which part of the face it depends on."""

    stability: str | None
    views: tuple[str, ...]
    holds: bool
    region: str | None


@dataclass(frozen=True)
class ModelScore:
    """The score that one model gives."""

    name: str
    kind: str | None
    """Of network, in words."""
    score: float
    """P(fake), in [0, 1]."""
    decides: bool


@dataclass(frozen=True)
class FaceCard:
    """One face or person."""

    number: int
    """In the report, from 1."""
    subject: str
    verdict: Verdict
    headline: str
    meter: Meter | None
    reason: str
    figures: tuple[Figure, ...]
    checks: Checks
    models: tuple[ModelScore, ...]
    facts: str
    """Quality of the picture, or when a person was seen."""


def face_card(number: int, face: FaceResult, pictures: FacePictures, decides: str, manifest: Manifest) -> FaceCard:
    """One face of a photo.

    Args:
        number: in the report, from 1.
        face: as in the report.
        pictures: of this face.
        decides: name of the model that decides.
        manifest: for its cuts, and the names of the others.
    """
    spec = manifest.models.get(decides)
    return FaceCard(
        number=number,
        subject=words.numbered(number),
        verdict=face.verdict,
        headline=headline(face),
        meter=meter(face, words.score_of(number), spec.bands if spec else None),
        reason=face.reason,
        figures=tuple(_figures(number, face, pictures)),
        checks=checks(face),
        models=model_scores(face, decides, manifest),
        facts=words.quality_facts(face.crop.quality),
    )


def _figures(number: int, face: FaceResult, pictures: FacePictures) -> list[Figure]:
    subject = words.numbered(number)
    caption = words.CROP if face.p_fake is not None else words.CROP_NOT_SCORED
    figures = [Figure(pictures.crop, subject, caption)]
    if face.heatmap is not None and pictures.towards_fake is not None and pictures.towards_real is not None:
        for caption, colour, heat in (
            (words.RAISED, pictures.towards_fake, face.heatmap.towards_fake),
            (words.LOWERED, pictures.towards_real, face.heatmap.towards_real),
        ):
            figures.append(Figure(pictures.crop, subject, caption, words.strength(float(heat.max())), colour))
    return figures


def headline(face: FaceResult) -> str:
    """The verdict on a face in words."""
    return words.FACE_NOT_ANALYSED if face.verdict is Verdict.NOT_ANALYSED else words.HEADLINES[face.verdict]


def meter(face: FaceResult, label: str, bands: Bands | None) -> Meter | None:
    """The scale of a face's score; None where it has none.

    Args:
        face: or person.
        label: what the score is of.
        bands: cuts between verdicts; none are drawn if None.
    """
    score = face.p_fake
    if score is None:
        return None
    cuts = (bands.no_clear_signs_below, bands.some_signs_from, bands.strong_signs_from) if bands else ()
    return Meter(score, label, tuple(cut for cut in cuts if cut is not None), _span(score, face.stability))


def _span(score: float, stability: Stability | None) -> tuple[float, float] | None:
    return None if stability is None else (min(score, stability.lowest), max(score, stability.highest))


def checks(face: FaceResult, clip: bool = False) -> Checks:
    """What small changes and hidden regions do to a score, in words."""
    stability, region = face.stability, face.region
    views: Sequence[str] = ()
    if stability is not None:
        views = [words.view_facts(name, score) for name, score in stability.scores.items()]
    return Checks(
        stability=None if stability is None else words.stability_facts(stability, clip),
        views=tuple(views),
        holds=stability is None or stability.holds,
        region=None if region is None or face.p_fake is None else words.region_facts(region, face.p_fake),
    )


def model_scores(face: FaceResult, decides: str, manifest: Manifest) -> tuple[ModelScore, ...]:
    """What every model scores, the one that decides first."""
    return tuple(
        ModelScore(name, network_kind(name, manifest), score, name == decides)
        for name, score in sorted(face.models.items(), key=lambda item: (item[0] != decides, item[0]))
    )


def network_kind(name: str, manifest: Manifest) -> str | None:
    """The kind of network that a model is, in words; None where it has no name for readers."""
    spec = manifest.models.get(name)
    return ARCHITECTURE_NAMES.get(spec.architecture) if spec else None
