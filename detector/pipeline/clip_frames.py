"""The sampled frames of a clip: their faces found, cut, and scored in batches, while later frames are being read."""

from __future__ import annotations

import contextlib
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from detector.drawing.preview import CLIP_SIDE, preview_of
from detector.faces.crops import crop_face
from detector.faces.following import FaceFollower
from detector.media.clips import VideoSamples
from detector.media.frames import fitted, scaled_to
from detector.models.loading import LoadedModel
from detector.pipeline.clip_decision import ClipDecision
from detector.pipeline.clip_direction import Ready, Upright
from detector.pipeline.engine import Engine
from detector.probes.stability import face_logit
from detector.records import CropSpec, Detection, FaceCrop, Frame, Preview, Rejection, Watcher
from detector.runtime.prefetch import read_ahead
from detector.verdict.faces import judge_quality

__all__ = ["MOST_FACES", "READING", "FaceExplanation", "ScoredFace", "ScoredFrame", "score_frames"]

READING = "reading"
"""The stage of which progress is reported while frames are read and scored."""
MOST_FACES = 8
"""Faces of one frame that are followed, the largest; bounds time and memory in crowds."""
_BATCH = 8
"""Crops that are scored at once: with 16 the networks' own working memory adds 100 MB and saves little time."""
_AHEAD = 3
"""Sampled frames that may wait to be scored: enough to keep reading, and 75 MB at most."""


@dataclass(frozen=True)
class FaceExplanation:
    """What the model that explains a clip finds in one face: ``gradcam.Explanation`` of a single crop."""

    sides: NDArray[np.float32]
    """(2,) fake logits of the crop and of its mirror image."""
    towards_fake: NDArray[np.float32]
    """(h, w) float32, logits."""
    towards_real: NDArray[np.float32]
    """(h, w) float32, logits."""


@dataclass
class ScoredFace:
    """One face in one sampled frame; what the models say of it is filled in batches, and stays empty where it is rejected."""

    crop: FaceCrop
    rejection: Rejection | None
    logits: dict[str, float] = field(default_factory=dict)
    """Fake logits by image model, uncalibrated."""
    features: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """(width,) float32 by video model."""
    explanation: FaceExplanation | None = None


@dataclass(frozen=True)
class ScoredFrame:
    """One sampled frame. Of its pixels only the crops and a preview are kept."""

    index: int
    """Place in the clip."""
    time_s: float
    faces: Sequence[ScoredFace]
    preview: Preview
    crowded: bool
    """Whether it shows more faces than are followed."""
    size: tuple[int, int]
    """(width, height) of the pixels in which places are given."""
    part: int = 0
    """Of a clip in which the clock begins anew or the size changes: running number of the part, 0, 1, ..."""
    quarters: int = 0
    """By which it was turned counter-clockwise."""


@dataclass(frozen=True)
class _Waiting:
    """A face that has still to be scored, with its crop for each model's wishes."""

    face: ScoredFace
    cut: Mapping[CropSpec, FaceCrop]


def score_frames(
    clip: VideoSamples, engine: Engine, decision: ClipDecision, watcher: Watcher
) -> tuple[list[ScoredFrame], int]:
    """Every sampled frame with its faces cut and scored, in order of time; and by how many quarters all were turned
    counter-clockwise for their faces to stand upright.

    Raises:
        Cancelled: the watcher asked for it.
    """
    frames: list[ScoredFrame] = []
    waiting: list[_Waiting] = []
    specs = {m.spec.crop for m in engine.models.values()} | {m.spec.crop for m in engine.video_models.values()}
    follower, upright = FaceFollower(engine.finder), Upright(engine.finder)

    def score_ready(ready: Sequence[Ready]) -> None:
        nonlocal waiting
        for frame, whole in ready:
            watcher.raise_if_cancelled()
            found = follower.find(frame, whole)
            scored, to_score = _cut(frame, found, specs, engine, decision, upright.quarters)
            frames.append(scored)
            waiting += to_score
        while len(waiting) >= _BATCH:
            _score(waiting[:_BATCH], engine, decision)
            waiting = waiting[_BATCH:]

    watcher.progress(READING, 0, len(clip))
    with contextlib.closing(read_ahead(iter(clip), _AHEAD)) as stretches:
        for done, stretch in enumerate(stretches, start=1):
            for frame in stretch:
                watcher.raise_if_cancelled()
                score_ready(upright.after(frame))
            watcher.progress(READING, done, len(clip))
        score_ready(upright.rest())
        _score(waiting, engine, decision)
    return _in_parts(
        [_turned_on(frame, upright.quarters) for frame in frames], clip, upright.quarters
    ), upright.quarters


def _turned_on(frame: ScoredFrame, quarters: int) -> ScoredFrame:
    """The frame as the others are turned; one that went on before it was clear shows no face."""
    if frame.quarters == quarters or frame.preview.rgb is None:
        return frame
    more = quarters - frame.quarters
    preview = replace(frame.preview, rgb=np.ascontiguousarray(np.rot90(frame.preview.rgb, more)))
    return replace(frame, preview=preview, size=frame.size[::-1] if more % 2 else frame.size, quarters=quarters)


def _in_parts(frames: Sequence[ScoredFrame], clip: VideoSamples, quarters: int) -> list[ScoredFrame]:
    """The frames with the numbers of their parts, and with all places in pixels of one size."""
    found, part = [], 0
    size = clip.size[::-1] if quarters % 2 else clip.size
    for position, frame in enumerate(frames):
        if position:
            before = frames[position - 1]
            part += frame.size != before.size or bisect_right(clip.joins, frame.index) > bisect_right(
                clip.joins, before.index
            )
        found.append(replace(_at_size(frame, size), part=part))
    return found


def _at_size(frame: ScoredFrame, size: tuple[int, int]) -> ScoredFrame:
    """The frame with places given in pixels of another size. What was scored stays as it was cut, at the frame's own size."""
    if frame.size == size or frame.preview.rgb is None:
        return frame
    shares = size[0] / frame.size[0], size[1] / frame.size[1]
    for face in frame.faces:
        face.crop = replace(
            face.crop, source=face.crop.source.stretched(*shares), detection=_stretched(face.crop.detection, shares)
        )
    preview = preview_of(scaled_to(frame.preview.rgb, fitted(size, CLIP_SIDE)), CLIP_SIDE)
    return replace(frame, size=size, preview=replace(preview, scale=min(1.0, CLIP_SIDE / max(size))))


def _stretched(found: Detection, shares: tuple[float, float]) -> Detection:
    keypoints = (found.keypoints * np.array(shares)).astype(np.float32)
    return replace(found, box=found.box.stretched(*shares), keypoints=keypoints)


def _cut(
    frame: Frame,
    found: Sequence[Detection],
    specs: set[CropSpec],
    engine: Engine,
    decision: ClipDecision,
    quarters: int,
) -> tuple[ScoredFrame, list[_Waiting]]:
    """The frame with its largest faces, and those of them that pass the gates."""
    largest = sorted(found, key=lambda detection: -detection.box.width)[:MOST_FACES]
    faces: list[ScoredFace] = []
    waiting: list[_Waiting] = []
    for detection in largest:
        cut = {spec: crop_face(frame, detection, spec) for spec in specs}
        crop = cut[decision.frame_model.spec.crop]
        faces.append(ScoredFace(crop, judge_quality(crop.quality, engine.manifest.gates)))
        if faces[-1].rejection is None:
            waiting.append(_Waiting(faces[-1], cut))
    crowded = len(found) > MOST_FACES
    size = frame.rgb.shape[1], frame.rgb.shape[0]
    preview = preview_of(frame.rgb, CLIP_SIDE)
    return ScoredFrame(frame.index, frame.time_s or 0.0, faces, preview, crowded, size, quarters=quarters), waiting


def _score(waiting: Sequence[_Waiting], engine: Engine, decision: ClipDecision) -> None:
    """Give every waiting crop to every model once.

    Models that do not decide get the crops as they are, without the mirror images: the mean over a person's frames, which is
    all that is shown of them, evens out what those would.
    """
    if not waiting:
        return
    shared = {video.trunk_of for video in engine.video_models.values()}
    pooled: dict[str, NDArray[np.float32]] = {}
    with engine.lock:
        for name, loaded in engine.models.items():
            batch = np.stack([each.cut[loaded.spec.crop].rgb for each in waiting])
            logits: NDArray[np.float32] | list[float]
            if loaded is decision.frame_model:
                logits, pooled[name] = _explain(waiting, loaded, batch)
            elif name in shared:
                logits, pooled[name] = loaded.scorer.unmirrored_with_features(batch)
            else:
                logits = loaded.scorer.unmirrored(batch)
            for each, logit in zip(waiting, logits, strict=True):
                each.face.logits[name] = float(logit)
        for name, video in engine.video_models.items():
            if video.trunk_of is not None:
                features = pooled[video.trunk_of]
            else:
                features = video.scorer.features(np.stack([each.cut[video.spec.crop].rgb for each in waiting]))
            for each, of_face in zip(waiting, features, strict=True):
                each.face.features[name] = of_face


def _explain(
    waiting: Sequence[_Waiting], loaded: LoadedModel, batch: NDArray[np.uint8]
) -> tuple[list[float], NDArray[np.float32]]:
    """Logits and (N, channels) pooled features of the batch; the explanations are put into the faces."""
    found = loaded.explainer.explain(batch)
    explanations = map(FaceExplanation, found.sides, found.towards_fake, found.towards_real)
    for each, explanation in zip(waiting, explanations, strict=True):
        each.face.explanation = explanation
    return [face_logit(sides) for sides in found.sides], found.pooled
