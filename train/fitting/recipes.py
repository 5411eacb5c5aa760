"""Recipes: everything that decides the result of a training, apart from the data.

They are written as ``recipe.json`` into the folder of a run and into its checkpoints. Unknown fields and values out of range
are refused; a field that an older file lacks has its default, which is what that version did.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, NonNegativeFloat, PositiveFloat, PositiveInt, model_validator
from pydantic.dataclasses import dataclass

from detector.records import CropSpec
from train.data.cache import MOST_MARGIN
from train.data.names import Scheme
from train.fakes.pairs import ExpertMix

__all__ = ["ExpertRecipe", "Extras", "HeadRecipe", "Mix", "PaperRecipe", "Recipe", "read_recipe"]

_STRICT = ConfigDict(extra="forbid")
_Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, config=_STRICT)
class Mix:
    """What the pairs of a batch are made of."""

    labelled: _Share = 0.5
    """Share of pairs with a labelled fake."""
    self_blended: _Share = 0.3
    """Share of pairs with a self-blended fake; the rest are swaps."""
    least_margin: NonNegativeFloat = 0.05
    most_margin: NonNegativeFloat = MOST_MARGIN
    """Range of crop margins, in face sides."""
    strength: NonNegativeFloat = 1.0
    """Of the post-processing, see ``augment.draw_degradation``."""
    high_pass: bool = False
    """Serve ``augment.high_pass`` of every crop in its place; an experiment, whose models cannot be shipped."""


class _OfImages:
    """What the recipes of image models have in common."""

    size: int
    margin: float

    @property
    def spec(self) -> CropSpec:
        """The crop that the model is used on."""
        return CropSpec(size=self.size, margin=self.margin)


@dataclass(frozen=True, config=_STRICT)
class Recipe(_OfImages):
    """Of an image model, trained by ``fit.fit``."""

    architecture: str
    size: PositiveInt
    """Side of the crops, pixels."""
    margin: NonNegativeFloat = 0.25
    """Context around the face, in face sides."""
    crops: PositiveInt = 60_000
    """Crops to see; the learning rate falls to nothing over them."""
    batch: PositiveInt = 32
    rate: PositiveFloat = 4e-4
    """Highest learning rate."""
    warmup: PositiveInt = 200
    """Steps over which the learning rate rises."""
    decay: NonNegativeFloat = 0.02
    """AdamW's weight decay, on kernels only (Loshchilov and Hutter 2019)."""
    average: _Share = 0.998
    """Decay of the moving average of the weights that is evaluated and kept."""
    smoothing: _Share = 0.02
    """Label smoothing: about the share of wrong labels and false crops in the data."""
    pretrained: bool = True
    start: str | None = None
    """A ``.weights.h5`` of the same architecture to start from, in place of the pretrained one: a network without a dense
    layer over places keeps its weights when the crops grow, so that training may begin small (Howard 2018, fast.ai)."""
    frozen_norms: bool = False
    """Train on with the batch statistics of the start (``engine.KerasGraph``): what is trained is what is run, and it is faster
    on a processor that does not multiply bfloat16 in hardware (``tests/bench/train_speed.py``)."""
    teacher: str | None = None
    """A ``.weights.h5`` of ``teacher_architecture`` whose scores are imitated (Hinton et al. 2015)."""
    teacher_architecture: str = "efficientnet"
    teacher_weight: _Share = 0.7
    seed: int = 7
    mix: Mix = Field(default_factory=Mix)
    split: Scheme = Scheme.CARVE

    @model_validator(mode="after")
    def _has_what_it_freezes(self) -> Self:
        if self.frozen_norms and self.start is None:
            raise ValueError("frozen_norms keeps the batch statistics of trained weights: name them as start")
        return self


@dataclass(frozen=True, config=_STRICT)
class PaperRecipe(_OfImages):
    """Of the paper's own network, trained by ``paper.fit_paper``."""

    architecture: str = "cnn"
    size: PositiveInt = 240
    """Side of the crops, pixels."""
    margin: NonNegativeFloat = 0.25
    """Context around the face, in face sides."""
    epochs: PositiveInt = 50
    batch: PositiveInt = 32
    examples: PositiveInt | None = None
    """Most training crops an epoch; None for all of them. Each epoch draws its own."""
    split: Scheme = Scheme.PAPER_80_20
    sources: tuple[str, ...] | None = None
    """None for every source that holds both labels: where a source has one label, the source is the label."""
    seed: int = 42
    """The paper's ``random_state``."""
    recipe: Literal["paper"] = "paper"


@dataclass(frozen=True, config=_STRICT)
class Extras:
    """What a training adds to the network or to its loss (``fitting.heads``); the defaults add nothing."""

    head: Literal["plain", "boundary"] = "plain"
    """A head that predicts the edge of what was replaced, dropped after training (LAA-Net, Nguyen et al., CVPR 2024)."""
    loss: Literal["plain", "uniformity-alignment"] = "plain"
    """Beside cross-entropy, on features of length 1 (Wang and Isola, ICML 2020; weights of GenD, Yermakov et al. 2025)."""
    normalised: bool = False
    """Classify features of length 1."""
    pooling: Literal["last", "multi-level"] = "last"
    """Whether means of earlier maps are classified beside those of the last."""
    attention: bool = False
    """Self-attention between the places of the last map (Vaswani et al. 2017), before it is averaged."""
    consistency: bool = False
    """Semi-supervised: unlabelled faces shall keep the score that the averaged network gives them, however they are processed
    (Tarvainen and Valpola, NeurIPS 2017)."""
    refit: Literal["none", "non-negative"] = "none"
    """Fit the last layer anew, after training, so that no feature counts against "fake" (Stay-Positive, 2502.07778)."""

    @property
    def keep_the_network(self) -> bool:
        """Whether what is trained can be written as the network without extras."""
        return not (self.normalised or self.attention or self.pooling != "last")


@dataclass(frozen=True, config=_STRICT)
class ExpertRecipe(_OfImages):
    """Of a network that sees whole faces and windows of their own resolution, trained by ``expert.fit_expert``."""

    architecture: str = "efficientnet"
    size: PositiveInt = 224
    """Side of whole faces, pixels."""
    margin: NonNegativeFloat = 0.25
    """Context around the face in use, in face sides; in training it is drawn anew for every pair."""
    window: PositiveInt = 144
    """Side of windows, pixels: the network has no layer that depends on its input's size, and the squares of today's data, 200
    to 300 pixels, hold many different windows of this one."""
    windows: _Share = 0.5
    """Share of batches that hold windows."""
    crops: PositiveInt = 60_000
    batch: PositiveInt = 16
    rate: PositiveFloat = 3e-4
    warmup: PositiveInt = 60
    decay: NonNegativeFloat = 0.02
    average: _Share = 0.997
    smoothing: _Share = 0.02
    start: str | None = None
    """Weights to start from, whose batch statistics are then kept; None for the start that the architecture has, whose
    statistics are trained: ImageNet, or with mobilenet ``fitting.faceres``."""
    pretrained: bool = True
    """False for a random start, if there is no ``start``."""
    seed: int = 31
    extras: Extras = Field(default_factory=Extras)
    mix: ExpertMix = Field(default_factory=ExpertMix)
    split: Literal[Scheme.CARVE] = Scheme.CARVE
    recipe: Literal["expert"] = "expert"

    @property
    def shippable(self) -> bool:
        """Whether the result is one of the networks that ``detector`` runs."""
        return self.architecture == "efficientnet" and self.extras.keep_the_network

    @model_validator(mode="after")
    def _has_where_extras_belong(self) -> Self:
        if self.extras != Extras() and self.architecture != "efficientnet":
            raise ValueError(f"extras are made for efficientnet, not for {self.architecture}")
        if self.start is not None and self.architecture != "efficientnet":
            raise ValueError(f"start takes weights of efficientnet, not of {self.architecture}")
        return self


@dataclass(frozen=True, config=_STRICT)
class HeadRecipe:
    """Of the recurrent head of a video model, trained by ``head.fit_head``."""

    cell: Literal["lstm", "gru", "bilstm"] = "lstm"
    attention: bool = False
    size: PositiveInt = 224
    """Side of the trunk's crops, pixels."""
    epochs: PositiveInt = 60
    batch: PositiveInt = 16
    rate: PositiveFloat = 1e-3
    decay: NonNegativeFloat = 1e-3
    """AdamW's weight decay."""
    drop_frames: _Share = 0.2
    """Share of present frames that are hidden in every draw, so that no single frame is relied on."""
    patience: PositiveInt = 10
    """Epochs without a better validation AUC after which training ends; the best weights are kept."""
    validation: _Share = 0.2
    """Share of the groups that are held out."""
    seed: int = 7


_KINDS = {"paper": PaperRecipe, "expert": ExpertRecipe}


def read_recipe(run: Path) -> Recipe | PaperRecipe | ExpertRecipe:
    """The recipe of a run, from ``run/recipe.json``.

    Raises:
        FileNotFoundError: the folder holds no finished run.
        ValueError: the file is not a recipe; the field at fault is named.
    """
    values = json.loads((run / "recipe.json").read_text(encoding="utf-8"))
    kind: type[Recipe | PaperRecipe | ExpertRecipe] = _KINDS.get(values.get("recipe"), Recipe)
    return kind(**values)
