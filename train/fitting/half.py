"""Weights in half precision, as they are shipped: half the download, and ``networks.load`` widens them again."""

from __future__ import annotations

from pathlib import Path

import keras

from detector.models.networks import build

__all__ = ["store_half"]


def store_half(model: keras.Model, path: Path) -> None:
    """Write ``path``, a ``.weights.h5`` with float16 arrays.

    Args:
        model: made by ``detector.models.networks.build``, hence named after its architecture.
        path: ends in ``.weights.h5``.
    """
    # Crops, (None, S, S, 3), of an image model; those and a mask, (None, T, S, S, 3), of a video model.
    shapes = model.input_shape
    size = int(shapes[0][2] if isinstance(shapes, list) else shapes[1])
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        small = build(model.name, size)
    finally:
        keras.config.set_dtype_policy(policy)
    small.set_weights(model.get_weights())
    small.save_weights(path)
