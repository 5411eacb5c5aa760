"""From a clip to a Report, all stages in the order in which they run.

sample -> find faces -> crop -> quality gates -> score and explain each frame -> link to people -> score each person ->
moments -> verdict -> Report

Frames are read in a thread of their own while the earlier ones are scored. Of the frames only the crops and a preview are kept,
so that memory depends on the number of samples and people and not on the clip. ``photo`` does the same for photos.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from detector.errors import ManifestInvalid
from detector.faces.direction import as_turned
from detector.faces.flatness import flat_share
from detector.faces.tracks import FrameFaces, link_faces
from detector.media.clips import VideoSamples, sample_by_rules
from detector.pipeline.annotation import TURNED
from detector.pipeline.clip_decision import ClipDecision, choose_decision
from detector.pipeline.clip_frames import MOST_FACES, READING, ScoredFrame, score_frames
from detector.pipeline.clip_people import VIEWED, judge_track
from detector.pipeline.engine import Engine
from detector.pipeline.photo import report_on
from detector.pipeline.series import most_telling
from detector.records import (
    AnalysisOptions,
    ClipRules,
    FaceResult,
    FaceTrack,
    Frame,
    LoadedImage,
    Manifest,
    Preview,
    Report,
    Watcher,
)
from detector.sentences import Sentence
from detector.verdict.clips import CLIP_LIMITS
from detector.verdict.files import LIMITS, judge_file, withhold_calm, withhold_of_drawing

__all__ = ["READING", "SHOWING", "analyze_clip"]

SHOWING = "showing"
"""The stage of which progress is reported while people are judged and heatmaps made."""
_FLEETING = 8
"""From this many sampled frames on, a face that was seen in one of them only is left out as a false find."""


def analyze_clip(
    path: str | os.PathLike[str],
    engine: Engine,
    options: AnalysisOptions,
    watcher: Watcher,
    name: str | None = None,
) -> Report:
    """Analyse every person of a clip.

    Args:
        path: the file.
        engine: the loaded models.
        options: what is wanted.
        watcher: follows the progress and may stop it.
        name: of the file as the user knows it; default the base name of ``path``.

    Raises:
        ManifestInvalid: the weights are for pictures only.
        UnknownModel: no such model that decides about clips; the file was not touched.
        MediaError: the file cannot be read.
        Cancelled: the watcher asked for it.
    """
    rules = _rules(engine.manifest)
    decision = choose_decision(engine, rules, options.model)
    if options.verdict_only:
        engine = engine.only(decision.relevant(engine))
    with sample_by_rules(path, rules, name, watcher.cancelled) as clip:
        if clip.counts.in_file < rules.min_frames:
            return _as_photos(clip, engine, options)
        frames, quarters = score_frames(clip, engine, decision, watcher)
        info, counts, unseen, unseen_share = clip.info, clip.counts, clip.unseen, clip.unseen_share
    parts = _parts(frames, rules.min_frames)
    tracks, fleeting = _tracks(parts)
    people = []
    for done, track in enumerate(tracks):
        watcher.progress(SHOWING, done, len(tracks))
        watcher.raise_if_cancelled()
        person = judge_track(track, frames, engine, rules, decision, options)
        person = withhold_of_drawing(_with_gaps(person, unseen), flat_share(person.crop.rgb))
        people.append(withhold_calm(person, unseen_share))
    verdict, reason, p_fake, decides = judge_file(people, "video")
    notes = _notes(fleeting, any(frame.crowded for frame in frames), len(parts))
    return Report(
        input=as_turned(replace(info, notes=(*info.notes, *notes)), quarters),
        verdict=verdict,
        reason=reason,
        p_fake=p_fake,
        faces=tuple(people),
        model=decision.info,
        versions=engine.versions,
        limits=(*LIMITS, *CLIP_LIMITS),
        preview=_preview(frames, None if decides is None else people[decides]),
        options={**_options(engine, rules, decision, options), TURNED: 90 * quarters},
        counts=counts,
        deciding=decides,
    )


def _as_photos(clip: VideoSamples, engine: Engine, options: AnalysisOptions) -> Report:
    """A clip of too few frames for anybody to be followed: each is looked at as a photo.

    Raises:
        UnknownModel: the model is none of those for pictures, nor for clips.
    """
    deciding = engine.image_model(None if options.model in engine.clip_models else options.model)
    frames = [frame for stretch in clip for frame in stretch]
    info = replace(clip.info, kind="image", duration_s=None, fps=None, codec=None)
    pictures = (
        LoadedImage(Frame(frame.rgb), replace(info, width=frame.rgb.shape[1], height=frame.rgb.shape[0]))
        for frame in frames
    )
    return most_telling(
        (report_on(picture, engine, deciding, options) for picture in pictures), len(frames), clip.counts.in_file
    )


def _with_gaps(person: FaceResult, unseen: Sequence[tuple[float, float]]) -> FaceResult:
    """The person, whose gaps include the times that nobody could look at."""
    if person.over_time is None or not unseen:
        return person
    gaps = tuple(sorted({*person.over_time.gaps, *unseen}))
    return replace(person, over_time=replace(person.over_time, gaps=gaps))


def _rules(manifest: Manifest) -> ClipRules:
    if manifest.clips is None:
        raise ManifestInvalid(
            Sentence(
                'The manifest has no section "clips", so its weights are for pictures only; use the weights folder of a '
                "release that reads videos."
            )
        )
    return manifest.clips


def _parts(frames: Sequence[ScoredFrame], least: int) -> list[list[tuple[int, ScoredFrame]]]:
    """Runs of (sample, frame) within which people are followed: the clip's parts, small ones with the part before.

    A mean over recordings that were joined would hide an altered one among genuine ones.
    """
    parts: list[list[tuple[int, ScoredFrame]]] = []
    for _, run in itertools.groupby(enumerate(frames), key=lambda pair: pair[1].part):
        part = list(run)
        if parts and (len(part) < least or len(parts[-1]) < least):
            parts[-1] += part
        else:
            parts.append(part)
    return parts


def _tracks(parts: Sequence[Sequence[tuple[int, ScoredFrame]]]) -> tuple[list[FaceTrack], int]:
    """The people, numbered anew, and how many faces were left out since a single frame showed them."""
    tracks: list[FaceTrack] = []
    for part in parts:
        tracks += link_faces(
            [FrameFaces(sample, frame.time_s, [face.crop for face in frame.faces]) for sample, frame in part]
        )
    count = sum(map(len, parts))
    lasting = [track for track in tracks if len(track.sightings) > 1 or count < _FLEETING]
    numbered = [replace(track, id=number) for number, track in enumerate(lasting, start=1)]
    return numbered, len(tracks) - len(lasting)


def _notes(fleeting: int, crowded: bool, parts: int) -> list[Sentence]:
    notes: list[Sentence] = []
    if parts > 1:
        notes.append(
            Sentence(
                "The clip's {count} parts were judged one by one, so a person who is seen in several is listed for each.",
                count=parts,
            )
        )
    if fleeting:
        notes.append(
            Sentence.plural(
                "1 face was seen in a single frame only and left out, as a passer-by or a false find.",
                "{count} faces were seen in a single frame only and left out, as passers-by or false finds.",
                fleeting,
            )
        )
    if crowded:
        notes.append(
            Sentence(
                "Some frames show more than {most} faces; the largest {most} of each were followed.", most=MOST_FACES
            )
        )
    return notes


def _preview(frames: Sequence[ScoredFrame], deciding: FaceResult | None) -> Preview | None:
    """The frame that shows the deciding person's most suspicious moment, else that in the clip's middle."""
    if not frames:
        return None
    sample = len(frames) // 2
    if deciding is not None and deciding.over_time is not None and deciding.over_time.moments:
        sample = deciding.over_time.moments[0].sample
    return replace(frames[sample].preview, sample=sample, time_s=frames[sample].time_s)


def _options(engine: Engine, rules: ClipRules, decision: ClipDecision, options: AnalysisOptions) -> dict[str, Any]:
    """What was asked for, and the settings that were used."""
    frame_model = decision.frame_model.spec
    return {
        "model": decision.name,
        "rule": "sequence" if decision.name in engine.video_models else "frame_mean",
        "heatmaps": options.heatmaps,
        "stability": options.stability,
        "verdict_only": options.verdict_only,
        "frames_viewed": VIEWED,
        "crop": asdict(frame_model.crop),
        "calibration": asdict(decision.calibration),
        "bands": asdict(decision.bands),
        "frame_model": frame_model.name,
        "frame_calibration": asdict(frame_model.calibration),
        "view_spread": None if frame_model.spread is None else frame_model.spread.digest,
        "samples": rules.samples,
        "most_samples": rules.most_samples,
        "stretch": rules.stretch,
        "min_frames": rules.min_frames,
        "min_share": rules.min_share,
        "max_disagreement": rules.max_disagreement,
        "quality_gates": asdict(engine.manifest.gates),
        "face_detectors": {key: file.sha256 for key, file in engine.manifest.face_detectors.items()},
    }
