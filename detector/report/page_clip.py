"""The cards of a clip's people: score, timeline, the most suspicious moments. Pure functions from records to strings."""

from __future__ import annotations

from html import escape

from detector.records import Appearance, Bands, Box, FaceResult, Manifest, Report, Verdict
from detector.report.page_parts import FacePictures, data_uri, figure, icon, meter, model_scores, second_look
from detector.words import results as words
from detector.words.language import ENGLISH, Language

__all__ = ["boxes_now", "person_card", "progress"]


def person_card(
    say: Language,
    number: int,
    face: FaceResult,
    shown: FacePictures,
    decides: str,
    bands: Bands | None,
    manifest: Manifest,
) -> str:
    """One person of a clip.

    Args:
        say: the reader's language.
        number: as in the report.
        face: with ``over_time``.
        shown: its pictures; timeline and moments may be absent.
        decides: name of the model that decides.
        bands: its cuts for clips.
        manifest: for the other models' names.
    """
    seen = face.over_time
    if seen is None:
        raise ValueError("person_card: expected a face of a clip")
    name = words.FACE_NOT_ANALYSED if face.verdict is Verdict.NOT_ANALYSED else words.HEADLINES[face.verdict]
    score = (
        "" if face.p_fake is None else meter(say, face.p_fake, words.score_of(number, clip=True), bands, face.stability)
    )
    return (
        f'<article class="fc-card fc-face fc-person fc-{face.verdict.value}" aria-labelledby="fc-person-{number}">'
        f'<h4 id="fc-person-{number}"><span class="fc-number">{say(words.numbered(number, clip=True))}</span> '
        f'<span class="fc-name">{icon(face.verdict)} {say(name)}</span></h4>'
        f'<div class="fc-words">{score}<p>{escape(say(face.reason))}</p>{second_look(say, face, clip=True)}</div>'
        f"{_timeline(say, number, seen, shown)}{_moments(say, number, face, seen, shown)}"
        f'<div class="fc-words">{model_scores(say, face, decides, manifest)}'
        f'<p class="fc-quality">{escape(say(words.seen_facts(seen)))}</p></div></article>'
    )


def _timeline(say: Language, number: int, seen: Appearance, shown: FacePictures) -> str:
    if shown.timeline is None:
        return ""
    scores = [point.p_fake for point in seen.points if point.p_fake is not None]
    alt = say(words.timeline_text(number, scores))
    return (
        f'<figure class="fc-timeline"><img src="{data_uri(shown.timeline)}" alt="{escape(alt)}">'
        f"<figcaption>{say(words.TIMELINE)}</figcaption></figure>"
    )


def _moments(say: Language, number: int, face: FaceResult, seen: Appearance, shown: FacePictures) -> str:
    if not shown.moments:
        return figure(say, shown.crop, number, words.CROP_NOT_SCORED, clip=True) if face.p_fake is None else ""
    figures = ""
    for moment, (crop, heat) in zip(seen.moments, shown.moments, strict=True):
        pair = figure(say, crop, number, words.moment_facts(moment), clip=True)
        if heat is not None and moment.heatmap is not None:
            peak = float(moment.heatmap.towards_fake.max())
            pair += figure(say, crop, number, words.RAISED, peak, clip=True, colour=heat)
        figures += f'<div class="fc-moment">{pair}</div>'
    return f'<p class="fc-models">{say(words.MOMENTS)}</p><div class="fc-moments">{figures}</div>'


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
    share = 100 * done / total if total else 0.0
    left = f" {say(words.time_left(left_s))}" if left_s is not None else ""
    now = say(words.progress_facts(stage, done, total))
    return (
        f'<section class="fc-card fc-notice" role="status"><p>{now}{left}</p>'
        f'<div class="fc-progress" role="progressbar" aria-label="{say(words.STAGES[stage])}" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{share:.0f}">'
        f'<span style="width:{share:.1f}%"></span></div></section>'
    )
