"""LiteRT's interpreter, which runs the networks and screens pictures for faces."""

from __future__ import annotations

import warnings
from typing import Any

import tensorflow as tf

__all__ = ["open_interpreter"]


def open_interpreter(content: bytes) -> Any:
    """LiteRT's interpreter of a converted model, on one thread.

    Raises:
        ValueError: it is no such model.
    """
    with warnings.catch_warnings():
        # TensorFlow would rather have us take this from the package ai-edge-litert; 2.21, which is asked for, has it.
        warnings.filterwarnings("ignore", "(?s).*tf.lite.Interpreter is deprecated")
        made = tf.lite.Interpreter(model_content=content, num_threads=1)
    made.allocate_tensors()
    return made
