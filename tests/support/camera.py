"""A camera that is none: a portrait from the project's examples that moves a little, as frames and as a file for Chromium."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.media.images import encode_jpeg, read_image
from tests import ROOT

__all__ = ["FPS", "PORTRAIT", "camera_frames", "camera_jpegs", "write_y4m"]

PORTRAIT = ROOT / "detector" / "examples" / "collins.jpg"
"""Eileen Collins (NASA), public domain."""
FPS = 15
_WIDTH, _HEIGHT = 640, 480


def camera_frames(count: int, portrait: Path = PORTRAIT) -> Iterator[NDArray[np.uint8]]:
    """So many (480, 640, 3) uint8 RGB frames: the portrait sways, nods and comes closer, with noise as of a sensor."""
    picture = read_image(portrait).frame.rgb
    noise = np.random.default_rng(0)
    for index in range(count):
        turn = 2 * math.pi * index / (4 * FPS)
        zoom = _HEIGHT / picture.shape[0] * (1.1 + 0.05 * math.sin(turn))
        x = (_WIDTH - zoom * picture.shape[1]) / 2 + 12 * math.sin(turn)
        y = (_HEIGHT - zoom * picture.shape[0]) / 2 + 6 * math.cos(turn)
        moved = cv2.warpAffine(
            picture,
            np.array([[zoom, 0, x], [0, zoom, y]]),
            (_WIDTH, _HEIGHT),
            flags=cv2.INTER_AREA,
            borderMode=cv2.BORDER_REPLICATE,
        )
        yield np.clip(moved + noise.normal(0, 2, moved.shape), 0, 255).astype(np.uint8)


def camera_jpegs(count: int, portrait: Path = PORTRAIT) -> list[bytes]:
    """The same as JPEG files, as a browser sends them."""
    return [encode_jpeg(frame, 92) for frame in camera_frames(count, portrait)]


def write_y4m(path: Path, seconds: int = 4, portrait: Path = PORTRAIT) -> Path:
    """The same as a file that ``--use-file-for-fake-video-capture`` of Chromium plays over and over."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{_WIDTH} H{_HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in camera_frames(seconds * FPS, portrait):
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path
