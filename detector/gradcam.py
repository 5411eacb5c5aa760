"""Grad-CAM (Selvaraju et al., ICCV 2017) of the very crop that was scored, in units that can be compared between pictures.

The paper's map is ``relu(sum_k a_k A_k)`` with ``a_k`` the mean gradient of the class score by feature map ``A_k``; it is
then usually stretched to each picture's own maximum, which makes noise look certain. Here the gradient is taken of the
logit, before the sigmoid can flatten it, and the map is multiplied by its number of places: for a linear head the map's
mean is then exactly what the features add to the logit. One fixed full scale per model (in the manifest) turns it into a
picture elsewhere. As the score is the mean of a crop's and its mirror image's, so is the map, the second turned back.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

__all__ = ["GradCam"]

_BATCH = 8


class GradCam:
    """Compiled Grad-CAM of one image model.

    Args:
        model: made by ``models.build``: it has the layers ``feature_map`` and ``logit``.

    Raises:
        ValueError: the model lacks one of the two layers.
    """

    def __init__(self, model: keras.Model) -> None:
        self._size = int(model.input_shape[1])
        features = model.get_layer("feature_map").output
        trunk = keras.Model(model.input, features)
        head = keras.Model(features, model.get_layer("logit").output)

        def one_side(crops: tf.Tensor) -> tf.Tensor:
            maps = trunk(crops, training=False)
            # Only the head is taped: the gradient never has to pass the trunk.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(maps)
                logit = head(maps, training=False)
            # Summing the gradient over the places is its mean times their number, see the module's text.
            weights = tf.reduce_sum(tape.gradient(logit, maps), axis=(1, 2), keepdims=True)
            return tf.reduce_sum(weights * maps, axis=-1)

        @tf.function(input_signature=[tf.TensorSpec((None, self._size, self._size, 3), tf.uint8)])
        def towards_real(crops: tf.Tensor) -> tf.Tensor:
            mirrored = one_side(tf.reverse(crops, axis=[2]))
            return (one_side(crops) + tf.reverse(mirrored, axis=[2])) / 2

        self._towards_real = towards_real

    def evidence(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where the crops hold evidence, towards "fake" and towards "real".

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Returns:
            Two (N, h, w) float32 arrays, in logits and never negative: towards fake, towards real. A place has a value in
            at most one of them; where the head finds nothing both are zero.

        Raises:
            ValueError: another shape or dtype.
        """
        expected = (self._size, self._size, 3)
        if crops.ndim != 4 or crops.shape[1:] != expected or crops.dtype != np.uint8:
            raise ValueError(
                f"crops: expected (N, {self._size}, {self._size}, 3) uint8, got {crops.shape} {crops.dtype}"
            )
        if not len(crops):
            return np.zeros((0, 1, 1), np.float32), np.zeros((0, 1, 1), np.float32)
        parts = [self._towards_real(crops[i : i + _BATCH]).numpy() for i in range(0, len(crops), _BATCH)]
        real = np.concatenate(parts).astype(np.float32)
        return np.maximum(-real, 0.0), np.maximum(real, 0.0)
