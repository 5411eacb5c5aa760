"""The networks that an expert can be, with extras or without: how each begins, learns, is kept and is read again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path

import keras
import numpy as np
import torch
from torch import Tensor

from detector.models.networks import build
from detector.models.networks import load as load_model
from train.data.cache import Cache, crops_of
from train.fitting.batches import Drawn
from train.fitting.engine import KerasGraph, Network
from train.fitting.faceres import load_faceres, mobilenet
from train.fitting.half import store_half
from train.fitting.heads import Headed, SmallTransformer, headed_step, refit_non_negative
from train.fitting.recipes import ExpertRecipe, Extras, read_recipe
from train.fitting.starts import load_start
from train.fitting.training import Batch, Training

__all__ = ["ExpertTraining", "load_network"]

_EXTRA_WEIGHTS = "network.pt"
"""In a run's folder: the averaged network of extras that Keras has no layers for."""


class ExpertTraining(Training):
    """``Training`` of a network with the extras of its recipe.

    Args:
        recipe: what is trained.
        out: folder for all that is written.
        cache: of the faces.
        train: samples that are trained on.
        place: device.
    """

    def __init__(self, recipe: ExpertRecipe, out: Path, cache: Cache, train: np.ndarray, place: torch.device) -> None:
        network = partial(_network, recipe, _start(recipe, cache, train))
        super().__init__(recipe, out, network, place, frozen_norms=recipe.start is not None)
        self._expert = recipe
        if not recipe.shippable:
            self.weights = out / _EXTRA_WEIGHTS

    def learn(self, batch: Batch, labels: Tensor, done: float, teacher: Network | None) -> float:
        """With the losses of the extras, if there are any."""
        if isinstance(self._graph, Headed) and isinstance(self.average, Headed) and isinstance(batch, Drawn):
            return headed_step(self._graph, self.average, self._optimizer, batch, labels, self._expert, done)
        return super().learn(batch, labels, done, teacher)

    def refit(self, batches: Iterable[Batch]) -> None:
        """Of the average's last layer, as ``heads.refit_non_negative``."""
        if isinstance(self.average, Headed):
            refit_non_negative(self.average, [b.crops if isinstance(b, Drawn) else b for b in batches])

    def store(self) -> None:
        """As Keras weights (float16) what the detector can run, as PyTorch's the rest."""
        if isinstance(self.average, KerasGraph | Headed) and self._expert.shippable:
            store_half(self.average.write_back(), self.weights)
        else:
            torch.save(self.average.state_dict(), self.weights)


def load_network(run: Path) -> Network:
    """The averaged network of a finished run of ``fit_expert``, extras included.

    Raises:
        FileNotFoundError: the folder holds no finished run.
        TypeError: it holds a run of another recipe.
    """
    recipe = read_recipe(run)
    if not isinstance(recipe, ExpertRecipe):
        raise TypeError(f"{run} is no run of python -m train expert")
    if recipe.shippable:
        name = recipe.architecture
        return KerasGraph(load_model(name, recipe.size, run / f"{name}.weights.h5"))
    network = _network(recipe, _untrained(recipe))
    network.load_state_dict(torch.load(run / _EXTRA_WEIGHTS, weights_only=True, map_location="cpu"))
    return network


def _network(recipe: ExpertRecipe, model: keras.Model | None) -> Network:
    """Around the Keras model; where there is none, the transformer."""
    frozen = recipe.start is not None
    if model is None:
        return SmallTransformer(recipe.size)
    if recipe.extras == Extras():
        return KerasGraph(model, frozen_norms=frozen)
    return Headed(model, recipe.extras, frozen_norms=frozen)


def _untrained(recipe: ExpertRecipe) -> keras.Model | None:
    """None for the transformer, which Keras does not hold."""
    match recipe.architecture:
        case "vit":
            return None
        case "mobilenet":
            return mobilenet(recipe.size)
    return build(recipe.architecture, recipe.size)


def _start(recipe: ExpertRecipe, cache: Cache, train: np.ndarray) -> keras.Model | None:
    if recipe.start is not None:
        model = load_model(recipe.architecture, recipe.size, recipe.start)
        model.trainable = True
        return model
    model = _untrained(recipe)
    if model is not None and recipe.pretrained:
        load = load_faceres if recipe.architecture == "mobilenet" else load_start
        load(model, crops_of(cache, train[:64], recipe.spec))
    return model
