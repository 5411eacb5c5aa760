"""From a clip to a Report: the way of a picture for every sampled frame, then everything over time.

sample -> find faces -> crop -> quality gates -> score and explain each frame -> link to people -> score each person ->
moments -> verdict -> Report

Frames are read in a thread of their own while the earlier ones are scored.

Of the frames only the crops and a small view of each are kept, so that memory depends on the number of samples and people
and not on the clip.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from detector.drawing.overlay import shrink
from detector.errors import Cancelled, ManifestInvalid, UnknownModel
from detector.faces.finder import FindsFaces, crop_face
from detector.faces.following import FaceFollower
from detector.faces.tracks import FrameFaces, link_faces
from detector.media.clips import VideoSamples, sample_by_rules
from detector.models.loading import LoadedModel, LoadedVideoModel, heatmaps_of
from detector.probes.stability import face_logit, of_crop, view_scores
from detector.records import (
    Appearance,
    Bands,
    Calibration,
    ClipCounts,
    ClipRules,
    CropSpec,
    FaceCrop,
    FaceResult,
    FaceTrack,
    Frame,
    Heatmap,
    InputInfo,
    Manifest,
    ModelInfo,
    Moment,
    Report,
    Sighting,
    TimePoint,
    UInt8Image,
    Verdict,
)
from detector.runtime.prefetch import read_ahead
from detector.sentences import Sentence
from detector.verdict.rules import (
    CLIP_LIMITS,
    LIMITS,
    calibrate,
    judge_file,
    judge_person,
    judge_quality,
    judge_stability,
)

__all__ = ["READING", "SHOWING", "ClipTools", "Progress", "analyze_clip"]

READING, SHOWING = "reading", "showing"
"""The stages that ``Progress`` hears of: frames are read and scored; heatmaps are made."""

MOST_FACES = 8
"""Faces of one frame that are followed, the largest; bounds time and memory in crowds."""
MOMENTS = 3
"""Frames that are shown of each person."""
VIEWED = 4
"""Frames of each person that are scored again after small changes; of each only the crop is left, which is then changed."""
VIEW_SIDE = 640
"""Longer side of the view that is kept of a frame, pixels."""
_BATCH = 8
"""Crops that are scored at once: with 16 the networks' own working memory adds 100 MB and saves little time."""
_AHEAD = 3
"""Sampled frames that may wait to be scored: enough to keep reading, and 75 MB at most."""
_FLEETING = 8
"""From this many sampled frames on, a face that was seen in one of them only is left out as a false find."""


Progress = Callable[[str, int, int], None]
"""Hears a stage, how much of it is done, and how much there is."""


def _silent(stage: str, done: int, total: int) -> None:
    """Hears of the progress and tells nobody."""


@dataclass(frozen=True)
class ClipTools:
    """What ``pipeline.Detector`` lends to the analysis of a clip."""

    manifest: Manifest
    finder: FindsFaces
    models: Mapping[str, LoadedModel]
    video_models: Mapping[str, LoadedVideoModel]
    versions: Mapping[str, str]
    lock: threading.Lock
    """Held while a model runs, not for the whole clip, so that a picture need not wait for it."""


@dataclass(frozen=True)
class _Decider:
    """Who decides about a clip, and whose scores of single frames are shown beside."""

    name: str
    info: ModelInfo
    bands: Bands
    calibration: Mapping[str, float]
    image: LoadedModel
    pair: tuple[str, str] | None
    """A frame mean and the video model on the same trunk, which must not contradict each other."""


@dataclass(frozen=True)
class _Explained:
    """What the model that explains a clip makes of one face: ``gradcam.Looked`` of a single crop."""

    sides: NDArray[np.float32]
    towards_fake: NDArray[np.float32]
    towards_real: NDArray[np.float32]


@dataclass
class _Look:
    """One sampled frame: its faces, and what the models say of each (filled in batches)."""

    faces: FrameFaces
    obstacles: list[str | None]
    view: UInt8Image
    logits: list[dict[str, float]] = field(default_factory=list)
    """By face and image model, uncalibrated."""
    features: list[dict[str, NDArray[np.float32]]] = field(default_factory=list)
    """By face and video model."""
    explained: list[_Explained | None] = field(default_factory=list)
    """By face."""


def analyze_clip(
    path: str | os.PathLike[str],
    tools: ClipTools,
    model: str | None = None,
    heatmaps: bool = True,
    name: str | None = None,
    progress: Progress | None = None,
    cancelled: Callable[[], bool] | None = None,
    stability: bool = True,
    verdict_only: bool = False,
) -> Report:
    """Analyse every person of a clip; arguments and errors are those of ``pipeline.Detector.analyze``."""
    rules = tools.manifest.clips
    if rules is None:
        raise ManifestInvalid(
            Sentence(
                'The manifest has no section "clips", so its weights are for pictures only; use the weights folder of a '
                "release that reads videos."
            )
        )
    decider = _decider(tools, rules, model)
    if verdict_only:
        tools = _without_mere_opinions(tools, decider)
    tell = progress or _silent
    stop = cancelled or (lambda: False)

    with sample_by_rules(path, rules, name, stop) as clip:
        looks, crowded = _look(clip, tools, decider, tell, stop)
        info, counts = clip.info, clip.counts
    tracks = link_faces([look.faces for look in looks])
    lasting = [t for t in tracks if len(t.sightings) > 1 or len(looks) < _FLEETING]
    lasting = [replace(track, id=number) for number, track in enumerate(lasting, start=1)]
    people = []
    for done, track in enumerate(lasting):
        tell(SHOWING, done, len(lasting))
        if stop():
            raise Cancelled(Sentence("The analysis was stopped."))
        people.append(_person(track, looks, tools, rules, decider, heatmaps, stability))
    notes = _notes(len(tracks) - len(lasting), crowded)
    info = replace(info, notes=(*info.notes, *notes))
    switches = {"heatmaps": heatmaps, "stability": stability, "verdict_only": verdict_only}
    return _report(info, counts, people, looks, tools, rules, decider, switches)


def _without_mere_opinions(tools: ClipTools, decider: _Decider) -> ClipTools:
    """The models that decide, explain or must agree, and no others."""
    needed = {decider.name, decider.image.spec.name, *(decider.pair or ())}
    needed |= {video.trunk_of or "" for name, video in tools.video_models.items() if name in needed}
    return replace(
        tools,
        models={name: loaded for name, loaded in tools.models.items() if name in needed},
        video_models={name: loaded for name, loaded in tools.video_models.items() if name in needed},
    )


def _decider(tools: ClipTools, rules: ClipRules, model: str | None) -> _Decider:
    """The video model or frame mean of that name, or the manifest's default.

    Raises:
        UnknownModel: no such model, or an image model without a rule for clips.
    """
    name = model or tools.manifest.default_video_model or tools.manifest.default_image_model
    means = [known for known in tools.models if known in rules.frame_mean]
    if name in tools.video_models:
        video = tools.video_models[name]
        # Its trunk is that of the residual network, whose single frames therefore explain it best.
        beside = "resnet" if "resnet" in means else tools.manifest.default_image_model
        pair = (beside, name) if beside in means else None
        return _Decider(name, video.info, video.spec.bands, asdict(video.spec.calibration), tools.models[beside], pair)
    if name in means:
        mean = rules.frame_mean[name]
        pair = next((("resnet", video) for video in tools.video_models if "resnet" in means), None)
        return _Decider(name, tools.models[name].info, mean.bands, asdict(mean.calibration), tools.models[name], pair)
    raise UnknownModel(
        Sentence(
            "There is no model named {name!r} that decides about clips; choose one of: {known}.",
            name=name,
            known=", ".join([*tools.video_models, *means]) or Sentence("none, the manifest has no rule for any"),
        )
    )


# Frame by frame ------------------------------------------------------------------------------------------------------


def _look(
    clip: VideoSamples, tools: ClipTools, decider: _Decider, tell: Progress, stop: Callable[[], bool]
) -> tuple[list[_Look], bool]:
    """Every sampled frame with its faces cut and scored; and whether some frame had more faces than are followed."""
    looks: list[_Look] = []
    waiting: list[tuple[_Look, int, dict[CropSpec, FaceCrop]]] = []
    specs = {m.spec.crop for m in tools.models.values()} | {m.spec.crop for m in tools.video_models.values()}
    shown = decider.image.spec.crop
    follower = FaceFollower(tools.finder)
    crowded = False
    tell(READING, 0, len(clip))
    with contextlib.closing(read_ahead(iter(clip), _AHEAD)) as stretches:
        for done, stretch in enumerate(stretches, start=1):
            for frame in stretch:
                if stop():
                    raise Cancelled(Sentence("The analysis was stopped."))
                found = follower.find(frame)
                crowded |= len(found) > MOST_FACES
                found = sorted(found, key=lambda d: -d.box.width)[:MOST_FACES]
                cut = [{spec: crop_face(frame, detection, spec) for spec in specs} for detection in found]
                crops = [each[shown] for each in cut]
                look = _Look(
                    FrameFaces(len(looks), frame.time_s or 0.0, crops),
                    [judge_quality(crop.quality, tools.manifest.gates) for crop in crops],
                    shrink(frame.rgb, VIEW_SIDE),
                    [{} for _ in crops],
                    [{} for _ in crops],
                    [None for _ in crops],
                )
                looks.append(look)
                waiting += [(look, i, each) for i, each in enumerate(cut) if look.obstacles[i] is None]
            while len(waiting) >= _BATCH:
                _score(waiting[:_BATCH], tools, decider)
                waiting = waiting[_BATCH:]
            tell(READING, done, len(clip))
        _score(waiting, tools, decider)
    return looks, crowded


def _score(
    waiting: Sequence[tuple[_Look, int, Mapping[CropSpec, FaceCrop]]], tools: ClipTools, decider: _Decider
) -> None:
    """Let every model see every waiting crop once; what they say is put into the looks.

    Models that do not decide see the crops as they are, without the mirror images: the mean over a person's frames, which
    is all that is told of them, evens out what those would.
    """
    if not waiting:
        return
    shared = {video.trunk_of for video in tools.video_models.values()}
    pooled: dict[str, NDArray[np.float32]] = {}
    with tools.lock:
        for name, loaded in tools.models.items():
            batch = np.stack([cut[loaded.spec.crop].rgb for _, _, cut in waiting])
            logits: NDArray[np.float32] | list[float]
            if loaded is decider.image:
                looked = loaded.explainer.look(batch)
                logits, pooled[name] = [face_logit(sides) for sides in looked.sides], looked.pooled
                explained = map(_Explained, looked.sides, looked.towards_fake, looked.towards_real)
                for (look, position, _), of_face in zip(waiting, explained, strict=True):
                    look.explained[position] = of_face
            elif name in shared:
                logits, pooled[name] = loaded.scorer.unmirrored_with_features(batch)
            else:
                logits = loaded.scorer.unmirrored(batch)
            for (look, position, _), logit in zip(waiting, logits, strict=True):
                look.logits[position][name] = float(logit)
        for name, video in tools.video_models.items():
            if video.trunk_of is not None:
                features = pooled[video.trunk_of]
            else:
                features = video.scorer.features(np.stack([cut[video.spec.crop].rgb for _, _, cut in waiting]))
            for (look, position, _), of_face in zip(waiting, features, strict=True):
                look.features[position][name] = of_face


# Person by person ----------------------------------------------------------------------------------------------------


def _person(
    track: FaceTrack,
    looks: Sequence[_Look],
    tools: ClipTools,
    rules: ClipRules,
    decider: _Decider,
    heatmaps: bool,
    stability: bool,
) -> FaceResult:
    image = decider.image
    usable = [s for s in track.sightings if looks[s.sample].obstacles[s.position] is None]
    single = {s.sample: calibrate(_logit(looks, s, image.spec.name), image.spec.calibration) for s in usable}
    enough = len(usable) >= rules.min_frames
    scores = _scores(track, usable, looks, tools, rules) if enough else {}
    verdict: Verdict
    reason: str
    verdict, reason = judge_person(
        scores,
        decider.name,
        decider.bands,
        usable=len(usable),
        seen=len(track.sightings),
        looked=len(looks),
        rules=rules,
        obstacle=_most_frequent([looks[s.sample].obstacles[s.position] for s in track.sightings]),
        pair=decider.pair,
        sharpness=float(np.median([s.crop.quality.sharpness for s in usable])) if usable else math.inf,
    )
    tested = None
    if stability and verdict is not Verdict.NOT_ANALYSED and decider.name in rules.frame_mean:
        mean = float(np.mean([_logit(looks, s, decider.name) for s in usable]))
        views = _views(usable, looks, mean, image, decider, tools)
        stands, why, tested = judge_stability(verdict, reason, scores[decider.name], views, decider.bands)
        # What is inconclusive for another reason stays so, with that reason.
        if verdict is Verdict.INCONCLUSIVE:
            tested = replace(tested, decided=False)
        else:
            verdict, reason = stands, why
    chosen = _telling(usable, single)
    moments = tuple(
        Moment(s.time_s, single[s.sample], s.crop, _heatmap(looks, s, image) if heatmaps else None) for s in chosen
    )
    points = tuple(TimePoint(s.time_s, single.get(s.sample), s.crop.detection.box) for s in track.sightings)
    shown = chosen[0] if chosen else max(track.sightings, key=lambda s: s.crop.quality.size_px)
    return FaceResult(
        crop=shown.crop,
        verdict=verdict,
        reason=reason,
        p_fake=None if verdict is Verdict.NOT_ANALYSED else scores[decider.name],
        models=scores,
        heatmap=moments[0].heatmap if moments else None,
        over_time=Appearance(points, track.gaps, moments, len(looks), image.spec.name),
        stability=tested,
    )


def _views(
    usable: Sequence[Sighting],
    looks: Sequence[_Look],
    mean: float,
    image: LoadedModel,
    decider: _Decider,
    tools: ClipTools,
) -> Mapping[str, float]:
    """What the person's score would be if the clip were changed, as estimated from a few frames spread over it.

    Not from the telling frames: those are the highest of many, and any second look at them would come out lower.
    """
    places = np.unique(np.linspace(0, len(usable) - 1, VIEWED).round().astype(int))
    chosen = [usable[place] for place in places]
    as_scored = np.mean([_explained(looks, sighting).sides for sighting in chosen], axis=0)
    batch = np.stack([view for sighting in chosen for view in of_crop(sighting.crop, image.spec.crop)])
    with tools.lock:
        cut = image.scorer.unmirrored(batch).reshape(len(chosen), -1).mean(axis=0)
    return view_scores(as_scored, cut, Calibration(**decider.calibration), base=mean)


def _explained(looks: Sequence[_Look], sighting: Sighting) -> _Explained:
    explained = looks[sighting.sample].explained[sighting.position]
    assert explained is not None, "a face without an obstacle was looked at"
    return explained


def _heatmap(looks: Sequence[_Look], sighting: Sighting, image: LoadedModel) -> Heatmap:
    found = _explained(looks, sighting)
    (heatmap,) = heatmaps_of(image, found.towards_fake[np.newaxis], found.towards_real[np.newaxis])
    return heatmap


def _logit(looks: Sequence[_Look], sighting: Sighting, model: str) -> float:
    return looks[sighting.sample].logits[sighting.position][model]


def _scores(
    track: FaceTrack, usable: Sequence[Sighting], looks: Sequence[_Look], tools: ClipTools, rules: ClipRules
) -> dict[str, float]:
    """Calibrated p_fake over the whole clip: frame means of the image models, and every video model."""
    scores = {
        name: calibrate(float(np.mean([_logit(looks, s, name) for s in usable])), rules.frame_mean[name].calibration)
        for name in tools.models
        if name in rules.frame_mean
    }
    for name, video in tools.video_models.items():
        at = {s.sample: looks[s.sample].features[s.position][name] for s in usable}
        first, last = track.sightings[0].sample, track.sightings[-1].sample
        blank = np.zeros_like(next(iter(at.values())))
        features = np.stack([at.get(sample, blank) for sample in range(first, last + 1)])
        present = np.array([sample in at for sample in range(first, last + 1)])
        with tools.lock:
            logit = video.scorer.fake_logit(features, present)
        scores[name] = calibrate(logit, video.spec.calibration)
    return scores


def _telling(usable: Sequence[Sighting], single: Mapping[int, float]) -> list[Sighting]:
    """The most suspicious frames, highest first, none within a tenth of the person's time (at most 1 s) of another."""
    if not usable:
        return []
    apart = min(1.0, (usable[-1].time_s - usable[0].time_s) / 10)
    chosen: list[Sighting] = []
    for sighting in sorted(usable, key=lambda s: (-single[s.sample], s.time_s)):
        if all(abs(sighting.time_s - other.time_s) >= apart for other in chosen) and len(chosen) < MOMENTS:
            chosen.append(sighting)
    return chosen


def _most_frequent(obstacles: Sequence[str | None]) -> str | None:
    """An example of the most frequent kind of obstacle; kinds are told apart by their first words."""
    given = [obstacle for obstacle in obstacles if obstacle is not None]
    if not given:
        return None
    kind, _ = Counter(obstacle.split(":")[0] for obstacle in given).most_common(1)[0]
    return next(obstacle for obstacle in given if obstacle.startswith(kind))


# The report ----------------------------------------------------------------------------------------------------------


def _notes(fleeting: int, crowded: bool) -> list[str]:
    notes: list[str] = []
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


def _report(
    info: InputInfo,
    counts: ClipCounts,
    people: Sequence[FaceResult],
    looks: Sequence[_Look],
    tools: ClipTools,
    rules: ClipRules,
    decider: _Decider,
    switches: Mapping[str, bool],
) -> Report:
    verdict, reason, p_fake, deciding = judge_file(people, "clip", "person")
    spec = decider.image.spec
    return Report(
        input=info,
        verdict=verdict,
        reason=reason,
        p_fake=p_fake,
        faces=tuple(people),
        model=decider.info,
        versions=tools.versions,
        limits=(*LIMITS, *CLIP_LIMITS),
        frame=_view(looks, people[deciding] if deciding is not None else None),
        options={
            "model": decider.name,
            "rule": "sequence" if decider.name in tools.video_models else "frame_mean",
            **switches,
            "frames_viewed": VIEWED,
            "crop": asdict(spec.crop),
            "calibration": decider.calibration,
            "bands": asdict(decider.bands),
            "frame_model": spec.name,
            "frame_calibration": asdict(spec.calibration),
            "samples": rules.samples,
            "most_samples": rules.most_samples,
            "stretch": rules.stretch,
            "min_frames": rules.min_frames,
            "min_share": rules.min_share,
            "max_disagreement": rules.max_disagreement,
            "quality_gates": asdict(tools.manifest.gates),
            "face_detectors": {key: file.sha256 for key, file in tools.manifest.face_detectors.items()},
        },
        counts=counts,
    )


def _view(looks: Sequence[_Look], person: FaceResult | None) -> Frame | None:
    """The small view of the frame that shows the deciding person's most suspicious moment, else of the clip's middle."""
    if not looks:
        return None
    index = len(looks) // 2
    if person is not None and person.over_time is not None and person.over_time.moments:
        when = person.over_time.moments[0].time_s
        index = next(i for i, look in enumerate(looks) if look.faces.time_s == when)
    return Frame(looks[index].view, index, looks[index].faces.time_s)
