"""Heads and losses of the expert: what each adds, that it trains, and that a network without extras stays what it was."""

from __future__ import annotations

from dataclasses import replace

import keras
import numpy as np
import pytest

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

import torch
import torch.nn.functional as F

from detector.models.networks import build
from train.fitting.batches import Drawn
from train.fitting.engine import KerasGraph, average_into
from train.fitting.heads import (
    Headed,
    SmallTransformer,
    alignment,
    boundary_of,
    headed_step,
    non_negative_fit,
    refit_non_negative,
    uniformity,
)
from train.fitting.recipes import ExpertRecipe, Extras

_RECIPE = ExpertRecipe(size=64, batch=8, smoothing=0.0)
_LABELS = torch.tensor([1.0] * 4 + [0.0] * 4)


def _drawn() -> Drawn:
    """Four bright crops and four dark ones, whose left half was replaced."""
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 100, (8, 64, 64, 3)).astype(np.uint8)
    crops[:4] += 120
    masks = np.zeros((4, 64, 64), np.uint8)
    masks[:3, :, :28] = 255
    return Drawn(crops, masks, np.array([True, True, True, False]), crops[None, ::4].repeat(2, 0))


@pytest.fixture(scope="module")
def model() -> keras.Model:
    """Its weights are copied by whoever takes it."""
    keras.utils.set_random_seed(0)
    return build("efficientnet", 64)


@pytest.mark.parametrize("extras", [Extras(attention=True), Extras(pooling="multi-level"), Extras(head="boundary")])
def test_what_is_added_begins_as_nothing(model: keras.Model, extras: Extras) -> None:
    crops = torch.from_numpy(_drawn().crops)
    with torch.no_grad():
        alone, headed = KerasGraph(model).eval()(crops), Headed(model, extras).eval()(crops)
    torch.testing.assert_close(headed, alone, atol=1e-4, rtol=1e-4)


def test_normalised_features_ignore_their_length(model: keras.Model) -> None:
    network = Headed(model, Extras(normalised=True)).eval()
    crops = torch.from_numpy(_drawn().crops)
    with torch.no_grad():
        logits, features, _ = network.parts(crops)
        unit = network.trunk.units["logit"]
        torch.testing.assert_close(logits, (10 * F.normalize(features) @ unit.kernel + unit.bias)[:, 0])


def test_the_boundary_is_the_edge_of_what_was_replaced() -> None:
    masks = torch.zeros((1, 64, 64), dtype=torch.uint8)
    masks[:, :, :28] = 255
    grid = boundary_of(masks, 8)
    assert grid.shape == (1, 8, 8)
    assert (grid[0, :, 3] == 1).all(), "half of these cells was replaced"
    assert grid[0].sum() == 8, "and nothing else is an edge"


def test_alignment_and_uniformity_of_known_features() -> None:
    labels = torch.tensor([1.0, 1.0, 0.0, 0.0])
    apart = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [-1.0, 0.0]])
    assert float(alignment(apart, labels)) == 0
    assert float(alignment(apart, torch.tensor([1.0, 0.0, 1.0, 0.0]))) == 4
    spread = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    assert float(uniformity(spread)) < float(uniformity(apart)) < float(uniformity(torch.ones(4, 2) / 2**0.5))


@pytest.mark.slow
@pytest.mark.parametrize(
    "extras",
    [Extras(head="boundary"), Extras(loss="uniformity-alignment"), Extras(normalised=True), Extras(consistency=True),
     Extras(pooling="multi-level"), Extras(attention=True)],
    ids=["boundary", "uniformity", "normalised", "consistency", "multi-level", "attention"],
)  # fmt: skip
def test_every_extra_reaches_the_weights(model: keras.Model, extras: Extras) -> None:
    """What it adds is trained, and what is trained of the trunk differs from a plain step."""
    recipe = replace(_RECIPE, extras=extras)
    network, average = Headed(model, extras), Headed(model, extras)
    average.load_state_dict(network.state_dict())
    drawn = _drawn()
    drawn = Drawn(drawn.crops, drawn.masks, drawn.known, drawn.unlabelled if extras.consistency else None)
    torch.manual_seed(1)
    headed_step(network, average, torch.optim.SGD(network.parameters(), 0.1), drawn, _LABELS, recipe, 1.0)
    plain = Headed(model, Extras())
    torch.manual_seed(1)
    headed_step(plain, plain, torch.optim.SGD(plain.parameters(), 0.1), Drawn(drawn.crops), _LABELS, _RECIPE, 1.0)
    added = {name: p for name, p in network.named_parameters() if not name.startswith("trunk.")}
    if added:
        before = dict(average.named_parameters())
        assert any(not torch.equal(p, before[name]) for name, p in added.items())
    # Attention and earlier maps begin as nothing, so their first step leaves the trunk alone.
    if not (extras.attention or extras.pooling != "last"):
        mine, its = network.trunk.units["block4_project"], plain.trunk.units["block4_project"]
        assert not torch.equal(mine.kernel, its.kernel)
    average_into(average, network, 0.5)


def test_nothing_is_learnt_of_edges_that_nobody_knows(model: keras.Model) -> None:
    extras = Extras(head="boundary")
    drawn = _drawn()
    losses = []
    assert drawn.masks is not None
    other = drawn.masks.copy()
    other[3] = np.arange(64, dtype=np.uint8)  # of the one that is not known
    for masks in (drawn.masks, other):
        torch.manual_seed(0)
        network = Headed(model, extras)
        optimizer = torch.optim.SGD(network.parameters(), 0.0)
        given = Drawn(drawn.crops, masks, drawn.known)
        losses.append(headed_step(network, network, optimizer, given, _LABELS, _RECIPE, 0.0))
    assert losses[0] == losses[1]


def test_a_refit_leaves_nothing_that_speaks_for_real_and_tells_the_classes_apart() -> None:
    """The first feature rises with fakes, the second with genuine faces, the third with neither."""
    rng = np.random.default_rng(0)
    fake = np.arange(400) % 2 == 0
    features = np.abs(rng.normal(0, 1, (400, 3)))
    features[fake, 0] += 2
    features[~fake, 1] += 2
    weights, offset = non_negative_fit(features, fake, np.array([-1.0, -1.0, 1.0]))
    assert weights[0] > 1 and weights[1] == 0 and 0 <= weights[2] < 0.5
    logits = features @ weights + offset
    assert np.mean((logits > 0) == fake) > 0.8


def test_a_refit_changes_the_last_layer_only(model: keras.Model) -> None:
    network = Headed(model, Extras(refit="non-negative"))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    refit_non_negative(network, [_drawn().crops])
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed <= {"trunk.units.logit.kernel", "trunk.units.logit.bias"} and "trunk.units.logit.kernel" in changed
    assert float(network.trunk.units["logit"].kernel.detach().max()) <= 0


def test_the_transformer_learns_and_names_the_sizes_that_it_takes() -> None:
    torch.manual_seed(0)
    network = SmallTransformer(64)
    assert 2e6 < sum(p.numel() for p in network.parameters()) < 3.5e6
    crops = torch.from_numpy(_drawn().crops)
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3)
    for _ in range(12):
        loss = F.binary_cross_entropy_with_logits(network(crops), _LABELS)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        logits = network.eval()(crops)
    assert float(logits[:4].min()) > float(logits[4:].max())
    with pytest.raises(ValueError, match="multiple of 16"):
        SmallTransformer(100)


def test_extras_belong_to_efficientnet_and_some_cannot_be_shipped() -> None:
    with pytest.raises(ValueError, match="made for efficientnet"):
        ExpertRecipe("vit", extras=Extras(attention=True))
    with pytest.raises(ValueError, match="weights of efficientnet"):
        ExpertRecipe("mobilenet", start="x.weights.h5")
    assert ExpertRecipe().shippable and ExpertRecipe(extras=Extras("boundary", refit="non-negative")).shippable
    assert not ExpertRecipe(extras=Extras(normalised=True)).shippable and not ExpertRecipe("vit").shippable
