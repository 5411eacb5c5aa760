"""Small auto-encoders whose decoders leave the traces of generators, for copies of genuine faces.

Every picture from a generator has gone through a decoder that enlarges step by step, and what its up-sampling and its kernels
leave behind is common to networks that were trained apart (Marra et al. 2018; even the seed changes the fingerprint, Yu et
al., ICCV 2019). Copies by auto-encoders that saw genuine pictures only train detectors of generators that nobody has at hand
(FingerprintNet, ECCV 2022). The encoder leaves no trace, so it is made as cheap as it can be: all pixels of a cell become
channels at once, and the rest of the work is done at the resolution of the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["UPSAMPLING", "Autoencoder", "AutoencoderRecipe", "copy_of"]

UPSAMPLING = ("transposed", "nearest", "bilinear", "pixel_shuffle")
"""How a decoder doubles the size: the four ways of today's generators."""


@dataclass(frozen=True)
class AutoencoderRecipe:
    """All that decides one auto-encoder, apart from the patches it is trained on."""

    name: str
    seed: int
    upsampling: str
    """One of ``UPSAMPLING``."""
    stages: int
    """Doublings: a cell of the code stands for 2 ** stages pixels a side."""
    width: int
    """Channels of the decoder at full resolution; twice as many a stage further down, at most four times."""
    code: int
    """Channels of the code."""
    levels: int | None = None
    """Values that a channel of the code may take, odd (finite scalar quantisation, Mentzer et al., ICLR 2024, a vector
    quantiser with a fixed product codebook); None for a continuous code."""
    noise: float = 0.0
    """Deviation of the noise on a continuous code in training, as in the decoder of a variational auto-encoder."""
    blocks: int = 1
    """Residual blocks of the decoder before the first enlargement; one follows each enlargement."""
    kernel: int = 3
    """Side of the kernels after an enlargement; of transposed convolutions 3 or 4."""
    activation: str = "silu"
    """"silu", "relu" or "leaky"."""
    patch: int = 48
    """Side of the patches, pixels. Sharpness takes thousands of steps, and small patches make steps cheap."""
    batch: int = 4
    rate: float = 2e-3
    """Highest learning rate of Adam."""

    def __post_init__(self) -> None:
        if self.upsampling not in UPSAMPLING:
            raise ValueError(f"upsampling: expected one of {', '.join(UPSAMPLING)}, got {self.upsampling!r}")
        if self.levels is not None and self.levels % 2 == 0:
            raise ValueError(f"levels: expected an odd number, got {self.levels}")


_ACTIVATIONS = {"silu": nn.SiLU, "relu": nn.ReLU, "leaky": lambda: nn.LeakyReLU(0.2)}


class Autoencoder(nn.Module):
    """RGB pictures to their copies: (N, 3, H, W) float32 in [0, 1] -> the same shape, about the same values.

    Args:
        recipe: of the network; its seed decides the start.

    H and W must be multiples of ``2 ** recipe.stages``.
    """

    def __init__(self, recipe: AutoencoderRecipe) -> None:
        super().__init__()
        self.recipe = recipe
        with torch.random.fork_rng():
            torch.manual_seed(recipe.seed)
            cell = 2**recipe.stages
            widths = [recipe.width * min(4, 2**stage) for stage in range(recipe.stages, -1, -1)]
            bottom = max(widths[0], 48)
            self.encoder = nn.Sequential(
                nn.PixelUnshuffle(cell),
                nn.Conv2d(3 * cell * cell, bottom, 3, padding=1),
                _Block(bottom, "silu"),
                _Block(bottom, "silu"),
                nn.Conv2d(bottom, recipe.code, 1),
            )
            self.decoder = _Decoder(recipe, widths)

    def encode(self, x: Tensor) -> Tensor:
        """(N, code, H / cell, W / cell) float32, quantised where the recipe says so."""
        code: Tensor = self.encoder(x * 2 - 1)
        if self.recipe.levels is None:
            noisy = self.training and self.recipe.noise > 0
            return code + self.recipe.noise * torch.randn_like(code) if noisy else code
        half = (self.recipe.levels - 1) / 2
        code = torch.tanh(code)
        # Straight through: the gradient goes past the rounding (van den Oord et al. 2017, section 3.2).
        return code + (torch.round(code * half) / half - code).detach()

    def forward(self, x: Tensor) -> Tensor:
        decoded: Tensor = self.decoder(self.encode(x))
        return decoded / 2 + 0.5


class _Block(nn.Module):
    def __init__(self, channels: int, activation: str) -> None:
        super().__init__()
        activate = _ACTIVATIONS[activation]
        self.body = nn.Sequential(
            activate(),
            nn.Conv2d(channels, channels, 3, padding=1),
            activate(),
            nn.Conv2d(channels, channels, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        changed: Tensor = x + self.body(x)
        return changed


class _Decoder(nn.Module):
    """Blocks, then enlargement and block as often as there are stages; the picture is the sum of what every scale paints, as
    in StyleGAN2 (Karras et al. 2020, Fig. 7b): detail is learnt in a fraction of the steps that a single last layer takes."""

    def __init__(self, recipe: AutoencoderRecipe, widths: list[int]) -> None:
        super().__init__()
        activate = _ACTIVATIONS[recipe.activation]
        blocks = [_Block(widths[0], recipe.activation) for _ in range(recipe.blocks)]
        self.first = nn.Sequential(nn.Conv2d(recipe.code, widths[0], 3, padding=1), *blocks)
        self.stages = nn.ModuleList(
            nn.Sequential(activate(), _enlargement(recipe, before, after), _Block(after, recipe.activation))
            for before, after in pairwise(widths)
        )
        self.paints = nn.ModuleList(nn.Sequential(activate(), nn.Conv2d(width, 3, 3, padding=1)) for width in widths)

    def forward(self, code: Tensor) -> Tensor:
        x = self.first(code)
        picture = self.paints[0](x)
        for stage, paint in zip(self.stages, self.paints[1:], strict=True):
            x = stage(x)
            # Bilinear in every network: only coarse shades go this way, fine detail has the stages' own.
            picture = F.interpolate(picture, scale_factor=2, mode="bilinear", align_corners=False) + paint(x)
        return picture


class _Enlarged(nn.Module):
    def __init__(self, mode: str, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.mode, self.convolution = mode, convolution

    def forward(self, x: Tensor) -> Tensor:
        corners = None if self.mode == "nearest" else False
        larger = F.interpolate(x, scale_factor=2, mode=self.mode, align_corners=corners)
        convolved: Tensor = self.convolution(larger)
        return convolved


def _enlargement(recipe: AutoencoderRecipe, before: int, after: int) -> nn.Module:
    kernel, padding = recipe.kernel, recipe.kernel // 2
    match recipe.upsampling:
        case "transposed":
            # A kernel of 3 covers the output unevenly, which is the chequerboard of Odena et al. 2016; one of 4 does not.
            return nn.ConvTranspose2d(before, after, kernel, 2, padding=1, output_padding=1 if kernel == 3 else 0)
        case "pixel_shuffle":
            return nn.Sequential(nn.Conv2d(before, 4 * after, kernel, padding=padding), nn.PixelShuffle(2))
        case mode:
            return _Enlarged(mode, nn.Conv2d(before, after, kernel, padding=padding))


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
