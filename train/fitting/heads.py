"""Heads and losses that are tried on the expert in ``python -m train ablate --group heads``; they exist in training only.

Each of ``recipes.Extras`` is one of them. A network whose extras leave its layers as they are (``Extras.keep_the_network``) is
written back to Keras as ever; the others stand beside it as ``network.pt`` and are measured, not shipped.
"""

from __future__ import annotations

import keras
import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from torch import Tensor, nn

from train.fitting.batches import Drawn
from train.fitting.devices import mixed_precision
from train.fitting.engine import KerasGraph, Network
from train.fitting.recipes import ExpertRecipe, Extras

__all__ = ["Headed", "SmallTransformer", "alignment", "boundary_of", "headed_step", "non_negative_fit", "refit_non_negative",
           "uniformity"]  # fmt: skip

_FINE, _MIDDLE = "block4_add", "block10_add"
"""Layers of EfficientNet-Lite0 whose maps have an eighth (28 places at 224 pixels) and a sixteenth of the crop's side."""
_CHANNELS = {_FINE: 40, _MIDDLE: 112}
_LAST = 1280
_TEMPERATURE = 10.0
"""Features of length 1 are multiplied by this, or else logits could hardly leave zero."""
_BOUNDARY, _UNIFORMITY, _ALIGNMENT, _CONSISTENCY = 0.5, 0.5, 0.1, 1.0
"""Weights of the losses beside cross-entropy; those of uniformity and alignment are GenD's."""
_RAMP = 0.4
"""Share of the training over which the weight of consistency rises: early on, the average knows nothing."""
_RIDGE = 1e-3


class Headed(Network):
    """A network with extras: uint8 crops in, the logit of P(real) out.

    Args:
        model: of ``networks.efficientnet``; its weights are copied.
        extras: which.
        frozen_norms: as for ``KerasGraph``.
    """

    def __init__(self, model: keras.Model, extras: Extras, *, frozen_norms: bool = False) -> None:
        super().__init__()
        self.trunk, self.extras = KerasGraph(model, frozen_norms=frozen_norms), extras
        self.boundary = nn.Conv2d(_CHANNELS[_FINE] + _CHANNELS[_MIDDLE], 1, 1) if extras.head == "boundary" else None
        self.attention = _Attention() if extras.attention else None
        self.earlier = None
        if extras.pooling == "multi-level":
            width = sum(_CHANNELS.values())
            self.earlier = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 1, bias=False))
            nn.init.zeros_(self.earlier[1].weight)

    def forward(self, crops: Tensor) -> Tensor:
        """(N, S, S, 3) uint8 -> (N,) float32 logits of "real"."""
        return self.parts(crops)[0]

    def parts(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        """(N,) logits, the (N, 1280) float32 features that they are made of, before dropout, and the boundary head's
        (N, G, G) logits."""
        fine, middle, last = self.trunk.outputs(crops, (_FINE, _MIDDLE, "feature_map"))
        last = last.float()
        if self.attention is not None:
            last = self.attention(last)
        features = last.mean((2, 3))
        used = _TEMPERATURE * F.normalize(features) if self.extras.normalised else features
        logits = self.trunk.units["logit"](self.trunk.units["dropout"](used))[:, 0].float()
        if self.earlier is not None:
            logits = logits + self.earlier(torch.cat([fine.float().mean((2, 3)), middle.float().mean((2, 3))], 1))[:, 0]
        edges = None
        if self.boundary is not None:
            wide = F.interpolate(middle.float(), size=fine.shape[2:], mode="bilinear", align_corners=False)
            edges = self.boundary(torch.cat([fine.float(), wide], 1))[:, 0].float()
        return logits, features, edges

    def write_back(self) -> keras.Model:
        """The network without its extras."""
        return self.trunk.write_back()


class _Attention(nn.Module):
    """Four heads over the places of a map, a residual that begins as nothing."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.norm, self.inward, self.outward = nn.LayerNorm(_LAST), nn.Linear(_LAST, width), nn.Linear(width, _LAST)
        self.attend = nn.MultiheadAttention(width, 4, batch_first=True)
        nn.init.zeros_(self.outward.weight)
        nn.init.zeros_(self.outward.bias)

    def forward(self, maps: Tensor) -> Tensor:
        places = maps.flatten(2).transpose(1, 2)
        x = self.inward(self.norm(places))
        x = self.outward(self.attend(x, x, x, need_weights=False)[0])
        return (places + x.float()).transpose(1, 2).reshape(maps.shape)


class SmallTransformer(Network):
    """A small vision transformer (Dosovitskiy et al., ICLR 2021; the width of DeiT-Ti at half its depth), 2.8 M parameters.
    There is no pretrained start for it here.

    Args:
        size: side of the crops, a multiple of 16.
    """

    def __init__(self, size: int, width: int = 192, depth: int = 6, heads: int = 3, patch: int = 16) -> None:
        super().__init__()
        if size % patch:
            raise ValueError(f"a vision transformer takes crops whose side is a multiple of {patch}, not {size}")
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.places = nn.Parameter(0.02 * torch.randn(1, (size // patch) ** 2, width))
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, 0.1, F.gelu, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.norm, self.logit = nn.LayerNorm(width), nn.Linear(width, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """(N, S, S, 3) uint8 -> (N,) float32 logits of "real"."""
        x = crops.to(self.device).permute(0, 3, 1, 2).float() / 127.5 - 1
        x = self.blocks(self.patches(x).flatten(2).transpose(1, 2) + self.places)
        return self.logit(self.norm(x).mean(1))[:, 0].float()


def boundary_of(masks: Tensor, side: int) -> Tensor:
    """4M(1 - M) on a grid: 1 on the edge of what was replaced, 0 inside and outside.

    Args:
        masks: (N, S, S) uint8, 255 where replaced.
        side: of the grid.

    Returns:
        (N, side, side) float32.
    """
    share = F.adaptive_avg_pool2d(masks[:, None].float() / 255, side)[:, 0]
    return 4 * share * (1 - share)


def alignment(features: Tensor, labels: Tensor) -> Tensor:
    """Mean squared distance between features of one class; features (N, D) of length 1, labels (N,)."""
    same = (labels[:, None] == labels[None]) & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return (2 - 2 * features @ features.T)[same].mean()


def uniformity(features: Tensor) -> Tensor:
    """Logarithm of the mean Gaussian potential of all pairs of (N, D) features of length 1: the lower, the more even."""
    rows, columns = torch.triu_indices(len(features), len(features), 1)
    return (-2 * (2 - 2 * (features @ features.T)[rows, columns])).exp().mean().log()


def headed_step(
    network: Headed, average: Headed, optimizer: torch.optim.Optimizer, drawn: Drawn, labels: Tensor,
    recipe: ExpertRecipe, done: float,
) -> float:  # fmt: skip
    """One step of the optimizer on a whole batch; returns the loss.

    Args:
        network: is trained.
        average: its moving average, the teacher of consistency.
        optimizer: of the network.
        drawn: the batch.
        labels: (N,) float32, 1 = real.
        recipe: how.
        done: share of the training that is over.
    """
    network.train()
    optimizer.zero_grad(set_to_none=True)
    labels, extras = labels.to(network.device), recipe.extras
    with mixed_precision(network.device):
        logits, features, edges = network.parts(torch.from_numpy(drawn.crops))
        soft = labels * (1 - 2 * recipe.smoothing) + recipe.smoothing
        loss = F.binary_cross_entropy_with_logits(logits, soft)
        if extras.loss == "uniformity-alignment":
            unit = F.normalize(features)
            loss = loss + _UNIFORMITY * uniformity(unit) + _ALIGNMENT * alignment(unit, labels)
        if edges is not None:
            loss = loss + _BOUNDARY * _boundary_loss(edges, drawn)
        if drawn.unlabelled is not None:
            loss = loss + min(1.0, done / _RAMP) * _CONSISTENCY * _consistency(network, average, drawn.unlabelled)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
    optimizer.step()
    return float(loss.detach())


def _boundary_loss(edges: Tensor, drawn: Drawn) -> Tensor:
    """Cross-entropy, the mean of that where there is no edge and that where there is one: edges fill few places."""
    if drawn.masks is None or drawn.known is None:
        raise ValueError("the boundary head needs masks in its batches")
    known = torch.from_numpy(np.concatenate([np.ones(len(drawn.known), bool), drawn.known]))
    wanted = boundary_of(torch.from_numpy(drawn.masks), edges.shape[-1])
    wanted = torch.cat([torch.zeros_like(wanted), wanted])[known].to(edges.device)
    each = F.binary_cross_entropy_with_logits(edges[known.to(edges.device)], wanted, reduction="none")
    edge = wanted > 0.1
    return each[~edge].mean() if not edge.any() else (each[edge].mean() + each[~edge].mean()) / 2


def _consistency(network: Headed, average: Headed, unlabelled: np.ndarray) -> Tensor:
    plain, altered = (torch.from_numpy(part) for part in unlabelled)
    average.eval()
    with torch.no_grad():
        wanted = torch.sigmoid(average(plain))
    return F.mse_loss(torch.sigmoid(network(altered)), wanted)


@torch.no_grad()
def refit_non_negative(network: Headed, batches: list[np.ndarray]) -> None:
    """Fit the last layer anew, without weights that speak for "real"; the features, means behind a ReLU, are never negative.

    Args:
        network: changed in place.
        batches: of (N, S, S, 3) uint8 crops, the first half of each genuine.
    """
    network.eval()
    with mixed_precision(network.device):
        parts = [network.parts(torch.from_numpy(crops))[1].cpu() for crops in batches]
    fake = np.concatenate([np.arange(len(crops)) >= len(crops) // 2 for crops in batches])
    logit = network.trunk.units["logit"]
    weights, offset = non_negative_fit(
        torch.cat(parts).double().numpy(), fake, -logit.kernel[:, 0].double().cpu().numpy()
    )
    logit.kernel.copy_(torch.from_numpy(-weights[:, None]))
    logit.bias.fill_(-offset)


def non_negative_fit(features: np.ndarray, fake: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, float]:
    """Logistic regression with a slight ridge, by L-BFGS-B.

    Args:
        features: (N, D) float64.
        fake: (N,) bool.
        first: (D,) float64 weights to start from; of negative ones, 0.

    Returns:
        (D,) float64 weights, none negative, and the offset, of the log-odds of "fake".
    """
    sign = np.where(fake, 1.0, -1.0)

    def cost(values: np.ndarray) -> tuple[float, np.ndarray]:
        margin = sign * (features @ values[:-1] + values[-1])
        pull = -sign / (1 + np.exp(np.clip(margin, -50, 50))) / len(sign)
        ridge = _RIDGE * values[:-1]
        slope = np.append(features.T @ pull + ridge, pull.sum())
        return float(np.logaddexp(0, -margin).mean() + 0.5 * ridge @ values[:-1]), slope

    bounds = [(0, None)] * len(first) + [(None, None)]
    begin = np.append(np.maximum(first, 0), 0.0)
    found = minimize(cost, begin, jac=True, bounds=bounds, method="L-BFGS-B", options={"maxiter": 300}).x
    return np.asarray(found[:-1]), float(found[-1])
