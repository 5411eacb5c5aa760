"""TAEF2, the tiny auto-encoder on the latent space of FLUX.2, in PyTorch (github.com/madebyollin/taesd, MIT; 2.7 M parameters).

Its weights are no part of this project: it makes copies for training only, from files that the user names.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["CELL", "CODE", "CODE_LIMIT", "Taef2", "load_taef2"]

CELL = 8
"""A cell of the code stands for so many pixels a side."""
CODE = 32
"""Channels of the code."""
CODE_LIMIT = 3.0
"""The decoder takes the code's values within this of 0."""
_WIDTH = 64


class _Block(nn.Module):
    def __init__(self, gated: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1),
        )
        self.pool: nn.Module | None = _term() if gated else None

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return F.relu(self.conv(x) + x)


def _term() -> nn.Module:
    """What the blocks at an eighth of the resolution add to their input: the groups' norms see the whole picture."""
    return nn.Sequential(
        nn.Conv2d(_WIDTH, 4 * _WIDTH, 1, bias=False),
        nn.GroupNorm(4, 4 * _WIDTH),
        nn.ReLU(inplace=True),
        nn.Conv2d(4 * _WIDTH, _WIDTH, 1, bias=False),
    )


class _Clamp(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / CODE_LIMIT) * CODE_LIMIT


def _encoder() -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, _WIDTH, 3, padding=1), _Block()]
    for gated in (False, False, True):
        layers += [nn.Conv2d(_WIDTH, _WIDTH, 3, 2, 1, bias=False), *(_Block(gated) for _ in range(3))]
    return nn.Sequential(*layers, nn.Conv2d(_WIDTH, CODE, 3, padding=1))


def _decoder() -> nn.Sequential:
    layers: list[nn.Module] = [_Clamp(), nn.Conv2d(CODE, _WIDTH, 3, padding=1), nn.ReLU(inplace=True)]
    for gated in (True, False, False):
        layers += [*(_Block(gated) for _ in range(3)), nn.Upsample(scale_factor=2)]
        layers.append(nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, bias=False))
    return nn.Sequential(*layers, _Block(), nn.Conv2d(_WIDTH, 3, 3, padding=1))


class Taef2(nn.Module):
    """(N, 3, H, W) float32 RGB in [0, 1], sides multiples of ``CELL`` -> its copy, the same shape, about [0, 1].

    Args:
        noise: deviation of the noise that is added to the code, in deviations of the code: a generator's codes are none that
            an encoder made, so that its decoder meets what no copy would show it.
    """

    def __init__(self, noise: float = 0.0) -> None:
        super().__init__()
        self.encoder, self.decoder, self.noise = _encoder(), _decoder(), noise

    def forward(self, x: Tensor) -> Tensor:
        code = self.encoder(x)
        if self.noise > 0:
            code = code + self.noise * code.std() * torch.randn_like(code)
        copy: Tensor = self.decoder(code)
        return copy


def load_taef2(folder: Path, noise: float = 0.0) -> Taef2:
    """The network in evaluation mode, with the weights ``taef2_encoder.pth`` and ``taef2_decoder.pth`` of ``folder``.

    Raises:
        FileNotFoundError: one of them is not there.
    """
    network = Taef2(noise)
    for part, name in ((network.encoder, "encoder"), (network.decoder, "decoder")):
        state = torch.load(folder / f"taef2_{name}.pth", map_location="cpu", weights_only=True)
        part.load_state_dict({key: value.float() for key, value in state.items()})
    network.to(memory_format=torch.channels_last).eval()
    return network
