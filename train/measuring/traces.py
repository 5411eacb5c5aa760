"""Statistics of files and of sharpness that say nothing about a face, and that a data set may still give its label away by."""

from __future__ import annotations

import cv2
import numpy as np

from detector.records import Box

__all__ = ["CROP_TRACES", "FILE_TRACES", "file_traces", "jpeg_quantisation", "pixel_traces"]

CROP_TRACES = ("laplacian_variance", "high_frequency_share", "blockiness", "brightness", "contrast", "saturation")
"""What ``pixel_traces`` returns, in order."""
FILE_TRACES = (
    "bytes_per_pixel", "width", "height", "jpeg_quantisation", "face_size", "black_border_share",
    *(f"face_{name}" for name in CROP_TRACES if name != "blockiness"), "blockiness",
)  # fmt: skip
"""What ``file_traces`` returns, in order."""

_BLACK = 8
"""Grey levels up to which a border pixel counts as black."""


def pixel_traces(rgb: np.ndarray) -> np.ndarray:
    """Sharpness, compression and colour of a picture.

    Args:
        rgb: (H, W, 3) uint8 RGB, at least 16 pixels a side.

    Returns:
        (6,) float64, named by ``CROP_TRACES``: variance of the Laplacian (grey levels squared); share of the spectrum's
        energy, the mean left out, above half the Nyquist frequency; mean step across the borders of 8x8 blocks over the
        mean step elsewhere (after Wang, Sheikh and Bovik 2002); mean and standard deviation of grey; mean saturation of
        HSV, in [0, 255].
    """
    picture = np.ascontiguousarray(rgb)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    values = grey.astype(np.float32)
    return np.array(
        [
            cv2.Laplacian(grey, cv2.CV_64F).var(),
            _high_frequency_share(values),
            (_step_ratio(values) + _step_ratio(values.T)) / 2,
            values.mean(),
            values.std(),
            cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 1].mean(),
        ],
        np.float64,
    )


def file_traces(data: bytes, rgb: np.ndarray, patch: np.ndarray, box: Box) -> np.ndarray:
    """Everything about a file that a detector of altered faces should not need.

    Args:
        data: the file.
        rgb: (H, W, 3) uint8 RGB, the picture in it.
        patch: (h, w, 3) uint8 RGB, the part of it around the face, not resized.
        box: the face, pixels of the patch; at least a part of it lies inside.

    Returns:
        (12,) float64, named by ``FILE_TRACES``. Those called "face" are taken inside the box; blockiness is the whole
        picture's, whose blocks start at its corner.
    """
    height, width = rgb.shape[:2]
    bottom, right = patch.shape[:2]
    left, top = max(0, min(int(box.left), right - 16)), max(0, min(int(box.top), bottom - 16))
    face = patch[top : max(top + 16, int(box.bottom)), left : max(left + 16, int(box.right))]
    edge = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]]).max(axis=1)
    of_face = dict(zip(CROP_TRACES, pixel_traces(face), strict=True))
    blockiness = pixel_traces(rgb)[CROP_TRACES.index("blockiness")]
    return np.array(
        [
            len(data) / (width * height),
            width,
            height,
            jpeg_quantisation(data),
            min(box.width, box.height),
            (edge <= _BLACK).mean(),
            *(value for name, value in of_face.items() if name != "blockiness"),
            blockiness,
        ],
        np.float64,
    )


def jpeg_quantisation(data: bytes) -> float:
    """Mean step of a JPEG's first quantisation table, which is luminance's; 0 for what is no JPEG (ITU-T T.81, B.2.4.1)."""
    position = 2
    if data[:2] != b"\xff\xd8":
        return 0.0
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker, length = data[position + 1], int.from_bytes(data[position + 2 : position + 4], "big")
        if marker == 0xDB and position + 2 + length <= len(data):
            wide = data[position + 4] >> 4
            table = data[position + 5 : position + 5 + 64 * (1 + wide)]
            return float(np.frombuffer(table, ">u2" if wide else np.uint8).mean())
        if marker == 0xDA or length < 2:
            break
        position += 2 + length
    return 0.0


def _high_frequency_share(grey: np.ndarray) -> float:
    height, width = grey.shape
    window = np.hanning(height)[:, None] * np.hanning(width)[None]
    energy = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None])
    return float(energy[radius > 0.25].sum() / (energy.sum() + 1e-9))


def _step_ratio(grey: np.ndarray) -> float:
    """Mean step across every eighth border between columns over the mean of the others; 1 for no blocks."""
    steps = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    border = np.arange(len(steps)) % 8 == 7
    return float((steps[border].mean() + 1e-3) / (steps[~border].mean() + 1e-3))
