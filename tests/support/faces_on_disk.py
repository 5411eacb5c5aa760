"""A cache of drawn "faces", written without finding any: for tests of what reads a cache."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from train.data.cache import Cache, Sample

__all__ = ["textured", "write_cache"]


def write_cache(folder: Path, faces: Iterable[tuple[Sample, np.ndarray]]) -> Cache:
    """A cache in which each picture, (H, W, 3) uint8 RGB, is a face that fills its middle half; no meshes."""
    offset = 0
    count = 0
    with open(folder / "pixels.bin", "wb") as pixels, open(folder / "index.jsonl", "w", encoding="utf-8") as index:
        for sample, rgb in faces:
            height, width = rgb.shape[:2]
            left, top, right, bottom = width / 4, height / 4, width * 3 / 4, height * 3 / 4
            eyes = [[left + 5, top + 5], [right - 5, top + 5]]
            keypoints = [*eyes, *[[width / 2, height / 2]] * 2, [left, top], [right, top]]
            row = {"sample": asdict(sample), "offset": offset, "shape": rgb.shape, "box": [left, top, right, bottom],
                   "keypoints": keypoints, "score": 0.9}  # fmt: skip
            pixels.write(rgb.tobytes())
            index.write(json.dumps(row) + "\n")
            offset += rgb.size
            count += 1
    np.save(folder / "meshes.npy", np.full((count, 478, 2), np.nan, np.float32))
    return Cache(folder)


def textured(seed: int, side: int = 96) -> np.ndarray:
    """(side, side, 3) uint8 RGB: blots of colour like no other seed's, about as rough as a face, with a little grain."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(0, 255, (28, 28, 3)).astype(np.float32)
    steps = np.linspace(0, 27, side)
    low = np.minimum(steps.astype(int), 26)
    part = (steps - low)[:, None]
    rows = coarse[low] * (1 - part[..., None]) + coarse[low + 1] * part[..., None]
    columns = rows[:, low] * (1 - part) + rows[:, low + 1] * part
    return np.asarray(np.clip(columns + rng.normal(0, 3, columns.shape), 0, 255), np.uint8)
