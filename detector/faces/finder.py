"""Find faces, with mediapipe.

Finding takes two passes. Many cheap search windows (the whole picture, the whole with a border around it, enlarged tiles)
propose places; then every proposal is examined once more, alone, upright and always at the same scale, and that second pass
decides. It makes the box independent of how the picture was framed, as a model that was trained on crops needs it.

mediapipe looks only where a face may come from: ``screening``, the same model in less time, says in which windows, and where
the second pass would find none. What mediapipe sees decides about every face and every box.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceDetector, FaceDetectorOptions
from numpy.typing import NDArray

from detector.faces.geometry import Pyramid, Square, overlap, roll_of
from detector.faces.screening import MIN_SUPPRESSION, SIDE, Screen, Seen
from detector.faces.windows import MOVED, search_windows
from detector.records import Box, Detection, Frame, UInt8Image
from detector.runtime.console import native_noise_hidden
from detector.runtime.pool import Copies

__all__ = ["FaceFinder", "FindsFaces"]

REFINING_SIDE = 1.7
"""Side of the second pass, in face sides: where boxes changed least when the same face was framed differently."""
FULL_RANGE_SIDE = 2.5
"""The same for the full-range model, which is made for smaller faces."""
MIN_PROPOSAL_SCORE = 0.3
"""Least score in a search window for a place to be examined again."""
MIN_ONE_SIDED = 0.6
"""Least score of the second pass for the mirror image to be tried as well; of the faces in tests/bench/face_recall.py none
is lost by it."""
MIN_SCORE = 0.7
"""Least score of the second pass for a face to be reported, and ..."""
SURE_SCORE = 0.75
"""... the score below which the full-range model must agree. Chosen by tests/bench/face_recall.py."""
MIN_FULL_RANGE_SCORE = 0.5
"""What counts as agreeing."""
MAX_PROPOSALS = 200
"""Bound on second passes, hence on time, for crowds and textures."""
REFINING_PIXELS = 2 * SIDE
"""Side at which a square is rendered in the second pass: twice the short-range model's own, which is that of the first pass,
since mediapipe rounds boxes to whole pixels."""
FULL_RANGE_PIXELS = 192
"""The same for the full-range model: its own."""
MIRRORED_KEYPOINTS = [1, 0, 2, 3, 5, 4]
"""In a mirror the right eye is a left eye, and so with the ears."""
LEAST_SCREENED = 3
"""Search windows from which on screening pays; mediapipe looks at fewer at once."""
PLAIN = 0.8
"""Score in a search window from which a place most likely is a face, so that the second pass is mediapipe's at once."""
SCORE_DOUBT = 1e-3
"""By how much a screened score must miss a least score for a place to be dropped. Screening and mediapipe differ by 1e-7 here;
other processors may round differently."""
SAME_FACE = 0.5
"""Overlap (of the smaller square) from which two squares are taken for one face."""


@dataclass(frozen=True, eq=False)
class _Proposal:
    """A face as one search window showed it, in frame pixels; the square has the window's axes. Equal to none but itself."""

    square: Square
    keypoints: NDArray[np.float64]
    score: float
    window: Square


@dataclass(frozen=True)
class _Eyes:
    """mediapipe's detectors for near and for far faces, and the model of the first alone."""

    short: FaceDetector
    full: FaceDetector
    screen: Screen

    def close(self) -> None:
        self.short.close()
        self.full.close()


class FindsFaces(Protocol):
    """The part of ``FaceFinder`` that is used."""

    def find(self, frame: Frame, near: Sequence[Detection] | None = None) -> list[Detection]: ...

    def close(self) -> None: ...


class FaceFinder:
    """Finds every face of a picture. A context manager; one may be shared between threads.

    Args:
        short_range: ``blaze_face_short_range.tflite``.
        full_range: ``blaze_face_full_range_sparse.tflite``.

    Raises:
        FileNotFoundError: A model file is not there.
        RuntimeError, ValueError: A model file is not what mediapipe can load.
    """

    def __init__(self, short_range: Path, full_range: Path) -> None:
        with native_noise_hidden():
            # mediapipe's detectors are not thread-safe.
            self._eyes = Copies(lambda: _open_eyes(short_range, full_range), "faces")
        _OPEN.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the models; no call may follow."""
        _OPEN.discard(self)
        with native_noise_hidden():
            self._eyes.close(_Eyes.close)

    def find(self, frame: Frame, near: Sequence[Detection] | None = None) -> list[Detection]:
        """Every face, in reading order (rows from the top, each from the left).

        Args:
            frame: An upright RGB picture of any size.
            near: Where faces were a moment before. If given, the layer of the smallest tiles is searched only around these
                and around what else is found: all of these are found as by a whole search, but small newcomers are not.

        Returns:
            Detections with square boxes, which may reach beyond the frame. The box of a tilted face is not larger than
            that of an upright one: it is the face's own square, turned back about its centre.
        """
        search = _Search(self._eyes, Pyramid(frame.rgb))
        height, width = frame.rgb.shape[:2]
        windows = list(search_windows(width, height, near))
        faces = search.faces(windows)
        if near is not None and (elsewhere := _not_at(near, faces)):
            # Some tile around it may show it better than the window that found it, as in a whole search.
            faces = search.faces([w for w in search_windows(width, height, elsewhere) if w not in windows])
        return _reading_order([_as_detection(face) for face in faces])


class _Search:
    """One picture being searched. What was looked at once is not looked at again."""

    def __init__(self, eyes: Copies[_Eyes], pyramid: Pyramid) -> None:
        self._eyes = eyes
        self._pyramid = pyramid
        self._proposals: list[_Proposal] = []
        self._faces: dict[_Proposal, _Proposal | None] = {}
        """What the second pass made of places."""
        self._looks: dict[Square, list[_Proposal]] = {}
        """What mediapipe saw in search windows."""

    def faces(self, windows: Sequence[Square]) -> list[_Proposal]:
        """The faces among the places that these search windows and all before propose."""
        if len(windows) < LEAST_SCREENED:
            self._look(windows)
            found = [self._looks[window] for window in windows]
        else:
            found = self._eyes.map(partial(_screened, pyramid=self._pyramid), windows)
        self._proposals += itertools.chain.from_iterable(found)
        places = _without_repeats(self._proposals)[:MAX_PROPOSALS]
        new = [place for place in places if place not in self._faces]
        hopeless = self._eyes.map(partial(_hopeless, pyramid=self._pyramid), new)
        self._faces.update(dict.fromkeys(new))
        promising = [place for place, without in zip(new, hopeless, strict=True) if not without]
        self._look(dict.fromkeys(place.window for place in promising))
        seen = [_same(place, self._looks[place.window]) for place in promising]
        refined = self._eyes.map(partial(_refined, pyramid=self._pyramid), seen)
        self._faces.update(zip(promising, refined, strict=True))
        return _without_repeats([face for place in places if (face := self._faces[place]) is not None])

    def _look(self, windows: Iterable[Square]) -> None:
        """Let mediapipe look at those that it has not seen."""
        new = [window for window in windows if window not in self._looks]
        self._looks.update(zip(new, self._eyes.map(partial(_looked, pyramid=self._pyramid), new), strict=True))


_OPEN: weakref.WeakSet[FaceFinder] = weakref.WeakSet()


def _close_open_ones() -> None:
    for finder in list(_OPEN):
        finder.close()


# mediapipe's detectors work in threads of their own. Python ends these before it calls what atexit knows, and a detector that
# is freed afterwards prints a traceback; only this place, which concurrent.futures uses too, comes before.
threading._register_atexit(_close_open_ones)  # type: ignore[attr-defined]


def _screened(eyes: _Eyes, window: Square, pyramid: Pyramid) -> list[_Proposal]:
    """The first pass over one window, by the model alone."""
    return _in_frame(eyes.screen.look(pyramid.render(window, SIDE)), window, SIDE)


def _looked(eyes: _Eyes, window: Square, pyramid: Pyramid) -> list[_Proposal]:
    """The first pass over one window, by mediapipe."""
    return _detect(eyes.short, pyramid.render(window, SIDE), window)


def _same(place: _Proposal, looked: Sequence[_Proposal]) -> _Proposal | None:
    """The same place as mediapipe sees it; None if it does not."""
    return max(
        (other for other in looked if abs(other.score - place.score) < SCORE_DOUBT),
        key=lambda other: overlap(other.square, place.square),
        default=None,
    )


def _second_square(proposal: _Proposal) -> Square:
    """What the second pass looks at."""
    seen = proposal.square
    return Square(seen.x, seen.y, seen.side * REFINING_SIDE, roll_of(proposal.keypoints))


def _hopeless(eyes: _Eyes, proposal: _Proposal, pyramid: Pyramid) -> bool:
    """Whether the second pass would surely find no face, by the model alone; likely faces are not tried."""
    if proposal.score >= PLAIN:
        return False
    square = _second_square(proposal)
    # The pixels that mediapipe takes of so large a picture; ...
    rgb = pyramid.render(square, REFINING_PIXELS)
    straight = _best(_in_frame(eyes.screen.look(rgb[::2, ::2]), square, SIDE), proposal.square)
    if straight is None or straight.score < MIN_ONE_SIDED - SCORE_DOUBT:
        return True
    # ... of its mirror image they are the odd ones.
    mirrored = _in_frame(eyes.screen.look(rgb[::2, ::-2]), square, SIDE, mirrored=True)
    face = _mean(straight, _best(mirrored, proposal.square))
    return face is None or face.score < MIN_SCORE - SCORE_DOUBT


def _refined(eyes: _Eyes, proposal: _Proposal | None, pyramid: Pyramid) -> _Proposal | None:
    """The same face seen upright, in the middle and at the usual scale; None if it then is no face."""
    if proposal is None:
        return None
    seen, square = proposal.square, _second_square(proposal)
    rgb = pyramid.render(square, REFINING_PIXELS)
    straight = _best(_detect(eyes.short, rgb, square), seen)
    if straight is None or straight.score < MIN_ONE_SIDED:
        return None
    # The mirror image as well: steadier boxes, fewer false faces, and left and right are treated alike.
    face = _mean(straight, _best(_detect(eyes.short, rgb, square, mirrored=True), seen))
    if face is None or face.score < MIN_SCORE:
        return None
    if face.score < SURE_SCORE:
        wider = Square(face.square.x, face.square.y, face.square.side * FULL_RANGE_SIDE, square.roll)
        other = _best(_detect(eyes.full, pyramid.render(wider, FULL_RANGE_PIXELS), wider), face.square)
        if other is None or other.score < MIN_FULL_RANGE_SCORE:
            return None
    return face


def _not_at(near: Sequence[Detection], faces: Sequence[_Proposal]) -> list[Detection]:
    """The faces that the tiles around other places were not meant for."""
    return [
        face
        for face in map(_as_detection, faces)
        if not any(
            max(abs(now - then) for now, then in zip(face.box.center, last.box.center, strict=True))
            < MOVED * last.box.width
            for last in near
        )
    ]


def _open_eyes(short_range: Path, full_range: Path) -> _Eyes:
    near = short_range.read_bytes()
    return _Eyes(_open_detector(near), _open_detector(full_range.read_bytes()), Screen(near, MIN_PROPOSAL_SCORE))


def _open_detector(content: bytes) -> FaceDetector:
    options = FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=content),
        min_detection_confidence=MIN_PROPOSAL_SCORE,
        min_suppression_threshold=MIN_SUPPRESSION,
    )
    detector = FaceDetector.create_from_options(options)
    # The first use is slow and noisy; better here than in the first picture.
    detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.zeros((16, 16, 3), np.uint8)))
    return detector


def _detect(detector: FaceDetector, rgb: UInt8Image, square: Square, mirrored: bool = False) -> list[_Proposal]:
    """All faces that one of mediapipe's models sees in one square of the frame, or in its mirror image (and mirrored back)."""
    if mirrored:
        rgb = np.ascontiguousarray(rgb[:, ::-1])
    result = detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb))
    seen = []
    for found in result.detections:
        box = found.bounding_box
        keypoints = np.array([[point.x, point.y] for point in found.keypoints], np.float32)
        score = found.categories[0].score
        seen.append(Seen(box.origin_x, box.origin_y, box.width, box.height, keypoints, score))
    return _in_frame(seen, square, len(rgb), mirrored)


def _in_frame(seen: Sequence[Seen], square: Square, pixels: int, mirrored: bool = False) -> list[_Proposal]:
    """What was seen in one square, drawn with so many pixels a side, as places of the frame."""
    proposals = []
    for found in seen:
        center = np.array([[found.left + found.width / 2, found.top + found.height / 2]]) / pixels
        keypoints = found.keypoints.astype(np.float64)
        if mirrored:
            center[:, 0] = 1 - center[:, 0]
            keypoints[:, 0] = 1 - keypoints[:, 0]
            keypoints = keypoints[MIRRORED_KEYPOINTS]
        x, y = square.to_frame(center)[0]
        side = max(found.width, found.height) / pixels * square.side
        if side > 0:
            place = Square(float(x), float(y), side, square.roll)
            proposals.append(_Proposal(place, square.to_frame(keypoints), min(1.0, max(0.0, found.score)), square))
    return proposals


def _best(proposals: list[_Proposal], place: Square) -> _Proposal | None:
    """The surest of those that are the same face as ``place``."""
    there = [proposal for proposal in proposals if overlap(proposal.square, place) > SAME_FACE]
    return max(there, key=lambda proposal: proposal.score, default=None)


def _mean(one: _Proposal, other: _Proposal | None) -> _Proposal | None:
    """Two passes over the same square as one; None if the other saw nothing."""
    if other is None:
        return None
    a, b = one.square, other.square
    square = Square((a.x + b.x) / 2, (a.y + b.y) / 2, (a.side + b.side) / 2, a.roll)
    return _Proposal(square, (one.keypoints + other.keypoints) / 2, (one.score + other.score) / 2, one.window)


def _without_repeats(proposals: Sequence[_Proposal]) -> list[_Proposal]:
    """Best score first; whatever mostly overlaps a better one is dropped."""
    kept: list[_Proposal] = []
    for proposal in sorted(proposals, key=lambda p: -p.score):
        if all(overlap(proposal.square, better.square) < SAME_FACE for better in kept):
            kept.append(proposal)
    return kept


def _as_detection(face: _Proposal) -> Detection:
    half = face.square.side / 2
    box = Box(face.square.x - half, face.square.y - half, face.square.x + half, face.square.y + half)
    return Detection(box=box, keypoints=face.keypoints.astype(np.float32), score=face.score)


def _reading_order(detections: list[Detection]) -> list[Detection]:
    """A row is every face whose centre lies within half a face of the row's first."""
    rows: list[list[Detection]] = []
    for detection in sorted(detections, key=lambda d: d.box.center[1]):
        first = rows[-1][0].box if rows else None
        if first is not None and detection.box.center[1] - first.center[1] < first.height / 2:
            rows[-1].append(detection)
        else:
            rows.append([detection])
    return [detection for row in rows for detection in sorted(row, key=lambda d: d.box.center[0])]
