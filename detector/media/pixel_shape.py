"""Pixels that are wider than high, or the reverse: the size that a picture or a frame has with square ones."""

from __future__ import annotations

__all__ = ["with_square_pixels"]

_WIDEST = 4.0
"""Pixels that claim to be longer than this are taken for square: no camera has them."""


def with_square_pixels(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """(width, height) in square pixels: the side along which pixels are too long grows.

    Args:
        size: (width, height) as stored.
        ratio: width of a pixel over its height.
    """
    width, height = size
    if not 1 / _WIDEST <= ratio <= _WIDEST:
        return size
    return (round(width * ratio), height) if ratio > 1 else (width, round(height / ratio))
