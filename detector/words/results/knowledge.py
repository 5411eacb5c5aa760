"""What the models were tested on and how much of each kind they find, from the evaluation: no figure stands here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from detector.records import KnownKind
from detector.sentences import Sentence, joined, listed

__all__ = ["KIND_NAMES", "knowledge"]

KIND_NAMES: Mapping[str, Sentence] = MappingProxyType(
    {
        "swap": Sentence("swapped faces"),
        "reenactment": Sentence("faces moved by another person"),
        "gan": Sentence("portraits by StyleGAN"),
        "diffusion": Sentence("portraits by FLUX or SDXL"),
        "attribute": Sentence("faces with hair or age changed by StarGAN"),
        "retouch": Sentence("faces retouched by hand"),
    }
)
"""By the kind of a ``KnownKind``; one without an entry is shown by its own name."""
_FEW = 100
"""Test faces of a kind below which "so many of 100" would say more than was measured."""


def knowledge(kinds: Sequence[KnownKind]) -> Sentence:
    """The line that stands on the front page and under every result without clear signs."""
    if not kinds:
        return Sentence("Which altered faces it finds was not measured for this model. It may well miss many.")
    parts = [_found(kind) for kind in kinds]
    return joined(
        Sentence("In tests it finds {list}", list=listed(parts)),
        Sentence("Other kinds, such as pictures by newer AI generators, it may well miss."),
    )


def _found(kind: KnownKind) -> Sentence:
    name = KIND_NAMES.get(kind.kind, kind.kind)
    if kind.tested < _FEW:
        return Sentence("{found} of {tested} {kind}", found=kind.found, tested=kind.tested, kind=name)
    return Sentence("{found} of 100 {kind}", found=round(100 * kind.found / kind.tested), kind=name)
