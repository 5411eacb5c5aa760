"""Descendants of TAEF2 whose decoders leave traces of other kinds, for copies of genuine faces.

Every picture from a generator has gone through a decoder that enlarges step by step, and what its up-sampling and its kernels
leave behind is common to networks that were trained apart (Marra et al. 2018; even the seed changes the fingerprint, Yu et
al., ICCV 2019). Copies by auto-encoders that saw genuine pictures only train detectors of generators that nobody has at hand
(FingerprintNet, ECCV 2022). Small auto-encoders trained from nothing copied a tenth of the finest detail after minutes; a
decoder that starts as TAEF2's, with its up-sampling replaced by another that computes the same, copies sharply at once, and
its traces become its own as it trains on.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from train.fakes.taef2 import CODE_LIMIT, load_taef2

__all__ = ["UPSAMPLING", "Autoencoder", "AutoencoderRecipe", "copy_of"]

UPSAMPLING = ("transposed", "nearest", "bilinear", "pixel_shuffle")
"""How a decoder doubles the size: the four ways of today's generators."""
_ACTIVATIONS = {"silu": nn.SiLU, "relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.1)}


@dataclass(frozen=True)
class AutoencoderRecipe:
    """All that decides one auto-encoder, apart from TAEF2's weights and the patches it is trained on."""

    name: str
    seed: int
    upsampling: str
    """One of ``UPSAMPLING``."""
    levels: int | None = None
    """Values that a channel of the code may take, odd (finite scalar quantisation, Mentzer et al., ICLR 2024, a vector
    quantiser with a fixed product codebook); None for a continuous code."""
    activation: str = "relu"
    """"silu", "relu" or "leaky"."""
    renewed: float = 0.15
    """Deviation of the random factors of the decoder's kernels at the start, about 1."""
    patch: int = 64
    """Side of the patches, pixels, a multiple of 8."""
    batch: int = 6
    rate: float = 6e-4
    """Highest learning rate of Adam."""

    def __post_init__(self) -> None:
        if self.upsampling not in UPSAMPLING:
            raise ValueError(f"upsampling: expected one of {', '.join(UPSAMPLING)}, got {self.upsampling!r}")
        if self.levels is not None and self.levels % 2 == 0:
            raise ValueError(f"levels: expected an odd number, got {self.levels}")


class Autoencoder(nn.Module):
    """RGB pictures to their copies: (N, 3, H, W) float32 in [0, 1] -> the same shape, about the same values.

    Args:
        recipe: of the network; its seed decides the start.
        taef2: folder with TAEF2's weights.

    H and W must be multiples of 8. The encoder stays TAEF2's: it leaves no trace.
    """

    def __init__(self, recipe: AutoencoderRecipe, taef2: Path) -> None:
        super().__init__()
        self.recipe = recipe
        parent = load_taef2(taef2)
        self.encoder = parent.encoder.requires_grad_(False)
        layers: list[nn.Module] = [parent.decoder[0]]
        for before, layer in pairwise(parent.decoder):
            if isinstance(before, nn.Upsample):
                layers.append(_ENLARGEMENTS[recipe.upsampling](layer.weight.detach()))
            elif not isinstance(layer, nn.Upsample):
                layers.append(layer)
        self.decoder = nn.Sequential(*layers)
        _replace_activations(self.decoder, recipe.activation)
        self._renew()

    def _renew(self) -> None:
        generator = torch.Generator().manual_seed(self.recipe.seed)
        deviation = self.recipe.renewed
        with torch.no_grad():
            for kernel in self.decoder.parameters():
                if kernel.ndim == 4:
                    factors = 1 + deviation * torch.randn(kernel.shape, generator=generator)
                    added = 0.3 * deviation * kernel.std() * torch.randn(kernel.shape, generator=generator)
                    kernel.mul_(factors).add_(added)

    def encode(self, x: Tensor) -> Tensor:
        """(N, 32, H / 8, W / 8) float32, quantised where the recipe says so."""
        with torch.no_grad():
            code: Tensor = self.encoder(x)
        if self.recipe.levels is None:
            return code
        half = (self.recipe.levels - 1) / 2
        return torch.round(torch.clamp(code / CODE_LIMIT, -1, 1) * half) / half * CODE_LIMIT

    def forward(self, x: Tensor) -> Tensor:
        decoded: Tensor = self.decoder(self.encode(x))
        return decoded


def _replace_activations(module: nn.Module, activation: str) -> None:
    for name, child in module.named_children():
        if isinstance(child, nn.ReLU):
            setattr(module, name, _ACTIVATIONS[activation]())
        else:
            _replace_activations(child, activation)


class _Interpolated(nn.Module):
    """Interpolation, then a 3x3 convolution with the given kernel, (out, in, 3, 3)."""

    def __init__(self, kernel: Tensor, mode: str) -> None:
        super().__init__()
        self.weight, self._mode = nn.Parameter(kernel.clone()), mode

    def forward(self, x: Tensor) -> Tensor:
        corners = None if self._mode == "nearest" else False
        return F.conv2d(
            F.interpolate(x, scale_factor=2, mode=self._mode, align_corners=corners), self.weight, padding=1
        )


class _Transposed(nn.Module):
    """A transposed convolution that starts as nearest-neighbour doubling and convolution: their kernel, spread by 2x2 ones."""

    def __init__(self, kernel: Tensor) -> None:
        super().__init__()
        out, into = kernel.shape[:2]
        flipped = kernel.flip(2, 3).reshape(out * into, 1, 3, 3)
        spread = F.conv2d(flipped, torch.ones(1, 1, 2, 2), padding=1).reshape(out, into, 4, 4)
        self.weight = nn.Parameter(spread.transpose(0, 1).contiguous())

    def forward(self, x: Tensor) -> Tensor:
        return F.conv_transpose2d(x, self.weight, stride=2, padding=1)


class _Shuffled(nn.Module):
    """A sub-pixel convolution that starts as nearest-neighbour doubling and convolution."""

    def __init__(self, kernel: Tensor) -> None:
        super().__init__()
        out, into = kernel.shape[:2]
        phases = torch.zeros(out, 2, 2, into, 3, 3)
        for row, column, up, left in product((0, 1), (0, 1), (-1, 0, 1), (-1, 0, 1)):
            place = (row + up) // 2 + 1, (column + left) // 2 + 1
            phases[:, row, column, :, *place] += kernel[:, :, up + 1, left + 1]
        self.weight = nn.Parameter(phases.reshape(4 * out, into, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return F.pixel_shuffle(F.conv2d(x, self.weight, padding=1), 2)


_ENLARGEMENTS = {
    "transposed": _Transposed,
    "nearest": lambda kernel: _Interpolated(kernel, "nearest"),
    "bilinear": lambda kernel: _Interpolated(kernel, "bilinear"),
    "pixel_shuffle": _Shuffled,
}


@torch.no_grad()
def copy_of(network: nn.Module, rgb: np.ndarray, cell: int) -> np.ndarray:
    """A picture as a decoder makes it.

    Args:
        network: (1, 3, H, W) float32 RGB in [0, 1] to the same; in evaluation mode.
        rgb: (H, W, 3) uint8 RGB of any size.
        cell: multiple that the network's sides must have; the picture is mirrored at its end to that, and cut back.

    Returns:
        (H, W, 3) uint8 RGB.
    """
    height, width = rgb.shape[:2]
    padded = np.pad(rgb, ((0, -height % cell), (0, -width % cell), (0, 0)), mode="symmetric")
    x = torch.from_numpy(padded).permute(2, 0, 1)[None].float() / 255
    made = network(x.contiguous(memory_format=torch.channels_last))[0].clamp(0, 1)
    values = made.permute(1, 2, 0)[:height, :width].numpy() * 255
    return np.ascontiguousarray(np.rint(values).astype(np.uint8))
