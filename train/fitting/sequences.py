"""People of clips as sequences of the frozen trunk's features, genuine, labelled fake and pseudo-fake.

Clips come through ``detector.media``, ``faces`` and ``tracks``, so that sequences are cut as they are when a clip is analysed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from detector import DetectorError
from detector.faces.crops import crop_face
from detector.faces.finder import FaceFinder
from detector.faces.tracks import FrameFaces, link_faces
from detector.media.clips import sample_video
from detector.records import CropSpec
from train.data.samples import Sample
from train.fakes.augment import Degradation, draw_degradation
from train.fakes.blend_clips import self_blend_clip, swap_clip

__all__ = ["FindsMesh", "Sequences", "Trunk", "build_sequences", "people_of"]

_POST_PROCESSING = 0.7
"""Strength of what both of a pair of clips go through: the clips themselves are compressed already."""
_LEAST_MESHES = 0.5
"""Share of a person's frames that must have landmarks, or no pseudo-fake is made of the person."""


class Trunk(Protocol):
    """What makes features of crops: ``detector.models.sequences.VideoScorer``."""

    def features(self, crops: np.ndarray) -> np.ndarray: ...


class FindsMesh(Protocol):
    """What lays landmarks: ``train.data.landmarks.Landmarker``."""

    def find(self, rgb: np.ndarray) -> np.ndarray | None: ...


@dataclass(frozen=True)
class Sequences:
    """Features of people over time, padded to one length."""

    features: np.ndarray
    """(N, T, F) float32; zero where there is no face."""
    present: np.ndarray
    """(N, T) bool."""
    fake: np.ndarray
    """(N,) bool."""
    groups: np.ndarray
    """(N,) text: never cut by a split."""
    made: np.ndarray
    """(N,) bool: a pseudo-fake, or the genuine copy beside it. Only the others are measured on."""

    def __post_init__(self) -> None:
        count, steps = self.present.shape
        flat = (self.fake, self.groups, self.made)
        if self.features.shape[:2] != (count, steps) or any(values.shape != (count,) for values in flat):
            raise ValueError(f"Sequences: shapes do not fit: {self.features.shape}, {self.present.shape}")

    def pick(self, keep: np.ndarray) -> Sequences:
        """Those where ``keep``, (N,) bool, is True."""
        return Sequences(self.features[keep], self.present[keep], self.fake[keep], self.groups[keep], self.made[keep])


@dataclass(frozen=True)
class _Person:
    """One person of one clip."""

    at: list[int]
    """Which of the sampled frames show the person."""
    crops: np.ndarray
    """(len(at), S, S, 3) uint8 RGB."""
    fake: bool
    group: str


def people_of(
    path: Path, finder: FaceFinder, spec: CropSpec, samples: int, stretch: int
) -> Iterator[dict[int, np.ndarray]]:
    """Crops, (S, S, 3) uint8 RGB, by sampled frame, of every person of a clip who is seen in at least half of the frames."""
    frames: list[FrameFaces] = []
    with sample_video(path, samples=samples, stretch=stretch) as clip:
        for group in clip:
            for frame in group:
                crops = [crop_face(frame, detection, spec) for detection in finder.find(frame)]
                frames.append(FrameFaces(len(frames), frame.time_s or 0.0, crops))
    for track in link_faces(frames):
        if 2 * len(track.sightings) >= len(frames):
            yield {sighting.sample: sighting.crop.rgb for sighting in track.sightings}


def build_sequences(
    data: Path,
    samples: Sequence[Sample],
    finder: FaceFinder,
    trunk: Trunk,
    spec: CropSpec,
    *,
    places: int = 32,
    stretch: int = 1,
    pseudo_fakes: int = 0,
    landmarker: FindsMesh | None = None,
    seed: int = 7,
) -> Sequences:
    """Turn clips into sequences of the trunk's features.

    Args:
        data: folder of the clips.
        samples: rows of ``clips.tsv``.
        finder: finds the faces.
        trunk: frozen.
        spec: crop of its model.
        places: places of a clip from which frames are taken.
        stretch: consecutive frames at each.
        pseudo_fakes: of every genuine person, each beside a genuine copy that went through the same post-processing.
        landmarker: needed for them.
        seed: of their draws.

    Clips that cannot be read are named on stderr and left out.

    Raises:
        ValueError: pseudo-fakes without a landmarker, or no clip shows a person.
    """
    if pseudo_fakes and landmarker is None:
        raise ValueError("build_sequences: pseudo-fakes need landmarks; name mediapipe's face_landmarker.task")
    people = list(_people(data, samples, finder, spec, places, stretch))
    if not people:
        raise ValueError("build_sequences: no clip shows a person in at least half of its frames")
    rows = [_row(trunk, person.crops, person.at, places * stretch) for person in people]
    fake, groups = [person.fake for person in people], [person.group for person in people]
    made = [False] * len(people)
    if landmarker is not None:
        for genuine, pseudo, person in _pairs(people, landmarker, pseudo_fakes, np.random.default_rng(seed)):
            rows += [_row(trunk, crops, person.at, places * stretch) for crops in (genuine, pseudo)]
            fake += [False, True]
            groups += [person.group] * 2
            made += [True, True]
    features, present = zip(*rows, strict=True)
    return Sequences(np.stack(features), np.stack(present), np.array(fake), np.array(groups), np.array(made))


def _people(
    data: Path, samples: Sequence[Sample], finder: FaceFinder, spec: CropSpec, places: int, stretch: int
) -> Iterator[_Person]:
    for sample in samples:
        try:
            for crops in people_of(data / sample.path, finder, spec, places, stretch):
                found = np.stack(list(crops.values()))
                yield _Person(list(crops), found, sample.label == "fake", f"{sample.source}/{sample.group}")
        except DetectorError as error:
            print(f"left out: {sample.path}: {error}", file=sys.stderr)


def _row(trunk: Trunk, crops: np.ndarray, at: list[int], steps: int) -> tuple[np.ndarray, np.ndarray]:
    """(steps, F) float32 features and (steps,) bool mask."""
    found = trunk.features(crops)
    row, mask = np.zeros((steps, found.shape[1]), np.float32), np.zeros(steps, bool)
    row[at], mask[at] = found, True
    return row, mask


def _pairs(
    people: Sequence[_Person], landmarker: FindsMesh, count: int, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray, _Person]]:
    """A genuine person and a pseudo-fake of the person, (T, S, S, 3) uint8 RGB each, after the same post-processing."""
    genuine = [person for person in people if not person.fake]
    meshes = [[landmarker.find(crop) for crop in person.crops] for person in genuine]
    usable = [i for i, found in enumerate(meshes) if sum(m is not None for m in found) >= _LEAST_MESHES * len(found)]
    for number in usable:
        person = genuine[number]
        others = [i for i in usable if genuine[i].group != person.group]
        for turn in range(count):
            if turn % 2 and others:
                other = int(rng.choice(others))
                pseudo, _ = swap_clip(person.crops, meshes[number], genuine[other].crops, meshes[other], rng)
            else:
                pseudo, _ = self_blend_clip(person.crops, meshes[number], rng)
            after = draw_degradation(rng, _POST_PROCESSING)
            yield _through(after, person.crops), _through(after, pseudo), person


def _through(after: Degradation, crops: np.ndarray) -> np.ndarray:
    return np.stack([after.apply(crop) for crop in crops])
