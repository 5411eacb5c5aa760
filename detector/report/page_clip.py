"""What a clip's result shows beside that of a photo: a card for each person, boxes at one moment, and progress on the way."""

from __future__ import annotations

from dataclasses import dataclass

from detector.records import Appearance, Bands, Box, FaceResult, Manifest, Report
from detector.report.page_cards import FaceCard, FacePictures, Figure, checks, headline, meter, model_scores
from detector.report.templates import render
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["PersonCard", "boxes_now", "person_card", "progress"]


@dataclass(frozen=True)
class PersonCard(FaceCard):
    """One person of a clip."""

    timeline: bytes | None
    """PNG of the scores over time."""
    timeline_text: str
    """The same in words."""
    moments: tuple[tuple[Figure, ...], ...]
    """The most suspicious ones: the crop, and its heatmap where there is one."""


def person_card(
    number: int, face: FaceResult, pictures: FacePictures, decides: str, bands: Bands | None, manifest: Manifest
) -> PersonCard:
    """One person of a clip.

    Args:
        number: in the report, from 1.
        face: with ``over_time``.
        pictures: of this person; timeline and moments may be absent.
        decides: name of the model that decides.
        bands: its cuts for clips.
        manifest: for the other models' names.

    Raises:
        ValueError: the face is not one of a clip.
    """
    seen = face.over_time
    if seen is None:
        raise ValueError("person_card: expected a face of a clip")
    subject = words.numbered(number, clip=True)
    alone = not pictures.moments and face.p_fake is None
    return PersonCard(
        number=number,
        subject=subject,
        verdict=face.verdict,
        headline=headline(face),
        meter=meter(face, words.score_of(number, clip=True), bands),
        reason=face.reason,
        figures=(Figure(pictures.crop, subject, words.CROP_NOT_SCORED),) if alone else (),
        checks=checks(face, clip=True),
        models=model_scores(face, decides, manifest),
        facts=words.seen_facts(seen),
        timeline=pictures.timeline,
        timeline_text=words.timeline_text(number, [point.p_fake for point in seen.points if point.p_fake is not None]),
        moments=tuple(_moments(subject, seen, pictures)),
    )


def _moments(subject: str, seen: Appearance, pictures: FacePictures) -> list[tuple[Figure, ...]]:
    if not pictures.moments:
        return []
    found = []
    for moment, (crop, colour) in zip(seen.moments, pictures.moments, strict=True):
        figures = [Figure(crop, subject, words.moment_facts(moment))]
        if colour is not None and moment.heatmap is not None:
            strength = words.strength(float(moment.heatmap.towards_fake.max()))
            figures.append(Figure(crop, subject, words.RAISED, strength, colour))
        found.append(tuple(figures))
    return found


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
