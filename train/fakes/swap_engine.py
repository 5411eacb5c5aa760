"""Swaps as today's engines make them: a face of 128 or 256 pixels from a decoder, matched in colour, softly pasted.

inswapper and SimSwap (Chen et al. 2020) turn the face upright by five points into a small square, let a network write the
face anew in it, turn the square back into the picture and blend it by a soft mask; often an enhancer follows. What can be
seen of it is a decoder's face of small resolution in a sharp photograph, without the outlines of older swaps. Here the
network is an auto-encoder that copies the square, into which another face, or the same one, was warped before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from train.fakes.blend import deform_mask, match_colour, mix, region_mask, warp_by_points

__all__ = ["Engine", "draw_engine", "engine_swap", "five_points", "softened_elsewhere"]

_TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)
"""Eyes, nose tip and corners of the mouth in a square of 112 pixels (the customary ones of ArcFace, Deng et al. 2019)."""
_EYES_NOSE_MOUTH = ((33, 133), (362, 263), (1,), (61,), (291,))
"""Indices of mediapipe's mesh whose means are these points, in the order of the picture's left and right."""

Decoder = Callable[[np.ndarray], np.ndarray]
"""(H, W, 3) uint8 RGB -> its copy, the same shape and type."""


@dataclass(frozen=True)
class Engine:
    """One draw of a swap engine."""

    side: int
    """Of the square in which the face is made, pixels."""
    warped: bool
    """Whether every landmark is brought to its place, or the five points only."""
    matched: bool
    """The other face gets the target's colours."""
    face: str
    """Region of ``blend.region_mask`` that the other face fills."""
    mask: str
    """What is pasted: "square" (eroded and blurred, as inswapper does it), or a region of ``blend.region_mask``."""
    soft: float
    """Width of the mask's edge, in sides of the square."""
    enhanced: float
    """Amount of unsharp masking on the face, enlarged twofold first, as of an enhancer; 0 for none."""
    method: int
    """With which the square is turned back, a constant of OpenCV."""


def draw_engine(rng: np.random.Generator) -> Engine:
    """Draw an engine: mostly 128 pixels, since inswapper is the one that people use."""
    return Engine(
        side=int(rng.choice((128, 128, 128, 160, 192, 224, 256))),
        warped=bool(rng.random() < 0.8),
        matched=bool(rng.random() < 0.9),
        face=str(rng.choice(("oval", "jaw_to_brows", "inner"))),
        mask=str(rng.choice(("square", "oval", "jaw_to_brows", "inner"), p=(0.45, 0.25, 0.2, 0.1))),
        soft=float(rng.uniform(0.02, 0.08)),
        enhanced=float(rng.uniform(0.3, 1.5)) if rng.random() < 0.3 else 0.0,
        method=int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4))),
    )


def five_points(mesh: np.ndarray) -> np.ndarray:
    """(478, 2) float32 landmarks -> (5, 2) float32: both eyes, nose tip, both corners of the mouth."""
    return np.stack([mesh[list(indices)].mean(axis=0) for indices in _EYES_NOSE_MOUTH]).astype(np.float32)


def engine_swap(
    target: np.ndarray, target_mesh: np.ndarray, source: np.ndarray, source_mesh: np.ndarray, decoder: Decoder,
    engine: Engine, rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A pseudo-fake with the source's face, written by a decoder, on the target's head.

    Args:
        target: (H, W, 3) uint8 RGB.
        target_mesh: (478, 2) float32 landmarks (x, y), pixels of ``target``.
        source: (h, w, 3) uint8 RGB; may be ``target`` itself.
        source_mesh: the same for ``source``.
        decoder: writes the face anew.
        engine: how.
        rng: source of what the engine leaves open (shape of the mask).

    Returns:
        The pseudo-fake, shape and type of ``target``, and its mask, (H, W) float32 in [0, 1].

    Raises:
        ValueError: a mesh cannot be turned upright.
    """
    height, width = target.shape[:2]
    to_square, from_source = _upright(target_mesh, engine.side), _upright(source_mesh, engine.side)
    size = (engine.side, engine.side)
    face = cv2.warpAffine(source, from_source, size, flags=_shrinking(from_source), borderMode=cv2.BORDER_REFLECT)
    there = cv2.warpAffine(target, to_square, size, flags=_shrinking(to_square), borderMode=cv2.BORDER_REFLECT)
    place = _moved(target_mesh, to_square)
    if engine.warped:
        face = warp_by_points(face, _moved(source_mesh, from_source), place, float(np.ptp(place, axis=0).max()))
    inner = region_mask(place, engine.face, size, rng)
    if engine.matched:
        face = match_colour(face, there, inner)
    # The network writes the whole square, hair and background too: those are the target's, whatever face it was given.
    hull = float(np.ptp(place, axis=0).max())
    face = decoder(mix(there, face, deform_mask(inner, rng, hull)))
    scale = 1
    if engine.enhanced > 0:
        scale = 2
        face = cv2.resize(face, (2 * engine.side, 2 * engine.side), interpolation=cv2.INTER_CUBIC)
        smooth = cv2.bilateralFilter(face, 5, 20, 2.0)
        face = cv2.addWeighted(smooth, 1 + engine.enhanced, cv2.GaussianBlur(smooth, (0, 0), 1.5), -engine.enhanced, 0)
    soft = _softened(_mask_in_square(engine, place, rng), engine)
    back = cv2.invertAffineTransform(to_square)
    mask = np.clip(cv2.warpAffine(soft, back, (width, height), flags=cv2.INTER_LINEAR), 0, 1)
    enlarged = back.copy()
    enlarged[:, :2] /= scale
    pasted = cv2.warpAffine(face, enlarged, (width, height), flags=engine.method, borderMode=cv2.BORDER_REFLECT)
    return mix(target, pasted, mask), mask


def _upright(mesh: np.ndarray, side: int) -> np.ndarray:
    wanted = (_TEMPLATE + np.array([8, 0], np.float32)) * np.float32(side / 128)
    matrix, _ = cv2.estimateAffinePartial2D(five_points(mesh), wanted, method=cv2.LMEDS)
    if matrix is None:
        raise ValueError("engine_swap: the five points cannot be laid on the template")
    return np.asarray(matrix)


def _shrinking(matrix: np.ndarray) -> int:
    """A face that is shrunk by more than two would alias with anything but the mean of areas; warpAffine has none, and its
    linear method is what the engines use."""
    return cv2.INTER_LINEAR if abs(np.linalg.det(matrix[:, :2])) < 1 else cv2.INTER_CUBIC


def _moved(mesh: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return np.asarray(mesh @ matrix[:, :2].T + matrix[:, 2], np.float32)


def _mask_in_square(engine: Engine, place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = engine.side
    if engine.mask != "square":
        return region_mask(place, engine.mask, (side, side), rng)
    mask = np.zeros((side, side), np.float32)
    edge = round(side * float(rng.uniform(0.06, 0.14)))
    mask[edge : side - edge, edge : side - edge] = 1
    return mask


def _softened(hard: np.ndarray, engine: Engine) -> np.ndarray:
    """Blurred inwards, as engines do: eroded first, so that nothing outside is touched."""
    sigma = engine.soft * engine.side
    reach = 2 * round(sigma) + 1
    eroded = cv2.erode(hard, np.ones((reach, reach), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(np.clip(cv2.GaussianBlur(eroded, (0, 0), sigma), 0, 1))


def softened_elsewhere(rgb: np.ndarray, mesh: np.ndarray, ratio: float, rng: np.random.Generator) -> np.ndarray:
    """A genuine picture with something resampled that is not the face alone: the partner of an engine's swap.

    Blur that ends within a picture is no lie: a shallow depth of field, a beauty filter, a repainted wall. Resampled is the
    surroundings of the face, a blob anywhere, or the whole picture.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        mesh: (478, 2) float32 landmarks (x, y), pixels.
        ratio: sides of the picture between shrinking and growing back, in (0, 1).
        rng: source of the draw.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    height, width = rgb.shape[:2]
    small = (max(16, round(width * ratio)), max(16, round(height * ratio)))
    soft = cv2.resize(
        cv2.resize(rgb, small, interpolation=cv2.INTER_AREA), (width, height), interpolation=cv2.INTER_LINEAR
    )
    face_side = float(np.ptp(mesh, axis=0).max())
    where = rng.random()
    if where < 0.2:
        return np.asarray(soft)
    if where < 0.6:
        mask = 1 - deform_mask(region_mask(mesh, "oval", (height, width), rng), rng, face_side)
    else:
        mask = np.zeros((height, width), np.float32)
        center = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        axes = (int(rng.uniform(0.2, 0.5) * face_side), int(rng.uniform(0.2, 0.5) * face_side))
        cv2.ellipse(mask, center, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
        mask = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.02, 0.08)) * face_side)
    return mix(rgb, soft, mask)
