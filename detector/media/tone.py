"""HDR and wide colours made ordinary: samples on any curve and primaries -> 8-bit sRGB, for pictures and clips alike.

Diffuse white lies at 203 cd/m2, as ITU-R BT.2408 has it for both PQ and HLG; it and all below keep their brightness up to a
shoulder, above which highlights are compressed and keep their hue.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["GAMMAS", "HLG", "PQ", "is_hdr", "is_wide", "stretched", "tone_mapped", "undo_gamma"]

PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273."""
GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
"""Exponents of those that are plain powers, 8 being linear light."""
_WHITE = 203.0
"""cd/m2."""
_HLG_PEAK = 1000.0
_SHOULDER = 0.8
"""Of diffuse white, linear light."""
_ROWS = 128
"""Rows that are converted at once."""

_TO_709 = {
    9: ((1.660491, -0.587641, -0.072850), (-0.124550, 1.132900, -0.008349), (-0.018151, -0.100579, 1.118730)),
    11: ((1.157490, -0.154962, -0.002527), (-0.041501, 1.045567, -0.004066), (-0.018050, -0.078578, 1.096628)),
    12: ((1.224940, -0.224940, 0.0), (-0.042057, 1.042057, 0.0), (-0.019638, -0.078636, 1.098274)),
}
"""Linear light of BT.2020, DCI-P3 and Display P3, by their numbers in H.273, to that of BT.709."""
_LUMA_2020 = np.array((0.2627, 0.6780, 0.0593), np.float32)


def is_hdr(transfer: int) -> bool:
    """Whether samples follow an HDR curve."""
    return transfer in (PQ, HLG)


def is_wide(primaries: int) -> bool:
    """Whether the primaries are wider than those of sRGB, and known."""
    return primaries in _TO_709


def tone_mapped(samples: NDArray[np.unsignedinteger], transfer: int, primaries: int) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 sRGB.

    Args:
        samples: (H, W, 3) uint8 or uint16, full-range RGB.
        transfer: their curve, by ITU-T H.273; all but PQ, HLG and ``GAMMAS`` are taken for that of sRGB.
        primaries: the same for their primaries; unknown ones are taken for those of sRGB, with an HDR curve for BT.2020.
    """
    if primaries not in _TO_709 and is_hdr(transfer):
        primaries = 9
    matrix = np.array(_TO_709.get(primaries, np.eye(3)), np.float32)
    light = _light_of(transfer, samples.dtype.itemsize)
    out = np.empty(samples.shape, np.uint8)
    for top in range(0, len(samples), _ROWS):
        linear = light[samples[top : top + _ROWS]]
        if transfer == HLG:
            scene = linear @ _LUMA_2020
            linear = linear * (np.maximum(scene, 1e-6) ** 0.2 * (_HLG_PEAK / _WHITE))[..., None]
        linear = linear @ matrix.T
        # What is not HDR has no highlights above white.
        out[top : top + _ROWS] = _encoded(_compressed(linear) if is_hdr(transfer) else linear)
    return out


def stretched(samples: NDArray[np.unsignedinteger]) -> NDArray[np.unsignedinteger]:
    """Samples of narrow range, where black is 16 and white 235 of 255, over the whole range of their type, uint8 or uint16."""
    unit = 1 << 8 * (samples.dtype.itemsize - 1)
    most = np.iinfo(samples.dtype).max
    table = np.clip((np.arange(most + 1) - 16 * unit) / (219 * unit), 0, 1) * most
    return np.asarray(np.round(table).astype(samples.dtype)[samples])


def undo_gamma(samples: NDArray[np.unsignedinteger], gamma: float) -> NDArray[np.uint8]:
    """uint8 sRGB of samples on a curve of their own.

    Args:
        samples: uint8 or uint16, of any shape.
        gamma: exponent by which light became samples, as the gAMA chunk of a PNG has it (0.45455 in most).
    """
    most = np.iinfo(samples.dtype).max
    table = _encoded(((np.arange(most + 1) / most) ** (1 / gamma)).astype(np.float32))
    mapped: NDArray[np.uint8] = table[samples]
    return mapped


def _compressed(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Highlights below white, by a shoulder on the strongest colour; all three keep their ratio."""
    strongest = linear.max(axis=-1, keepdims=True)
    room = 1.0 - _SHOULDER
    target = _SHOULDER + room * (1.0 - np.exp(-(strongest - _SHOULDER) / room))
    shown = np.where(strongest > _SHOULDER, linear * (target / np.maximum(strongest, 1e-6)), linear)
    return np.asarray(shown, np.float32)


def _encoded(linear: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Linear light as 8-bit samples on the curve of sRGB."""
    codes = np.clip(linear * (_ENCODE_STEPS - 1) + 0.5, 0, _ENCODE_STEPS - 1).astype(np.uint16)
    encoded: NDArray[np.uint8] = _encoding()[codes]
    return encoded


_ENCODE_STEPS = 65536


@cache
def _encoding() -> NDArray[np.uint8]:
    x = np.arange(_ENCODE_STEPS) / (_ENCODE_STEPS - 1)
    curve = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    return np.asarray(np.round(255 * curve), np.uint8)


@cache
def _light_of(transfer: int, bytes_: int) -> NDArray[np.float32]:
    """Light by sample: of PQ and others relative to diffuse white, of HLG that of the scene."""
    count = 256**bytes_
    x = np.arange(count) / (count - 1)
    if transfer == PQ:
        root = x ** (1 / 78.84375)
        light = (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
        light *= 10_000 / _WHITE
    elif transfer == HLG:
        light = np.where(x <= 0.5, x**2 / 3, (np.exp((x - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    elif transfer in GAMMAS:
        light = x ** GAMMAS[transfer]
    else:
        light = np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4)
    return np.asarray(light, np.float32)
