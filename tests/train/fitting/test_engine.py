"""The graph that training runs is the graph that inference runs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import keras
import numpy as np
import pytest

from detector.models.inference import Network, Scorer
from detector.models.networks import ARCHITECTURES, build

if TYPE_CHECKING:
    from train.fitting.engine import KerasGraph

torch = pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

SIZE = 64


def _crops(count: int = 4) -> np.ndarray:
    return np.random.default_rng(2).integers(0, 256, (count, SIZE, SIZE, 3), dtype=np.uint8)


def _both_sides(graph: KerasGraph) -> np.ndarray:
    """(4,) float32: logits of "real" in float32, the mean of crop and mirror image as ``Scorer`` takes it."""
    crops = torch.from_numpy(_crops())
    with torch.no_grad():
        return np.asarray((graph.eval()(crops) + graph(crops.flip(2))).numpy() / 2)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_forward_equals_keras(architecture: str) -> None:
    from train.fitting.engine import KerasGraph

    keras.utils.set_random_seed(1)
    model = build(architecture, SIZE)
    logits = _both_sides(KerasGraph(model))
    np.testing.assert_allclose(-logits, Scorer(Network(model)).fake_logits(_crops()), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_trained_weights_come_back_to_keras(architecture: str) -> None:
    from train.fitting.engine import KerasGraph

    keras.utils.set_random_seed(1)
    model = build(architecture, SIZE)
    before = [weight.copy() for weight in model.get_weights()]
    graph = KerasGraph(model).train()
    optimizer = torch.optim.SGD(graph.parameters(), 1e-3)
    graph(torch.from_numpy(_crops())).square().mean().backward()
    optimizer.step()
    changed = graph.write_back()
    assert sum(not np.array_equal(a, b) for a, b in zip(before, changed.get_weights(), strict=True)) > len(before) // 2
    logits = _both_sides(graph)
    np.testing.assert_allclose(-logits, Scorer(Network(changed)).fake_logits(_crops()), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_frozen_norms_keep_their_statistics_and_the_output(architecture: str) -> None:
    from train.fitting.engine import KerasGraph
    from train.fitting.recipes import Recipe
    from train.fitting.training import train_step

    keras.utils.set_random_seed(1)
    model = build(architecture, SIZE)
    rng = np.random.default_rng(3)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([rng.uniform(0.5, 1.5, w.shape).astype(np.float32) for w in layer.get_weights()])
    graph = KerasGraph(model, frozen_norms=True)
    plain = _both_sides(KerasGraph(model))
    np.testing.assert_allclose(_both_sides(graph), plain, rtol=1e-3, atol=1e-4 * np.abs(plain).max())
    before = {layer.name: layer.get_weights() for layer in model.layers}
    labels = torch.tensor([1.0, 1.0, 0.0, 0.0])
    optimizer = torch.optim.Adam(graph.parameters(), 1e-3)
    train_step(
        graph,
        optimizer,
        torch.from_numpy(_crops()),
        labels,
        None,
        Recipe(architecture, SIZE, frozen_norms=True, start="given.weights.h5"),
    )
    changed = graph.write_back()
    for layer in changed.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            gamma, beta, mean, variance = layer.get_weights()
            was = before[layer.name]
            assert not np.array_equal(gamma, was[0]) and not np.array_equal(beta, was[1])
            np.testing.assert_array_equal(mean, was[2])
            np.testing.assert_array_equal(variance, was[3])
    logits = _both_sides(graph)
    np.testing.assert_allclose(-logits, Scorer(Network(changed)).fake_logits(_crops()), rtol=1e-3, atol=1e-3)


def test_a_batch_in_parts_gives_the_gradient_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from train.fitting import training
    from train.fitting.engine import KerasGraph
    from train.fitting.recipes import Recipe
    from train.fitting.training import ROWS_AT_ONCE, train_step

    # In bfloat16, which some processors have, sums of parts differ by more than is compared here.
    monkeypatch.setattr(training, "mixed_precision", lambda _: contextlib.nullcontext())
    keras.utils.set_random_seed(1)
    model = build("efficientnet", SIZE)
    count = 2 * ROWS_AT_ONCE + 2
    crops, labels = torch.from_numpy(_crops(count)), (torch.arange(count) % 2).float()
    recipe = Recipe("efficientnet", SIZE, frozen_norms=True, start="given.weights.h5")
    graph = KerasGraph(model, frozen_norms=True)
    for module in graph.modules():
        if hasattr(module, "rate"):
            module.rate = 0.0
    soft = labels * (1 - 2 * recipe.smoothing) + recipe.smoothing
    loss = torch.nn.functional.binary_cross_entropy_with_logits(graph(crops), soft)
    loss.backward()
    wanted = [parameter.grad.clone() for parameter in graph.parameters()]
    torch.nn.utils.clip_grad_norm_(graph.parameters(), 5.0)
    found = train_step(graph, torch.optim.SGD(graph.parameters(), 0.0), crops, labels, None, recipe)
    assert found == pytest.approx(float(loss.detach()), rel=1e-5)
    norm = torch.cat([gradient.flatten() for gradient in wanted]).norm()
    for parameter, gradient in zip(graph.parameters(), wanted, strict=True):
        torch.testing.assert_close(parameter.grad, gradient * min(1.0, 5.0 / float(norm)), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "stride", "side"), [(3, 1, 9), (3, 2, 9), (3, 2, 10), (5, 1, 12), (5, 2, 12), (5, 2, 7)]
)
def test_depthwise_gradients_equal_autograd(size: int, stride: int, side: int) -> None:
    from train.fitting.engine import _DepthwiseFunction

    torch.manual_seed(0)
    x = torch.randn(2, 6, side, side, dtype=torch.float64, requires_grad=True)
    kernel = torch.randn(6, 1, size, size, dtype=torch.float64, requires_grad=True)
    padding = size // 2
    wanted = torch.nn.functional.conv2d(x, kernel, None, stride, padding, 1, 6)
    weight = torch.randn_like(wanted)
    wanted_gradients = torch.autograd.grad((wanted * weight).sum(), (x, kernel))
    found = _DepthwiseFunction.apply(x, kernel, stride, padding)
    found_gradients = torch.autograd.grad((found * weight).sum(), (x, kernel))
    torch.testing.assert_close(found, wanted)
    for got, want in zip(found_gradients, wanted_gradients, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-4, atol=1e-4)


def test_average_moves_towards_the_model() -> None:
    from train.fitting.engine import KerasGraph, average_into

    model = build("cnn", SIZE)
    graph, average = KerasGraph(model), KerasGraph(model)
    with torch.no_grad():
        for parameter in graph.parameters():
            parameter.add_(1.0)
    average_into(average, graph, decay=0.75)
    for mean, current in zip(average.parameters(), graph.parameters(), strict=True):
        torch.testing.assert_close(current - mean, torch.full_like(mean, 0.75))
