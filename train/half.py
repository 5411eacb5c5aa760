"""Weights in half precision, as they are shipped: half the download, and ``detector.models.load`` widens them again."""

from __future__ import annotations

from pathlib import Path

import keras

from detector.models import build

__all__ = ["store_half"]


def store_half(model: keras.Model, path: Path) -> None:
    """Write ``path``, a ``.weights.h5`` with float16 arrays.

    Args:
        model: made by ``detector.models.build``, hence named after its architecture.
        path: ends in ``.weights.h5``.
    """
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float16")
    try:
        small = build(model.name, int(model.input_shape[1]))
    finally:
        keras.config.set_dtype_policy(policy)
    small.set_weights(model.get_weights())
    small.save_weights(path)
