"""Face landmarks for pseudo-fakes: mediapipe's FaceLandmarker, which only training needs."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions
from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions

__all__ = ["COUNT", "Landmarker"]

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
