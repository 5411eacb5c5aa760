"""What happens to a picture after it was made: resizing, blur, noise, colour, JPEG, H.264. Drawn once, applied to a whole pair.

A genuine face and the fake beside it in the batch always get the same draw, so that no codec, size or sharpness gives the
label away (Shiohara & Yamasaki 2022, section 3.3, where the pair shares its augmentations too).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from train.fakes.codec import through_h264

__all__ = ["Degradation", "draw_degradation", "high_pass", "jitter_colour"]

_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of R, G, B in the grey value (ITU-R BT.601)."""


@dataclass(frozen=True)
class Degradation:
    """One draw of post-processing; ``apply`` is deterministic."""

    flip: bool
    gain: float
    """Contrast factor about the mean."""
    shift: tuple[float, float, float]
    """Added to R, G, B, in [0, 255] units."""
    saturation: float
    shrink: float
    """Side after shrinking as a share of the side; 1 leaves the size alone. The picture is brought back to its size."""
    shrink_method: int
    grow_method: int
    smoothing: float
    """Tonal width of a bilateral filter (Tomasi and Manduchi 1998), as phones and beauty filters apply; 0 for none."""
    blur: float
    """Gaussian sigma, pixels; 0 for none."""
    noise: float
    """Gaussian sigma, grey levels; 0 for none."""
    qualities: tuple[int, ...]
    """JPEG qualities of successive re-encodings, as of a picture that was shared several times."""
    crf: int | None
    """Constant rate factor of H.264, as of a frame of a video; None for a picture that never was in one."""
    grey: bool
    seed: int
    """Of the noise."""

    def apply(self, rgb: np.ndarray) -> np.ndarray:
        """(S, S, 3) uint8 RGB -> the same shape and type."""
        x = rgb[:, ::-1] if self.flip else rgb
        if self.gain != 1.0 or self.saturation != 1.0 or any(self.shift):
            values: np.ndarray = x.astype(np.float32)
            grey = values @ _LUMA
            values = grey[..., None] + self.saturation * (values - grey[..., None])
            values = (values - 127.5) * np.float32(self.gain) + 127.5 + np.array(self.shift, np.float32)
            x = np.clip(values, 0, 255).astype(np.uint8)
        side = x.shape[0]
        if self.shrink < 1.0:
            small = max(24, round(side * self.shrink))
            x = cv2.resize(np.ascontiguousarray(x), (small, small), interpolation=self.shrink_method)
        if self.smoothing > 0:
            x = cv2.bilateralFilter(np.ascontiguousarray(x), 5, self.smoothing, 2.0)
        if self.blur > 0:
            x = cv2.GaussianBlur(np.ascontiguousarray(x), (0, 0), self.blur)
        if self.noise > 0:
            noise = np.random.default_rng(self.seed).normal(0, self.noise, x.shape).astype(np.float32)
            x = np.clip(x + noise, 0, 255).astype(np.uint8)
        if self.grey:
            x = np.repeat(cv2.cvtColor(np.ascontiguousarray(x), cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        if self.crf is not None:
            x = through_h264(np.ascontiguousarray(x), self.crf, frames=2, preset="veryfast")
        for quality in self.qualities:
            _, data = cv2.imencode(".jpg", x[..., ::-1], (cv2.IMWRITE_JPEG_QUALITY, quality))
            x = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[..., ::-1]
        if x.shape[0] != side:
            x = cv2.resize(np.ascontiguousarray(x), (side, side), interpolation=self.grow_method)
        return np.ascontiguousarray(x)


def draw_degradation(rng: np.random.Generator, strength: float = 1.0) -> Degradation:
    """Draw what a picture may go through before it reaches us.

    Args:
        rng: source of the draw.
        strength: scales how often each step happens; 0 leaves only the mirror.
    """

    def happens(probability: float) -> bool:
        return bool(rng.random() < probability * strength)

    colour = happens(0.5)
    qualities = tuple(int(q) for q in rng.integers(30, 98, size=1 + int(rng.random() < 0.25))) if happens(0.65) else ()
    return Degradation(
        flip=bool(rng.random() < 0.5),
        gain=float(rng.uniform(0.7, 1.3)) if colour else 1.0,
        shift=tuple(float(v) for v in rng.uniform(-25, 25) + rng.uniform(-12, 12, 3)) if colour else (0.0, 0.0, 0.0),  # type: ignore[arg-type]
        saturation=float(rng.uniform(0.5, 1.4)) if colour else 1.0,
        shrink=float(rng.uniform(0.3, 0.95)) if happens(0.4) else 1.0,
        shrink_method=int(rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC])),
        grow_method=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4])),
        smoothing=float(rng.uniform(8, 35)) if happens(0.12) else 0.0,
        blur=float(rng.uniform(0.3, 2.6)) if happens(0.22) else 0.0,
        noise=float(rng.uniform(1, 12)) if happens(0.22) else 0.0,
        qualities=qualities,
        crf=int(rng.integers(22, 43)) if happens(0.3) else None,
        grey=happens(0.04),
        seed=int(rng.integers(1 << 31)),
    )


def jitter_colour(rgb: np.ndarray, rng: np.random.Generator, amount: float = 1.0) -> np.ndarray:
    """The "source transform" of self-blending: small shifts of RGB, hue, saturation, value and contrast, or of sharpness.

    Shiohara & Yamasaki 2022, section 3.2. Ranges as in their code: RGB +-20, hue-saturation-value and brightness-contrast
    small, then either shrinking by 2 or 4 and growing back, or sharpening.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        rng: source of the draw.
        amount: scales the colour part.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    x: np.ndarray = rgb.astype(np.float32)
    if rng.random() < 0.3:
        x += rng.uniform(-20, 20, 3).astype(np.float32) * amount
    grey = x @ _LUMA
    x = grey[..., None] + np.float32(1 + rng.uniform(-0.3, 0.3) * amount) * (x - grey[..., None])
    contrast, brightness = 1 + rng.uniform(-0.1, 0.1) * amount, rng.uniform(-0.1, 0.1) * 255 * 0.7 * amount
    x = np.clip((x - x.mean()) * np.float32(contrast) + x.mean() + np.float32(brightness), 0, 255).astype(np.uint8)
    draw = rng.random()
    height, width = x.shape[:2]
    if draw < 0.5:
        factor = float(rng.uniform(1.3, 4.0))
        small = (max(8, round(width / factor)), max(8, round(height / factor)))
        x = cv2.resize(x, small, interpolation=int(rng.choice([cv2.INTER_NEAREST, cv2.INTER_AREA, cv2.INTER_LINEAR])))
        x = cv2.resize(x, (width, height), interpolation=cv2.INTER_LINEAR)
    elif draw < 0.8:
        alpha = float(rng.uniform(0.2, 0.8))
        x = cv2.addWeighted(x, 1 + alpha, cv2.GaussianBlur(x, (0, 0), 1.5), -alpha, 0)
    return np.asarray(x)


def high_pass(rgb: np.ndarray) -> np.ndarray:
    """What is left of a picture without its coarse content: blending edges, grain, up-sampling patterns (cf. Luo et al.,
    "Generalizing Face Forgery Detection with High-frequency Features", CVPR 2021, whose filters are fixed ones too).

    Args:
        rgb: (H, W, 3) uint8 RGB.

    Returns:
        (H, W, 3) uint8: the difference from a blurred copy, four times enlarged, about 128.
    """
    fine = rgb.astype(np.float32) - cv2.GaussianBlur(rgb, (0, 0), 2.0).astype(np.float32)
    return np.asarray(np.clip(np.rint(128 + 4 * fine), 0, 255).astype(np.uint8))
