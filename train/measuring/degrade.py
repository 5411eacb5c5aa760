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
_SHARPENED, _SHARPENED_SHARE = 0.8, 0.005
"""Amount of unsharp masking, about a phone's, and its sigma as a share of the shorter side."""
_BEAUTY_TONES, _BEAUTY_SHARE = 40.0, 0.7
"""Tonal sigma of a bilateral filter, grey levels, and the share of its result that is laid over the picture."""

DESCRIPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "jpeg_q50": f"JPEG at quality {_JPEG_QUALITY}",
        "half_size": "half width and height",
        "blur": f"Gaussian blur, sigma {_BLUR_SHARE:.0%} of the shorter side",
        "noise": f"Gaussian noise, sigma {_NOISE_SIGMA:.0f} of 255",
        "c40_like": f"H.264 at CRF {_CRF}, the middle frame of a clip of {_CLIP_FRAMES} made of the still",
        "enlarged": "enlarged to double width and height, bicubic",
        "sharpened": f"unsharp mask, {_SHARPENED:.0%} at sigma {_SHARPENED_SHARE:.1%} of the shorter side",
        "smoothed": f"skin smoothed, {_BEAUTY_SHARE:.0%} of a bilateral filter of {_BEAUTY_TONES:.0f} grey levels",
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


def _enlarged(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    del seed
    return _encoded(".png", cv2.resize(rgb, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))


def _sharpened(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    del seed
    soft = cv2.GaussianBlur(rgb, (0, 0), max(0.5, _SHARPENED_SHARE * min(rgb.shape[:2])))
    return _encoded(".png", cv2.addWeighted(rgb, 1 + _SHARPENED, soft, -_SHARPENED, 0))


def _smoothed(rgb: np.ndarray, seed: int) -> tuple[bytes, str]:
    del seed
    smooth = cv2.bilateralFilter(rgb, 9, _BEAUTY_TONES, 5.0)
    return _encoded(".png", cv2.addWeighted(smooth, _BEAUTY_SHARE, rgb, 1 - _BEAUTY_SHARE, 0))


DEGRADATIONS: Mapping[str, Degrade] = MappingProxyType(
    {
        "jpeg_q50": _jpeg,
        "half_size": _half,
        "blur": _blur,
        "noise": _noise,
        "c40_like": _c40,
        "enlarged": _enlarged,
        "sharpened": _sharpened,
        "smoothed": _smoothed,
    }
)
