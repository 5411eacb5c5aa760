"""Face landmarks for pseudo-fakes: mediapipe's FaceLandmarker, which only training needs."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions

from detector.records import FaceCrop

__all__ = ["COUNT", "Landmarker", "mesh_in_crop", "pose"]

COUNT = 478
"""Points of the face mesh, irises included."""


class Landmarker:
    """Finds the face mesh of one face. A context manager; not thread-safe.

    Args:
        model: Google's ``face_landmarker.task``.
    """

    def __init__(self, model: Path) -> None:
        options = FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=model.read_bytes()),
            num_faces=1,
            min_face_detection_confidence=0.3,
        )
        self._landmarker = FaceLandmarker.create_from_options(options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._landmarker.close()

    def find(self, rgb: np.ndarray) -> np.ndarray | None:
        """The mesh of the face in a picture that holds one face.

        Args:
            rgb: (H, W, 3) uint8 RGB.

        Returns:
            (478, 2) float32 pixels (x, y), or None where no mesh could be laid.
        """
        height, width = rgb.shape[:2]
        result = self._landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb)))
        if not result.face_landmarks:
            return None
        return np.array([(p.x * width, p.y * height) for p in result.face_landmarks[0]], np.float32)


def mesh_in_crop(mesh: np.ndarray | None, crop: FaceCrop, upright_above_deg: float) -> np.ndarray | None:
    """The landmarks of a picture in pixels of a crop of it.

    Args:
        mesh: (478, 2) float32 pixels of the picture, or None.
        crop: cut from that picture.
        upright_above_deg: of the crop's ``CropSpec``: crops tilted more than this were turned upright.

    Returns:
        (478, 2) float32 pixels of ``crop.rgb``; None without a mesh, and where the crop was turned and the mesh was not.
    """
    if mesh is None or abs(crop.quality.roll_deg) > upright_above_deg:
        return None
    corner = np.array([crop.source.left, crop.source.top], np.float32)
    return np.asarray((mesh - corner) * np.float32(crop.rgb.shape[0] / crop.source.width), np.float32)


def pose(mesh: np.ndarray) -> np.ndarray:
    """(60, 2) float32: every eighth landmark, freed of place and size, for telling how alike two faces are held."""
    points = mesh[::8] - mesh.mean(axis=0)
    return np.asarray(points / np.float32(np.linalg.norm(points)), np.float32)
