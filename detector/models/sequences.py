"""Compiled inference of a video model: the trunk once a crop, in batches, then the recurrent head on features alone.

A crop's features do not depend on its neighbours, so a sequence may grow, be cut or be scored anew without running the
trunk again.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

__all__ = ["VideoScorer"]

_BATCH = 32


class VideoScorer:
    """Scores sequences of crops.

    Args:
        model: made by ``models.build`` or ``models.load`` from one of ``models.VIDEO_ARCHITECTURES``, or by
            ``models.load_head``; then it has no trunk to make features with.
    """

    def __init__(self, model: keras.Model) -> None:
        head = model.get_layer("head")
        self.width = int(head.input_shape[0][-1])
        """Of the features."""
        self._trunk = next((layer.layer for layer in model.layers if layer.name == "frames"), None)
        if self._trunk is not None:
            self._size = int(self._trunk.input_shape[1])
            crops = tf.TensorSpec((None, self._size, self._size, 3), tf.uint8)
            self._features = tf.function(lambda x: self._trunk(x, training=False), input_signature=[crops])
        features = tf.TensorSpec((None, None, self.width), tf.float32)
        present = tf.TensorSpec((None, None), tf.bool)
        self._logits = tf.function(lambda x, m: head([x, m], training=False), input_signature=[features, present])

    def features(self, crops: np.ndarray) -> np.ndarray:
        """What the trunk makes of each crop.

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Returns:
            (N, width) float32.

        Raises:
            ValueError: another shape or dtype, or there is no trunk.
        """
        if self._trunk is None:
            raise ValueError("only the head was loaded; take the features from the image model that has the same trunk")
        expected = (self._size, self._size, 3)
        if crops.ndim != 4 or crops.shape[1:] != expected or crops.dtype != np.uint8:
            raise ValueError(
                f"crops: expected (N, {self._size}, {self._size}, 3) uint8, got {crops.shape} {crops.dtype}"
            )
        parts = [self._features(crops[i : i + _BATCH]).numpy() for i in range(0, len(crops), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.width), np.float32)

    def fake_logit(self, features: np.ndarray, present: np.ndarray) -> float:
        """Log-odds of "fake" of one sequence: the head's logit of P(real), negated, as in ``inference.Scorer``.

        Args:
            features: (T, width) float32 in order of time; rows where there is no face may hold anything finite.
            present: (T,) bool, True where there is a face; at least one.

        Raises:
            ValueError: another shape, or no frame is present.
        """
        if features.ndim != 2 or features.shape[1] != self.width or present.shape != (len(features),):
            raise ValueError(
                f"expected (T, {self.width}) features and (T,) mask, got {features.shape} and {present.shape}"
            )
        if not present.any():
            raise ValueError("fake_logit: expected at least one frame with a face")
        logit = self._logits(features[None].astype(np.float32), present[None].astype(bool))
        return -float(logit.numpy()[0, 0])
