"""Grad-CAM (Selvaraju et al., ICCV 2017) of the very crop that was scored, in units that can be compared between pictures.

The paper's map is ``relu(sum_k a_k A_k)`` with ``a_k`` the mean gradient of the class score by feature map ``A_k``; it is
then usually stretched to each picture's own maximum, which makes noise look certain. Here the gradient is taken of the
logit, before the sigmoid can flatten it, and the map is multiplied by its number of places: for a linear head the map's
mean is then exactly what the features add to the logit. One fixed full scale per model (in the manifest) turns it into a
picture elsewhere. As the score is the mean of a crop's and its mirror image's, so is the map, the second turned back.

The scores that belong to the maps come out of the same forward pass, so that who wants both runs the network once.
"""

from __future__ import annotations

from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

__all__ = ["GradCam", "Looked"]

_BATCH = 8


class Looked(NamedTuple):
    """What one forward pass over N crops and their mirror images gives."""

    sides: np.ndarray
    """(N, 2) float32: fake logits of the crops as they are and of their mirror images, as from ``models.Scorer.sides``."""
    towards_fake: np.ndarray
    """(N, h, w) float32 in logits, never negative: where a crop holds evidence towards "fake"."""
    towards_real: np.ndarray
    """(N, h, w) alike. A place has a value in at most one of the two; where the head finds nothing both are zero."""
    pooled: np.ndarray
    """(N, channels) float32: mean feature map of the crops as they are, which a video model on this trunk goes on from."""


class GradCam:
    """Compiled Grad-CAM of one image model, with its scores.

    Args:
        model: made by ``models.build``: it has the layers ``feature_map`` and ``logit``.

    Raises:
        ValueError: the model lacks one of the two layers.
    """

    def __init__(self, model: keras.Model) -> None:
        self._size = int(model.input_shape[1])
        features = model.get_layer("feature_map").output
        self._channels = int(features.shape[-1])
        trunk = keras.Model(model.input, features)
        head = keras.Model(features, model.get_layer("logit").output)

        @tf.function(input_signature=[tf.TensorSpec((None, self._size, self._size, 3), tf.uint8)])
        def run(crops: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
            maps = trunk(tf.concat([crops, tf.reverse(crops, axis=[2])], axis=0), training=False)
            # Only the head is taped: the gradient never has to pass the trunk, and so costs next to nothing.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(maps)
                logit = head(maps, training=False)
            # Summing the gradient over the places is its mean times their number, see the module's text.
            weights = tf.reduce_sum(tape.gradient(logit, maps), axis=(1, 2), keepdims=True)
            as_is, mirrored = tf.split(tf.reduce_sum(weights * maps, axis=-1), 2)
            sides = tf.concat(tf.split(logit, 2), axis=1)
            pooled = tf.reduce_mean(maps[: tf.shape(crops)[0]], axis=(1, 2))
            return sides, (as_is + tf.reverse(mirrored, axis=[2])) / 2, pooled

        self._run = run

    def evidence(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The two maps alone; arguments and errors are those of ``look``."""
        looked = self.look(crops)
        return looked.towards_fake, looked.towards_real

    def look(self, crops: np.ndarray) -> Looked:
        """Score and explain.

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Raises:
            ValueError: another shape or dtype.
        """
        expected = (self._size, self._size, 3)
        if crops.ndim != 4 or crops.shape[1:] != expected or crops.dtype != np.uint8:
            raise ValueError(
                f"crops: expected (N, {self._size}, {self._size}, 3) uint8, got {crops.shape} {crops.dtype}"
            )
        if not len(crops):
            empty = np.zeros((0, 1, 1), np.float32)
            return Looked(np.zeros((0, 2), np.float32), empty, empty, np.zeros((0, self._channels), np.float32))
        parts = [self._run(crops[i : i + _BATCH]) for i in range(0, len(crops), _BATCH)]
        sides, real, pooled = (
            np.concatenate([each.numpy() for each in of_parts]) for of_parts in zip(*parts, strict=True)
        )
        # The model's logits and gradients are those of P(real).
        return Looked(-sides, np.maximum(-real, 0.0), np.maximum(real, 0.0), pooled)
