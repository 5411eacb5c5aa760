"""A Keras model of one crop as a file of LiteRT."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

__all__ = ["converter"]


def converter(model: keras.Model, size: int) -> Any:
    """TensorFlow's converter for a model, set for float32.

    The graph is drawn with the weights as constants from the start. Freezing the variables of a drawn one, which the
    converter's other entries do, and do twice, takes longer than all the rest.

    Args:
        model: (1, size, size, 3) uint8 crop to one or several outputs.
        size: side of the crop, pixels.
    """
    trained, others = ([v.numpy() for v in some] for some in (model.trainable_variables, model.non_trainable_variables))
    graph = tf.Graph()
    with graph.as_default():
        crop = tf.compat.v1.placeholder(tf.uint8, (1, size, size, 3), name="crop")
        constants = [tf.constant(value) for value in trained], [tf.constant(value) for value in others]
        outputs, _ = model.stateless_call(*constants, crop, training=False)
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return tf.compat.v1.lite.TFLiteConverter(graph.as_graph_def(), [crop], outputs)
