"""Makes a copy differ from its original in nothing but the traces of the decoder that made it.

A copy has lost its original's JPEG blocks, a little of its sharpness and some of its grain, and a detector takes the easiest
of these (2403.17608 on formats; Dual Data Alignment, 2505.14359, whose steps for JPEG, pixels and DCT coefficients are used
here with their odds). Sharpness is aligned in both directions, since today's generators are crisper than photographs.
"""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["align", "encoded", "fine_energy", "gradient_energy", "match_sharpness", "mix_frequencies", "resampled"]

_MOST_BLUR = 2.5
_MOST_SHARPENING = 2.0
_HALVINGS = 7
_SOFT = 0.75
"""Share of the original's finest detail below which a copy is given some of it."""


def align(
    original: np.ndarray, copy: np.ndarray, rng: np.random.Generator, mask: np.ndarray | None = None,
    quality: int | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """One draw of alignment.

    Args:
        original: (H, W, 3) uint8 RGB, a genuine picture, H and W even.
        copy: its copy, the same shape and type.
        rng: source of the draw.
        mask: (H, W) float32 in [0, 1], the part that is to be replaced; None for all of it.
        quality: of the JPEG that the original was read from, 1 to 100; None where it was none.

    Returns:
        The genuine and the fake member of the pair, of that shape and type.
    """
    if mask is not None and rng.random() < 0.5:
        # The picture around a replaced region has often been resampled with it; then so is the genuine one.
        original = resampled(original, float(rng.uniform(0.6, 0.98)), rng)
    direction = rng.random()
    if direction < 0.4:
        copy = match_sharpness(copy, gradient_energy(original))
    elif direction < 0.65:
        original = match_sharpness(original, gradient_energy(copy))
    elif direction < 0.85:
        # Crisper than its original, as a generator's picture beside a photograph.
        copy = match_sharpness(copy, gradient_energy(original) * float(rng.uniform(1.0, 1.35)))
    if fine_energy(copy) < _SOFT * fine_energy(original) and rng.random() < 0.7:
        # Whatever a decoder could not write, a detector must not take for its mark.
        copy = mix_frequencies(copy, original, float(rng.uniform(0.4, 1)), float(rng.uniform(0.25, 0.6)))
    elif rng.random() < 0.2:
        copy = mix_frequencies(copy, original, float(rng.uniform(0, 0.8)), float(rng.uniform(0, 0.6)))
    if rng.random() < 0.2:
        share = float(rng.uniform(0, 0.8))
        copy = cv2.addWeighted(copy, 1 - share, original, share, 0)
    if rng.random() < 0.5:
        copy = encoded(copy, int(rng.integers(70, 98)) if quality is None else quality)
    if mask is not None:
        blended = original * (1 - mask[..., None]) + copy * mask[..., None]
        copy = np.clip(np.rint(blended), 0, 255).astype(np.uint8)
    return original, copy


def gradient_energy(rgb: np.ndarray) -> float:
    """Mean absolute difference of neighbouring pixels' grey: how sharp a picture is, for comparing pictures of one scene.

    Args:
        rgb: (H, W, 3) uint8 RGB.
    """
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def fine_energy(rgb: np.ndarray) -> float:
    """Energy of grey beyond half of the highest frequency of either axis: of (H, W, 3) uint8 RGB, a mean square a pixel."""
    grey = cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY).astype(np.float32)
    height, width = grey.shape
    coefficients = cv2.dct(np.ascontiguousarray(grey[: height // 2 * 2, : width // 2 * 2]))
    rows, columns = coefficients.shape
    fine = np.hypot(np.arange(rows)[:, None] / rows, np.arange(columns)[None] / columns) > 0.5
    return float((coefficients[fine] ** 2).sum() / coefficients.size)


def match_sharpness(rgb: np.ndarray, energy: float) -> np.ndarray:
    """The picture, blurred or sharpened until its ``gradient_energy`` is the given one, as far as that can be reached.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        energy: wanted.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    softer = gradient_energy(rgb) > energy
    low, high = 0.0, _MOST_BLUR if softer else _MOST_SHARPENING
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        reached = gradient_energy(_blurred(rgb, middle) if softer else _sharpened(rgb, middle))
        if (reached > energy) == softer:
            low = middle
        else:
            high = middle
    amount = (low + high) / 2
    return _blurred(rgb, amount) if softer else _sharpened(rgb, amount)


def _blurred(rgb: np.ndarray, sigma: float) -> np.ndarray:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), max(sigma, 0.05)))


def _sharpened(rgb: np.ndarray, amount: float) -> np.ndarray:
    return np.asarray(cv2.addWeighted(rgb, 1 + amount, cv2.GaussianBlur(rgb, (0, 0), 1.0), -amount, 0))


def mix_frequencies(copy: np.ndarray, original: np.ndarray, share: float, above: float) -> np.ndarray:
    """A copy with a share of its finer DCT coefficients taken from its original.

    Args:
        copy: (H, W, 3) uint8 RGB, H and W even.
        original: the same.
        share: of the original in each coefficient that is mixed.
        above: coefficients from this radius on are mixed, 1 being the highest frequency along an axis.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    height, width = copy.shape[:2]
    radius = np.hypot(np.arange(height)[:, None] / height, np.arange(width)[None] / width)
    weight = np.where(radius >= above, share, 0.0).astype(np.float32)
    mixed = np.empty(copy.shape, np.float32)
    for channel in range(3):
        mine, its = (cv2.dct(picture[..., channel].astype(np.float32)) for picture in (copy, original))
        mixed[..., channel] = cv2.idct(mine + weight * (its - mine))
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def resampled(rgb: np.ndarray, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """The picture, shrunk to ``ratio`` of its sides and brought back by methods that are drawn; (H, W, 3) uint8 RGB."""
    height, width = rgb.shape[:2]
    small = (max(8, round(width * ratio)), max(8, round(height * ratio)))
    down = int(rng.choice((cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC)))
    up = int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)))
    return np.asarray(cv2.resize(cv2.resize(rgb, small, interpolation=down), (width, height), interpolation=up))


def encoded(rgb: np.ndarray, quality: int) -> np.ndarray:
    """(H, W, 3) uint8 RGB after a JPEG of that quality."""
    _, data = cv2.imencode(".jpg", rgb[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, quality))
    return np.ascontiguousarray(np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1])
