"""What a card of one face or person shows, as plain data for the templates: picture, scale of the score, checks, models."""

from __future__ import annotations

from dataclasses import dataclass

from detector.drawing.heatmap import reaches_a_level, share_within_lines
from detector.models.names import ARCHITECTURE_NAMES
from detector.records import Bands, FaceResult, Heatmap, Manifest, Verdict
from detector.report.scale import Gauge, gauge
from detector.words import results as words

__all__ = [
    "Details",
    "FaceCard",
    "FacePictures",
    "Figure",
    "ModelScore",
    "details",
    "face_card",
    "figure",
    "headline",
    "model_scores",
    "network_kind",
    "seen_by_model",
]


@dataclass(frozen=True)
class FacePictures:
    """One face, encoded."""

    crop: bytes
    """PNG, so that it is the scored crop to the last pixel."""
    heat: bytes | None = None
    """PNG of the heatmap's lines alone, to be laid over the crop; None if no heatmap was made."""
    moments: tuple[tuple[bytes, bytes | None], ...] = ()
    """The same two of each moment of a person of a clip."""


@dataclass(frozen=True)
class Figure:
    """A crop, with what the model reacted to drawn over it."""

    picture: bytes
    caption: str
    alt: str
    heat: bytes | None = None
    """PNG, to be laid over the picture."""


@dataclass(frozen=True)
class ModelScore:
    """The score that one model gives."""

    name: str
    kind: str | None
    """Of network, in words."""
    text: str
    decides: bool


@dataclass(frozen=True)
class Details:
    """What belongs under "Technical details" of one face or person."""

    subject: str
    models: tuple[ModelScore, ...]
    facts: tuple[str, ...]
    views: tuple[str, ...]


@dataclass(frozen=True)
class FaceCard:
    """One face or person."""

    number: int
    """In the report, from 1."""
    subject: str
    verdict: Verdict
    headline: str
    score: str | None
    gauge: Gauge | None
    """None where there is no score, or where the result shows it already."""
    reason: str | None
    """None where the result says it already."""
    figure: Figure | None
    findings: tuple[str, ...]
    """What the model reacted to, and whether the score holds."""
    open: bool
    """Whether it is unfolded from the beginning."""
    details: Details


def face_card(
    number: int, face: FaceResult, pictures: FacePictures, decides: str, manifest: Manifest, *, leads: bool
) -> FaceCard:
    """One face of a photo.

    Args:
        number: in the report, from 1.
        face: as in the report.
        pictures: of this face.
        decides: name of the model that decides.
        manifest: for its cuts, and the names of the others.
        leads: whether the result speaks of this face, so that its score and reason stand there already.
    """
    spec = manifest.models.get(decides)
    bands = spec.bands if spec else None
    subject = words.numbered(number)
    caption = words.CROP if face.p_fake is not None else words.CROP_NOT_CHECKED
    return FaceCard(
        number=number,
        subject=subject,
        verdict=face.verdict,
        headline=headline(face),
        score=None if face.p_fake is None else words.score_text(face.p_fake, *(bands.cuts if bands else ())),
        gauge=None if leads else gauge(face, words.score_of(number), bands),
        reason=None if leads else face.reason,
        figure=figure(subject, caption, pictures.crop, pictures.heat, face.heatmap),
        findings=_findings(face, bands),
        open=leads or face.verdict in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS),
        details=details(subject, face, decides, manifest, words.quality_facts(face.crop.quality)),
    )


def figure(subject: str, caption: str, crop: bytes, heat: bytes | None, heatmap: Heatmap | None) -> Figure:
    """A crop with its heatmap, if there is one, and with both in words.

    Args:
        subject: whose it is, such as "Face 1".
        caption: what it shows.
        crop: PNG.
        heat: PNG of the lines.
        heatmap: the same as numbers.
    """
    if heat is None or heatmap is None:
        return Figure(crop, caption, words.described(subject, caption))
    strength = words.strength(float(heatmap.towards_fake.max()), float(heatmap.towards_real.max()))
    return Figure(crop, caption, words.described(subject, caption, strength), heat)


_WIDE = 0.18
"""Share of a crop within the lines from which they mark no spot but much of the face; chosen by eye on a
``train heatmap-sheet``."""


def seen_by_model(face: FaceResult) -> str | None:
    """What the model reacted to, in a sentence that hiding has proved; None where nobody looked."""
    if face.p_fake is None or face.heatmap is None:
        return None
    if face.region is not None and face.region.matters:
        return words.region_facts(face.region, face.p_fake)
    if not reaches_a_level(face.heatmap.towards_fake, face.heatmap.towards_real):
        return words.NOTHING_STOOD_OUT
    if face.region is None:
        return None
    wide = share_within_lines(face.heatmap.towards_fake, face.heatmap.towards_real) >= _WIDE
    return words.WHOLE_FACE if wide else words.SMALL_SPOTS


def _findings(face: FaceResult, bands: Bands | None) -> tuple[str, ...]:
    cuts = bands.cuts if bands else ()
    holds = face.stability is not None and face.stability.holds
    found = (seen_by_model(face), words.stability_facts(face.stability, cuts) if holds and face.stability else None)
    return tuple(sentence for sentence in found if sentence)


def headline(face: FaceResult) -> str:
    """The verdict on a face in words."""
    return words.HEADLINES[face.verdict]


def details(subject: str, face: FaceResult, decides: str, manifest: Manifest, facts: str) -> Details:
    """What belongs under "Technical details" of a face.

    Args:
        subject: whose it is.
        face: or person.
        decides: name of the model that decides.
        manifest: for the cuts and the other models' names.
        facts: about the picture, or when a person was seen.
    """
    spec = manifest.models.get(decides)
    cuts = spec.bands.cuts if spec else ()
    lines, views = [facts], list[str]()
    if face.region is not None and face.p_fake is not None:
        lines.append(words.chance_facts(face.region, face.p_fake))
    if face.stability is not None:
        views = [words.view_facts(name, score, *cuts) for name, score in face.stability.scores.items()]
        if face.stability.skipped:
            lines.append(words.skipped_facts(face.stability.skipped))
    return Details(subject, model_scores(face, decides, manifest), tuple(lines), tuple(views))


def model_scores(face: FaceResult, decides: str, manifest: Manifest) -> tuple[ModelScore, ...]:
    """What every model scores, the one that decides first."""
    return tuple(
        ModelScore(name, network_kind(name, manifest), words.score_text(score), name == decides)
        for name, score in sorted(face.models.items(), key=lambda item: (item[0] != decides, item[0]))
    )


def network_kind(name: str, manifest: Manifest) -> str | None:
    """The kind of network that a model is, in words; None where it has no name for readers."""
    spec = manifest.models.get(name)
    return ARCHITECTURE_NAMES.get(spec.architecture) if spec else None
