"""The networks, built in Keras.

Every image model has the same contract, so that one scorer, one Grad-CAM and one trainer serve them all:

* input: uint8 RGB crops, shape (batch, size, size, 3), values 0..255; scaling happens inside the model;
* a layer named ``feature_map`` after the convolutional trunk, shape (batch, h, w, channels);
* a layer named ``logit``, shape (batch, 1), the log-odds of "real" (the paper's labels: Real = 1, Fake = 0);
* output: ``sigmoid(logit)`` = P(real), shape (batch, 1), float32.

A video model takes a sequence of such crops with a mask, (batch, time, size, size, 3) uint8 and (batch, time) bool, and gives
P(real) alike. It is two models in one, layers named ``frames`` (its ``layer`` is the trunk, crops to features) and ``head``
(features and mask to ``logit``), so that a scorer can run the trunk once a crop whatever is done with the sequence.

The architecture is always built here and the weights are loaded into it from a plain ``.weights.h5``: a file of arrays
can carry no code.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
from keras import layers

from detector.errors import UnknownModel, WeightsCorrupt

__all__ = [
    "ARCHITECTURES",
    "CELLS",
    "TRUNK",
    "VIDEO_ARCHITECTURES",
    "build",
    "load",
    "load_head",
    "resnet_lstm",
    "video_architecture",
]


def _head(features: Any, name: str, inputs: Any, dropout: float) -> keras.Model:
    """Global average, dropout and one logit: the linear head on which Grad-CAM equals CAM (Selvaraju et al. 2017, 3.1)."""
    x = layers.Identity(name="feature_map")(features)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return _sigmoid(x, name, inputs)


def _sigmoid(x: Any, name: str, inputs: Any) -> keras.Model:
    logit = layers.Dense(1, name="logit", dtype="float32")(x)
    return keras.Model(inputs, layers.Activation("sigmoid", name="p_real", dtype="float32")(logit), name=name)


def cnn(size: int = 240) -> keras.Model:
    """The paper's network, layer for layer (seed, section III.D.1 and its listing).

    Input 240x240x3 (III.D.1.a) divided by 255 (III.A.1); three blocks of convolution with ReLU and "same" padding
    (III.D.1.b: 16 and 32 filters of 3x3, 64 of 5x5), batch normalisation (III.D.1.c) and 2x2 max pooling (III.D.1.d);
    flatten, dropout 50 %, dense 64 with ReLU, dropout 50 % (III.D.1.e); one sigmoid unit, Real = 1 (III.D.1.f). The
    pooling of 4x4 and the LeakyReLU that section III.A.4 mentions stand in no listing and are left out. The sigmoid is
    a layer of its own so that the logit can be read; the function is the same.
    """
    inputs = keras.Input((size, size, 3), dtype="uint8", name="crop")
    x = layers.Rescaling(1 / 255, name="scale")(inputs)
    for block, (filters, kernel) in enumerate(((16, 3), (32, 3), (64, 5)), start=1):
        x = layers.Conv2D(filters, kernel, activation="relu", padding="same", name=f"conv{block}")(x)
        x = layers.BatchNormalization(name=f"bn{block}")(x)
        if block == 3:
            # Before the last pooling, so that the heatmap has 60x60 places rather than 30x30.
            x = layers.Identity(name="feature_map")(x)
        x = layers.MaxPooling2D(2, padding="same", name=f"pool{block}")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(0.5, name="dropout1")(x)
    x = layers.Dense(64, activation="relu", name="dense")(x)
    x = layers.Dropout(0.5, name="dropout2")(x)
    return _sigmoid(x, "cnn", inputs)


def resnet(size: int = 224) -> keras.Model:
    """A residual network of 50 layers (He et al. 2016, table 1) at half its width, 5.9 M parameters.

    Bottleneck blocks of 3, 4, 6 and 3, widths 32, 64, 128 and 256, the stride in the first 1x1 convolution as in the
    original paper. The shape is that of Yahoo's open_nsfw (BSD), whose ImageNet weights ``train.fitting.starts`` can put
    in; input as there: BGR mean subtracted, in RGB order because the start turns the first kernel round.
    """
    inputs = keras.Input((size, size, 3), dtype="uint8", name="crop")
    return _head(_residual_trunk(inputs), "resnet", inputs, dropout=0.2)


_TRUNK_WIDTH = 1024
"""Channels of the last stage below: the features of a crop."""


def _residual_trunk(inputs: Any) -> Any:
    """Crops to (batch, size / 32, size / 32, _TRUNK_WIDTH): the layers, names included, that ``resnet`` and
    ``resnet_lstm`` share."""
    x = layers.Rescaling(1.0, offset=[-123.0, -117.0, -104.0], name="scale")(inputs)
    x = _conv_bn(x, 64, 7, 2, "stem", padding=3)
    x = layers.ReLU(name="stem_relu")(x)
    x = layers.MaxPooling2D(3, 2, padding="same", name="stem_pool")(x)
    for stage, (width, blocks) in enumerate(((32, 3), (64, 4), (128, 6), (256, 3))):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 0 else 1
            name = f"stage{stage}_block{block}"
            shortcut = _conv_bn(x, width * 4, 1, stride, f"{name}_shortcut") if block == 0 else x
            y = layers.ReLU(name=f"{name}_a_relu")(_conv_bn(x, width, 1, stride, f"{name}_a"))
            y = layers.ReLU(name=f"{name}_b_relu")(_conv_bn(y, width, 3, 1, f"{name}_b"))
            y = _conv_bn(y, width * 4, 1, 1, f"{name}_c")
            x = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([y, shortcut]))
    return x


CELLS = ("lstm", "gru", "bilstm")
"""Recurrent cells of ``resnet_lstm``: the paper's LSTM, or the GRU and the bidirectional LSTM of its future work."""


def video_architecture(cell: str, attention: bool) -> str:
    """The name of ``resnet_lstm`` with these options."""
    return f"resnet_{cell}{'_attention' if attention else ''}"


def resnet_lstm(
    size: int = 224, *, cell: str = "lstm", attention: bool = False, units: int = 64, trunk: bool = True
) -> keras.Model:
    """The paper's video network (its Fig. 2): a residual network on every frame, an LSTM over time, dense layers, one logit.

    Args:
        size: side of the square crops, pixels.
        cell: one of ``CELLS``.
        attention: whether the head weighs the states of all frames (additive attention, Bahdanau et al. 2015, with a
            learnt query) in place of taking the last one.
        units: of the recurrent layer, in each direction.
        trunk: whether the model takes crops; otherwise it takes the features that the trunk makes of them.

    Frames whose mask is False (no face there, or padding) leave the state as it was and get no weight, so that they do not
    change the score. At least one frame must be present.

    Raises:
        ValueError: another cell.
    """
    if cell not in CELLS:
        raise ValueError(f"resnet_lstm: expected cell to be one of {', '.join(CELLS)}, got {cell!r}")
    present = keras.Input((None,), dtype="bool", name="present")
    if trunk:
        crop = keras.Input((size, size, 3), dtype="uint8", name="crop")
        maps = layers.Identity(name="feature_map")(_residual_trunk(crop))
        pooled = keras.Model(crop, layers.GlobalAveragePooling2D(name="pool")(maps), name="trunk")
        taken = keras.Input((None, size, size, 3), dtype="uint8", name="crops")
        features = layers.TimeDistributed(pooled, name="frames")(taken)
    else:
        taken = features = keras.Input((None, _TRUNK_WIDTH), name="features")
    logit = _recurrent_head(cell, attention, units)([features, present])
    p_real = layers.Activation("sigmoid", name="p_real", dtype="float32")(logit)
    return keras.Model([taken, present], p_real, name=video_architecture(cell, attention))


def _recurrent_head(cell: str, attention: bool, units: int) -> keras.Model:
    """(batch, time, width) features and (batch, time) mask to (batch, 1) log-odds of "real"."""
    features = keras.Input((None, _TRUNK_WIDTH), name="features")
    present = keras.Input((None,), dtype="bool", name="present")
    x = layers.Dense(64, activation="relu", name="project")(layers.Dropout(0.3, name="dropout1")(features))
    recurrent = (layers.GRU if cell == "gru" else layers.LSTM)(units, return_sequences=attention, name="memory")
    if cell == "bilstm":
        recurrent = layers.Bidirectional(recurrent, name="both_ways")
    x = recurrent(x, mask=present)
    if attention:
        asked = layers.Dense(1, name="query")(layers.Dense(units, activation="tanh", name="key")(x))
        weights = layers.Softmax(name="weights")(keras.ops.squeeze(asked, -1), mask=present)
        x = keras.ops.sum(keras.ops.expand_dims(weights, -1) * x, axis=1)
    x = layers.Dense(32, activation="relu", name="dense")(layers.Dropout(0.3, name="dropout2")(x))
    return keras.Model([features, present], layers.Dense(1, name="logit", dtype="float32")(x), name="head")


def efficientnet(size: int = 224) -> keras.Model:
    """EfficientNet-Lite0 (Liu, "Higher accuracy on vision models with EfficientNet-Lite", 2020), 3.4 M parameters.

    EfficientNet-B0 (Tan and Le 2019, table 1) without squeeze-and-excitation, with ReLU6 in place of swish, and with stem
    and head of fixed width. The paper names EfficientNet among the image techniques (its Fig. 3). Input scaled to [-1, 1].
    """
    inputs = keras.Input((size, size, 3), dtype="uint8", name="crop")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(inputs)
    x = layers.ReLU(6.0, name="stem_relu")(_conv_bn(x, 32, 3, 2, "stem", epsilon=1e-3))
    index = 0
    # expansion, output channels, repeats, first stride, kernel (Tan and Le 2019, table 1, stages 2 to 8)
    for expansion, filters, repeats, first_stride, kernel in (
        (1, 16, 1, 1, 3),
        (6, 24, 2, 2, 3),
        (6, 40, 2, 2, 5),
        (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5),
        (6, 192, 4, 2, 5),
        (6, 320, 1, 1, 3),
    ):
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            x = _inverted_residual(x, expansion, filters, kernel, stride, f"block{index}")
            index += 1
    x = layers.ReLU(6.0, name="head_relu")(_conv_bn(x, 1280, 1, 1, "head", epsilon=1e-3))
    return _head(x, "efficientnet", inputs, dropout=0.2)


def _inverted_residual(x: Any, expansion: int, filters: int, kernel: int, stride: int, name: str) -> Any:
    """MBConv without squeeze-and-excitation (Sandler et al. 2018, Fig. 3)."""
    y = x
    if expansion > 1:
        y = _conv_bn(y, x.shape[-1] * expansion, 1, 1, f"{name}_expand", epsilon=1e-3)
        y = layers.ReLU(6.0, name=f"{name}_expand_relu")(y)
    y = layers.DepthwiseConv2D(kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise")(y)
    y = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_depthwise_bn")(y)
    y = layers.ReLU(6.0, name=f"{name}_depthwise_relu")(y)
    y = _conv_bn(y, filters, 1, 1, f"{name}_project", epsilon=1e-3)
    return layers.Add(name=f"{name}_add")([x, y]) if stride == 1 and x.shape[-1] == filters else y


def _conv_bn(
    x: Any, filters: int, kernel: int, stride: int, name: str, *, padding: int | None = None, epsilon: float = 1e-5
) -> Any:
    """Convolution without bias, then batch normalisation. ``padding`` pads all four sides; None is Keras's "same"."""
    if padding is not None:
        x = layers.ZeroPadding2D(padding, name=f"{name}_pad")(x)
    mode = "same" if padding is None else "valid"
    x = layers.Conv2D(filters, kernel, stride, padding=mode, use_bias=False, name=name)(x)
    return layers.BatchNormalization(epsilon=epsilon, name=f"{name}_bn")(x)


ARCHITECTURES: Mapping[str, Callable[[int], keras.Model]] = MappingProxyType(
    {"cnn": cnn, "resnet": resnet, "efficientnet": efficientnet}
)
"""Image models."""

VIDEO_ARCHITECTURES: Mapping[str, Callable[..., keras.Model]] = MappingProxyType(
    {
        video_architecture(cell, attention): partial(resnet_lstm, cell=cell, attention=attention)
        for cell in CELLS
        for attention in (False, True)
    }
)
"""Video models: the name says the cell and whether there is attention, so that a manifest needs no further options. Called
with a size, and with ``trunk=False`` for the head alone."""


TRUNK = "resnet"
"""The image architecture whose trunk they have."""


def build(architecture: str, size: int) -> keras.Model:
    """Make a model with random weights.

    Args:
        architecture: a key of ``ARCHITECTURES`` or ``VIDEO_ARCHITECTURES``.
        size: side of the square crops, pixels.

    Raises:
        UnknownModel: no such architecture.
    """
    known = {**ARCHITECTURES, **VIDEO_ARCHITECTURES}
    if architecture not in known:
        raise UnknownModel(f"There is no architecture named {architecture!r}; choose one of {', '.join(known)}.")
    return known[architecture](size)


def load(architecture: str, size: int, path: str | os.PathLike[str]) -> keras.Model:
    """Build the architecture and load a ``.weights.h5`` into it (half-precision arrays are widened to float32).

    The caller has checked the file's SHA-256; this checks that it fits, and that the kernels are usable: with NaN, or the
    same number everywhere, every picture would get the same score.

    Raises:
        UnknownModel: no such architecture.
        WeightsCorrupt: the file is not readable or holds another architecture.
    """
    return _filled(build(architecture, size), architecture, size, path)


def load_head(architecture: str, size: int, path: str | os.PathLike[str]) -> keras.Model:
    """A video model without its trunk, which takes most of the time to load and is often loaded already.

    Args:
        architecture: a key of ``VIDEO_ARCHITECTURES``.
        size: side of the square crops that the features are made of, pixels.
        path: the whole model's ``.weights.h5``.

    Returns:
        (batch, time, width) float32 features and (batch, time) bool mask to P(real), (batch, 1); with a layer named ``head``.

    Raises:
        UnknownModel: no such video architecture.
        WeightsCorrupt: as ``load``.
    """
    if architecture not in VIDEO_ARCHITECTURES:
        raise UnknownModel(
            f"There is no video architecture named {architecture!r}; choose one of {', '.join(VIDEO_ARCHITECTURES)}."
        )
    return _filled(VIDEO_ARCHITECTURES[architecture](size, trunk=False), architecture, size, path)


def _filled(model: keras.Model, architecture: str, size: int, path: str | os.PathLike[str]) -> keras.Model:
    try:
        model.load_weights(os.fspath(path))
    except (OSError, ValueError, KeyError) as error:
        raise WeightsCorrupt(
            f"{os.path.basename(os.fspath(path))} does not hold the weights of the architecture {architecture!r} at "
            f"{size} px; fetch the file again or name the architecture it was made for."
        ) from error
    for variable in model.weights:
        values = variable.numpy()
        # A GRU's biases are a table too, and rightly begin as zeros.
        kernel = values.ndim > 1 and values.size > 1 and not variable.path.endswith("bias")
        if not np.isfinite(values).all() or (kernel and np.ptp(values) == 0):
            raise WeightsCorrupt(
                f"{os.path.basename(os.fspath(path))} holds no numbers, or always the same one, where {variable.path} should "
                "be; fetch the file again."
            )
    model.trainable = False
    return model
