"""What a clip's result shows beside that of a photo: a card for each person, boxes at one moment, and progress on the way."""

from __future__ import annotations

from dataclasses import dataclass

from detector.records import Appearance, Bands, Box, FaceResult, Manifest, Report, Verdict
from detector.report.page_cards import FaceCard, FacePictures, Figure, details, figure, headline
from detector.report.scale import gauge
from detector.report.templates import render
from detector.report.timeline import Timeline, timeline
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["Instant", "PersonCard", "boxes_now", "person_card", "progress"]


@dataclass(frozen=True)
class Instant:
    """A moment of a clip as a thumbnail."""

    time_s: float
    label: str
    """What a press on it does."""
    figure: Figure


@dataclass(frozen=True)
class PersonCard(FaceCard):
    """One person of a clip."""

    timeline: Timeline
    timeline_text: str
    """The same in words."""
    moments: tuple[Instant, ...]
    """The most suspicious ones."""


def person_card(
    number: int,
    face: FaceResult,
    pictures: FacePictures,
    decides: str,
    bands: Bands | None,
    manifest: Manifest,
    *,
    leads: bool,
    duration_s: float,
) -> PersonCard:
    """One person of a clip.

    Args:
        number: in the report, from 1.
        face: with ``over_time``.
        pictures: of this person; moments may be absent.
        decides: name of the model that decides.
        bands: its cuts for clips.
        manifest: for the other models' names, and the cuts for single frames.
        leads: whether the result speaks of this person, so that score and reason stand there already.
        duration_s: of the clip.

    Raises:
        ValueError: the face is not one of a clip.
    """
    seen = face.over_time
    if seen is None:
        raise ValueError("person_card: expected a face of a clip")
    subject = words.numbered(number, clip=True)
    alone = not pictures.moments and face.p_fake is None
    spec = manifest.models.get(seen.scored_by)
    holds = face.stability is not None and face.stability.holds
    cuts = bands.cuts if bands else ()
    stable = words.stability_facts(face.stability, cuts, clip=True) if holds and face.stability else None
    scores = [point.p_fake for point in seen.points if point.p_fake is not None]
    return PersonCard(
        number=number,
        subject=subject,
        verdict=face.verdict,
        headline=headline(face),
        score=None if face.p_fake is None else words.score_text(face.p_fake, *cuts),
        gauge=None if leads else gauge(face, words.score_of(number, clip=True), bands),
        reason=None if leads else face.reason,
        figure=figure(subject, words.CROP_NOT_CHECKED, pictures.crop, None, None) if alone else None,
        findings=() if stable is None else (stable,),
        open=leads or face.verdict in (Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS),
        details=details(subject, face, decides, manifest, words.seen_facts(seen)),
        timeline=timeline(seen, spec.bands if spec else None, duration_s),
        timeline_text=words.timeline_text(number, scores),
        moments=tuple(_moments(subject, seen, pictures)),
    )


def _moments(subject: str, seen: Appearance, pictures: FacePictures) -> list[Instant]:
    if not pictures.moments:
        return []
    return [
        Instant(
            moment.time_s,
            words.go_to(moment.time_s),
            figure(subject, words.moment_facts(moment), crop, heat, moment.heatmap),
        )
        for moment, (crop, heat) in zip(seen.moments, pictures.moments, strict=True)
    ]


def boxes_now(report: Report) -> list[tuple[int, FaceResult, Box]]:
    """(number, person, box) of the people in the frame that the report shows."""
    now = None if report.preview is None else report.preview.sample
    return [
        (number, face, point.box)
        for number, face in enumerate(report.faces, start=1)
        if face.over_time is not None
        for point in face.over_time.points
        if point.sample == now
    ]


def progress(stage: str, done: int, total: int, left_s: float | None, say: Language = ENGLISH) -> str:
    """What is being done, how far it is, and how long it may still take.

    Args:
        stage: a key of ``words.STAGES``.
        done: of ``total``.
        total: 0 where it is not known yet.
        left_s: estimate; None where there is none yet.
        say: the reader's language.
    """
    return render(
        "progress.html",
        say,
        stage=stage,
        step=words.progress_facts(stage, done, total),
        left=None if left_s is None else words.time_left(left_s),
        share=done / total if total else 0.0,
    )
