"""Find faces, with mediapipe.

Finding takes two passes. Many cheap search windows (the whole picture, the whole with a border around it, enlarged tiles)
propose places; then every proposal is examined once more, alone, upright and always at the same scale, and that second pass
decides. It makes the box independent of how the picture was framed, as a model that was trained on crops needs it.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceDetector, FaceDetectorOptions
from numpy.typing import NDArray

from detector.faces.geometry import Pyramid, Square, overlap, roll_of
from detector.records import Box, Detection, Frame
from detector.runtime.console import native_noise_hidden
from detector.runtime.pool import Copies

__all__ = ["FaceFinder", "FindsFaces"]

MIN_FACE = 40.0
"""Pixels; smaller faces are not looked for. In pictures beyond ``FINEST_AREA`` it grows with the picture's sides."""
FINEST_AREA = 12e6
"""Pixels; bounds the number of tiles, hence the time."""
TILE_SIDE = 10.25
"""Side of the smallest tile in least faces: the short-range model sees faces from about 12 of its 128 pixels on."""
TILE_GROWTH = 3.0
"""From one layer of tiles to the next. A window shows faces of 10 to 100 % of its side, so that layers share sizes."""
TILE_OVERLAP = 0.2
"""Share of a tile that its neighbour repeats."""
WORTH_TILING = 1.3
"""Long sides in tiles below which the window of the whole picture does as well."""
PADDED = 1.6
"""Side of the window that shows the whole picture with a border, for faces that fill it; in long sides."""
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
WINDOW_PIXELS = 128
"""Side at which a square is rendered in the first pass: the short-range model's own."""
REFINING_PIXELS = 256
"""The same in the second pass: twice the model's own, since mediapipe rounds boxes to whole pixels."""
FULL_RANGE_PIXELS = 192
"""The same for the full-range model: its own."""
MIRRORED_KEYPOINTS = [1, 0, 2, 3, 5, 4]
"""In a mirror the right eye is a left eye, and so with the ears."""
MIN_SUPPRESSION = 0.3
"""Overlap (IoU) from which mediapipe takes two boxes of one window for one face."""
SAME_FACE = 0.5
"""Overlap (of the smaller square) from which two squares are taken for one face."""
MOVED = 0.25
"""How far a face may have moved from where it was last for the same tiles to be searched, in its sides ..."""
FILLS_TILE = 1.2
"""... and its side in tiles from which only the coarser layers can see it. tests/bench/following.py measures how often the
boxes are those of a whole search."""


@dataclass(frozen=True, eq=False)
class _Proposal:
    """A face as one search window showed it, in frame pixels; the square has the window's axes. Equal to none but itself."""

    square: Square
    keypoints: NDArray[np.float64]
    score: float


@dataclass(frozen=True)
class _Eyes:
    """mediapipe's detectors for near and for far faces."""

    short: FaceDetector
    full: FaceDetector

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
            self._eyes = Copies(lambda: _Eyes(_open_detector(short_range), _open_detector(full_range)), "faces")
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
        pyramid = Pyramid(frame.rgb)
        height, width = frame.rgb.shape[:2]
        windows = list(_search_windows(width, height, near))
        proposals = self._proposals(pyramid, windows)
        seen: dict[_Proposal, _Proposal | None] = {}
        faces = self._faces(pyramid, proposals, seen)
        if near is not None and (elsewhere := _not_at(near, faces)):
            # Some tile around it may show it better than the window that found it, as in a whole search.
            around = [window for window in _search_windows(width, height, elsewhere) if window not in windows]
            faces = self._faces(pyramid, [*proposals, *self._proposals(pyramid, around)], seen)
        return _reading_order([_as_detection(face) for face in faces])

    def _proposals(self, pyramid: Pyramid, windows: Sequence[Square]) -> list[_Proposal]:
        """All places that search windows propose, repeats included."""
        found = self._eyes.map(lambda eyes, square: _detect(eyes.short, pyramid, square, WINDOW_PIXELS), windows)
        return [proposal for of_window in found for proposal in of_window]

    def _faces(
        self, pyramid: Pyramid, proposals: Sequence[_Proposal], seen: dict[_Proposal, _Proposal | None]
    ) -> list[_Proposal]:
        """The faces among places, by second passes; what these gave is kept in ``seen``, and not looked for again."""
        places = _without_repeats(proposals)[:MAX_PROPOSALS]
        new = [place for place in places if place not in seen]
        seen.update(zip(new, self._eyes.map(lambda eyes, place: _refined(eyes, pyramid, place), new), strict=True))
        return _without_repeats([face for place in places if (face := seen[place]) is not None])


_OPEN: weakref.WeakSet[FaceFinder] = weakref.WeakSet()


def _close_open_ones() -> None:
    for finder in list(_OPEN):
        finder.close()


# mediapipe's detectors work in threads of their own. Python ends these before it calls what atexit knows, and a detector that
# is freed afterwards prints a traceback; only this place, which concurrent.futures uses too, comes before.
threading._register_atexit(_close_open_ones)  # type: ignore[attr-defined]


def _refined(eyes: _Eyes, pyramid: Pyramid, proposal: _Proposal) -> _Proposal | None:
    """The same face seen upright, in the middle and at the usual scale; None if it then is no face."""
    seen = proposal.square
    square = Square(seen.x, seen.y, seen.side * REFINING_SIDE, roll_of(proposal.keypoints))
    straight = _best(_detect(eyes.short, pyramid, square, REFINING_PIXELS), seen)
    if straight is None or straight.score < MIN_ONE_SIDED:
        return None
    # The mirror image as well: steadier boxes, fewer false faces, and left and right are treated alike.
    face = _mean(straight, _best(_detect(eyes.short, pyramid, square, REFINING_PIXELS, mirrored=True), seen))
    if face is None or face.score < MIN_SCORE:
        return None
    if face.score < SURE_SCORE:
        wider = Square(face.square.x, face.square.y, face.square.side * FULL_RANGE_SIDE, square.roll)
        other = _best(_detect(eyes.full, pyramid, wider, FULL_RANGE_PIXELS), face.square)
        if other is None or other.score < MIN_FULL_RANGE_SCORE:
            return None
    return face


def _search_windows(width: int, height: int, near: Sequence[Detection] | None = None) -> Iterator[Square]:
    """The whole picture, the whole with a border, and layers of overlapping tiles; of the finest those near some face."""
    long_side = max(width, height)
    yield Square(width / 2, height / 2, long_side)
    yield Square(width / 2, height / 2, PADDED * long_side)
    tile = TILE_SIDE * MIN_FACE * max(1.0, math.sqrt(width * height / FINEST_AREA))
    while tile * WORTH_TILING <= long_side:
        for y in _tile_centers(height, tile):
            for x in _tile_centers(width, tile):
                square = Square(x, y, tile)
                if near is None or any(_may_show(square, face.box) for face in near):
                    yield square
        near = None
        tile *= TILE_GROWTH


def _may_show(tile: Square, last: Box) -> bool:
    """Whether a face that was there a moment ago may be seen in a tile: its middle in it and its size below the tile's."""
    x, y = last.center
    reach = tile.side / 2 + MOVED * last.width
    return last.width < FILLS_TILE * tile.side and abs(tile.x - x) < reach and abs(tile.y - y) < reach


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


def _open_detector(path: Path) -> FaceDetector:
    options = FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=path.read_bytes()),
        min_detection_confidence=MIN_PROPOSAL_SCORE,
        min_suppression_threshold=MIN_SUPPRESSION,
    )
    detector = FaceDetector.create_from_options(options)
    # The first use is slow and noisy; better here than in the first picture.
    detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.zeros((16, 16, 3), np.uint8)))
    return detector


def _detect(
    detector: FaceDetector, pyramid: Pyramid, square: Square, pixels: int, mirrored: bool = False
) -> list[_Proposal]:
    """All faces that one model sees in one square of the frame, or in its mirror image (and mirrored back)."""
    rgb = pyramid.render(square, pixels)
    if mirrored:
        rgb = np.ascontiguousarray(rgb[:, ::-1])
    result = detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb))
    proposals = []
    for found in result.detections:
        box = found.bounding_box
        center = np.array([[box.origin_x + box.width / 2, box.origin_y + box.height / 2]]) / pixels
        keypoints = np.array([[point.x, point.y] for point in found.keypoints])
        if mirrored:
            center[:, 0] = 1 - center[:, 0]
            keypoints[:, 0] = 1 - keypoints[:, 0]
            keypoints = keypoints[MIRRORED_KEYPOINTS]
        x, y = square.to_frame(center)[0]
        side = max(box.width, box.height) / pixels * square.side
        if side > 0:
            score = min(1.0, max(0.0, found.categories[0].score))
            place = Square(float(x), float(y), side, square.roll)
            proposals.append(_Proposal(place, square.to_frame(keypoints), score))
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
    return _Proposal(square, (one.keypoints + other.keypoints) / 2, (one.score + other.score) / 2)


def _tile_centers(length: int, tile: float) -> list[float]:
    """Centres of equally spaced tiles that cover ``length`` with at least the wanted overlap."""
    if length <= tile:
        return [length / 2]
    count = math.ceil((length - tile) / (tile * (1 - TILE_OVERLAP))) + 1
    return [float(center) for center in np.linspace(tile / 2, length - tile / 2, count)]


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
