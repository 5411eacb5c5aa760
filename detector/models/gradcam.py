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

from detector.models.inference import Network

__all__ = ["Explanation", "GradCam"]

_BATCH = 8


class Explanation(NamedTuple):
    """What one forward pass over N crops and their mirror images gives."""

    sides: np.ndarray
    """(N, 2) float32: fake logits of the crops as they are and of their mirror images, as from ``inference.Scorer.sides``."""
    towards_fake: np.ndarray
    """(N, h, w) float32 in logits, never negative: where a crop holds evidence towards "fake"."""
    towards_real: np.ndarray
    """(N, h, w) alike. A place has a value in at most one of the two; where the head finds nothing both are zero."""
    pooled: np.ndarray
    """(N, channels) float32: mean feature map of the crops as they are, which a video model on this trunk goes on from."""


class GradCam:
    """Grad-CAM of one image model, with its scores."""

    def __init__(self, network: Network) -> None:
        self._network = network
        features = network.model.get_layer("feature_map").output
        head = keras.Model(features, network.model.get_layer("logit").output)

        @tf.function(input_signature=[tf.TensorSpec((None, *features.shape[1:]), tf.float32)])
        def evidence(maps: tf.Tensor) -> tf.Tensor:
            # Only the head is taped: the gradient never has to pass the trunk, and so costs next to nothing.
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(maps)
                logit = head(maps, training=False)
            # Summing the gradient over the places is its mean times their number, see the module's text.
            weights = tf.reduce_sum(tape.gradient(logit, maps), axis=(1, 2), keepdims=True)
            return tf.reduce_sum(weights * maps, axis=-1)

        self._evidence = evidence

    def evidence(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The two maps alone; arguments and errors are those of ``explain``."""
        found = self.explain(crops)
        return found.towards_fake, found.towards_real

    def explain(self, crops: np.ndarray) -> Explanation:
        """Score and explain.

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Raises:
            ValueError: another shape or dtype.
        """
        parts = [self._explain(crops[i : i + _BATCH]) for i in range(0, max(1, len(crops)), _BATCH)]
        sides, real, pooled = (np.concatenate(of_parts) for of_parts in zip(*parts, strict=True))
        # The model's logits and gradients are those of P(real).
        return Explanation(-sides, np.maximum(-real, 0.0), np.maximum(real, 0.0), pooled)

    def _explain(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Logits, evidence and pooled features of a few crops: of them all, the feature maps would take much memory."""
        maps, logits = self._network.run(np.concatenate([crops, crops[:, :, ::-1]]))
        as_is, mirrored = np.split(self._evidence(maps).numpy(), 2)
        return logits.reshape(2, -1).T, (as_is + mirrored[:, :, ::-1]) / 2, maps[: len(crops)].mean(axis=(1, 2))
