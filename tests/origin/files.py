"""Files that carry entries about their origin."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image, PngImagePlugin

from detector.origin.provenance import read_provenance
from detector.records import Provenance

__all__ = ["A1111", "SIDE", "Save", "chunk", "exif", "facts_of", "picture", "png_text", "png_with", "read", "written"]

SIDE = 64
Save = Callable[..., Path]


def picture() -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8))


def read(path: Path, width: int = SIDE, height: int = SIDE) -> Provenance:
    return read_provenance(path, width, height)


def facts_of(found: Provenance) -> list[tuple[str, str]]:
    return [(fact.kind, fact.value) for fact in found.facts]


def written(tmp_path: Path, data: bytes, name: str = "signed.jpg") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(*chunks: bytes) -> bytes:
    out = io.BytesIO()
    picture().save(out, "PNG")
    data = out.getvalue()
    return data[:33] + b"".join(chunks) + data[33:]


A1111 = "a portrait, studio light\nNegative prompt: blurry\nSteps: 20, Sampler: DPM++ 2M, CFG scale: 7, Seed: 1, Size: 512x512"


def png_text(**texts: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    return info


def exif(**values: Any) -> Image.Exif:
    block = Image.Exif()
    for name, value in values.items():
        tag = ExifTags.Base[name]
        inner = name in ("DateTimeOriginal", "UserComment", "ExifImageWidth", "ExifImageHeight")
        (block.get_ifd(ExifTags.IFD.Exif) if inner else block)[tag] = value
    return block
