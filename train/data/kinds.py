"""Kinds of fakes: what was done to a face, whatever program did it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

__all__ = ["Kind", "kind_of"]


class Kind(StrEnum):
    """What was done to a face."""

    SWAP = "swap"
    """Another person's face was put on."""
    REENACTMENT = "reenactment"
    """The face moves or speaks as another one did: re-enacted faces and talking heads."""
    GAN = "gan"
    """Generated as a whole, or inverted, by a generative adversarial network."""
    DIFFUSION = "diffusion"
    """Generated as a whole by a diffusion or flow model."""
    ATTRIBUTE = "attribute"
    """A network changed hair, age or sex."""
    RETOUCH = "retouch"
    """Parts were changed or composed by hand."""


_OF_METHOD: Mapping[str, Kind] = MappingProxyType(
    {
        "Deepfakes": Kind.SWAP,
        "FaceSwap": Kind.SWAP,
        "Face2Face": Kind.REENACTMENT,
        "NeuralTextures": Kind.REENACTMENT,
        "FOMM": Kind.REENACTMENT,
        "AniTalker": Kind.REENACTMENT,
        "OmniHuman": Kind.REENACTMENT,
        "StyleGAN": Kind.GAN,
        "StarGAN": Kind.ATTRIBUTE,
        "photoshop": Kind.RETOUCH,
        "SDXL": Kind.DIFFUSION,
        "FLUX": Kind.DIFFUSION,
        "Celeb-synthesis": Kind.SWAP,
    }
)
"""By the beginning of the method's name."""
_OF_SOURCE: Mapping[str, Kind] = MappingProxyType({"dfdc": Kind.SWAP, "celeb_df": Kind.SWAP})
"""For sources that do not name the method of a file; most of DFDC's are swaps."""


def kind_of(source: str, method: str) -> Kind | None:
    """The kind of a fake, or None where its source and method do not tell it."""
    found = (kind for beginning, kind in _OF_METHOD.items() if method.startswith(beginning))
    return next(found, _OF_SOURCE.get(source))
