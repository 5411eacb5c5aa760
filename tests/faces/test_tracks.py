"""Links between the faces of a clip: people keep their tracks through crossings, cuts, exits and gaps."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces.tracks import FrameFaces, describe, link_faces
from detector.records import Box, Detection, FaceCrop, FaceQuality

Rgb = NDArray[np.uint8]
KEYPOINTS = np.zeros((6, 2), np.float32)


@pytest.fixture(scope="module")
def faces(astronaut: Rgb, hopper: Rgb) -> dict[str, Rgb]:
    """Crops of two women, 128 px, with context."""
    crops = {"collins": astronaut[20:276, 100:356], "hopper": hopper[30:350, 100:420]}
    step = {name: crop.shape[0] // 128 for name, crop in crops.items()}
    return {name: np.ascontiguousarray(crop[:: step[name], :: step[name]][:128, :128]) for name, crop in crops.items()}


def seen(rgb: Rgb, left: float, top: float = 50, side: float = 80, light: float = 1.0, shift: int = 0) -> FaceCrop:
    """That face there, in other light and a little off."""
    moved = np.roll(rgb, shift, axis=1)
    changed = np.clip(moved * light, 0, 255).astype(np.uint8)
    box = Box(left, top, left + side, top + side)
    return FaceCrop(changed, box, Detection(box, KEYPOINTS, 0.9), FaceQuality(side, 50, 120, 0, 0))


def test_looks_tell_people_apart_better_than_light_and_framing_do(faces: dict[str, Rgb]) -> None:
    same = describe(faces["collins"]) @ describe(seen(faces["collins"], 0, light=0.8, shift=3).rgb)
    other = describe(faces["collins"]) @ describe(faces["hopper"])
    assert 1 - same < 0.5 * (1 - other)


def test_two_people_who_cross_keep_their_tracks(faces: dict[str, Rgb]) -> None:
    frames = [
        FrameFaces(i, i * 0.5, [seen(faces["collins"], 20 * i, shift=i % 3), seen(faces["hopper"], 400 - 20 * i)])
        for i in range(20)
    ]
    tracks = link_faces(frames)
    assert [track.id for track in tracks] == [1, 2]
    assert [[s.position for s in track.sightings] for track in tracks] == [[0] * 20, [1] * 20]
    assert not tracks[0].gaps


def test_where_they_hide_each_other_a_gap_is_marked(faces: dict[str, Rgb]) -> None:
    frames = []
    for i in range(11):
        crops = [seen(faces["collins"], 40 * i)]
        if i not in (5, 6):
            crops.append(seen(faces["hopper"], 400 - 40 * i))
        frames.append(FrameFaces(i, i * 0.4, crops))
    collins, hopper = link_faces(frames)
    assert len(collins.sightings) == 11 and not collins.gaps
    assert [s.sample for s in hopper.sightings] == [0, 1, 2, 3, 4, 7, 8, 9, 10]
    assert len(hopper.gaps) == 1 and hopper.gaps[0] == pytest.approx((1.6, 2.8))


def test_a_cut_brings_the_other_person_and_back(faces: dict[str, Rgb]) -> None:
    # Shot and counter-shot in the very same place.
    order = ["collins"] * 4 + ["hopper"] * 4 + ["collins"] * 4
    frames = [FrameFaces(i, i * 1.0, [seen(faces[name], 100, shift=i % 2)]) for i, name in enumerate(order)]
    tracks = link_faces(frames)
    assert [[s.sample for s in t.sightings] for t in tracks] == [[0, 1, 2, 3, 8, 9, 10, 11], [4, 5, 6, 7]]
    assert tracks[0].gaps == ((3.0, 8.0),)


def test_someone_who_leaves_and_comes_back_elsewhere_is_the_same(faces: dict[str, Rgb]) -> None:
    frames = [
        FrameFaces(
            i,
            i * 2.0,
            [seen(faces["hopper"], 300), *([seen(faces["collins"], 20 if i < 3 else 500)] * (i not in (3, 4)))],
        )
        for i in range(8)
    ]
    tracks = link_faces(frames)
    assert sorted(len(track.sightings) for track in tracks) == [6, 8]


def test_every_face_is_in_exactly_one_track(faces: dict[str, Rgb]) -> None:
    rng = np.random.default_rng(0)
    frames = [
        FrameFaces(
            i, i * 0.7, [seen(faces[str(rng.choice(["collins", "hopper"]))], float(x)) for x in rng.uniform(0, 900, 8)]
        )
        for i in range(12)
    ]
    tracks = link_faces(frames)
    given = sorted((s.sample, s.position) for track in tracks for s in track.sightings)
    assert given == sorted(itertools.product(range(12), range(8)))


def test_no_faces_make_no_tracks() -> None:
    assert link_faces([]) == ()
    assert link_faces([FrameFaces(0, 0.0, [])]) == ()
