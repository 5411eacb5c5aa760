"""Faces: where they are, how they are cut out, and how good the cut is; people across the frames of a clip."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from detector.records.arrays import UInt8Image, check_rgb, check_unit

__all__ = ["Box", "CropSpec", "Detection", "FaceCrop", "FaceQuality", "FaceTrack", "Sighting"]


@dataclass(frozen=True)
class Box:
    """An axis-aligned rectangle in pixels of the upright frame; right and bottom are exclusive. May reach beyond the frame."""

    left: float
    top: float
    right: float
    bottom: float

    def __post_init__(self) -> None:
        values = (self.left, self.top, self.right, self.bottom)
        if not all(math.isfinite(v) for v in values) or self.right <= self.left or self.bottom <= self.top:
            raise ValueError(f"Box: expected finite left < right and top < bottom, got {values}")

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def center(self) -> tuple[float, float]:
        """(x, y) in pixels."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def scaled(self, factor: float) -> Box:
        """The same place in a picture whose sides are ``factor`` times as long."""
        return self.stretched(factor, factor)

    def stretched(self, across: float, down: float) -> Box:
        """The same place in a picture that is ``across`` times as wide and ``down`` times as high."""
        return Box(self.left * across, self.top * down, self.right * across, self.bottom * down)

    def iou(self, other: Box) -> float:
        """Intersection over union, in [0, 1]."""
        overlap_w = min(self.right, other.right) - max(self.left, other.left)
        overlap_h = min(self.bottom, other.bottom) - max(self.top, other.top)
        if overlap_w <= 0 or overlap_h <= 0:
            return 0.0
        overlap = overlap_w * overlap_h
        return overlap / (self.width * self.height + other.width * other.height - overlap)


@dataclass(frozen=True)
class Detection:
    """A face as found by the face detector, before cropping."""

    box: Box
    keypoints: NDArray[np.float32]
    """(6, 2) float32 pixels (x, y): the subject's right eye, left eye, nose tip, mouth centre, right ear, left ear."""
    score: float
    """The face detector's own confidence that this is a face, in [0, 1]; says nothing about altered or not."""

    def __post_init__(self) -> None:
        if self.keypoints.shape != (6, 2) or self.keypoints.dtype != np.float32:
            raise ValueError(
                f"Detection.keypoints: expected (6, 2) float32, got {self.keypoints.shape} {self.keypoints.dtype}"
            )
        check_unit(self.score, "Detection.score")


@dataclass(frozen=True)
class CropSpec:
    """How a face becomes the square that a model sees. Travels with the weights in the manifest."""

    size: int
    """Side of the square crop, pixels."""
    margin: float
    """Context added on each side, as a share of the longer side of the face box."""
    interpolation: Literal["area-cubic"] = "area-cubic"
    """"area-cubic": pixel-area averaging when the crop shrinks, bicubic when it grows."""
    border: Literal["inside"] = "inside"
    """"inside": the square is moved, then shrunk, so that it stays inside the picture; no pixel is ever invented."""
    upright_above_deg: float = 20.0
    """A face whose eye line is tilted by more than this is turned upright before it is cropped."""

    def __post_init__(self) -> None:
        if self.size < 16 or not 0.0 <= self.margin <= 2.0:
            raise ValueError(f"CropSpec: expected size >= 16 and margin in [0, 2], got {self.size} and {self.margin}")
        if self.interpolation != "area-cubic" or self.border != "inside":
            raise ValueError(f"CropSpec: unknown interpolation {self.interpolation!r} or border {self.border!r}")


@dataclass(frozen=True)
class FaceQuality:
    """Measured on the face box in the original pixels, before any resizing."""

    size_px: float
    """Shorter side of the face box, original pixels."""
    sharpness: float
    """Variance of the Laplacian of the grey face resized to a fixed 112 px side; higher is sharper."""
    brightness: float
    """Mean of the grey face, in [0, 255]."""
    roll_deg: float
    """Tilt of the eye line; 0 is level."""
    yaw: float
    """Nose tip's offset from the eyes' midpoint along the eye line, in eye distances; 0 is frontal, beyond +-0.6 a profile."""


@dataclass(frozen=True)
class FaceCrop:
    """The pixels a model is given, with where they came from. The face shown is the face scored."""

    rgb: UInt8Image
    """(size, size, 3) uint8 RGB, as cut by ``faces.crop_face``."""
    source: Box
    """The square of the frame that was cut (before any upright turn: its bounding square)."""
    detection: Detection
    quality: FaceQuality
    keypoints: NDArray[np.float32] | None = None
    """(6, 2) float32 pixels (x, y) of ``rgb``: the detection's keypoints as they stand in the crop; None where the crop
    was not cut from a picture."""

    def __post_init__(self) -> None:
        check_rgb(self.rgb, "FaceCrop.rgb")
        if self.rgb.shape[0] != self.rgb.shape[1]:
            raise ValueError(f"FaceCrop.rgb: expected a square, got {self.rgb.shape}")


@dataclass(frozen=True)
class Sighting:
    """One person in one sampled frame of a clip."""

    sample: int
    """Running number of the sampled frame, 0, 1, ..."""
    time_s: float
    """Seconds from the clip's beginning."""
    position: int
    """Which of the faces of that frame it is."""
    crop: FaceCrop


@dataclass(frozen=True)
class FaceTrack:
    """One person across a clip."""

    id: int
    """1, 2, ... in order of first sighting."""
    sightings: tuple[Sighting, ...]
    """In order of time, at most one a frame."""
    gaps: tuple[tuple[float, float], ...]
    """(from, to) in seconds: between two sightings, the face was not found in the sampled frames."""

    def __post_init__(self) -> None:
        samples = [sighting.sample for sighting in self.sightings]
        if not samples or samples != sorted(set(samples)):
            raise ValueError(f"FaceTrack.sightings: expected at least one, ascending and one a frame, got {samples}")

    @property
    def first_s(self) -> float:
        return self.sightings[0].time_s

    @property
    def last_s(self) -> float:
        return self.sightings[-1].time_s
