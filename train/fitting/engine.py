"""Runs a Keras model's graph on PyTorch's CPU kernels while it is trained, and writes the weights back.

The layers are made in ``detector.models`` and nowhere else; this file only executes them. Why: on a processor with AMX or
AVX-512 for bfloat16, PyTorch's convolutions use it, while those of TensorFlow 2.21 are no faster than its float32 ones, and
without either PyTorch's float32 still is the faster one (``tests/bench/train_speed.py`` prints all). Shipped inference stays
in TensorFlow; ``tests/train/fitting/test_engine.py`` holds both sides equal.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.fitting import processes

__all__ = ["KerasGraph", "Network", "average_into"]


class Network(nn.Module):
    """(N, S, S, 3) uint8 RGB crops in, (N,) float32 logits of P(real) out."""

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device


class KerasGraph(Network):
    """A functional Keras image model as a torch module: uint8 NHWC crops in, the logit of P(real) out.

    Args:
        model: built by ``detector.models.networks.build``; its weights are copied.
        frozen_norms: keep the batch statistics as they are and train scale and shift only. A norm is then folded into the
            convolution before it (Jacob et al., CVPR 2018, section 3.2), and a crop's logit no longer depends on its batch.

    Raises:
        NotImplementedError: the model has a layer that this class does not know.
    """

    def __init__(self, model: keras.Model, *, frozen_norms: bool = False) -> None:
        super().__init__()
        self._steps: list[tuple[str, list[int], int]] = []
        self.units = nn.ModuleDict()
        self._keras = model
        self._names: dict[str, str] = {}
        self._input = id(model.inputs[0])
        self._output = id(model.get_layer("logit").output)
        self._features = id(model.get_layer("feature_map").output)
        for layer in model.layers:
            if isinstance(layer, keras.layers.InputLayer):
                continue
            key = layer.name.replace(".", "_")
            node = layer._inbound_nodes[0]
            self.units[key] = _unit(layer)
            self._names[key] = layer.name
            self._steps.append((key, [id(tensor) for tensor in node.input_tensors], id(layer.output)))
            if id(layer.output) == self._output:
                break
        self._norm_of = self._freeze_norms() if frozen_norms else {}
        self._output_of = {layer.name: id(layer.output) for layer in model.layers}

    def _freeze_norms(self) -> dict[str, str]:
        """Fold those that directly follow a convolution: returns the norm's key by the convolution's, and the norm's step is
        gone."""
        for unit in self.units.values():
            if isinstance(unit, _BatchNorm):
                unit.fixed = True
        made_by = {output: key for key, _, output in self._steps}
        norms = {
            made_by[inputs[0]]: (key, output)
            for key, inputs, output in self._steps
            if isinstance(self.units[key], _BatchNorm) and getattr(self.units[made_by[inputs[0]]], "linear", False)
        }
        folded = {key for key, _ in norms.values()}
        self._steps = [
            (key, inputs, norms[key][1] if key in norms else output)
            for key, inputs, output in self._steps
            if key not in folded
        ]
        return {convolution: key for convolution, (key, _) in norms.items()}

    def forward(self, crops: Tensor) -> Tensor:
        """(N, S, S, 3) uint8, on any device -> (N,) float32 logits of "real", on this one."""
        return self.outputs(crops, ("logit",))[0][:, 0].float()

    def outputs(self, crops: Tensor, layers: Iterable[str]) -> list[Tensor]:
        """What Keras layers of these names make of (N, S, S, 3) uint8 crops; maps are (N, C, H, W).

        Raises:
            KeyError: there is no such layer, or its norm is folded into it.
        """
        values: dict[int, Tensor] = {self._input: crops.to(self.device).permute(0, 3, 1, 2)}
        for key, inputs, output in self._steps:
            norm = self._norm_of.get(key)
            frozen = () if norm is None else self.units[norm].frozen()
            values[output] = self.units[key](*(values[i] for i in inputs), *frozen)
        return [values[self._output_of[layer]] for layer in layers]

    @torch.no_grad()
    def write_back(self) -> keras.Model:
        """Copy the weights into the Keras model and return it."""
        for key, name in self._names.items():
            unit = self.units[key]
            if isinstance(unit, _Weighted):
                self._keras.get_layer(name).set_weights([w.detach().cpu().numpy() for w in unit.keras_weights()])
        return self._keras


class _Weighted(nn.Module):
    """A unit whose weights go back to a Keras layer."""

    def keras_weights(self) -> list[Tensor]:
        raise NotImplementedError


class _Rescaling(nn.Module):
    def __init__(self, layer: keras.layers.Rescaling) -> None:
        super().__init__()
        scale = np.broadcast_to(np.asarray(layer.scale, np.float32), (3,))
        offset = np.broadcast_to(np.asarray(layer.offset, np.float32), (3,))
        self.register_buffer("scale", torch.from_numpy(scale.copy())[None, :, None, None], persistent=False)
        self.register_buffer("offset", torch.from_numpy(offset.copy())[None, :, None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x.float() * self.scale + self.offset


def _same(length: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's "same" padding: what is uneven goes to the end."""
    total = max((math.ceil(length / stride) - 1) * stride + kernel - length, 0)
    return total // 2, total - total // 2


def _pad_same(x: Tensor, kernel: int, stride: int, value: float = 0.0) -> tuple[Tensor, int]:
    """The input, padded only where the two sides differ, and the symmetric padding left to the kernel."""
    vertical, horizontal = _same(x.shape[2], kernel, stride), _same(x.shape[3], kernel, stride)
    if vertical[0] == vertical[1] == horizontal[0] == horizontal[1]:
        return x, vertical[0]
    return F.pad(x, (*horizontal, *vertical), value=value), 0


class _Conv(_Weighted):
    def __init__(self, layer: keras.layers.Conv2D) -> None:
        super().__init__()
        weights = layer.get_weights()
        kernel = torch.from_numpy(weights[0]).permute(3, 2, 0, 1).contiguous(memory_format=torch.channels_last)
        self.kernel = nn.Parameter(kernel)
        self.bias = nn.Parameter(torch.from_numpy(weights[1])) if layer.use_bias else None
        self.size, self.stride, self.same = layer.kernel_size[0], layer.strides[0], layer.padding == "same"
        self.relu = layer.activation is keras.activations.relu
        self.linear = not layer.use_bias and layer.activation is keras.activations.linear

    def forward(self, x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None) -> Tensor:
        x, padding = _pad_same(x, self.size, self.stride) if self.same else (x, 0)
        if scale is not None:
            return F.conv2d(x, self.kernel * scale[:, None, None, None], shift, self.stride, padding)
        x = F.conv2d(x, self.kernel, self.bias, self.stride, padding)
        return F.relu(x) if self.relu else x

    def keras_weights(self) -> list[Tensor]:
        kernel = self.kernel.permute(2, 3, 1, 0).contiguous()
        return [kernel] if self.bias is None else [kernel, self.bias]


class _DepthwiseFunction(torch.autograd.Function):
    """Depthwise convolution with a backward pass that avoids two kernels that are 5 to 30 times slower than they need be.

    Measured with PyTorch 2.13 on AMX: the input gradient with stride 2, which here is a stride-1 convolution of the
    gradient with zeros put in between, and the 5x5 weight gradient in bfloat16, which here is taken in float32.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, stride: int, padding: int) -> Tensor:
        ctx.save_for_backward(x, kernel)
        ctx.stride, ctx.padding = stride, padding
        return F.conv2d(x, kernel.to(x.dtype), None, stride, padding, 1, x.shape[1])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        (gradient,) = gradients
        x, kernel = ctx.saved_tensors
        stride, padding, channels, size = ctx.stride, ctx.padding, x.shape[1], kernel.shape[-1]
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        spread = gradient
        if stride > 1:
            height, width = x.shape[2] + 2 * padding - size + 1, x.shape[3] + 2 * padding - size + 1
            shape = (x.shape[0], channels, height, width)
            spread = torch.empty(shape, dtype=gradient.dtype, memory_format=torch.channels_last).zero_()
            spread[:, :, ::stride, ::stride] = gradient
        turned = kernel.flip(2, 3).to(gradient.dtype)
        dx = F.conv2d(spread, turned, None, 1, size - 1 - padding, 1, channels)
        wide = (lambda t: t.float()) if size > 3 else (lambda t: t)
        _, dk, _ = torch.ops.aten.convolution_backward(
            wide(gradient), wide(x), wide(kernel).to(wide(x).dtype), None, [stride, stride], [padding, padding], [1, 1],
            False, [0, 0], channels, [False, True, False],
        )  # fmt: skip
        return dx, dk.to(kernel.dtype), None, None


class _Depthwise(_Weighted):
    def __init__(self, layer: keras.layers.DepthwiseConv2D) -> None:
        super().__init__()
        self.kernel = nn.Parameter(torch.from_numpy(layer.get_weights()[0]).permute(2, 3, 0, 1).contiguous())
        self.size, self.stride = layer.kernel_size[0], layer.strides[0]
        self.linear = not layer.use_bias and layer.activation is keras.activations.linear

    def forward(self, x: Tensor, scale: Tensor | None = None, shift: Tensor | None = None) -> Tensor:
        x, padding = _pad_same(x, self.size, self.stride)
        if scale is not None:
            kernel = self.kernel * scale[:, None, None, None]
            if shift is None or not torch.is_autocast_enabled(x.device.type):
                return F.conv2d(x, kernel, shift, self.stride, padding, 1, x.shape[1])
            y = _DepthwiseFunction.apply(x, kernel, self.stride, padding)
            return y + shift.to(y.dtype)[:, None, None]
        return _DepthwiseFunction.apply(x, self.kernel, self.stride, padding)

    def keras_weights(self) -> list[Tensor]:
        return [self.kernel.permute(2, 3, 0, 1).contiguous()]


class _BatchNorm(_Weighted):
    def __init__(self, layer: keras.layers.BatchNormalization) -> None:
        super().__init__()
        gamma, beta, mean, variance = (torch.from_numpy(w) for w in layer.get_weights())
        self.gamma, self.beta = nn.Parameter(gamma), nn.Parameter(beta)
        self.register_buffer("mean", mean)
        self.register_buffer("variance", variance)
        self.epsilon, self.momentum = layer.epsilon, 1 - layer.momentum
        self.fixed = False

    def forward(self, x: Tensor) -> Tensor:
        learns = self.training and not self.fixed
        if learns and processes.count() > 1:
            return self._over_all(x)
        return F.batch_norm(x, self.mean, self.variance, self.gamma, self.beta, learns, self.momentum, self.epsilon)

    def _over_all(self, x: Tensor) -> Tensor:
        """With the statistics of the whole batch, of which the other processes hold the rest."""
        wide, shape = x.float(), (1, -1, 1, 1)
        mean = processes.mean_over_all(wide.mean((0, 2, 3)))
        centred = wide - mean.view(shape)
        variance = processes.mean_over_all(centred.square().mean((0, 2, 3)))
        with torch.no_grad():
            seen = x.numel() // x.shape[1] * processes.count()
            self.mean.lerp_(mean, self.momentum)
            self.variance.lerp_(variance * (seen / (seen - 1)), self.momentum)
        scale = self.gamma * torch.rsqrt(variance + self.epsilon)
        return (centred * scale.view(shape) + self.beta.view(shape)).to(x.dtype)

    def frozen(self) -> tuple[Tensor, Tensor]:
        """(C,) scale and (C,) shift that stand for this norm with the statistics as they are."""
        scale = self.gamma * torch.rsqrt(self.variance + self.epsilon)
        return scale, self.beta - self.mean * scale

    def keras_weights(self) -> list[Tensor]:
        return [self.gamma, self.beta, self.mean, self.variance]


class _Dense(_Weighted):
    def __init__(self, layer: keras.layers.Dense) -> None:
        super().__init__()
        kernel, bias = layer.get_weights()
        self.kernel, self.bias = nn.Parameter(torch.from_numpy(kernel)), nn.Parameter(torch.from_numpy(bias))
        self.relu = layer.activation is keras.activations.relu

    def forward(self, x: Tensor) -> Tensor:
        x = F.linear(x, self.kernel.t(), self.bias)
        return F.relu(x) if self.relu else x

    def keras_weights(self) -> list[Tensor]:
        return [self.kernel, self.bias]


class _Dropout(nn.Module):
    """Drawn for the rows of all processes that train together, of which the rows here are every n-th."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        drawn = torch.rand((len(x) * processes.count(), *x.shape[1:]), device=x.device)
        return x * (drawn[processes.rank() :: processes.count()] >= self.rate) / (1 - self.rate)


class _Call(nn.Module):
    """A unit without weights."""

    def __init__(self, function: Callable[..., Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Tensor:
        return self.function(*inputs)


def _max_pool(size: int, stride: int) -> Callable[[Tensor], Tensor]:
    def pool(x: Tensor) -> Tensor:
        x, padding = _pad_same(x, size, stride, value=-math.inf)
        return F.max_pool2d(x, size, stride, padding)

    return pool


def _unit(layer: keras.layers.Layer) -> nn.Module:
    match layer:
        case keras.layers.Rescaling():
            return _Rescaling(layer)
        case keras.layers.DepthwiseConv2D():
            return _Depthwise(layer)
        case keras.layers.Conv2D():
            return _Conv(layer)
        case keras.layers.BatchNormalization():
            return _BatchNorm(layer)
        case keras.layers.Dense():
            return _Dense(layer)
        case keras.layers.Dropout():
            return _Dropout(layer.rate)
        case keras.layers.ReLU():
            # In place, since nothing else reads what it is given; the tests would show it if a new network did.
            return _Call((lambda x: F.relu6(x, inplace=True)) if layer.max_value == 6.0 else F.relu)
        case keras.layers.MaxPooling2D():
            return _Call(_max_pool(layer.pool_size[0], layer.strides[0]))
        case keras.layers.GlobalAveragePooling2D():
            return _Call(lambda x: x.float().mean((2, 3)))
        case keras.layers.Flatten():
            return _Call(lambda x: x.permute(0, 2, 3, 1).flatten(1))
        case keras.layers.ZeroPadding2D():
            (top, bottom), (left, right) = layer.padding
            return _Call(lambda x: F.pad(x, (left, right, top, bottom)))
        case keras.layers.Add():
            return _Call(lambda a, b: a + b)
        case keras.layers.Identity():
            return nn.Identity()
    raise NotImplementedError(f"{type(layer).__name__} ({layer.name})")


@torch.no_grad()
def average_into(average: Network, model: Network, decay: float) -> None:
    """Exponential moving average of weights and batch statistics (Polyak and Juditsky 1992), in place."""
    for mean, current in zip(_tensors(average), _tensors(model), strict=True):
        mean.lerp_(current, 1 - decay)


def _tensors(model: Network) -> Iterable[Tensor]:
    yield from model.parameters()
    yield from model.buffers()
