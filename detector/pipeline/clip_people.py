"""The people of a clip: everything that was found of one person over time, as one result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.models.loading import heatmaps_of
from detector.pipeline.clip_decision import ClipDecision
from detector.pipeline.clip_frames import FaceExplanation, ScoredFace, ScoredFrame
from detector.pipeline.engine import Engine
from detector.probes.spread import telling_views
from detector.probes.stability import CUT_VIEWS, of_crop, view_scores
from detector.records import (
    AnalysisOptions,
    Appearance,
    ClipRules,
    FaceResult,
    FaceTrack,
    Heatmap,
    Moment,
    Rejection,
    Stability,
    TimePoint,
    Verdict,
)
from detector.sentences import Sentence
from detector.verdict.calibration import calibrate
from detector.verdict.clips import WITHOUT_SIGNS, judge_person, judge_short_parts, short_parts
from detector.verdict.faces import judge_stability
from detector.words.results import clock

__all__ = ["MOMENTS", "VIEWED", "judge_track"]

MOMENTS = 3
"""Frames that are shown of each person."""
VIEWED = 4
"""Frames of each person that are scored again after small changes; of each only the crop is left, which is then changed."""


@dataclass(frozen=True)
class _Seen:
    """A person in one sampled frame."""

    sample: int
    time_s: float
    face: ScoredFace
    p_fake: float | None
    """Of this frame alone; None where the face was rejected."""

    @property
    def explanation(self) -> FaceExplanation:
        assert self.face.explanation is not None, "a face that passes the gates was scored"
        return self.face.explanation


def judge_track(
    track: FaceTrack,
    frames: Sequence[ScoredFrame],
    engine: Engine,
    rules: ClipRules,
    decision: ClipDecision,
    options: AnalysisOptions,
) -> FaceResult:
    """One person's scores over the whole clip, the verdict on them, and the frames that weigh most.

    Args:
        track: the person.
        frames: all sampled frames, scored.
        engine: the loaded models.
        rules: the manifest's, for clips.
        decision: who decides.
        options: whether heatmaps and the test of stability are wanted.
    """
    seen = _sightings(track, frames, decision)
    usable = [each for each in seen if each.face.rejection is None]
    rejection = _most_frequent([each.face.rejection for each in seen])
    scores = _scores(seen, usable, engine, rules) if len(usable) >= rules.min_frames else {}
    verdict, reason = judge_person(
        scores,
        decision.name,
        decision.bands,
        usable=len(usable),
        seen=len(seen),
        sampled=len(frames),
        rules=rules,
        rejection=rejection,
        pair=decision.pair,
        sharpness=float(np.median([each.face.crop.quality.sharpness for each in usable])) if usable else math.inf,
    )
    stability = None
    if options.stability and verdict is not Verdict.NOT_ANALYSED and decision.name in rules.frame_mean:
        views = _views(usable, verdict, engine, decision)
        verdict, reason, stability = _tested(verdict, reason, scores[decision.name], views, decision)
    found = _short_parts(usable, rules, decision) if verdict in WITHOUT_SIGNS else []
    verdict, reason = judge_short_parts(verdict, reason, found, clock)
    parts = tuple((start, end) for start, end, _ in found)
    telling = _telling(usable)
    moments = tuple(_moment(each, decision, options) for each in telling)
    shown = telling[0] if telling else max(seen, key=lambda each: each.face.crop.quality.size_px)
    points = tuple(TimePoint(each.time_s, each.p_fake, each.face.crop.detection.box, each.sample) for each in seen)
    return FaceResult(
        crop=shown.face.crop,
        verdict=verdict,
        reason=reason,
        p_fake=None if verdict is Verdict.NOT_ANALYSED else scores[decision.name],
        models=scores,
        heatmap=moments[0].heatmap if moments else None,
        over_time=Appearance(
            points, track.gaps, moments, len(frames), decision.frame_model.spec.name, shown.time_s, parts
        ),
        stability=stability,
        obstacle=None if rejection is None else rejection.obstacle,
    )


def _sightings(track: FaceTrack, frames: Sequence[ScoredFrame], decision: ClipDecision) -> list[_Seen]:
    """The person in every frame that shows them, in order of time."""
    frame_model = decision.frame_model.spec
    found = []
    for sighting in track.sightings:
        face = frames[sighting.sample].faces[sighting.position]
        logit = face.logits.get(frame_model.name)
        p_fake = None if logit is None else calibrate(logit, frame_model.calibration)
        found.append(_Seen(sighting.sample, sighting.time_s, face, p_fake))
    return found


def _most_frequent(rejections: Sequence[Rejection | None]) -> Rejection | None:
    """The first rejection of the most frequent kind."""
    given = [rejection for rejection in rejections if rejection is not None]
    if not given:
        return None
    ((kind, _),) = Counter(rejection.obstacle for rejection in given).most_common(1)
    return next(rejection for rejection in given if rejection.obstacle is kind)


def _scores(seen: Sequence[_Seen], usable: Sequence[_Seen], engine: Engine, rules: ClipRules) -> dict[str, float]:
    """Calibrated p_fake over the whole clip: frame means of the image models, and every video model."""
    scores = {
        name: calibrate(_mean_logit(usable, name), rules.frame_mean[name].calibration) for name in engine.frame_means
    }
    for name, video in engine.video_models.items():
        at = {each.sample: each.face.features[name] for each in usable}
        samples = range(seen[0].sample, seen[-1].sample + 1)
        blank = np.zeros_like(next(iter(at.values())))
        features = np.stack([at.get(sample, blank) for sample in samples])
        present = np.array([sample in at for sample in samples])
        with engine.lock:
            logit = video.scorer.fake_logit(features, present)
        scores[name] = calibrate(logit, video.spec.calibration)
    return scores


def _mean_logit(usable: Sequence[_Seen], model: str) -> float:
    return float(np.mean([each.face.logits[model] for each in usable]))


def _short_parts(usable: Sequence[_Seen], rules: ClipRules, decision: ClipDecision) -> list[tuple[float, float, float]]:
    """Parts that score high, by the rule of the model that decides; none where its frames are too blurred for signs."""
    mean = rules.frame_mean.get(decision.name)
    if mean is None or mean.short is None:
        return []
    sharp = [each for each in usable if each.face.crop.quality.sharpness >= mean.bands.signs_need_sharpness]
    return short_parts(
        [each.sample for each in sharp],
        [each.time_s for each in sharp],
        [each.face.logits[decision.name] for each in sharp],
        mean.short,
    )


def _views(usable: Sequence[_Seen], verdict: Verdict, engine: Engine, decision: ClipDecision) -> Mapping[str, float]:
    """What the person's score would be if the clip were changed, as estimated from a few frames spread over it; by changes
    that could change the verdict. (A mean over frames moves less than a single face, on which that was measured.)

    Not from the most suspicious frames: those are the highest of many, and any second measurement of them would come out
    lower.
    """
    frame_model = decision.frame_model
    places = np.unique(np.linspace(0, len(usable) - 1, VIEWED).round().astype(int))
    chosen = [usable[place] for place in places]
    as_scored = np.mean([each.explanation.sides for each in chosen], axis=0)
    base, spec = _mean_logit(usable, decision.name), frame_model.spec
    names = telling_views(verdict, base, as_scored, decision.calibration, decision.bands, spec.spread)
    cut: dict[str, float] = {}
    if names:
        batch = np.stack([view for each in chosen for view in of_crop(each.face.crop, spec.crop, names).values()])
        with engine.lock:
            logits = frame_model.scorer.unmirrored(batch).reshape(len(chosen), -1).mean(axis=0)
        cut = dict(zip(names, map(float, logits), strict=True))
    return view_scores(as_scored, cut, decision.calibration, base=base)


def _tested(
    verdict: Verdict, reason: Sentence, p_fake: float, views: Mapping[str, float], decision: ClipDecision
) -> tuple[Verdict, Sentence, Stability]:
    """The verdict after the test of stability; what is inconclusive for another reason stays so, with that reason."""
    after, why, stability = judge_stability(verdict, reason, p_fake, views, decision.bands)
    stability = replace(stability, skipped=tuple(view for view in CUT_VIEWS if view not in views))
    if verdict is Verdict.INCONCLUSIVE:
        return verdict, reason, replace(stability, decided=False)
    return after, why, stability


def _telling(usable: Sequence[_Seen]) -> list[_Seen]:
    """The most suspicious frames, highest first, none within a tenth of the person's time (at most 1 s) of another."""
    if not usable:
        return []
    apart = min(1.0, (usable[-1].time_s - usable[0].time_s) / 10)
    chosen: list[_Seen] = []
    for each in sorted(usable, key=lambda each: (-(each.p_fake or 0.0), each.time_s)):
        if all(abs(each.time_s - other.time_s) >= apart for other in chosen) and len(chosen) < MOMENTS:
            chosen.append(each)
    return chosen


def _moment(seen: _Seen, decision: ClipDecision, options: AnalysisOptions) -> Moment:
    assert seen.p_fake is not None, "only scored frames are telling"
    heatmap = _heatmap(seen.explanation, decision) if options.heatmaps else None
    return Moment(seen.time_s, seen.p_fake, seen.face.crop, heatmap, seen.sample)


def _heatmap(found: FaceExplanation, decision: ClipDecision) -> Heatmap:
    (heatmap,) = heatmaps_of(decision.frame_model, found.towards_fake[np.newaxis], found.towards_real[np.newaxis])
    return heatmap
