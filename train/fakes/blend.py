"""Pseudo-fakes: genuine faces altered by us, so that the altered region is known and nothing but the altering differs.

``self_blend`` follows "Detecting Deepfakes with Self-Blended Images" (Shiohara & Yamasaki, CVPR 2022, sections 3.2 and
3.3): a picture is blended with a slightly transformed copy of itself. ``swap`` puts one person's inner face on another's
by landmarks and matches the colours (the classical pipeline whose traces Face X-ray, Li et al., CVPR 2020, looks for).
Both return the mask: it is the ground truth for heatmaps.
"""

from __future__ import annotations

import cv2
import numpy as np

from train.fakes.augment import jitter_colour

__all__ = ["deform_mask", "match_colour", "mix", "region_mask", "self_blend", "swap", "warp_by_points"]

# Indices into mediapipe's 478-point mesh (its published FACEMESH contours).
_OVAL = (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
         136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109)  # fmt: skip
_JAW_TO_BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
                 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162)  # fmt: skip
_INNER = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 340, 352, 411, 427, 434, 430, 431, 262, 428, 199, 208, 32, 211,
          210, 214, 207, 187, 123, 111)  # fmt: skip
_MOUTH = (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185)
_EYES = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300, 340, 346, 347, 348, 6, 119, 118, 117, 111)
_NOSE = (6, 122, 188, 114, 217, 126, 142, 203, 98, 97, 2, 326, 327, 423, 371, 355, 437, 343, 412, 351)
_LOWER = (205, 425, 427, 434, 430, 431, 262, 428, 199, 208, 32, 211, 210, 214, 207)

_REGIONS = {"oval": _OVAL, "jaw_to_brows": _JAW_TO_BROWS, "inner": _INNER, "mouth": _MOUTH, "eyes": _EYES, "nose": _NOSE,
            "lower": _LOWER}  # fmt: skip
_REGION_NAMES = tuple(_REGIONS)
_REGION_ODDS = (0.3, 0.25, 0.2, 0.08, 0.05, 0.04, 0.08)
_BLEND_RATIOS = (0.25, 0.5, 0.75, 1.0, 1.0, 1.0)


def region_mask(
    mesh: np.ndarray, region: str, shape: tuple[int, int], rng: np.random.Generator | None = None
) -> np.ndarray:
    """Fill one region of the face.

    Args:
        mesh: (478, 2) float32 landmarks (x, y), pixels.
        region: "oval", "jaw_to_brows", "inner", "mouth", "eyes", "nose" or "lower".
        shape: (height, width) of the mask.
        rng: where given, the outline's points are moved a little first.

    Returns:
        (height, width) float32, 0 or 1.
    """
    points = mesh[list(_REGIONS[region])].astype(np.float32)
    if rng is not None:
        face_side = float(np.ptp(mesh, axis=0).max())
        points = points + rng.normal(0, 0.015 * face_side, points.shape).astype(np.float32)
    mask = np.zeros(shape, np.float32)
    cv2.fillConvexPoly(mask, cv2.convexHull(points.astype(np.int32)), 1.0)
    return mask


def deform_mask(mask: np.ndarray, rng: np.random.Generator, face_side: float) -> np.ndarray:
    """Elastic deformation of an (H, W) float32 mask, then blurring twice with random widths: soft edges of many shapes
    (section 3.2, mask)."""
    height, width = mask.shape
    coarse = rng.normal(0, 1, (2, 7, 7)).astype(np.float32) * np.float32(rng.uniform(0.0, 0.035) * face_side)
    flow = [cv2.resize(c, (width, height), interpolation=cv2.INTER_CUBIC) for c in coarse]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    mask = cv2.remap(mask, x + flow[0], y + flow[1], cv2.INTER_LINEAR)
    sigma = float(rng.uniform(0.008, 0.05)) * face_side
    soft = cv2.GaussianBlur(mask, (0, 0), sigma)
    if rng.random() < 0.6:
        # Blurring only inwards keeps the pasted region within the outline, as real swappers erode before feathering.
        soft = cv2.GaussianBlur((soft > rng.uniform(0.5, 0.9)).astype(np.float32), (0, 0), sigma)
    return np.asarray(np.clip(soft, 0.0, 1.0))


def mix(under: np.ndarray, over: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """``over`` laid on ``under`` by an (H, W) float32 mask in [0, 1]; all pictures (H, W, 3) uint8 RGB."""
    blended = under.astype(np.float32) * (1 - mask[..., None]) + over.astype(np.float32) * mask[..., None]
    return np.asarray(np.clip(np.rint(blended), 0, 255).astype(np.uint8))


def self_blend(rgb: np.ndarray, mesh: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A pseudo-fake made of one picture.

    Args:
        rgb: (H, W, 3) uint8 RGB, a genuine face.
        mesh: (478, 2) float32 landmarks (x, y), pixels.
        rng: source of the draw.

    Returns:
        The pseudo-fake, (H, W, 3) uint8 RGB, and its mask, (H, W) float32 in [0, 1], 1 where fully replaced.
    """
    height, width = rgb.shape[:2]
    face_side = float(np.ptp(mesh, axis=0).max())
    mask = region_mask(mesh, str(rng.choice(_REGION_NAMES, p=_REGION_ODDS)), (height, width), rng)
    over, under = rgb, rgb
    if rng.random() < 0.5:
        over = jitter_colour(rgb, rng)
    else:
        under = jitter_colour(rgb, rng)
    move = np.array([rng.uniform(-0.03, 0.03), rng.uniform(-0.015, 0.015)]) * face_side
    scale = float(rng.uniform(0.95, 1 / 0.95))
    center = mesh.mean(axis=0)
    matrix = cv2.getRotationMatrix2D((float(center[0]), float(center[1])), float(rng.uniform(-2, 2)), scale)
    matrix[:, 2] += move
    over = cv2.warpAffine(over, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    if rng.random() < 0.3:
        over = _resynthesise(over, face_side, rng)
    mask = cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    mask = deform_mask(mask, rng, face_side) * np.float32(rng.choice(_BLEND_RATIOS))
    return mix(under, over, mask), mask


def match_colour(source: np.ndarray, target: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Reinhard et al. 2001: mean and deviation of each Lab channel inside the mask are taken from the target."""
    inside = mask > 0.5
    if inside.sum() < 50:
        return source
    a = cv2.cvtColor(source, cv2.COLOR_RGB2LAB).astype(np.float32)
    b = cv2.cvtColor(target, cv2.COLOR_RGB2LAB).astype(np.float32)
    mean_a, std_a = a[inside].mean(0), a[inside].std(0) + 1e-3
    mean_b, std_b = b[inside].mean(0), b[inside].std(0) + 1e-3
    ratio = np.clip(std_b / std_a, 0.5, 2.0)
    matched = np.clip((a - mean_a) * ratio + mean_b, 0, 255).astype(np.uint8)
    return np.asarray(cv2.cvtColor(matched, cv2.COLOR_LAB2RGB))


def _resynthesise(rgb: np.ndarray, face_side: float, rng: np.random.Generator) -> np.ndarray:
    """What a face loses and gains in a generator of limited resolution: detail, skin texture, grain; up-sampling patterns.

    Swappers work at 64 to 256 pixels a face and paste the enlarged result. Their networks smooth skin, some sharpen
    afterwards, and their up-sampling leaves faint patterns of period 2, 4 or 8 in their own pixels (Odena et al. 2016).

    Args:
        rgb: (H, W, 3) uint8 RGB.
        face_side: of the face in it, pixels.
        rng: source of the draw.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    height, width = rgb.shape[:2]
    ratio = min(1.0, max(32.0, face_side / float(rng.uniform(1.0, 3.0))) / face_side)
    small = cv2.resize(rgb, (max(8, round(width * ratio)), max(8, round(height * ratio))), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.4:
        spread = float(rng.uniform(10, 45))
        small = cv2.bilateralFilter(small, 5, spread, 2.5) if rng.random() < 0.7 else cv2.medianBlur(small, 3)
    if rng.random() < 0.25:
        period, (h, w) = int(rng.choice((2, 4, 8))), small.shape[:2]
        tile = rng.normal(0, float(rng.uniform(0.5, 2.5)), (period, period, 3))
        pattern = np.tile(tile, (h // period + 1, w // period + 1, 1))[:h, :w]
        small = np.clip(np.rint(small + pattern), 0, 255).astype(np.uint8)
    method = int(rng.choice((cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)))
    grown = cv2.resize(small, (width, height), interpolation=method)
    if rng.random() < 0.3:
        alpha = float(rng.uniform(0.2, 1.0))
        grown = cv2.addWeighted(
            grown, 1 + alpha, cv2.GaussianBlur(grown, (0, 0), float(rng.uniform(0.8, 2))), -alpha, 0
        )
    return np.asarray(grown)


def swap(
    target: np.ndarray, target_mesh: np.ndarray, source: np.ndarray, source_mesh: np.ndarray, rng: np.random.Generator,
    part: str | None = None,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """A pseudo-fake with one person's face on another's head.

    The source face is laid on the target's landmarks (least-squares similarity, then often a smooth warp that takes every
    landmark to its place), softened as a generator of limited resolution would, colour-matched, and blended.

    Args:
        target: (H, W, 3) uint8 RGB, the head.
        target_mesh: (478, 2) float32 landmarks (x, y), pixels of ``target``.
        source: (H, W, 3) uint8 RGB, the face.
        source_mesh: the same for ``source``.
        rng: source of the draw.
        part: region of ``region_mask`` that is replaced; where None, one of those that real swaps replace is drawn.

    Returns:
        The pseudo-fake, shape and type of ``target``, and its mask, (H, W) float32 in [0, 1].
    """
    height, width = target.shape[:2]
    face_side = float(np.ptp(target_mesh, axis=0).max())
    matrix, _ = cv2.estimateAffinePartial2D(source_mesh, target_mesh, method=cv2.LMEDS)
    if matrix is None:
        raise ValueError("swap: the two meshes cannot be aligned")
    warped = cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    if rng.random() < 0.7:
        moved = source_mesh @ matrix[:, :2].T.astype(np.float32) + matrix[:, 2].astype(np.float32)
        warped = warp_by_points(warped, moved, target_mesh, face_side)
    drawn = str(rng.choice(("oval", "jaw_to_brows", "inner"), p=(0.35, 0.4, 0.25)))
    region = drawn if part is None else part
    hard = region_mask(target_mesh, region, (height, width), rng)
    if rng.random() < 0.85:
        warped = match_colour(warped, target, hard)
    if rng.random() < 0.75:
        warped = _resynthesise(warped, face_side, rng)
    mask = deform_mask(hard, rng, face_side)
    if rng.random() < 0.15 and 0.02 < float(hard.mean()) < 0.6:
        x, y, w, h = cv2.boundingRect((hard * 255).astype(np.uint8))
        center = (x + w // 2, y + h // 2)
        cloned = cv2.seamlessClone(warped, target, (hard * 255).astype(np.uint8), center, cv2.NORMAL_CLONE)
        return mix(target, cloned, mask), mask
    return mix(target, warped, mask), mask


def warp_by_points(image: np.ndarray, start: np.ndarray, end: np.ndarray, face_side: float) -> np.ndarray:
    """Smooth warp that takes the points ``start`` of ``image`` to ``end``: Gaussian-weighted displacement (normalised)."""
    height, width = image.shape[:2]
    grid = 24
    ys, xs = np.meshgrid(np.linspace(0, height - 1, grid), np.linspace(0, width - 1, grid), indexing="ij")
    nodes = np.stack([xs, ys], -1).reshape(-1, 1, 2).astype(np.float32)
    sigma = 0.06 * face_side
    weight = np.exp(-((nodes - end[None]) ** 2).sum(-1) / (2 * sigma**2))
    flow = (weight @ (start - end)) / (weight.sum(1, keepdims=True) + 0.05)
    flow = cv2.resize(flow.reshape(grid, grid, 2).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    warped = cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(warped)
