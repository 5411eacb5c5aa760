"""Pure drawing on arrays: numbered boxes on a picture, and pictures made smaller."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from detector.records import Box, UInt8Image

__all__ = ["boxes_on_frame", "shrink"]

_INK = (20, 20, 20)
_PAPER = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def shrink(rgb: UInt8Image, max_side: int) -> UInt8Image:
    """A copy whose longer side is at most so many pixels; never larger than the picture."""
    height, width = rgb.shape[:2]
    scale = min(1.0, max_side / max(height, width))
    if scale == 1.0:
        return rgb.copy()
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small: UInt8Image = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    return small


def boxes_on_frame(
    frame_rgb: UInt8Image,
    boxes: Sequence[Box],
    labels: Sequence[str] | None = None,
    *,
    dashed: Sequence[bool] | None = None,
    max_side: int | None = None,
) -> UInt8Image:
    """Draw numbered boxes on a copy of the picture.

    Every line is light with a dark edge, so that it shows on any background; line and badge grow with
    the picture and the face. A badge stands on its box, or inside where there is no room above.

    Args:
        frame_rgb: (H, W, 3) uint8 RGB.
        boxes: in pixels of the frame; may reach beyond it.
        labels: short ASCII text for each badge; 1, 2, 3 ... if None.
        dashed: True for a box that is to be drawn broken, such as a face that was not analysed.
        max_side: if given, the picture is first shrunk so that its longer side is at most this many pixels.

    Returns:
        (H', W', 3) uint8 RGB.

    Raises:
        ValueError: labels or dashed do not match the boxes.
    """
    _check_rgb(frame_rgb)
    labels = [str(number) for number in range(1, len(boxes) + 1)] if labels is None else labels
    dashed = [False] * len(boxes) if dashed is None else dashed
    if not len(boxes) == len(labels) == len(dashed):
        raise ValueError(f"expected as many labels and dashes as boxes, got {len(boxes)}, {len(labels)}, {len(dashed)}")
    height, width = frame_rgb.shape[:2]
    scale = 1.0 if max_side is None else min(1.0, max_side / max(height, width))
    canvas = frame_rgb.copy() if max_side is None else shrink(frame_rgb, max_side)
    height, width = canvas.shape[:2]
    lines = [_line_width(box, scale, max(height, width)) for box in boxes]
    # Lines first, badges after, so that no line crosses a number.
    for box, broken, line in zip(boxes, dashed, lines, strict=True):
        segments = _outline(_corners(box, scale, width, height, line), 6 * line if broken else None)
        for colour, thickness in ((_INK, 2 * line), (_PAPER, line)):
            for start, end in segments:
                cv2.line(canvas, start, end, colour, thickness, cv2.LINE_8)
    for box, label, line in zip(boxes, labels, lines, strict=True):
        left, top, _, _ = _corners(box, scale, width, height, line)
        _badge(canvas, left, top, label, line)
    return canvas


def _line_width(box: Box, scale: float, picture_side: int) -> int:
    """Pixels: grows with the picture, but less for a small face, which a wide line would hide."""
    return max(2, round(picture_side / 1500), round(min(picture_side / 400, max(box.width, box.height) * scale / 30)))


def _corners(box: Box, scale: float, width: int, height: int, line: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom in canvas pixels, drawn wholly inside the canvas."""

    def inside(value: float, side: int) -> int:
        return min(max(round(value * scale), line), max(line, side - 1 - line))

    return inside(box.left, width), inside(box.top, height), inside(box.right, width), inside(box.bottom, height)


def _outline(corners: tuple[int, int, int, int], dash: int | None) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """The four sides as segments, each cut into dashes of that length with gaps as long, if given."""
    left, top, right, bottom = corners
    sides = [
        ((left, top), (right, top)),
        ((right, top), (right, bottom)),
        ((right, bottom), (left, bottom)),
        ((left, bottom), (left, top)),
    ]
    if dash is None:
        return sides
    segments = []
    for (x0, y0), (x1, y1) in sides:
        # An odd number of pieces, so that a side begins and ends with a dash and the corners stay closed.
        pieces = max(3, 2 * (round(max(abs(x1 - x0), abs(y1 - y0)) / dash) // 2) + 1)
        for piece in range(0, pieces, 2):
            a, b = piece / pieces, (piece + 1) / pieces
            start = (round(x0 + a * (x1 - x0)), round(y0 + a * (y1 - y0)))
            segments.append((start, (round(x0 + b * (x1 - x0)), round(y0 + b * (y1 - y0)))))
    return segments


def _badge(canvas: UInt8Image, left: int, top: int, label: str, line: int) -> None:
    height, width = canvas.shape[:2]
    size = 0.4 * line
    (text_width, text_height), baseline = cv2.getTextSize(label, _FONT, size, line)
    pad = 2 * line
    badge_width, badge_height = text_width + 2 * pad, text_height + baseline + 2 * pad
    x = max(0, min(left - line, width - badge_width))
    above = top - line - badge_height
    y = above if above >= 0 else max(0, min(top - line, height - badge_height))
    cv2.rectangle(canvas, (x, y), (x + badge_width - 1, y + badge_height - 1), _PAPER, cv2.FILLED)
    cv2.rectangle(canvas, (x, y), (x + badge_width - 1, y + badge_height - 1), _INK, max(1, line // 2))
    cv2.putText(canvas, label, (x + pad, y + pad + text_height), _FONT, size, _INK, line, cv2.LINE_AA)


def _check_rgb(array: np.ndarray) -> None:
    if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8 or 0 in array.shape:
        raise ValueError(f"expected a non-empty (H, W, 3) uint8 RGB array, got {array.shape} {array.dtype}")
