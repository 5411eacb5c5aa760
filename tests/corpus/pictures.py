"""The public-domain portrait in scikit-image, in any format."""

from __future__ import annotations

import io
from typing import Any

import pillow_heif
import skimage.data
from PIL import Image

__all__ = ["animated", "jpeg", "portrait", "saved"]


pillow_heif.register_heif_opener(thumbnails=False)


def portrait(side: int = 256) -> Image.Image:
    """Eileen Collins (NASA, public domain)."""
    return Image.fromarray(skimage.data.astronaut()).resize((side, side))


def saved(form: str, mode: str = "RGB", side: int = 256, **options: Any) -> bytes:
    out = io.BytesIO()
    portrait(side).convert(mode).save(out, form, **options)
    return out.getvalue()


def jpeg(**options: Any) -> bytes:
    return saved("JPEG", quality=90, **options)


def animated(form: str, frames: int = 4) -> bytes:
    pictures = [portrait(96).rotate(10 * n) for n in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, form, save_all=True, append_images=pictures[1:], duration=100)
    return out.getvalue()
