"""What a picture file says about its samples beside a colour profile: curve, primaries, gamma, and the shape of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PIL import Image

from detector.media.png import png_cicp, png_gamma, png_pixel_ratio
from detector.media.tone import GAMMAS, is_hdr, is_wide

__all__ = ["Curve", "curve_of", "pixel_ratio_of"]

_USUAL_GAMMA = 0.45455
_GAMMA_TOLERANCE = 0.05
_X_RESOLUTION, _Y_RESOLUTION = 282, 283


@dataclass(frozen=True)
class Curve:
    """How samples stand for light; by default as in sRGB."""

    transfer: int = 13
    """By ITU-T H.273."""
    primaries: int = 1
    """Likewise."""
    gamma: float | None = None
    """Exponent by which light became samples, where it is not that of sRGB."""
    full_range: bool = True
    """Whether black is 0 and white the largest sample, and not 16 and 235 of 255 as in video."""

    @property
    def hdr(self) -> bool:
        return is_hdr(self.transfer)

    @property
    def is_special(self) -> bool:
        """Whether samples are to be converted at all."""
        return self.hdr or is_wide(self.primaries) or self.gamma is not None or not self.full_range


def curve_of(data: bytes, kind: str, image: Image.Image) -> Curve:
    """The curve that a file signals; in a PNG cICP goes before a profile, and both before gAMA (PNG 3rd edition, 4.3)."""
    if kind == "PNG":
        if (signalled := png_cicp(data)) is not None:
            primaries, transfer, full_range = signalled
            gamma = None if is_wide(primaries) or transfer not in GAMMAS else 1 / GAMMAS[transfer]
            return Curve(transfer, primaries, gamma, full_range)
        gamma = png_gamma(data)
        usual = gamma is None or abs(gamma / _USUAL_GAMMA - 1) < _GAMMA_TOLERANCE
        return Curve() if usual else Curve(gamma=gamma)
    if kind == "HEIC":
        nclx = image.info.get("nclx_profile") or {}
        return Curve(int(nclx.get("transfer_characteristics", 13)), int(nclx.get("color_primaries", 1)))
    if kind == "AVIF" and b"tmap" not in data[:4096]:  # a gain map's own colours are not those of the picture
        at = data.find(b"colrnclx", 0, 4096)
        if at >= 0:
            return Curve(int.from_bytes(data[at + 10 : at + 12], "big"), int.from_bytes(data[at + 8 : at + 10], "big"))
    return Curve()


def pixel_ratio_of(data: bytes, kind: str, image: Image.Image) -> float:
    """Width of a pixel over its height; 1 where the file does not say."""
    if kind == "PNG":
        return png_pixel_ratio(data)
    across: Any = 1
    down: Any = 1
    if kind == "JPEG" and image.info.get("jfif_unit") in (0, 1, 2):
        across, down = image.info.get("jfif_density", (1, 1))
    elif kind == "TIFF":
        tags = getattr(image, "tag_v2", {})
        across, down = tags.get(_X_RESOLUTION, 1), tags.get(_Y_RESOLUTION, 1)
    try:
        return float(down) / float(across) if across and down else 1.0
    except (TypeError, ValueError, ZeroDivisionError):
        return 1.0
