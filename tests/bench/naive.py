"""The shape that such tools usually have, with our models in it: everything is read first, then frame by frame MTCNN,
``keras.predict`` for each face and Grad-CAM in eager mode."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf
from mtcnn import MTCNN
from numpy.typing import NDArray

from detector.models.networks import load
from detector.weights.store import WeightStore

__all__ = ["Naive"]

Rgb = NDArray[np.uint8]


class Naive:
    """One image model as a naive baseline.

    Args:
        model: name of an image model of the manifest; None for the default one.
    """

    def __init__(self, model: str | None = None) -> None:
        store = WeightStore()
        spec = store.manifest.models[model or store.manifest.default_image_model]
        self._size, self._margin = spec.crop.size, spec.crop.margin
        self._model = load(spec.architecture, spec.crop.size, store.locate(spec.file).path)
        self._maps = keras.Model(
            self._model.input, [self._model.get_layer("feature_map").output, self._model.get_layer("logit").output]
        )
        self._finder = MTCNN()

    def photo(self, path: Path) -> list[float]:
        """P(real) of every face of a photo, with a heatmap made of each."""
        picture = cv2.imread(str(path))
        if picture is None:
            raise ValueError(f"{path}: not read by OpenCV")
        return self._frame(picture)

    def clip(self, path: Path, frames: int) -> list[float]:
        """P(real) of every face of so many frames, evenly over a clip, of which all frames are read first.

        The shape scores every frame; it is given our number of frames, so that it is not beaten by sampling alone.
        """
        capture, pictures = cv2.VideoCapture(str(path)), []
        while True:
            there, picture = capture.read()
            if not there:
                break
            pictures.append(picture)
        capture.release()
        chosen = np.unique(np.linspace(0, len(pictures) - 1, min(frames, len(pictures))).round().astype(int))
        return [score for index in chosen for score in self._frame(pictures[index])]

    def score(self, crop: Rgb) -> float:
        """P(real) of one crop, (size, size, 3) uint8 RGB, by ``keras.predict``."""
        return float(self._model.predict(crop[None], verbose=0)[0, 0])

    def _frame(self, bgr: Rgb) -> list[float]:
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
        scores = []
        for found in self._finder.detect_faces(rgb):
            crop = self._cut(rgb, found["box"])
            if crop is not None:
                scores.append(self.score(crop))
                self._heatmap(crop)
        return scores

    def _cut(self, rgb: Rgb, box: list[int]) -> Rgb | None:
        left, top, width, height = box
        side = round(max(width, height) * (1 + 2 * self._margin))
        x, y = max(0, left + width // 2 - side // 2), max(0, top + height // 2 - side // 2)
        part = rgb[y : y + side, x : x + side]
        return None if 0 in part.shape else np.asarray(cv2.resize(part, (self._size, self._size)))

    def _heatmap(self, crop: Rgb) -> Rgb:
        with tf.GradientTape() as tape:
            maps, logit = self._maps(crop[None])
        weights = tf.reduce_mean(tape.gradient(logit, maps), axis=(1, 2), keepdims=True)
        heat = tf.nn.relu(-tf.reduce_sum(weights * maps, axis=-1))[0].numpy()
        heat = cv2.resize(heat / (heat.max() + 1e-8), (self._size, self._size))
        coloured = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_JET)
        return np.asarray(cv2.addWeighted(crop, 0.6, coloured, 0.4, 0))
