"""Where a picture is searched for faces: the whole, the whole with a border, and layers of overlapping tiles."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from detector.faces.geometry import Square
from detector.records import Box, Detection

__all__ = ["MOVED", "search_windows"]

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
MOVED = 0.25
"""How far a face may have moved from where it was last for the same tiles to be searched, in its sides ..."""
FILLS_TILE = 1.2
"""... and its side in tiles from which only the coarser layers can see it. tests/bench/following.py measures how often the
boxes are those of a whole search."""


def search_windows(width: int, height: int, near: Sequence[Detection] | None = None) -> Iterator[Square]:
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


def _tile_centers(length: int, tile: float) -> list[float]:
    """Centres of equally spaced tiles that cover ``length`` with at least the wanted overlap."""
    if length <= tile:
        return [length / 2]
    count = math.ceil((length - tile) / (tile * (1 - TILE_OVERLAP))) + 1
    return [float(center) for center in np.linspace(tile / 2, length - tile / 2, count)]
