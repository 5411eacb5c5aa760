"""Clips that are altered for a short part only: the rule that finds them, fitted on genuine clips and measured on made ones.

The sampled frames of a genuine clip that lie in a few seconds of it are turned into a pseudo-fake (``fakes.blend_clips``), as
crops; all crops of the clip, genuine and made, then go through the same JPEG. Nothing is encoded as a video again, so made
clips keep more traces than those that somebody uploads, and the share that is found flatters.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from detector import Detector, DetectorError, load_detector
from detector.faces.crops import crop_face
from detector.faces.following import FaceFollower
from detector.faces.tracks import FrameFaces, link_faces
from detector.media.clips import sample_by_rules
from detector.media.images import through_jpeg
from detector.records import ClipRules, ShortPart
from detector.verdict.clips import short_parts
from detector.verdict.faces import judge_quality
from detector.weights.store import update_manifest
from train.data.landmarks import Landmarker
from train.data.samples import Sample, read_clips
from train.fakes.blend_clips import self_blend_clip

__all__ = ["Scored", "choose_rule", "fit_and_measure"]

_LENGTHS = (1, 2, 3, 4)
"""Of runs of frames among which the best is chosen."""
_QUALITY = 80
"""Of the JPEG that all crops go through."""


@dataclass(frozen=True)
class Scored:
    """A person of a genuine clip in the sampled frames in which the face passes the gates."""

    samples: Sequence[int]
    times: Sequence[float]
    genuine: Sequence[float]
    """Fake logits, uncalibrated."""
    made: Sequence[float] | None
    """The same where a few seconds were altered; None where no sampled frame lies in them, or no landmarks were found."""
    altered_s: tuple[float, float]
    """From when to when."""


def choose_rule(people: Sequence[Scored], alarms: float, command: str) -> ShortPart:
    """The length of runs, and the cut, that find most of the made clips and raise at most a share of the genuine ones.

    Args:
        people: of genuine clips.
        alarms: share of them that may be raised, in [0, 1].
        command: as it is kept in the manifest.

    Raises:
        ValueError: nobody was scored.
    """
    if not people:
        raise ValueError("choose_rule: no genuine clip shows a face that can be scored")
    rules = [_rule_of(people, frames, alarms, command) for frames in _LENGTHS]
    # The shorter run of equals.
    return max(rules, key=lambda rule: (_found(people, rule), -rule.frames))


def _rule_of(people: Sequence[Scored], frames: int, alarms: float, command: str) -> ShortPart:
    highest = sorted((_highest(person, frames) for person in people), reverse=True)
    allowed = int(alarms * len(people))
    # Just above the first that may not be raised; where nobody has so long a run, above nothing.
    limit = highest[allowed] if allowed < len(highest) else highest[-1]
    cut = float(np.nextafter(limit, np.inf)) if np.isfinite(limit) else float(max(0.0, *_all_logits(people)))
    rule = ShortPart(frames, cut, len(people), 0, command)
    raised = sum(bool(short_parts(person.samples, person.times, person.genuine, rule)) for person in people)
    return replace(rule, raised=raised)


def _all_logits(people: Sequence[Scored]) -> list[float]:
    return [logit for person in people for logit in person.genuine]


def _highest(person: Scored, frames: int) -> float:
    """Highest mean of a run, as the rule itself takes it; minus infinity where there is none."""
    any_run = ShortPart(frames, -sys.float_info.max, 0, 0, "")
    runs = short_parts(person.samples, person.times, person.genuine, any_run)
    return max((mean for _, _, mean in runs), default=-math.inf)


def _found(people: Sequence[Scored], rule: ShortPart) -> int:
    """Made clips of which a part is raised that overlaps what was altered."""
    return sum(
        any(
            start <= person.altered_s[1] and end >= person.altered_s[0]
            for start, end, _ in short_parts(person.samples, person.times, person.made, rule)
        )
        for person in people
        if person.made is not None
    )


def fit_and_measure(
    data: Path, weights: Path, landmarks: Path, *, alarms: float, altered_s: float, command: str, record_it: bool
) -> dict[str, Any]:
    """Fit the rule of the default image model on the genuine clips of training, and measure it on those of ``dev``.

    Args:
        data: folder with ``clips.tsv``.
        weights: folder with the manifest.
        landmarks: mediapipe's ``face_landmarker.task``.
        alarms: share of genuine training clips that may have such a part.
        altered_s: seconds that are altered in each.
        command: as it is kept in the manifest.
        record_it: write the rule into the manifest, unless it raises too many genuine clips of ``dev`` as well.

    Returns:
        The rule, and for "train" and "dev" the genuine clips, those raised, the made clips, those found, and the made clips in
        which no sampled frame was altered; and whether the rule was recorded.

    Raises:
        ValueError: the manifest has no rule for the default model's mean, or no genuine clip could be scored.
    """
    with load_detector(weights) as detector, Landmarker(landmarks) as landmarker:
        rules, name = detector.manifest.clips, detector.manifest.default_image_model
        if rules is None or name not in rules.frame_mean:
            raise ValueError(f"{weights}/manifest.json has no rule for the mean of {name} over frames")
        people = {subset: _people(detector, rules, data, subset, landmarker, altered_s) for subset in ("train", "dev")}
    rule = choose_rule(people["train"], alarms, command)
    measured = {
        subset: {
            "genuine": len(of),
            "raised": sum(bool(short_parts(each.samples, each.times, each.genuine, rule)) for each in of),
            "made": len(of),
            "found": _found(of, rule),
            "without_an_altered_sample": sum(each.made is None for each in of),
        }
        for subset, of in people.items()
    }
    of_dev = measured["dev"]
    # The model may know the clips of training; one alarm is as few as a small table can show.
    holds = of_dev["raised"] <= max(1, alarms * of_dev["genuine"])
    if record_it and holds:
        means = {**rules.frame_mean, name: replace(rules.frame_mean[name], short=rule)}
        update_manifest(weights, clips=replace(rules, frame_mean=means))
    elif record_it:
        print(
            f"not recorded: the rule raises {of_dev['raised']} of {of_dev['genuine']} genuine clips of dev; fit it on more "
            "clips or with fewer --alarms",
            file=sys.stderr,
        )
    found = {"model": name, "frames": rule.frames, "cut": rule.cut, "altered_s": altered_s, **measured}
    return {**found, "recorded": record_it and holds}


def _people(
    detector: Detector, rules: ClipRules, data: Path, subset: str, landmarker: Landmarker, altered_s: float
) -> list[Scored]:
    rng = np.random.default_rng(11)
    found = []
    for sample in read_clips(data, subset):
        if sample.label == "real":
            try:
                person = _scored(detector, rules, data, sample, landmarker, altered_s, rng)
            except DetectorError as error:
                print(f"left out: {sample.path}: {error}", file=sys.stderr)
                continue
            found += [] if person is None else [person]
    return found


def _scored(
    detector: Detector,
    rules: ClipRules,
    data: Path,
    sample: Sample,
    landmarker: Landmarker,
    altered_s: float,
    rng: np.random.Generator,
) -> Scored | None:
    """The person who is seen longest; None where too few frames can be scored."""
    model, gates = detector.select(), detector.manifest.gates
    frames: list[FrameFaces] = []
    with sample_by_rules(data / sample.path, rules, None, lambda: False) as clip:
        follower = FaceFollower(detector._engine.finder)
        for frame in (frame for stretch in clip for frame in stretch):
            faces = [crop_face(frame, face, model.spec.crop) for face in follower.find(frame)]
            frames.append(FrameFaces(len(frames), frame.time_s or 0.0, faces))
    track = max(link_faces(frames), key=lambda each: len(each.sightings), default=None)
    if track is None:
        return None
    seen = [each for each in track.sightings if judge_quality(each.crop.quality, gates) is None]
    if len(seen) < rules.min_frames:
        return None
    crops = np.stack([each.crop.rgb for each in seen])
    times = [each.time_s for each in seen]
    start = float(rng.uniform(track.first_s, max(track.first_s, track.last_s - altered_s)))
    altered = _altered(crops, [start <= time <= start + altered_s for time in times], landmarker, rng)
    score = model.scorer.fake_logits
    return Scored(
        [each.sample for each in seen],
        times,
        score(_through_jpeg(crops)).tolist(),
        None if altered is None else score(_through_jpeg(altered)).tolist(),
        (start, start + altered_s),
    )


def _altered(
    crops: np.ndarray, chosen: Sequence[bool], landmarker: Landmarker, rng: np.random.Generator
) -> np.ndarray | None:
    """(T, S, S, 3) uint8 RGB: the crops, the chosen ones made into a pseudo-fake; None where none of these can be."""
    places = np.flatnonzero(chosen)
    meshes = [landmarker.find(crops[place]) for place in places]
    if not any(mesh is not None for mesh in meshes):
        return None
    made = crops.copy()
    made[places] = self_blend_clip(crops[places], meshes, rng)[0]
    return made


def _through_jpeg(crops: np.ndarray) -> np.ndarray:
    return np.stack([through_jpeg(crop, _QUALITY) for crop in crops])
