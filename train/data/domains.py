"""Domains of genuine pictures: what people bring is of one of these, and errors differ between them more than within."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["domain_of"]

_OF_SOURCE: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(
        ("ffhq_stylegan", "frl_london", "portraits_t2i", "stylegan2_portraits", "web_phone", "web_portraits"),
        "portraits",
    )
    | dict.fromkeys(("ciplab", "lfw", "stargan_celeba", "utkface"), "small photos")
)


def domain_of(source: str) -> str:
    """The domain of a source: "portraits" (sharp photographs of one person), "small photos" or, for all others, "video"."""
    return _OF_SOURCE.get(source, "video")
