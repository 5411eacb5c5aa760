"""What often happens to a picture on its way, one step at a time and at one fixed strength, for the degradation table.

Training draws such steps at random (``train.fakes.augment``); here they are fixed, applied to the whole picture, and stored the
way the step stores it: JPEG as JPEG, all others without further loss.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np

from train.fakes.codec import through_h264
from train.measuring.scoring import Degrade

__all__ = ["DEGRADATIONS", "DESCRIPTIONS"]

_JPEG_QUALITY = 50
_BLUR_SHARE = 0.01
"""Gaussian sigma as a share of the shorter side: 2.2 pixels at 224."""
_NOISE_SIGMA = 8.0
"""Grey levels."""
_CRF = 40
"""Constant rate factor of H.264; FaceForensics++ names its "c40" after it (Roessler et al., ICCV 2019)."""
_CLIP_FRAMES = 5

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "jpeg_q50": f"JPEG at quality {_JPEG_QUALITY}",
        "half_size": "half width and height",
        "blur": f"Gaussian blur, sigma {_BLUR_SHARE:.0%} of the shorter side",
        "noise": f"Gaussian noise, sigma {_NOISE_SIGMA:.0f} of 255",
        "c40_like": f"H.264 at CRF {_CRF}, the middle frame of a clip of {_CLIP_FRAMES} made of the still",
    }
)


def _encoded(suffix: str, rgb: np.ndarray, *options: int) -> tuple[bytes, str]:
    done, data = cv2.imencode(suffix, rgb[..., ::-1], options)
    if not done:
        raise ValueError(f"a picture of shape {rgb.shape} could not be written as {suffix}")
    return data.tobytes(), suffix


def _jpeg(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    del seed
    return _encoded(".jpg", rgb, cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)


def _half(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    del seed
    height, width = rgb.shape[:2]
    return _encoded(".png", cv2.resize(rgb, (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA))


def _blur(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    del seed
    return _encoded(".png", cv2.GaussianBlur(rgb, (0, 0), _BLUR_SHARE * min(rgb.shape[:2])))


def _noise(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    noise = np.random.default_rng(seed).normal(0, _NOISE_SIGMA, rgb.shape)
    return _encoded(".png", np.clip(np.rint(rgb + noise), 0, 255).astype(np.uint8))


def _c40(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    del seed
    return _encoded(".png", through_h264(rgb, _CRF, _CLIP_FRAMES))


DEGRADATIONS: Mapping[str, Degrade] = MappingProxyType(
    {"jpeg_q50": _jpeg, "half_size": _half, "blur": _blur, "noise": _noise, "c40_like": _c40}
)
