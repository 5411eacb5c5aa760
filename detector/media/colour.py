"""A decoded picture in any colour model -> 8-bit sRGB. Pure conversion: nothing is opened or decoded here.

``images`` hands over what Pillow decoded; sentences for the user are appended to the ``notes`` that it passes along.
"""

from __future__ import annotations

import io
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from detector.errors import UnsupportedMedia
from detector.media.signalled import Curve
from detector.media.tone import is_wide, stretched, tone_mapped, undo_gamma
from detector.sentences import Sentence

__all__ = ["BACKGROUND", "to_srgb"]

BACKGROUND = (255, 255, 255)
"""What shows through transparent parts: white, as on most pages where such pictures are seen."""

_PHOTOMETRIC_TAG = 262
_LONGEST_NAME = 60
"""Characters of a profile's name that are shown."""
_16_TO_8BIT = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)
"""Nearest 8-bit sample of a 16-bit one: 65535 / 255 = 257."""

# LittleCMS reports what it refuses through Pillow as any of these.
_PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError, TypeError, RuntimeError)


def to_srgb(
    image: Image.Image,
    icc: bytes | None,
    notes: list[str],
    curve: Curve = Curve(),  # noqa: B008 - frozen
    deep: NDArray[np.uint16] | None = None,
) -> Image.Image:
    """Convert to sRGB on an opaque background.

    Args:
        image: Loaded picture of any mode.
        icc: Embedded ICC profile; empty where it was not readable, None where there is none.
        notes: Sentences for the user are appended.
        curve: What the file says of its samples; goes before a profile where it is that of HDR.
        deep: (H, W, 3) uint16, the same colours with more bits, for a special ``curve``; None for those of ``image``.

    Returns:
        The picture in mode RGB, not yet turned upright.

    Raises:
        UnsupportedMedia: The samples have no defined white (signed, 32-bit or floating point).
    """
    colour, alpha = _split_alpha(image)
    if curve.hdr or (curve.is_special and not icc):
        return _on_background(_by_curve(colour, curve, deep, notes), alpha, notes)
    return _on_background(_managed(colour, icc, notes), alpha, notes)


def _by_curve(colour: Image.Image, curve: Curve, deep: NDArray[np.uint16] | None, notes: list[str]) -> Image.Image:
    samples = np.asarray(colour.convert("RGB")) if deep is None else deep
    if not curve.full_range:
        samples = stretched(samples)
    if curve.gamma is not None:
        notes.append(Sentence("The file states a gamma of its own, which was applied."))
        return Image.fromarray(undo_gamma(samples, curve.gamma))
    if curve.hdr:
        notes.append(
            Sentence(
                "The picture is HDR; its brightness and colours were brought to those of an ordinary picture (tone mapping)."
            )
        )
    elif is_wide(curve.primaries):
        notes.append(Sentence("The picture has a wide range of colours; they were converted to those of sRGB."))
    return Image.fromarray(tone_mapped(samples, curve.transfer, curve.primaries))


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Split into 8-bit colour (mode L, RGB, CMYK or LAB) and opacity (mode L, None where every pixel is opaque)."""
    mode = image.mode
    if mode in ("I", "F"):
        raise UnsupportedMedia(
            Sentence(
                "This picture stores signed or 32-bit numbers, which have no fixed white. "
                "Save it with 8 or 16 bits per sample and try again."
            )
        )
    if mode.startswith("I;16"):
        samples = np.asarray(image)
        key = image.info.get("transparency")
        colour = Image.fromarray(_16_TO_8BIT[samples])
        if getattr(image, "tag_v2", {}).get(_PHOTOMETRIC_TAG) == 0:  # white is zero; Pillow inverts 8-bit samples only
            colour = colour.point(lambda value: 255 - value)
        return colour, None if key is None else Image.fromarray((samples != key).astype(np.uint8) * np.uint8(255))
    if mode == "La":
        image = image.convert("LA")
    elif mode == "RGBa" or (mode not in ("LA", "RGBA") and image.has_transparency_data):
        image = image.convert("RGBA")
    if image.mode in ("LA", "RGBA"):
        return image.convert(image.mode[:-1]), image.getchannel("A")
    if mode == "1":
        return image.convert("L"), None
    return (image if mode in ("L", "RGB", "CMYK", "LAB") else image.convert("RGB")), None


def _managed(colour: Image.Image, icc: bytes | None, notes: list[str]) -> Image.Image:
    """Convert 8-bit colour to mode RGB in sRGB through the embedded profile, or by plain rules where there is none."""
    if icc is not None or colour.mode == "LAB":
        try:
            return _through_profile(colour, icc, notes)
        except _PROFILE_ERRORS:
            notes.append(
                Sentence("The embedded colour profile is damaged or does not fit, so colours may be slightly off.")
            )
    elif colour.mode == "CMYK":
        notes.append(
            Sentence("The picture has print colours (CMYK) without a profile, so its colours are approximate.")
        )
    # Pillow would copy a picture that is in this mode already.
    return colour if colour.mode == "RGB" else colour.convert("RGB")


def _through_profile(colour: Image.Image, icc: bytes | None, notes: list[str]) -> Image.Image:
    profile: Any
    if colour.mode == "LAB":
        profile = ImageCms.createProfile("LAB")
    else:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc or b""))
        if profile.profile.xcolor_space.strip() == "RGB":
            colour = colour.convert("RGB")
    transform = ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        colour.mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )
    converted = cast(Image.Image, ImageCms.applyTransform(colour, transform))
    name = _name_of(profile)
    if colour.mode == "RGB" and "srgb" not in name.lower():
        notes.append(Sentence("Colours were converted to sRGB from the embedded profile ({name}).", name=name))
    return converted


def _name_of(profile: Any) -> str:
    try:
        name = str(ImageCms.getProfileDescription(profile))
    except _PROFILE_ERRORS:
        name = ""
    shown = "".join(character for character in name if character.isprintable()).strip()
    return shown[:_LONGEST_NAME] or "?"


def _on_background(rgb: Image.Image, alpha: Image.Image | None, notes: list[str]) -> Image.Image:
    """Put the picture on ``BACKGROUND`` where it is transparent."""
    if alpha is None:
        return rgb
    extrema = cast(tuple[int, int], alpha.getextrema())
    if extrema == (255, 255):
        return rgb
    if extrema == (0, 0):  # some programs write an opacity channel and leave it empty
        notes.append(Sentence("The whole picture is marked as transparent; this was ignored."))
        return rgb
    canvas = Image.new("RGB", rgb.size, BACKGROUND)
    canvas.paste(rgb, mask=alpha)
    notes.append(Sentence("Transparent parts were filled with white."))
    return canvas
