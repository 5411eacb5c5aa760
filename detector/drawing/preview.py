"""The small picture that a report carries in place of the photo."""

from __future__ import annotations

from detector.drawing.overlay import shrink
from detector.records import Preview, UInt8Image

__all__ = ["CLIP_SIDE", "PHOTO_SIDE", "preview_of"]

PHOTO_SIDE = 1600
"""Longer side of a photo's preview, pixels, at most: the page shows no more."""
CLIP_SIDE = 640
"""The same for a frame of a clip, of which one is kept of every sampled frame until it is known which is shown."""


def preview_of(rgb: UInt8Image, max_side: int = PHOTO_SIDE) -> Preview:
    """A copy whose longer side is at most ``max_side`` pixels.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        max_side: pixels.
    """
    small = shrink(rgb, max_side)
    return Preview(small, max(small.shape[:2]) / max(rgb.shape[:2]))
