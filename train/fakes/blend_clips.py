"""Pseudo-fake clips: ``train.fakes.blend`` frame by frame, with parameters that stay, drift and flicker over time.

What frame-by-frame generators leave in time and a single frame need not show (Li et al., "Face X-ray", CVPR 2020, for the
blending; for artifacts over time e.g. Zheng et al., "Exploring Temporal Coherence", ICCV 2021): the pasted face swims a
little against the head, its colour and strength waver, and in some frames it is missing. The draws of a blend itself are the
same in every frame, as one generator makes the whole clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from train.data.landmarks import pose
from train.fakes.blend import self_blend, swap

__all__ = ["Drift", "draw_drift", "self_blend_clip", "swap_clip"]

_MEMORY = 0.8
"""Of the drift, from frame to frame: an autoregressive process of the first order."""
Meshes = Sequence[np.ndarray | None]


@dataclass(frozen=True)
class Drift:
    """How the parameters of one pseudo-fake move, frame by frame."""

    place: np.ndarray
    """(T, 2) float, shift of the pasted face in face sides."""
    strength: np.ndarray
    """(T,) float in [0, 1]: 1 where the pseudo-fake is fully there, 0 where the genuine frame is left."""
    gain: np.ndarray
    """(T,) float, brightness of the pasted face."""


def draw_drift(frames: int, rng: np.random.Generator) -> Drift:
    """Draw the drift of one clip of ``frames`` frames; some clips are steady, some swim, flicker or lose the face."""
    swim = float(rng.choice((0.0, 0.004, 0.012)))
    flicker = float(rng.choice((0.0, 0.02, 0.05)))
    waver = float(rng.choice((0.0, 0.1, 0.3)))
    lost = rng.random(frames) < (0.06 if rng.random() < 0.3 else 0.0)
    strength = np.clip(1.0 - np.abs(_walk(frames, rng)[:, 0]) * waver, 0.2, 1.0)
    return Drift(
        place=swim * np.concatenate([_walk(frames, rng), _walk(frames, rng)], axis=1),
        strength=np.where(lost, 0.0, strength),
        gain=1.0 + flicker * rng.normal(size=frames),
    )


def _walk(frames: int, rng: np.random.Generator) -> np.ndarray:
    """(T, 1) float, a wandering value of mean 0 and deviation 1."""
    steps = rng.normal(size=frames) * np.sqrt(1 - _MEMORY**2)
    values = np.empty(frames)
    value = float(rng.normal())
    for index in range(frames):
        value = _MEMORY * value + steps[index]
        values[index] = value
    return values[:, None]


def self_blend_clip(crops: np.ndarray, meshes: Meshes, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A pseudo-fake clip made of one person.

    Args:
        crops: (T, S, S, 3) uint8 RGB, one genuine person in order of time.
        meshes: (478, 2) float32 landmarks of each crop, pixels; None where none could be laid: that frame stays as it is.
        rng: source of the draws.

    Returns:
        The clip, shape and type of ``crops``, and its masks, (T, S, S) float32 in [0, 1].
    """
    drift, seed = draw_drift(len(crops), rng), int(rng.integers(1 << 31))
    altered, masks = crops.copy(), np.zeros(crops.shape[:3], np.float32)
    for index, (crop, mesh) in enumerate(zip(crops, meshes, strict=True)):
        if mesh is not None:
            fake, mask = self_blend(crop, _moved(mesh, drift.place[index]), np.random.default_rng(seed))
            altered[index], masks[index] = _wavering(crop, fake, mask, drift, index)
    return altered, masks


def swap_clip(
    crops: np.ndarray, meshes: Meshes, donor: np.ndarray, donor_meshes: Meshes, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """A pseudo-fake clip with another person's face, each frame from the donor's frame that is nearest in pose.

    Args:
        crops: (T, S, S, 3) uint8 RGB, the genuine person.
        meshes: its landmarks, as for ``self_blend_clip``.
        donor: (U, S, S, 3) uint8 RGB, the other person.
        donor_meshes: the other's landmarks; at least one must be there.
        rng: source of the draws.

    Returns:
        As ``self_blend_clip``.

    Raises:
        ValueError: the donor has no landmarks in any frame.
    """
    known = [(face, mesh) for face, mesh in zip(donor, donor_meshes, strict=True) if mesh is not None]
    if not known:
        raise ValueError("swap_clip: the donor has no landmarks in any frame; take another")
    poses = np.stack([pose(mesh) for _, mesh in known])
    drift, seed = draw_drift(len(crops), rng), int(rng.integers(1 << 31))
    altered, masks = crops.copy(), np.zeros(crops.shape[:3], np.float32)
    for index, (crop, mesh) in enumerate(zip(crops, meshes, strict=True)):
        if mesh is None:
            continue
        face, face_mesh = known[int(np.argmin(np.abs(poses - pose(mesh)).sum((1, 2))))]
        target_mesh = _moved(mesh, drift.place[index])
        fake, mask = swap(crop, target_mesh, face, face_mesh, np.random.default_rng(seed))
        altered[index], masks[index] = _wavering(crop, fake, mask, drift, index)
    return altered, masks


def _moved(mesh: np.ndarray, place: np.ndarray) -> np.ndarray:
    return np.asarray(mesh + place * np.ptp(mesh, axis=0).max(), np.float32)


def _wavering(
    crop: np.ndarray, fake: np.ndarray, mask: np.ndarray, drift: Drift, index: int
) -> tuple[np.ndarray, np.ndarray]:
    """The frame with the pseudo-fake at its strength of the moment; what lies outside the mask keeps its pixels."""
    strength = np.float32(drift.strength[index])
    gain = 1 + (np.float32(drift.gain[index]) - 1) * mask[..., None]
    mixed = crop + strength * (fake * gain - crop)
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8), np.asarray(mask * strength, np.float32)
