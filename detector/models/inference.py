"""How an image model is run: its graph, built in Keras and converted when it is loaded, on TensorFlow's LiteRT.

LiteRT's kernels for processors (XNNPACK) run the same float32 arithmetic, with the batch normalisations worked into the
convolutions: ``efficientnet`` and ``cnn`` take half of the time or less, ``resnet`` about as long. ``tests/bench/levers.py``
measures that, and how little the scores move. One crop at a time on each core is no slower than a batch, and it makes a crop's
score independent of what else is in the batch.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from detector.models import litert
from detector.runtime import memory
from detector.runtime.litert import open_interpreter
from detector.runtime.pool import Copies

__all__ = ["Network", "Scorer"]

_POOLED = 8
"""Crops whose feature maps are held at a time."""


class Network:
    """An image model ready to run: crops to feature maps and logits.

    Args:
        model: made by ``models.build``: it has the layers ``feature_map`` and ``logit``. Its weights are copied: later changes
            of the model do not reach the network.

    Raises:
        ValueError: the model lacks one of the two layers.
    """

    def __init__(self, model: keras.Model) -> None:
        self.model = model
        self.size = int(model.input_shape[1])
        features = model.get_layer("feature_map").output
        self._map_shape = tuple(int(side) for side in features.shape[1:])
        both = keras.Model(model.input, [features, model.get_layer("logit").output])
        content: bytes = litert.converter(both, self.size).convert()
        memory.give_back()
        self._interpreters = Copies(lambda: open_interpreter(content), model.name)

    def run(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Feature maps, (N, h, w, channels) float32, with what ``logits`` gives; arguments and errors are its own."""
        maps = np.empty((len(crops), *self._map_shape), np.float32)
        return maps, self._run(crops, maps)

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """Logits of P(real).

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Returns:
            (N,) float32.

        Raises:
            ValueError: another shape or dtype.
        """
        return self._run(crops, None)

    def _run(self, crops: np.ndarray, maps: np.ndarray | None) -> np.ndarray:
        expected = (self.size, self.size, 3)
        if crops.ndim != 4 or crops.shape[1:] != expected or crops.dtype != np.uint8:
            raise ValueError(f"crops: expected (N, {self.size}, {self.size}, 3) uint8, got {crops.shape} {crops.dtype}")
        logits = np.empty(len(crops), np.float32)

        def run_one(interpreter: Any, index: int) -> None:
            interpreter.set_tensor(interpreter.get_input_details()[0]["index"], crops[index : index + 1])
            interpreter.invoke()
            for output in interpreter.get_output_details():
                if len(output["shape"]) != 4:
                    logits[index] = interpreter.get_tensor(output["index"])[0, 0]
                elif maps is not None:
                    maps[index] = interpreter.get_tensor(output["index"])[0]

        self._interpreters.map(run_one, range(len(crops)))
        return logits


class Scorer:
    """Scores of one image model.

    A score is the mean of the logits of a crop and of its mirror image: a face has no preferred side, and the mean errs
    less than either. It is the commonest of test-time augmentations (Krizhevsky et al. 2012, section 4.1); what it buys
    here stands in the model card.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def fake_logits(self, crops: np.ndarray) -> np.ndarray:
        """Log-odds of "fake", the mean over each crop and its mirror image.

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Returns:
            (N,) float32, uncalibrated.

        Raises:
            ValueError: another shape or dtype.
        """
        means: np.ndarray = self.sides(crops).mean(axis=1)
        return means

    def sides(self, crops: np.ndarray) -> np.ndarray:
        """The two halves of ``fake_logits``: the model's logit of P(real), negated (as in ``GradCam.explain``).

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Returns:
            (N, 2) float32, uncalibrated: of the crops as they are, and of their mirror images.

        Raises:
            ValueError: another shape or dtype.
        """
        both = self._network.logits(np.concatenate([crops, crops[:, :, ::-1]]))
        return -both.reshape(2, -1).T

    def unmirrored(self, crops: np.ndarray) -> np.ndarray:
        """The first of the ``sides``, in half of the passes: enough to compare a changed crop with the same one unchanged.

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Returns:
            (N,) float32, uncalibrated.

        Raises:
            ValueError: another shape or dtype.
        """
        return -self._network.logits(crops)

    def unmirrored_with_features(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """``unmirrored``, and from the same pass what a video model on this trunk goes on from.

        Args:
            crops: (N, size, size, 3) uint8 RGB; N may be 0.

        Returns:
            (N,) float32 fake logits, and (N, channels) float32, the mean feature map of each crop (as in ``GradCam.explain``).

        Raises:
            ValueError: another shape or dtype.
        """
        runs = [self._network.run(crops[i : i + _POOLED]) for i in range(0, max(1, len(crops)), _POOLED)]
        pooled = np.concatenate([maps.mean(axis=(1, 2)) for maps, _ in runs])
        return -np.concatenate([logits for _, logits in runs]), pooled
