"""The short trainings of the expert that ``ablate_expert`` runs and the model card shows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["EXPERT_ROWS"]

_SHORT = "--windows 0 --batch 32 --average 0.97 --loss-only"
_HEADS = f"expert --start weights/efficientnet.weights.h5 --size 160 --crops 3200 {_SHORT}"
_STARTS = f"expert --size 128 --crops 6400 --rate 1e-3 {_SHORT}"
EXPERT_ROWS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "heads": MappingProxyType(
            {
                "the shipped weights, trained on for a little": _HEADS,
                "the same with another seed": f"{_HEADS} --seed 32",
                "boundary head": f"{_HEADS} --head boundary",
                "uniformity and alignment": f"{_HEADS} --loss uniformity-alignment",
                "non-negative refit of the last layer": f"{_HEADS} --refit non-negative",
                "semi-supervised: consistency on unlabelled faces": f"{_HEADS} --consistency",
                "normalised features": f"{_HEADS} --normalised",
                "multi-level pooling": f"{_HEADS} --pooling multi-level",
                "attention block": f"{_HEADS} --attention",
                "the same with a third seed": f"{_HEADS} --seed 33",
            }
        ),
        "starts": MappingProxyType(
            {
                "start from ImageNet, short": _STARTS,
                "start from faces: MobileNetV1 of faceres-deep": f"{_STARTS} --architecture mobilenet",
                "small vision transformer, random start": f"{_STARTS} --architecture vit",
                "random start": f"{_STARTS} --from-scratch",
                "start from ImageNet with another seed": f"{_STARTS} --seed 32",
            }
        ),
    }
)
"""Group -> what is changed -> the command after ``python -m train``, without the places of data and results."""
