"""A portrait retouched as beauty filters do it: larger eyes and a narrower chin, and nothing put in from elsewhere."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["retouch"]

_IRISES = (468, 473)
_JAW = (172, 397)
"""Of the mesh: the middle of each eye, and of each side of the jaw."""
_EYE, _CHEEK = 0.5, 0.8
"""Radius within which something moves, as a share of the distance between the eyes."""
_LEAST_PX = 0.5
"""Move from which a place counts as altered."""


def retouch(
    rgb: np.ndarray, mesh: np.ndarray, larger: float = 0.3, narrower: float = 0.12
) -> tuple[np.ndarray, np.ndarray]:
    """Enlarge the eyes and narrow the chin of a face.

    Args:
        rgb: (H, W, 3) uint8 RGB.
        mesh: (478, 2) float32 pixels (x, y).
        larger: how much, at the middle of each eye.
        narrower: how far each side of the jaw moves inwards, as a share of the distance between the eyes.

    Returns:
        The retouched picture, and where it was altered: (H, W) float32 in [0, 1].
    """
    height, width = rgb.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    right, left = mesh[list(_IRISES)]
    apart = float(np.linalg.norm(left - right))
    from_x, from_y = x.copy(), y.copy()
    for middle_x, middle_y in (right, left):
        within = np.clip(1 - np.hypot(x - middle_x, y - middle_y) / (_EYE * apart), 0, 1)
        from_x -= larger * within**2 * (x - middle_x)
        from_y -= larger * within**2 * (y - middle_y)
    centre_x = mesh[: _IRISES[0], 0].mean()
    for jaw_x, jaw_y in mesh[list(_JAW)]:
        within = np.clip(1 - np.hypot(x - jaw_x, y - jaw_y) / (_CHEEK * apart), 0, 1)
        from_x -= np.sign(centre_x - jaw_x) * narrower * apart * within**2
    moved = cv2.remap(rgb, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    mask = (np.hypot(from_x - x, from_y - y) >= _LEAST_PX).astype(np.float32)
    return moved, mask
