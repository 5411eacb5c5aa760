"""A face cut out as the square that a model sees, and how good the cut is."""

from __future__ import annotations

import math

import cv2
import numpy as np

from detector.faces.geometry import Square, roll_of, sample_square
from detector.records import Box, CropSpec, Detection, FaceCrop, FaceQuality, Frame, UInt8Image

__all__ = ["crop_face", "measure_quality"]

SHARPNESS_SIDE = 112
"""Pixels to which a face is brought before its sharpness is measured."""


def crop_face(frame: Frame, detection: Detection, spec: CropSpec) -> FaceCrop:
    """Cut the square that a model sees, for training, scoring and display alike.

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
        square = Square(*source.center, source.width)
    else:
        rgb, source = _cut_turned(frame.rgb, turned, spec.size)
        square = turned
    keypoints = (square.from_frame(detection.keypoints.astype(np.float64)) * spec.size).astype(np.float32)
    return FaceCrop(rgb=rgb, source=source, detection=detection, quality=quality, keypoints=keypoints)


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
        roll_deg=roll_of(points),
        yaw=yaw,
    )


def _cut_upright(rgb: UInt8Image, box: Box, spec: CropSpec) -> tuple[UInt8Image, Box]:
    height, width = rgb.shape[:2]
    side = max(1, min(round(max(box.width, box.height) * (1 + 2 * spec.margin)), width, height))
    center_x, center_y = box.center
    left = min(max(0, round(center_x - side / 2)), width - side)
    top = min(max(0, round(center_y - side / 2)), height - side)
    return _resize(rgb[top : top + side, left : left + side], spec.size), Box(left, top, left + side, top + side)


def _turned_square(frame: Frame, box: Box, margin: float, roll: float) -> Square | None:
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
        square = Square(float(moved[0]), float(moved[1]), side, roll)
        shift = np.abs((moved - center) @ square.turn())
        if shift.max() <= (side - face_side) / 2 + 1e-9:
            return square
    return None


def _cut_turned(rgb: UInt8Image, square: Square, size: int) -> tuple[UInt8Image, Box]:
    turn = np.abs(square.turn()[0]).sum()
    reach = square.side * float(turn) / 2
    source = Box(square.x - reach, square.y - reach, square.x + reach, square.y + reach)
    # Only the part around the square is handed over: warpAffine does not take pictures beyond 32767 pixels.
    left, top = max(0, math.floor(source.left) - 2), max(0, math.floor(source.top) - 2)
    patch = np.ascontiguousarray(rgb[top : math.ceil(source.bottom) + 2, left : math.ceil(source.right) + 2])
    local = Square(square.x - left, square.y - top, square.side, square.roll)
    # Shrinking is left to _resize: a warp that shrinks would skip pixels.
    native = max(size, round(square.side))
    upright = sample_square(patch, local, native, np.ones(2), cv2.INTER_CUBIC, cv2.BORDER_REPLICATE)
    return _resize(upright, size), source


def _resize(square: UInt8Image, size: int) -> UInt8Image:
    """Pixel-area averaging when the crop shrinks, bicubic when it grows."""
    interpolation = cv2.INTER_AREA if square.shape[0] > size else cv2.INTER_CUBIC
    resized: UInt8Image = cv2.resize(np.ascontiguousarray(square), (size, size), interpolation=interpolation)
    return resized
