"""Following faces through a clip: when a frame is searched whole, and that followed faces keep the boxes of a whole search."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from detector.faces.finder import FaceFinder
from detector.faces.following import NEAR_S, WHOLE_EVERY, FaceFollower
from detector.records import Box, Detection, Frame
from tests.support.clips import paste

STEP = NEAR_S / 2


class Finder:
    """Finds what a test prescribes, and records around which faces it was to search; None for a whole search."""

    def __init__(self, answers: Sequence[int]) -> None:
        self._answers = iter(answers)
        self.asked: list[int | None] = []

    def find(self, frame: Frame, near: Sequence[Detection] | None = None) -> list[Detection]:
        self.asked.append(None if near is None else len(near))
        return [Detection(Box(9, 9, 49, 49), np.zeros((6, 2), np.float32), 0.9)] * next(self._answers)

    def close(self) -> None:
        raise AssertionError("the finder is only lent")


def follow(answers: Sequence[int], times: Sequence[float | None]) -> tuple[list[int], list[int | None]]:
    """Faces found in each frame, and what was asked."""
    finder = Finder(answers)
    follower = FaceFollower(finder)
    picture = np.zeros((16, 16, 3), np.uint8)
    return [len(follower.find(Frame(picture, i, time))) for i, time in enumerate(times)], finder.asked


def test_every_few_frames_a_whole_search() -> None:
    times = [i * STEP for i in range(2 * WHOLE_EVERY + 1)]
    found, asked = follow([1] * len(times), times)
    assert found == [1] * len(times)
    assert asked == ([None] + [1] * (WHOLE_EVERY - 1)) * 2 + [None]


def test_a_lost_face_is_searched_for_in_the_whole_frame() -> None:
    assert follow([2, 1, 2, 2], [0, STEP, 2 * STEP]) == ([2, 2, 2], [None, 2, None, 2])


def test_a_newcomer_who_is_seen_is_followed_too() -> None:
    assert follow([1, 2, 2], [0, STEP, 2 * STEP]) == ([1, 2, 2], [None, 1, 2])


@pytest.mark.parametrize(
    ("answers", "times"),
    [([0, 0], [0, STEP]), ([1, 1], [0, 1.01 * NEAR_S]), ([1, 1], [0, None])],
    ids=["nobody was there", "too long ago", "no time is known"],
)
def test_nothing_to_follow(answers: list[int], times: list[float | None]) -> None:
    assert follow(answers, times) == (answers, [None, None])


@pytest.fixture(scope="module")
def two_small_faces() -> NDArray[np.uint8]:
    """(1080, 1920, 3); faces of about 50 pixels, too small for the coarser windows, at opposite ends."""
    canvas = np.full((1080, 1920, 3), 128, np.uint8)
    head = cv2.resize(np.asarray(skimage.data.astronaut())[0:300, 75:375], (140, 140), interpolation=cv2.INTER_AREA)
    for left, top in ((100, 100), (1500, 700)):
        paste(canvas, np.asarray(head), left, top)
    return canvas


def test_a_followed_face_has_the_box_of_a_whole_search(finder: FaceFinder, two_small_faces: NDArray[np.uint8]) -> None:
    frame = Frame(two_small_faces)
    both = finder.find(frame)
    assert len(both) == 2
    for face in both:
        (followed,) = finder.find(frame, [face])
        assert followed.box == face.box
        assert followed.score == face.score
        np.testing.assert_array_equal(followed.keypoints, face.keypoints)
    assert [face.box for face in finder.find(frame, both)] == [face.box for face in both]


def test_a_face_that_moved_on_is_still_found(finder: FaceFinder, two_small_faces: NDArray[np.uint8]) -> None:
    (first, _) = finder.find(Frame(two_small_faces))
    step = round(0.25 * first.box.width)
    moved = finder.find(Frame(np.roll(two_small_faces, step, axis=1)), [first])
    assert [round(face.box.left) for face in moved] == [pytest.approx(first.box.left + step, abs=2)]


@pytest.mark.slow
def test_a_face_that_moved_far_or_is_new_has_the_box_of_a_whole_search_too(finder: FaceFinder) -> None:
    ground = np.random.default_rng(0).uniform(60, 190, (18, 32, 3)).astype(np.float32)
    canvas = np.asarray(cv2.resize(ground, (1920, 1080), interpolation=cv2.INTER_CUBIC).clip(0, 255), np.uint8)
    head = cv2.resize(np.asarray(skimage.data.astronaut())[0:300, 75:375], (540, 540), interpolation=cv2.INTER_AREA)
    last = finder.find(Frame(_with(canvas, head, 400)))
    for left in range(560, 1080, 65):
        frame = Frame(_with(canvas, head, left))
        (searched,), (followed,) = finder.find(frame), finder.find(frame, last)
        assert (followed.box, followed.score) == (searched.box, searched.score)


def _with(canvas: NDArray[np.uint8], head: NDArray[np.uint8], left: int) -> NDArray[np.uint8]:
    picture = canvas.copy()
    paste(picture, head, left, 270)
    return picture
