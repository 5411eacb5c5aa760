"""Pure drawing on arrays: heatmap on a crop, numbered boxes on a picture, the heatmap's scale.

The heatmap is one colour whose opacity grows in proportion to the evidence, on a scale that is the same for every
picture: half the evidence is half as strong, no evidence leaves the pixel as it was. Multi-hue maps (viridis, inferno,
turbo) laid half-transparent over skin vanish where they pass through skin-like tones: over the ten Monk skin tones,
seen with normal vision and with simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009), their
difference to the bare skin falls to 4-9 units of CIELAB at full evidence and does not even rise with it. This blue
keeps 37 and rises.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from detector.records import Box, FloatMap, UInt8Image

__all__ = ["HEAT_RGB", "boxes_on_frame", "heat_layer", "heatmap_on_crop", "legend_layer", "shrink"]

HEAT_RGB = (0, 140, 255)
"""The heatmap's only colour."""

_INK = (20, 20, 20)
_PAPER = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def heatmap_on_crop(crop_rgb: UInt8Image, share: FloatMap, opacity: float = 0.5) -> UInt8Image:
    """Lay a heatmap over the crop it was made from.

    Args:
        crop_rgb: (S, S, 3) uint8 RGB.
        share: (h, w) float32 in [0, 1], share of the fixed full scale; any size, stretched bilinearly over the crop.
        opacity: of the colour where ``share`` is 1, in [0, 1].

    Returns:
        (S, S, 3) uint8 RGB, a new array; where ``share`` is 0 its pixels are those of the crop.

    Raises:
        ValueError: a wrong shape or dtype, or a share or opacity outside [0, 1].
    """
    _check_rgb(crop_rgb)
    _check_share(share)
    if not 0.0 <= opacity <= 1.0:
        raise ValueError(f"opacity: expected a number in [0, 1], got {opacity!r}")
    height, width = crop_rgb.shape[:2]
    # Linear: a cubic would overshoot and paint evidence beside the place that has it.
    alpha = opacity * cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)[..., np.newaxis]
    base = crop_rgb.astype(np.float32)
    mixed = base + alpha * (np.array(HEAT_RGB, np.float32) - base)
    painted: UInt8Image = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return painted


def heat_layer(share: FloatMap, side: int = 112) -> UInt8Image:
    """The heatmap's colour alone, to be laid over the crop by whoever shows it, at a strength of their choice.

    Args:
        share: (h, w) float32 in [0, 1], share of the fixed full scale.
        side: of the picture, pixels; it is stretched over the crop.

    Returns:
        (side, side, 4) uint8 RGB and alpha; alpha is ``share`` on a scale of 0 to 255.
    """
    _check_share(share)
    return _layer(cv2.resize(share, (side, side), interpolation=cv2.INTER_LINEAR))


def legend_layer(width: int = 256, height: int = 16) -> UInt8Image:
    """The scale of ``heat_layer``, from none at the left to full at the right: (height, width, 4) uint8."""
    return _layer(np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1)))


def _layer(share: FloatMap) -> UInt8Image:
    layer = np.empty((*share.shape, 4), np.uint8)
    layer[..., :3] = HEAT_RGB
    layer[..., 3] = np.rint(255 * share)
    return layer


def _check_share(share: FloatMap) -> None:
    if share.ndim != 2 or share.dtype != np.float32 or 0 in share.shape:
        raise ValueError(f"share: expected non-empty (h, w) float32, got {share.shape} {share.dtype}")
    if not (np.isfinite(share).all() and share.min() >= 0 and share.max() <= 1):
        raise ValueError("share: expected finite values in [0, 1]")


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
