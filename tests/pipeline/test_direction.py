"""Pictures and clips whose faces do not stand upright: found in every direction, and then treated as if they stood."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces.direction import find_upright
from detector.faces.finder import FaceFinder
from detector.pipeline.clip_direction import Upright
from detector.records import Box, Detection, Frame

Rgb = NDArray[np.uint8]


class Arrow:
    """Finds a face where the upper left corner is white, and knows no other direction."""

    def __init__(self) -> None:
        self.searches = 0

    def find(self, frame: Frame, near: object = None) -> list[Detection]:
        self.searches += 1
        if frame.rgb[0, 0, 0] < 200:
            return []
        points = np.array([[4, 5], [8, 5], [6, 7], [6, 9], [2, 5], [10, 5]], np.float32)
        return [Detection(Box(2, 2, 12, 12), points, 0.9)]

    def close(self) -> None:
        """Nothing to free."""


def arrow(quarters: int, index: int = 0, *, face: bool = True) -> Frame:
    rgb = np.zeros((20, 30, 3), np.uint8)
    rgb[:5, :5] = 255 if face else 0
    return Frame(np.ascontiguousarray(np.rot90(rgb, -quarters)), index, index / 10)


@pytest.mark.parametrize("quarters", range(4))
def test_a_picture_is_turned_until_its_face_stands(quarters: int) -> None:
    finder = Arrow()
    frame, faces, found = find_upright(finder, arrow(quarters))
    assert found == quarters
    assert np.array_equal(frame.rgb, arrow(0).rgb)
    assert len(faces) == 1
    # Where a face stands as it is, nothing more is looked at.
    assert finder.searches == (1 if quarters == 0 else 4)
    assert find_upright(finder, arrow(quarters, face=False))[1:] == ([], 0)


@pytest.mark.parametrize("quarters", range(4))
def test_all_frames_of_a_clip_are_turned_alike(quarters: int) -> None:
    upright = Upright(Arrow())
    frames = [arrow(quarters, index, face=index >= 2) for index in range(8)]
    out = [ready for frame in frames for ready in upright.after(frame)] + upright.rest()
    assert [frame.index for frame, _ in out] == list(range(8))
    assert upright.quarters == quarters
    for frame, _ in out[2:]:
        assert np.array_equal(frame.rgb, arrow(0).rgb)
    searched = [(frame, found) for frame, found in out if found is not None]
    assert searched, "who has searched a frame need not do it again"
    for frame, found in searched:
        assert [face.box for face in found] == [face.box for face in Arrow().find(frame)]


def test_a_clip_without_faces_goes_on_as_it_is() -> None:
    upright = Upright(Arrow())
    out = [ready for index in range(9) for ready in upright.after(arrow(0, index, face=False))] + upright.rest()
    assert [frame.index for frame, _ in out] == list(range(9))
    assert upright.quarters == 0


def test_one_false_find_does_not_turn_a_clip() -> None:
    upright = Upright(Arrow())
    frames = [arrow(2, 0), *(arrow(0, index) for index in range(1, 5))]
    out = [ready for frame in frames for ready in upright.after(frame)] + upright.rest()
    assert upright.quarters == 0
    assert [frame.index for frame, _ in out] == list(range(5))


def test_real_faces_are_found_in_every_direction(finder: FaceFinder, astronaut: Rgb) -> None:
    upright = finder.find(Frame(astronaut))
    for mirrored in (False, True):
        rgb = astronaut[:, ::-1] if mirrored else astronaut
        for quarters in range(4):
            frame, faces, found = find_upright(finder, Frame(np.ascontiguousarray(np.rot90(rgb, -quarters))))
            assert found == quarters
            assert np.array_equal(frame.rgb, rgb)
            (face,) = faces
            assert math.isclose(face.box.width, upright[0].box.width, rel_tol=0.1)
