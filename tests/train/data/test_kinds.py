"""Kinds follow from the method's name, or from the source where the method is not named."""

from __future__ import annotations

import pytest

from train.data.kinds import Kind, kind_of


@pytest.mark.parametrize(
    ("source", "method", "kind"),
    [
        ("ffpp_c23", "FaceSwap", Kind.SWAP),
        ("ffpp_c23", "Face2Face", Kind.REENACTMENT),
        ("dfdc", "unknown", Kind.SWAP),
        ("sfhq_inversions", "StyleGAN2_inversion", Kind.GAN),
        ("portraits_t2i", "FLUX1_schnell_or_SDXL", Kind.DIFFUSION),
        ("ciplab", "photoshop_hard", Kind.RETOUCH),
        ("stargan_celeba", "StarGAN_age", Kind.ATTRIBUTE),
        ("mine", "something", None),
    ],
)
def test_kind(source: str, method: str, kind: Kind | None) -> None:
    assert kind_of(source, method) is kind
