"""A live check: the frames of a camera come one by one, and after each there is a result on the last minute.

decode -> find faces -> follow one -> crop -> quality gates -> score -> verdict -> snapshot

One face is followed, the largest, until it is out of sight for ``LOST_S``. Every second counts as one look, whose logit is the
mean over its frames: frames a tenth of a second apart show nearly the same, and the manifest's rules for clips are made for
frames that lie further apart. Nothing but the latest crop of the followed face is kept of any picture.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detector.errors import ManifestInvalid
from detector.faces.crops import crop_face
from detector.faces.flatness import flat_share
from detector.faces.following import FaceFollower
from detector.faces.tracks import OneFace
from detector.media.camera import decode_camera_frame
from detector.models.loading import LoadedModel
from detector.pipeline.clip_frames import MOST_FACES
from detector.pipeline.engine import Engine
from detector.probes.stability import CUT_VIEWS, face_logit, of_crop, view_scores
from detector.records import (
    Appearance,
    Box,
    ClipRules,
    FaceCrop,
    FaceResult,
    Frame,
    FrameMean,
    LiveSnapshot,
    Rejection,
    Stability,
    TimePoint,
    Verdict,
)
from detector.sentences import Sentence
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_quality, judge_stability
from detector.verdict.files import withhold_of_drawing
from detector.verdict.live import judge_live

__all__ = ["LOST_S", "WINDOW_S", "LiveSession", "LiveSessions"]

WINDOW_S = 60
"""Seconds that a result speaks of."""
LOST_S = 3.0
"""Seconds out of sight after which another face is followed, of which nothing is known yet."""
_RATE_S = 5.0
"""Seconds over which the rate is measured."""
_MOST_SESSIONS = 4
"""That are remembered; the oldest are forgotten first."""


@dataclass(frozen=True)
class _Seen:
    """The followed face in one frame."""

    time_s: float
    box: Box
    sharpness: float
    rejection: Rejection | None
    logit: float | None
    """Fake logit, uncalibrated; None where the face was rejected."""


@dataclass(frozen=True)
class _Viewed:
    """A face that was scored again after small changes, once a second."""

    time_s: float
    sides: NDArray[np.float32]
    """(2,) fake logits of the crop and of its mirror image."""
    cut: NDArray[np.float32]
    """(3,) fake logits of ``stability.CUT_VIEWS``."""


class LiveSession:
    """What is known of one camera. Memory is bounded by ``WINDOW_S``.

    Args:
        engine: the loaded models.

    Raises:
        ManifestInvalid: the weights have no rule for clips.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._model, self._rules, self._mean = _decision(engine)
        self._follower = FaceFollower(engine.finder)
        self._began_s: float | None = None
        self._now_s = 0.0
        self._faces = 0
        self._forget_face()

    def _forget_face(self) -> None:
        self._who: OneFace | None = None
        self._crop: FaceCrop | None = None
        self._flat = 0.0
        self._seen: deque[_Seen] = deque()
        self._looked: deque[int] = deque(maxlen=WINDOW_S + 1)
        """Seconds in which there was a frame, since the face was first seen; a busy computer leaves some out."""
        self._views: deque[_Viewed] = deque(maxlen=WINDOW_S)

    def update(self, data: bytes, time_s: float) -> LiveSnapshot:
        """Look at the next frame.

        Args:
            data: a JPEG file, as ``media.camera`` takes it.
            time_s: when it was taken, on a clock of the caller; never earlier than the frame before.

        Raises:
            MediaError: the frame cannot be decoded; the session goes on with the next.
        """
        frame = Frame(decode_camera_frame(data), time_s=time_s)
        if self._began_s is None:
            self._began_s = time_s
        self._now_s = max(time_s, self._now_s)
        found = self._follower.find(frame)
        self._faces = len(found)
        largest = sorted(found, key=lambda face: -face.box.width)[:MOST_FACES]
        crop = self._followed([crop_face(frame, face, self._model.spec.crop) for face in largest])
        if self._who is not None and (not self._looked or self._looked[-1] != math.floor(self._now_s)):
            self._looked.append(math.floor(self._now_s))
        if crop is not None:
            self._look_at(crop)
        while self._seen and self._seen[0].time_s <= self._now_s - WINDOW_S:
            self._seen.popleft()
        while self._views and self._views[0].time_s <= self._now_s - WINDOW_S:
            self._views.popleft()
        return self._snapshot()

    def _followed(self, crops: Sequence[FaceCrop]) -> FaceCrop | None:
        """The followed face among those of a frame, largest first; another one where it was lost."""
        if self._who is not None:
            position = self._who.among(crops, self._now_s)
            if position is not None:
                return crops[position]
            if self._now_s - self._who.seen_s <= LOST_S:
                return None
            self._forget_face()
        if not crops:
            return None
        self._who = OneFace(crops[0], self._now_s)
        return crops[0]

    def _look_at(self, crop: FaceCrop) -> None:
        self._crop = crop
        rejection = judge_quality(crop.quality, self._engine.manifest.gates)
        logit = None
        if rejection is None:
            with self._engine.lock:
                sides = self._model.scorer.sides(crop.rgb[np.newaxis])[0]
                logit = face_logit(sides)
                if not self._views or self._now_s - self._views[-1].time_s >= 1.0:
                    changed = np.stack(list(of_crop(crop, self._model.spec.crop).values()))
                    self._views.append(_Viewed(self._now_s, sides, self._model.scorer.unmirrored(changed)))
                    self._flat = flat_share(crop.rgb)
        self._seen.append(_Seen(self._now_s, crop.detection.box, crop.quality.sharpness, rejection, logit))

    def _snapshot(self) -> LiveSnapshot:
        scored = [each for each in self._seen if each.logit is not None]
        running = self._now_s - (self._now_s if self._began_s is None else self._began_s)
        lately = sum(each.time_s > self._now_s - _RATE_S for each in scored)
        return LiveSnapshot(
            running_s=running,
            faces=self._faces,
            rate=lately / min(_RATE_S, max(running, 1.0)),
            person=self._person(scored),
            decides=self._model.spec.name,
        )

    def _person(self, scored: Sequence[_Seen]) -> FaceResult | None:
        if self._crop is None or not self._seen:
            return None
        looks = _looks(self._seen)
        logits = [logit for _, logit, _ in looks if logit is not None]
        name = self._model.spec.name
        mean = float(np.mean(logits)) if logits else None
        p_fake = None if mean is None else calibrate(mean, self._mean.calibration)
        verdict, reason = judge_live(
            p_fake,
            self._mean.bands,
            usable=len(logits),
            seen=len(looks),
            looked=sum(second >= looks[0][0] for second in self._looked),
            rules=self._rules,
            rejection=self._seen[-1].rejection,
            sharpness=float(np.median([each.sharpness for each in scored])) if scored else math.inf,
        )
        stability = None
        if verdict is not Verdict.NOT_ANALYSED and p_fake is not None and self._views:
            verdict, reason, stability = self._tested(verdict, reason, p_fake, mean or 0.0)
        person = FaceResult(
            crop=self._crop,
            verdict=verdict,
            reason=reason,
            p_fake=None if verdict is Verdict.NOT_ANALYSED else p_fake,
            models={} if p_fake is None else {name: p_fake},
            over_time=self._over_time(looks),
            stability=stability,
            obstacle=None if (last := self._seen[-1].rejection) is None else last.obstacle,
        )
        return withhold_of_drawing(person, self._flat)

    def _tested(
        self, verdict: Verdict, reason: Sentence, p_fake: float, mean: float
    ) -> tuple[Verdict, Sentence, Stability]:
        """The verdict after the test of stability, as for a clip."""
        sides = np.mean([each.sides for each in self._views], axis=0)
        cut = dict(zip(CUT_VIEWS, np.mean([each.cut for each in self._views], axis=0).tolist(), strict=True))
        scores: Mapping[str, float] = view_scores(sides, cut, self._mean.calibration, base=mean)
        after, why, stability = judge_stability(verdict, reason, p_fake, scores, self._mean.bands)
        if verdict is Verdict.INCONCLUSIVE:
            return verdict, reason, replace(stability, decided=False)
        return after, why, stability

    def _over_time(self, looks: Sequence[tuple[int, float | None, Box]]) -> Appearance:
        """A point a second, on a clock on which the last minute ends at ``WINDOW_S``."""
        calibration = self._model.spec.calibration
        start = math.floor(self._now_s) + 1 - WINDOW_S
        # A second stands for its middle.
        points = tuple(
            TimePoint(
                second - start + 0.5, None if logit is None else calibrate(logit, calibration), box, second - start
            )
            for second, logit, box in looks
            if second >= start
        )
        without = set(self._looked) - {second for second, _, _ in looks}
        gaps = tuple(
            (one.time_s, other.time_s)
            for one, other in pairwise(points)
            if any(one.sample < second - start < other.sample for second in without)
        )
        return Appearance(points, gaps, (), len(self._looked), self._model.spec.name, points[-1].time_s)


def _looks(seen: Sequence[_Seen]) -> list[tuple[int, float | None, Box]]:
    """(second, mean logit, latest place) of every second in which the face was found; no logit where none could be scored."""
    found: dict[int, list[_Seen]] = {}
    for each in seen:
        found.setdefault(math.floor(each.time_s), []).append(each)
    looks = []
    for second, frames in found.items():
        logits = [each.logit for each in frames if each.logit is not None]
        looks.append((second, float(np.mean(logits)) if logits else None, frames[-1].box))
    return looks


def _decision(engine: Engine) -> tuple[LoadedModel, ClipRules, FrameMean]:
    """The default image model, and the rules by which its mean over frames decides."""
    rules, name = engine.manifest.clips, engine.manifest.default_image_model
    if rules is None or name not in rules.frame_mean:
        raise ManifestInvalid(
            Sentence(
                "The manifest has no rule for the mean of {name} over frames, so nothing can be checked live; use the weights "
                "folder of a release that reads videos.",
                name=name,
            )
        )
    return engine.models[name], rules, rules.frame_mean[name]


class LiveSessions:
    """The sessions of those who watch, by a name that the caller gives each.

    Args:
        engine: the loaded models.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._sessions: dict[str, LiveSession] = {}

    def update(self, name: str, data: bytes, time_s: float) -> LiveSnapshot:
        """``LiveSession.update`` of the session of that name, which begins with its first frame.

        Raises:
            ManifestInvalid: the weights have no rule for clips.
            MediaError: the frame cannot be decoded.
        """
        session = self._sessions.pop(name, None) or LiveSession(self._engine)
        self._sessions[name] = session  # the latest last
        while len(self._sessions) > _MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]
        return session.update(data, time_s)

    def end(self, name: str) -> None:
        """Forget a session, if there is one."""
        self._sessions.pop(name, None)

    def __len__(self) -> int:
        return len(self._sessions)
