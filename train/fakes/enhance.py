"""What phones, beauty filters, enlargers and messengers do to genuine and fake pictures alike: enhancement is no
manipulation.

Drawn once for a pair and applied to both members, before ``augment.Degradation``: a detector that takes smooth skin, halos or
a second JPEG for a sign of a fake then gains nothing by it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from train.fakes.align import encoded

__all__ = ["Enhancement", "draw_enhancement"]


@dataclass(frozen=True)
class Enhancement:
    """One draw; ``apply`` is deterministic. Steps stand in the order in which they are made."""

    enlarged: float
    """The picture is shrunk by this factor and enlarged again, as a small photo is for a large page; 1 for none."""
    method: int
    """Of the enlargement, a constant of OpenCV."""
    denoised: float
    """Strength of a non-local means filter (Buades et al. 2005), grey levels; 0 for none."""
    beauty: float
    """Tonal width of a strong bilateral filter whose result is laid over the picture by half and more; 0 for none."""
    beauty_share: float
    sharpened: float
    """Amount of unsharp masking; 0 for none."""
    radius: float
    """Sigma of the unsharp mask, pixels."""
    local_contrast: float
    """Clip limit of an adaptive histogram equalisation (Zuiderveld 1994) on lightness; 0 for none."""
    chat: tuple[float, int] | None
    """A messenger's copy: factor of its shrinking, and its JPEG quality."""

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        """(S, S, 3) uint8 RGB -> the same shape and type."""
        x = rgb
        if self.enlarged > 1:
            x = _through(x, 1 / self.enlarged, self.method)
        if self.denoised > 0:
            x = cv2.fastNlMeansDenoisingColored(x, None, self.denoised, self.denoised, 3, 7)
        if self.beauty > 0:
            smooth = cv2.bilateralFilter(x, 7, self.beauty, 4.0)
            x = cv2.addWeighted(smooth, self.beauty_share, x, 1 - self.beauty_share, 0)
        if self.local_contrast > 0:
            lab = cv2.cvtColor(x, cv2.COLOR_RGB2LAB)
            lab[..., 0] = cv2.createCLAHE(self.local_contrast, (4, 4)).apply(lab[..., 0])
            x = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)
        if self.sharpened > 0:
            x = cv2.addWeighted(x, 1 + self.sharpened, cv2.GaussianBlur(x, (0, 0), self.radius), -self.sharpened, 0)
        if self.chat is not None:
            x = _through(x, self.chat[0], self.method, self.chat[1])
        return np.ascontiguousarray(x)


def _through(rgb: np.ndarray, ratio: float, method: int, quality: int | None = None) -> np.ndarray:
    """Through a smaller copy of the picture and, where a quality is given, through its JPEG."""
    height, width = rgb.shape[:2]
    size = max(24, round(width * ratio)), max(24, round(height * ratio))
    small = cv2.resize(np.ascontiguousarray(rgb), size, interpolation=cv2.INTER_AREA)
    small = small if quality is None else encoded(small, quality)
    return np.asarray(cv2.resize(small, (width, height), interpolation=method))


def draw_enhancement(rng: np.random.Generator, strength: float = 1.0) -> Enhancement:
    """Draw what a picture was improved with.

    Args:
        rng: source of the draw.
        strength: scales how often each step happens; 0 for none at all.
    """

    def happens(probability: float) -> bool:
        return bool(rng.random() < probability * strength)

    return Enhancement(
        enlarged=float(rng.uniform(1.2, 3.0)) if happens(0.15) else 1.0,
        method=int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4))),
        denoised=float(rng.uniform(2, 7)) if happens(0.04) else 0.0,
        beauty=float(rng.uniform(15, 50)) if happens(0.12) else 0.0,
        beauty_share=float(rng.uniform(0.4, 1.0)),
        sharpened=float(rng.uniform(0.2, 1.6)) if happens(0.2) else 0.0,
        radius=float(rng.uniform(0.6, 2.5)),
        local_contrast=float(rng.uniform(0.5, 1.5)) if happens(0.06) else 0.0,
        chat=(float(rng.uniform(0.5, 1.0)), int(rng.integers(55, 85))) if happens(0.15) else None,
    )
