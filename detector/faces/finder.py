"""Find faces, cut them out, and measure how good the cut is. The only user of mediapipe.

Finding is two steps. Many cheap looks at the picture (whole, with a border around it, in enlarged tiles) propose
places; then every proposal is looked at once more, alone, upright and always at the same scale, and that second look
decides. It makes the box independent of how the picture was framed, as a model that was trained on crops needs it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceDetector, FaceDetectorOptions
from numpy.typing import NDArray

from detector.records import Box, CropSpec, Detection, FaceCrop, FaceQuality, Frame, UInt8Image
from detector.runtime.console import native_noise_hidden
from detector.runtime.pool import Copies

__all__ = ["FaceFinder", "FindsFaces", "crop_face", "measure_quality"]

MIN_FACE = 40.0
"""Pixels; smaller faces are not looked for. In pictures beyond ``FINEST_AREA`` it grows with the picture's sides."""
FINEST_AREA = 12e6
"""Pixels; bounds the number of tiles, hence the time."""
TILE_SIDE = 10.25
"""Side of the smallest tile in least faces: the short-range model sees faces from about 12 of its 128 pixels on."""
TILE_GROWTH = 3.0
"""From one layer of tiles to the next. A look sees faces of 10 to 100 % of its side, so that layers share sizes."""
TILE_OVERLAP = 0.2
"""Share of a tile that its neighbour repeats."""
WORTH_TILING = 1.3
"""Long sides in tiles below which the look at the whole picture does as well."""
PADDED = 1.6
"""Side of the look that shows the whole picture with a border, for faces that fill it; in long sides."""
SECOND_LOOK = 1.7
"""Side of the second look, in face sides: where boxes changed least when the same face was framed differently."""
FULL_RANGE_LOOK = 2.5
"""The same for the full-range model, which is made for smaller faces."""
MIN_PROPOSAL_SCORE = 0.3
"""Least score of a first look for a place to be looked at again."""
MIN_ONE_SIDED = 0.6
"""Least score of the second look for the mirror image to be looked at as well; of the faces in tests/bench/face_recall.py none
is lost by it."""
MIN_SCORE = 0.7
"""Least score of the second look for a face to be reported, and ..."""
SURE_SCORE = 0.75
"""... the score below which the full-range model must agree. Chosen by tests/bench/face_recall.py."""
MIN_FULL_RANGE_SCORE = 0.5
"""What counts as agreeing."""
MAX_PROPOSALS = 200
"""Bound on second looks, hence on time, for crowds and textures."""
FIRST_LOOK_PIXELS = 128
"""Side at which a square is rendered for a first look: the short-range model's own."""
SECOND_LOOK_PIXELS = 256
"""The same for the second look: twice the model's own, since mediapipe rounds boxes to whole pixels."""
FULL_RANGE_PIXELS = 192
"""The same for the full-range model: its own."""
MIRRORED_KEYPOINTS = [1, 0, 2, 3, 5, 4]
"""In a mirror the right eye is a left eye, and so with the ears."""
SAME_FACE = 0.5
"""Overlap (of the smaller square) from which two squares are taken for one face."""
MOVED = 0.25
"""How far a face may have moved from where it was last for the same tiles to be looked at, in its sides ..."""
FILLS_TILE = 1.2
"""... and its side in tiles from which only the coarser layers can see it. tests/bench/following.py tells how often the boxes
are those of a whole search."""
SHARPNESS_SIDE = 112
"""Pixels to which a face is brought before its sharpness is measured."""


@dataclass(frozen=True)
class _Square:
    """A square of the frame, possibly turned: what a look sees. Pixels; degrees clockwise."""

    x: float
    y: float
    side: float
    roll: float = 0.0

    def turn(self) -> NDArray[np.float64]:
        """(2, 2) float64: from the square's own axes to the frame's."""
        angle = math.radians(self.roll)
        return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])

    def to_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) points, 0 to 1 across the square, as (N, 2) frame pixels."""
        return (points - 0.5) * self.side @ self.turn().T + (self.x, self.y)

    def from_frame(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """The inverse of ``to_frame``."""
        return (points - (self.x, self.y)) @ self.turn() / self.side + 0.5


@dataclass(frozen=True, eq=False)
class _Proposal:
    """A face as one look saw it, in frame pixels; the square has the look's axes. Equal to none but itself."""

    square: _Square
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
    """What is needed of ``FaceFinder``."""

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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the models; no call may follow."""
        with native_noise_hidden():
            self._eyes.close(_Eyes.close)

    def find(self, frame: Frame, near: Sequence[Detection] | None = None) -> list[Detection]:
        """Every face, in reading order (rows from the top, each from the left).

        Args:
            frame: An upright RGB picture of any size.
            near: Where faces were a moment before. If given, the layer of the smallest tiles is looked at only around these
                and around what else is found: all of these are found as by a whole search, but small newcomers are not.

        Returns:
            Detections with square boxes, which may reach beyond the frame. The box of a tilted face is not larger than
            that of an upright one: it is the face's own square, turned back about its centre.
        """
        pyramid = _Pyramid(frame.rgb)
        height, width = frame.rgb.shape[:2]
        looks = list(_first_looks(width, height, near))
        proposals = self._proposals(pyramid, looks)
        seen: dict[_Proposal, _Proposal | None] = {}
        faces = self._faces(pyramid, proposals, seen)
        if near is not None and (elsewhere := _not_at(near, faces)):
            # Some tile around it may show it better than the look that found it, as in a whole search.
            around = [look for look in _first_looks(width, height, elsewhere) if look not in looks]
            faces = self._faces(pyramid, [*proposals, *self._proposals(pyramid, around)], seen)
        return _reading_order([_as_detection(face) for face in faces])

    def _proposals(self, pyramid: _Pyramid, looks: Sequence[_Square]) -> list[_Proposal]:
        """All places that first looks propose, repeats included."""
        found = self._eyes.map(lambda eyes, square: _look(eyes.short, pyramid, square, FIRST_LOOK_PIXELS), looks)
        return [proposal for of_look in found for proposal in of_look]

    def _faces(
        self, pyramid: _Pyramid, proposals: Sequence[_Proposal], seen: dict[_Proposal, _Proposal | None]
    ) -> list[_Proposal]:
        """The faces among places, by second looks; what these gave is kept in ``seen``, and not looked for again."""
        places = _without_repeats(proposals)[:MAX_PROPOSALS]
        new = [place for place in places if place not in seen]
        seen.update(zip(new, self._eyes.map(lambda eyes, place: _second_look(eyes, pyramid, place), new), strict=True))
        return _without_repeats([face for place in places if (face := seen[place]) is not None])


def _second_look(eyes: _Eyes, pyramid: _Pyramid, proposal: _Proposal) -> _Proposal | None:
    """The same face seen upright, in the middle and at the usual scale; None if it then is no face."""
    seen = proposal.square
    square = _Square(seen.x, seen.y, seen.side * SECOND_LOOK, _roll_deg(proposal.keypoints))
    straight = _best(_look(eyes.short, pyramid, square, SECOND_LOOK_PIXELS), seen)
    if straight is None or straight.score < MIN_ONE_SIDED:
        return None
    # The mirror image as well: steadier boxes, fewer false faces, and left and right are treated alike.
    face = _mean(straight, _best(_look(eyes.short, pyramid, square, SECOND_LOOK_PIXELS, mirrored=True), seen))
    if face is None or face.score < MIN_SCORE:
        return None
    if face.score < SURE_SCORE:
        wider = _Square(face.square.x, face.square.y, face.square.side * FULL_RANGE_LOOK, square.roll)
        other = _best(_look(eyes.full, pyramid, wider, FULL_RANGE_PIXELS), face.square)
        if other is None or other.score < MIN_FULL_RANGE_SCORE:
            return None
    return face


def _first_looks(width: int, height: int, near: Sequence[Detection] | None = None) -> Iterator[_Square]:
    """The whole picture, the whole with a border, and layers of overlapping tiles; of the finest those near some face."""
    long_side = max(width, height)
    yield _Square(width / 2, height / 2, long_side)
    yield _Square(width / 2, height / 2, PADDED * long_side)
    tile = TILE_SIDE * MIN_FACE * max(1.0, math.sqrt(width * height / FINEST_AREA))
    while tile * WORTH_TILING <= long_side:
        for y in _tile_centers(height, tile):
            for x in _tile_centers(width, tile):
                square = _Square(x, y, tile)
                if near is None or any(_may_show(square, face.box) for face in near):
                    yield square
        near = None
        tile *= TILE_GROWTH


def _may_show(tile: _Square, last: Box) -> bool:
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


class _Pyramid:
    """A picture at full, half, quarter... size, so that a look can be rendered fast and without aliasing."""

    def __init__(self, rgb: UInt8Image) -> None:
        self.levels = [rgb]
        while max(rgb.shape[:2]) > SECOND_LOOK_PIXELS:
            height, width = rgb.shape[:2]
            rgb = cv2.resize(rgb, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)
            self.levels.append(rgb)

    def render(self, square: _Square, size: int) -> UInt8Image:
        """(size, size, 3) RGB of the square; black where it leaves the picture."""
        wanted = math.floor(math.log2(max(1.0, square.side / size)))
        level = self.levels[min(wanted, len(self.levels) - 1)]
        height, width = self.levels[0].shape[:2]
        shrink = np.array([level.shape[1] / width, level.shape[0] / height])
        return _sample(level, square, size, shrink, cv2.INTER_LINEAR, cv2.BORDER_CONSTANT)


def _sample(
    image: UInt8Image, square: _Square, size: int, shrink: NDArray[np.float64], interpolation: int, border: int
) -> UInt8Image:
    """(size, size, 3) pixels of a square given in frame pixels, from the frame shrunk by ``shrink`` (x, y)."""
    per_pixel = square.turn() * (square.side / size) * shrink[:, None]
    first = square.to_frame(np.full((1, 2), 0.5 / size))[0] * shrink - 0.5
    matrix = np.hstack([per_pixel, first[:, None]])
    flags = interpolation | cv2.WARP_INVERSE_MAP
    pixels: UInt8Image = cv2.warpAffine(image, matrix, (size, size), flags=flags, borderMode=border)
    return pixels


def _open_detector(path: Path) -> FaceDetector:
    options = FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=path.read_bytes()),
        min_detection_confidence=MIN_PROPOSAL_SCORE,
        min_suppression_threshold=0.3,
    )
    detector = FaceDetector.create_from_options(options)
    # The first use is slow and noisy; better here than in the first picture.
    detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.zeros((16, 16, 3), np.uint8)))
    return detector


def _look(
    detector: FaceDetector, pyramid: _Pyramid, square: _Square, pixels: int, mirrored: bool = False
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
            place = _Square(float(x), float(y), side, square.roll)
            proposals.append(_Proposal(place, square.to_frame(keypoints), score))
    return proposals


def _best(proposals: list[_Proposal], place: _Square) -> _Proposal | None:
    """The surest of those that are the same face as ``place``."""
    there = [proposal for proposal in proposals if _overlap(proposal.square, place) > SAME_FACE]
    return max(there, key=lambda proposal: proposal.score, default=None)


def _mean(one: _Proposal, other: _Proposal | None) -> _Proposal | None:
    """Two looks through the same square as one; None if the other saw nothing."""
    if other is None:
        return None
    a, b = one.square, other.square
    square = _Square((a.x + b.x) / 2, (a.y + b.y) / 2, (a.side + b.side) / 2, a.roll)
    return _Proposal(square, (one.keypoints + other.keypoints) / 2, (one.score + other.score) / 2)


def _tile_centers(length: int, tile: float) -> list[float]:
    """Centres of equally spaced tiles that cover ``length`` with at least the wanted overlap."""
    if length <= tile:
        return [length / 2]
    count = math.ceil((length - tile) / (tile * (1 - TILE_OVERLAP))) + 1
    return [float(center) for center in np.linspace(tile / 2, length - tile / 2, count)]


def _overlap(one: _Square, other: _Square) -> float:
    """Shared area over the smaller area, turns ignored: also catches a box within a box, which IoU does not."""
    reach = (one.side + other.side) / 2
    shared_w = min(reach - abs(one.x - other.x), one.side, other.side)
    shared_h = min(reach - abs(one.y - other.y), one.side, other.side)
    if shared_w <= 0 or shared_h <= 0:
        return 0.0
    return shared_w * shared_h / min(one.side, other.side) ** 2


def _without_repeats(proposals: Sequence[_Proposal]) -> list[_Proposal]:
    """Best score first; whatever mostly overlaps a better one is dropped."""
    kept: list[_Proposal] = []
    for proposal in sorted(proposals, key=lambda p: -p.score):
        if all(_overlap(proposal.square, better.square) < SAME_FACE for better in kept):
            kept.append(proposal)
    return kept


def _roll_deg(keypoints: NDArray[np.floating]) -> float:
    """Tilt of the eye line in degrees, positive clockwise as seen."""
    dx, dy = keypoints[1] - keypoints[0]
    return math.degrees(math.atan2(dy, dx))


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


def measure_quality(frame: Frame, detection: Detection) -> FaceQuality:
    """How much the face has to offer, before any gate.

    Args:
        frame: The picture in which the face was found.
        detection: The face.

    Returns:
        Quality; units and ranges are those of ``FaceQuality``.

    Raises:
        ValueError: The box lies outside the frame.
    """
    box = detection.box
    height, width = frame.rgb.shape[:2]
    left, top = max(0, math.floor(box.left)), max(0, math.floor(box.top))
    right, bottom = min(width, math.ceil(box.right)), min(height, math.ceil(box.bottom))
    if left >= right or top >= bottom:
        raise ValueError(f"measure_quality: {box} lies outside a frame of {width} x {height} pixels")
    grey = cv2.cvtColor(np.ascontiguousarray(frame.rgb[top:bottom, left:right]), cv2.COLOR_RGB2GRAY)
    scale = SHARPNESS_SIDE / max(box.width, box.height)
    size = max(1, round((right - left) * scale)), max(1, round((bottom - top) * scale))
    fixed = cv2.resize(grey, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)

    points = detection.keypoints.astype(np.float64)
    eye_line = points[1] - points[0]
    eye_distance = float(np.hypot(*eye_line))
    direction = eye_line / eye_distance if eye_distance > 0 else np.array([1.0, 0.0])
    nose_offset = float((points[2] - (points[0] + points[1]) / 2) @ direction)
    # In a full profile the eyes fall together; the floor keeps yaw finite there, and large.
    yaw = nose_offset / max(eye_distance, 0.05 * min(box.width, box.height))
    return FaceQuality(
        size_px=min(box.width, box.height),
        sharpness=float(cv2.Laplacian(fixed, cv2.CV_64F).var()),
        brightness=float(grey.mean()),
        roll_deg=_roll_deg(points),
        yaw=yaw,
    )


def crop_face(frame: Frame, detection: Detection, spec: CropSpec) -> FaceCrop:
    """Cut the square that a model sees: the only crop in the repository, for training, scoring and display alike.

    The square is the longer side of the box plus the margins, about the box's centre. Near the border it is first
    moved, then shrunk, so that every pixel comes from the picture: an invented border would tell a model how tightly a
    data set was framed. A face tilted beyond ``spec.upright_above_deg`` is cut from a turned square if one that holds
    the whole face lies inside the picture, else from an upright one. The same input gives the same bytes.

    Args:
        frame: The picture in which the face was found.
        detection: The face.
        spec: Size, margin and tilt.

    Returns:
        The crop, (size, size, 3) uint8 RGB, with the square it came from and its quality.

    Raises:
        ValueError: The box lies outside the frame.
    """
    quality = measure_quality(frame, detection)
    turned = None
    if abs(quality.roll_deg) > spec.upright_above_deg:
        turned = _turned_square(frame, detection.box, spec.margin, quality.roll_deg)
    if turned is None:
        rgb, source = _cut_upright(frame.rgb, detection.box, spec)
        square = _Square(*source.center, source.width)
    else:
        rgb, source = _cut_turned(frame.rgb, turned, spec.size)
        square = turned
    keypoints = (square.from_frame(detection.keypoints.astype(np.float64)) * spec.size).astype(np.float32)
    return FaceCrop(rgb=rgb, source=source, detection=detection, quality=quality, keypoints=keypoints)


def _cut_upright(rgb: UInt8Image, box: Box, spec: CropSpec) -> tuple[UInt8Image, Box]:
    height, width = rgb.shape[:2]
    side = max(1, min(round(max(box.width, box.height) * (1 + 2 * spec.margin)), width, height))
    center_x, center_y = box.center
    left = min(max(0, round(center_x - side / 2)), width - side)
    top = min(max(0, round(center_y - side / 2)), height - side)
    return _resize(rgb[top : top + side, left : left + side], spec.size), Box(left, top, left + side, top + side)


def _turned_square(frame: Frame, box: Box, margin: float, roll: float) -> _Square | None:
    """The largest turned square inside the picture that holds the face's own (turned) square; None if there is none."""
    height, width = frame.rgb.shape[:2]
    face_side = max(box.width, box.height)
    center = np.array(box.center)
    angle = math.radians(roll)
    spread = abs(math.cos(angle)) + abs(math.sin(angle))
    for share in np.linspace(1 + 2 * margin, 1.0, 33):
        side = face_side * float(share)
        reach = side * spread / 2
        if 2 * reach > min(width, height):
            continue
        moved = np.clip(center, reach, (width - reach, height - reach))
        square = _Square(float(moved[0]), float(moved[1]), side, roll)
        shift = np.abs((moved - center) @ square.turn())
        if shift.max() <= (side - face_side) / 2 + 1e-9:
            return square
    return None


def _cut_turned(rgb: UInt8Image, square: _Square, size: int) -> tuple[UInt8Image, Box]:
    turn = np.abs(square.turn()[0]).sum()
    reach = square.side * float(turn) / 2
    source = Box(square.x - reach, square.y - reach, square.x + reach, square.y + reach)
    # Only the part around the square is handed over: warpAffine does not take pictures beyond 32767 pixels.
    left, top = max(0, math.floor(source.left) - 2), max(0, math.floor(source.top) - 2)
    patch = np.ascontiguousarray(rgb[top : math.ceil(source.bottom) + 2, left : math.ceil(source.right) + 2])
    local = _Square(square.x - left, square.y - top, square.side, square.roll)
    # Shrinking is left to _resize: a warp that shrinks would skip pixels.
    native = max(size, round(square.side))
    upright = _sample(patch, local, native, np.ones(2), cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)
    return _resize(upright, size), source


def _resize(square: UInt8Image, size: int) -> UInt8Image:
    """Pixel-area averaging when the crop shrinks, bicubic when it grows."""
    interpolation = cv2.INTER_AREA if square.shape[0] > size else cv2.INTER_CUBIC
    resized: UInt8Image = cv2.resize(np.ascontiguousarray(square), (size, size), interpolation=interpolation)
    return resized
