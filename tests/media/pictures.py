"""Pictures made in the tests: a known pattern in every format, chunks of PNG, colour profiles."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
from PIL import Image

HEIGHT, WIDTH = 48, 64
RED, GREEN, BLUE, SAND = (220, 30, 40), (20, 160, 70), (30, 60, 200), (230, 200, 150)


def quadrants(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """Red top left, green top right, blue bottom left, sand bottom right."""
    rgb = np.empty((height, width, 3), np.uint8)
    h, w = height // 2, width // 2
    rgb[:h, :w], rgb[:h, w:], rgb[h:, :w], rgb[h:, w:] = RED, GREEN, BLUE, SAND
    return rgb


def corners(rgb: np.ndarray) -> list[tuple[int, ...]]:
    """The colours in the middle of the four quadrants, in reading order."""
    h, w = rgb.shape[:2]
    return [tuple(int(v) for v in rgb[y, x]) for y in (h // 4, 3 * h // 4) for x in (w // 4, 3 * w // 4)]


def detailed(height: int = 160, width: int = 200) -> np.ndarray:
    """Smooth noise: data that fill a file evenly, as those of a photo do."""
    noise = np.random.default_rng(7).normal(size=(height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 3)
    scaled: np.ndarray = ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)
    return scaled


def encoded(picture: Image.Image | np.ndarray, pillow_format: str, **options: object) -> bytes:
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    buffer = io.BytesIO()
    image.save(buffer, pillow_format, **options)
    return buffer.getvalue()


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_with(data: bytes, kind: bytes, content: bytes) -> bytes:
    """Insert a chunk after IHDR."""
    return data[:33] + png_chunk(kind, content) + data[33:]


def png_raw(width: int, height: int, depth: int, colour_type: int, rows: bytes, *extra: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    chunks = [(b"IHDR", header), *extra, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in chunks)


def icc(space: bytes, tags: dict[bytes, bytes], pcs: bytes = b"XYZ ", device: bytes = b"mntr") -> bytes:
    """A minimal ICC version 2 profile."""
    body, table = b"", struct.pack(">I", len(tags))
    for name, content in tags.items():
        table += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = 128 + len(table) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"\0" * 4, 0x02100000, device, space, pcs) + bytes(12) + b"acsp"
    header += bytes(28) + struct.pack(">III", 0xF6D6, 0x10000, 0xD32D)
    return header.ljust(128, b"\0") + table + body


def icc_xyz(x: float, y: float, z: float) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(v * 65536) for v in (x, y, z)))


def icc_gamma(gamma: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(gamma * 256))


WHITE_POINT = {b"wtpt": icc_xyz(0.9642, 1.0, 0.8249)}
SRGB_PRIMARIES = [icc_xyz(0.4361, 0.2225, 0.0139), icc_xyz(0.3851, 0.7169, 0.0971), icc_xyz(0.1431, 0.0606, 0.7141)]


def rgb_profile(order: tuple[int, int, int], gamma: float = 2.2) -> bytes:
    """sRGB's primaries in another channel order."""
    names = (b"rXYZ", b"gXYZ", b"bXYZ")
    tags = {name: SRGB_PRIMARIES[i] for name, i in zip(names, order, strict=True)}
    return icc(b"RGB ", WHITE_POINT | tags | {n: icc_gamma(gamma) for n in (b"rTRC", b"gTRC", b"bTRC")})


def cmyk_profile() -> bytes:
    """No ink is white, full ink is black, but cyan alone is a clear red: nothing that a guess would give."""
    nodes = np.zeros((2, 2, 2, 2, 3), np.uint8) + np.array([0, 128, 128], np.uint8)
    nodes[0, 0, 0, 0] = (255, 128, 128)
    nodes[1, 0, 0, 0] = (128, 190, 170)
    identity = np.arange(256, dtype=np.uint8).tobytes()
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + matrix + identity * 4 + nodes.tobytes() + identity * 3
    return icc(b"CMYK", WHITE_POINT | {b"A2B0": lut}, pcs=b"Lab ", device=b"prtr")


GREY = np.full((HEIGHT, WIDTH), 77, np.uint8)


def animated(pillow_format: str, **options: object) -> bytes:
    rest = [Image.fromarray(np.ascontiguousarray(quadrants()[::-1])), Image.fromarray(quadrants() // 2)]
    return encoded(quadrants(), pillow_format, save_all=True, append_images=rest, **options)


WHOLE = {
    "jpeg": encoded(detailed(), "JPEG", quality=90),
    "jpeg-progressive": encoded(detailed(), "JPEG", quality=90, progressive=True),
    "jpeg-grey": encoded(Image.fromarray(detailed()).convert("L"), "JPEG", quality=90),
    "jpeg-cmyk": encoded(Image.fromarray(detailed()).convert("CMYK"), "JPEG", quality=90),
    "jpeg-multi": encoded(detailed(), "MPO", save_all=True, append_images=[Image.fromarray(detailed())]),
    "png": encoded(detailed(), "PNG"),
    "webp": encoded(detailed(), "WEBP", quality=90),
    "webp-lossless": encoded(detailed(), "WEBP", lossless=True),
    "webp-alpha": encoded(Image.fromarray(np.dstack([detailed(), detailed()[..., 0]])), "WEBP"),
    "bmp": encoded(detailed(), "BMP"),
    "tiff": encoded(detailed(), "TIFF"),
    "tiff-lzw": encoded(detailed(), "TIFF", compression="tiff_lzw"),
    "tiff-deflate": encoded(detailed(), "TIFF", compression="tiff_adobe_deflate"),
    "tiff-jpeg": encoded(detailed(), "TIFF", compression="jpeg"),
    "avif": encoded(detailed(), "AVIF", quality=90),
    "gif": encoded(detailed(), "GIF"),
    "j2k": encoded(detailed(), "JPEG2000", quality_mode="rates", quality_layers=[8]),
    "j2k-bare": encoded(detailed(), "JPEG2000", no_jp2=True),
    "heic": encoded(detailed(), "HEIF", quality=90),
    "heic-tiled": encoded(detailed(), "HEIF", quality=90, tile_size=64),
}


# The main picture of a multi-picture JPEG comes first: it is whole once half of the file is there.
MAIN_PICTURE_SHARE = {"jpeg-multi": 0.45}
COMPRESSED = [name for name in WHOLE if not name.startswith(("bmp", "tiff")) or name == "tiff-deflate"]
