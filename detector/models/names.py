"""Architectures in words, for readers. Nothing heavy is imported here: a page is made where no model is loaded."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from detector.sentences import Sentence

__all__ = ["ARCHITECTURE_NAMES"]

_RECURRENT = Sentence("residual network with a memory over time")

ARCHITECTURE_NAMES: Mapping[str, Sentence] = MappingProxyType(
    {
        "cnn": Sentence("small network"),
        "resnet": Sentence("residual network"),
        "efficientnet": Sentence("efficient network"),
        **{f"resnet_{cell}{end}": _RECURRENT for cell in ("lstm", "gru", "bilstm") for end in ("", "_attention")},
    }
)
"""By the architecture's name in the manifest."""
