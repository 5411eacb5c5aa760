"""Photos and clips for the measurements: public-domain portraits set on a canvas, so that nothing needs to be downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from tests.support.clips import paste, write_clip

__all__ = ["make_clip", "make_photo"]

Rgb = NDArray[np.uint8]


def _heads() -> list[Rgb]:
    """Square cuts of the two portraits (NASA and US Navy, both in the public domain)."""
    collins = np.asarray(skimage.data.astronaut())[0:300, 75:375]
    with Image.open(Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg") as picture:
        hopper = np.asarray(picture.convert("RGB"))[0:420, 50:470]
    return [np.ascontiguousarray(head) for head in (collins, hopper)]


def make_photo(path: Path, faces: int, megapixels: float) -> Path:
    """A JPEG with so many faces in a grid.

    Args:
        path: of the file.
        faces: at least 1.
        megapixels: of the whole, 4:3.
    """
    height = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    width = round(height * 4 / 3)
    canvas = _background(height, width)
    columns = int(np.ceil((faces * 4 / 3) ** 0.5))
    rows = -(-faces // columns)
    side = min(width // columns, height // rows, 1200)
    heads = _heads()
    for number in range(faces):
        head = cv2.resize(heads[number % 2], (side, side), interpolation=cv2.INTER_AREA)
        left = (number % columns) * (width // columns) + (width // columns - side) // 2
        top = (number // columns) * (height // rows) + (height // rows - side) // 2
        paste(canvas, np.asarray(head), left, top)
    cv2.imwrite(str(path), canvas[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    return path


def make_clip(
    path: Path, seconds: float, height: int, *, fps: int = 30, kbps: int = 4000, group: int = 250, sound: bool = True
) -> Path:
    """An H.264 clip in which one portrait drifts over a textured ground.

    Args:
        path: ends in .mp4.
        seconds: length.
        height: pixels; the width is 16:9.
        fps: frames a second.
        kbps: bit rate aimed at.
        group: frames from key frame to key frame at most.
        sound: whether a tone goes with it.
    """
    width = height * 16 // 9 // 2 * 2
    ground = _background(height, width)
    head = cv2.resize(_heads()[0], (height // 2, height // 2), interpolation=cv2.INTER_AREA)

    def frames() -> Iterator[Rgb]:
        for number in range(round(seconds * fps)):
            canvas = np.roll(ground, number, axis=1)
            drift = round(width / 8 * np.sin(2 * np.pi * number / (4 * fps)))
            paste(canvas, np.asarray(head), width // 4 + drift, height // 4)
            yield canvas

    options = {"preset": "veryfast", "b": f"{kbps}k", "maxrate": f"{kbps}k", "bufsize": f"{2 * kbps}k", "g": str(group)}
    return write_clip(path, frames(), fps=fps, options=options, sound=sound)


def _background(height: int, width: int) -> Rgb:
    """Blots and grain: an empty ground would decode faster than any real picture."""
    rng = np.random.default_rng(0)
    coarse = rng.uniform(60, 190, (18, 32, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(smooth + rng.normal(0, 6, (height, width, 1)), 0, 255), np.uint8)
