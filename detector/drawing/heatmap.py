"""Pure drawing of heatmaps: contour lines and faint tints at fixed levels, orange towards "altered", teal towards "genuine".

The levels are shares of a full scale that is the same for every picture, so the same evidence is drawn alike everywhere,
and weak evidence draws nothing. Every line is a bright core in a dark casing: on whatever skin, cloth or shadow it lies, one
of the two stands out. The core of "genuine" is broken, so that nothing rests on telling orange from teal.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.records import FloatMap, UInt8Image

__all__ = [
    "ALTERED_RGB",
    "GENUINE_RGB",
    "LEVELS",
    "heat_layer",
    "heatmap_on_crop",
    "legend_layer",
    "reaches_a_level",
    "share_within_lines",
]

LEVELS = (0.2, 0.4, 0.6, 0.8)
"""Shares of the full scale at which a line is drawn."""
ALTERED_RGB, GENUINE_RGB = (255, 176, 64), (72, 240, 222)
_CASING_RGB = (0, 0, 0)
_TINT = 0.09
"""Opacity that each level adds to the tint."""
_CORE, _CASING, _DASH = 0.0070, 0.0150, 0.022
"""Widths of core and casing, and length of a dash, as shares of the picture's side."""

Layer = NDArray[np.float32]


def heat_layer(towards_fake: FloatMap, towards_real: FloatMap, side: int = 448) -> UInt8Image:
    """The drawing alone, to be laid over the crop by whoever shows it.

    Args:
        towards_fake: (h, w) float32 in [0, 1], share of the fixed full scale.
        towards_real: the same.
        side: of the picture, pixels.

    Returns:
        (side, side, 4) uint8 RGB and alpha; fully transparent where no level is reached.

    Raises:
        ValueError: a wrong shape or dtype, or a share outside [0, 1].
    """
    _check_share(towards_fake)
    _check_share(towards_real)
    return _layer(_field(towards_fake, side), _field(towards_real, side), side)


def heatmap_on_crop(crop_rgb: UInt8Image, towards_fake: FloatMap, towards_real: FloatMap) -> UInt8Image:
    """Draw a heatmap on the crop it was made from.

    Args:
        crop_rgb: (H, W, 3) uint8 RGB.
        towards_fake: as for ``heat_layer``.
        towards_real: the same.

    Returns:
        (H, W, 3) uint8 RGB, a new array; where no level is reached its pixels are those of the crop.

    Raises:
        ValueError: a wrong shape or dtype, or a share outside [0, 1].
    """
    if crop_rgb.ndim != 3 or crop_rgb.shape[2] != 3 or crop_rgb.dtype != np.uint8 or 0 in crop_rgb.shape:
        raise ValueError(f"expected a non-empty (H, W, 3) uint8 RGB array, got {crop_rgb.shape} {crop_rgb.dtype}")
    height, width = crop_rgb.shape[:2]
    layer = heat_layer(towards_fake, towards_real, max(height, width))
    layer = cv2.resize(layer, (width, height), interpolation=cv2.INTER_AREA) if height != width else layer
    alpha = layer[..., 3:].astype(np.float32) / 255
    base = crop_rgb.astype(np.float32)
    painted: UInt8Image = np.rint(base + alpha * (layer[..., :3] - base)).astype(np.uint8)
    return painted


def legend_layer(width: int = 640, height: int = 36) -> UInt8Image:
    """The scale of ``heat_layer``: full evidence for "genuine" at the left, none in the middle, for "altered" at the right.

    Args:
        width: pixels.
        height: pixels.

    Returns:
        (height, width, 4) uint8 RGB and alpha.
    """
    ramp = np.tile(np.linspace(-1, 1, width, dtype=np.float32), (height, 1))
    # Lines as thick as on a face that is shown as large as the scale is wide.
    return _layer(np.maximum(ramp, 0), np.maximum(-ramp, 0), width // 2)


def reaches_a_level(towards_fake: FloatMap, towards_real: FloatMap) -> bool:
    """Whether ``heat_layer`` draws any line: if not, nothing stood out."""
    return any(float(_field(share, 112).max()) >= LEVELS[0] for share in (towards_fake, towards_real))


def share_within_lines(towards_fake: FloatMap, towards_real: FloatMap) -> float:
    """Share of the picture that the outermost lines of the stronger direction enclose; 0 where no line is drawn."""
    stronger = max(towards_fake, towards_real, key=lambda share: float(share.max()))
    return float((_field(stronger, 112) >= LEVELS[0]).mean())


def _field(share: FloatMap, side: int) -> Layer:
    """A smooth surface over the picture. Linear, since a cubic would overshoot and draw evidence beside its place."""
    stretched = cv2.resize(share, (side, side), interpolation=cv2.INTER_LINEAR)
    smooth: Layer = cv2.GaussianBlur(stretched, (0, 0), max(0.3, 0.3 * side / max(share.shape)))
    return smooth


def _layer(towards_fake: Layer, towards_real: Layer, side: int) -> UInt8Image:
    colour = np.zeros((*towards_fake.shape, 3), np.float32)
    alpha = np.zeros(towards_fake.shape, np.float32)
    rows, columns = np.indices(towards_fake.shape)
    dash = max(2.0, _DASH * side)
    unbroken = np.ones(towards_fake.shape, np.float32)
    broken = ((rows // dash + columns // dash) % 2).astype(np.float32)
    sides = ((towards_fake, ALTERED_RGB, unbroken), (towards_real, GENUINE_RGB, broken))
    for field, hue, _ in sides:
        reached = sum(((field >= level).astype(np.float32) for level in LEVELS), np.zeros_like(field))
        _lay(colour, alpha, hue, _TINT * reached)
    # All lines over all tints, all cores over all casings.
    for width, cased in ((_CASING, True), (_CORE, False)):
        for field, hue, pattern in sides:
            for level in LEVELS:
                line = _line(field, level, max(1.0, width * side))
                _lay(colour, alpha, _CASING_RGB if cased else hue, line if cased else line * pattern)
    layer = np.empty((*alpha.shape, 4), np.uint8)
    layer[..., :3] = np.rint(colour / np.maximum(alpha, 1e-6)[..., None]).clip(0, 255)
    layer[..., 3] = np.rint(255 * alpha)
    return layer


def _line(field: Layer, level: float, width: float) -> Layer:
    """Opacity of a smooth line where the field crosses a level; none along the picture's edge, where it only ends."""
    down, across = np.gradient(field)
    slope = np.maximum(np.hypot(down, across), 1e-4)
    line: Layer = np.clip(width / 2 + 0.5 - np.abs(field - level) / slope, 0, 1).astype(np.float32)
    return line


def _lay(colour: Layer, alpha: Layer, rgb: tuple[int, int, int], opacity: Layer) -> None:
    """Lay a colour over what is there (Porter and Duff's "over", colour multiplied by alpha)."""
    colour *= (1 - opacity)[..., None]
    colour += opacity[..., None] * np.array(rgb, np.float32)
    alpha *= 1 - opacity
    alpha += opacity


def _check_share(share: FloatMap) -> None:
    if share.ndim != 2 or share.dtype != np.float32 or 0 in share.shape:
        raise ValueError(f"share: expected non-empty (h, w) float32, got {share.shape} {share.dtype}")
    if not (np.isfinite(share).all() and share.min() >= 0 and share.max() <= 1):
        raise ValueError("share: expected finite values in [0, 1]")
