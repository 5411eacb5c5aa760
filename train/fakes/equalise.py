"""Takes from a genuine and a fake picture of one collection what tells its two halves apart without looking at a face.

Where a collection's photographs and fakes came by different ways (sizes, encoders, retouching), their resolution, sharpness
and colour give the label away. Both are brought to one size (by ``pairs``, smaller than either), near one palette and through
one JPEG; the palette of one is given to the other as often as the reverse. Sharpness is not matched. How far this takes the
label away has not been measured yet.
"""

from __future__ import annotations

import cv2
import numpy as np

from train.fakes.align import encoded

__all__ = ["equalise", "match_palette"]


def equalise(
    genuine: np.ndarray, fake: np.ndarray, rng: np.random.Generator, *, strict: bool
) -> tuple[np.ndarray, np.ndarray]:
    """One draw.

    Args:
        genuine: (S, S, 3) uint8 RGB.
        fake: the same shape and type.
        rng: source of the draw.
        strict: for collections whose halves came by different ways; elsewhere only JPEG is shared.

    Returns:
        Both, of that shape and type.
    """
    if strict:
        if rng.random() < 0.5:
            genuine = match_palette(genuine, fake, float(rng.uniform(0.7, 1.0)))
        else:
            fake = match_palette(fake, genuine, float(rng.uniform(0.7, 1.0)))
    if strict or rng.random() < 0.3:
        quality = int(rng.integers(60, 96))
        genuine, fake = encoded(genuine, quality), encoded(fake, quality)
    return genuine, fake


def match_palette(rgb: np.ndarray, like: np.ndarray, share: float) -> np.ndarray:
    """Reinhard et al. 2001 over the whole picture: means and deviations of Lab moved a share of the way to another's.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        like: another such picture.
        share: 0 for no change, 1 for all of it.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    mine, its = (cv2.cvtColor(x, cv2.COLOR_RGB2LAB).astype(np.float32) for x in (rgb, like))
    mean, deviation = mine.mean((0, 1)), mine.std((0, 1)) + 1e-3
    ratio = np.clip((its.std((0, 1)) + 1e-3) / deviation, 0.5, 2.0)
    moved = (mine - mean) * (1 + share * (ratio - 1)) + mean + share * (its.mean((0, 1)) - mean)
    return np.asarray(cv2.cvtColor(np.clip(np.rint(moved), 0, 255).astype(np.uint8), cv2.COLOR_LAB2RGB))
