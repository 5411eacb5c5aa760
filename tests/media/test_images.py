"""What comes out of ``detector.media.images``: every format and colour model upright and in RGB, every damage refused.

All files are made here, from a picture of four coloured quadrants that no turn and no mirroring maps onto itself.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import struct
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

from detector.errors import DamagedMedia, MediaError, MediaTooLarge, UnsupportedMedia
from detector.media import images as media
from detector.media.colour import BACKGROUND
from detector.media.files import MAX_NAME_CHARACTERS
from detector.media.images import decode_image, encode_jpeg, encode_png, read_image

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


# (label, Pillow's name, options, worst difference of a channel)
FORMATS = [
    pytest.param("JPEG", "JPEG", {"quality": 95, "subsampling": 0}, 6, id="jpeg"),
    pytest.param("JPEG", "JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 6, id="jpeg-progressive"),
    pytest.param("PNG", "PNG", {}, 0, id="png"),
    pytest.param("WebP", "WEBP", {"quality": 95}, 12, id="webp-lossy"),
    pytest.param("WebP", "WEBP", {"lossless": True}, 0, id="webp-lossless"),
    pytest.param("BMP", "BMP", {}, 0, id="bmp"),
    pytest.param("TIFF", "TIFF", {}, 0, id="tiff"),
    pytest.param("TIFF", "TIFF", {"compression": "tiff_lzw"}, 0, id="tiff-lzw"),
    pytest.param("TIFF", "TIFF", {"compression": "tiff_adobe_deflate"}, 0, id="tiff-deflate"),
    pytest.param("TIFF", "TIFF", {"compression": "jpeg", "quality": 95}, 8, id="tiff-jpeg"),
    pytest.param("AVIF", "AVIF", {"quality": 95, "subsampling": "4:4:4"}, 8, id="avif"),
    pytest.param("GIF", "GIF", {}, 0, id="gif"),
    pytest.param("HEIC", "HEIF", {"quality": 95, "chroma": 444}, 8, id="heic"),
]


@pytest.mark.parametrize(("label", "pillow_format", "options", "tolerance"), FORMATS)
def test_every_format_comes_out_as_upright_rgb(
    label: str, pillow_format: str, options: dict[str, object], tolerance: int, tmp_path: Path
) -> None:
    data = encoded(quadrants(), pillow_format, **options)
    path = tmp_path / "picture.txt"  # the name says nothing
    path.write_bytes(data)
    loaded = read_image(path)
    rgb, info = loaded.frame.rgb, loaded.info
    assert rgb.shape == (HEIGHT, WIDTH, 3)
    assert rgb.dtype == np.uint8
    assert rgb.flags.c_contiguous
    assert np.abs(np.array(corners(rgb)) - [RED, GREEN, BLUE, SAND]).max() <= tolerance
    assert (info.kind, info.format, info.width, info.height, info.notes) == ("image", label, WIDTH, HEIGHT, ())
    assert info.bytes == len(data)
    assert info.sha256 == hashlib.sha256(data).hexdigest()
    assert info.name == "picture.txt"
    assert loaded.frame.index == 0
    assert loaded.frame.time_s is None


# EXIF: which side of the upright picture the first stored row and the first stored column show.
STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda rgb: rgb,
    2: lambda rgb: rgb[:, ::-1],
    3: lambda rgb: rgb[::-1, ::-1],
    4: lambda rgb: rgb[::-1],
    5: lambda rgb: rgb.swapaxes(0, 1),
    6: lambda rgb: rgb.swapaxes(0, 1)[::-1],
    7: lambda rgb: rgb.swapaxes(0, 1)[::-1, ::-1],
    8: lambda rgb: rgb.swapaxes(0, 1)[:, ::-1],
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("pillow_format", ["JPEG", "PNG", "WEBP", "TIFF", "TIFF-LZW", "AVIF", "HEIF"])
def test_stored_orientation_is_applied_once(pillow_format: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, object] = {"compression": "tiff_lzw"} if pillow_format == "TIFF-LZW" else {}
    stored = np.ascontiguousarray(STORED[orientation](quadrants()))
    loaded = decode_image(encoded(stored, pillow_format.split("-")[0], exif=exif.tobytes(), **options))
    assert (loaded.info.width, loaded.info.height) == (WIDTH, HEIGHT)
    assert np.abs(np.array(corners(loaded.frame.rgb)) - [RED, GREEN, BLUE, SAND]).max() <= 40


def test_orientation_of_a_multipage_tiff_is_applied_once() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = Image.fromarray(np.ascontiguousarray(STORED[6](quadrants())))
    loaded = decode_image(encoded(stored, "TIFF", exif=exif.tobytes(), save_all=True, append_images=[stored]))
    assert corners(loaded.frame.rgb) == [RED, GREEN, BLUE, SAND]


@pytest.mark.parametrize("orientation", [0, 9, 99, 65535])
def test_undefined_orientation_is_ignored(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    loaded = decode_image(encoded(quadrants(), "PNG", exif=exif.tobytes()))
    assert corners(loaded.frame.rgb) == [RED, GREEN, BLUE, SAND]
    assert loaded.info.notes == ()


@pytest.mark.filterwarnings("error")
def test_damaged_exif_does_not_fail_the_read() -> None:
    for broken in (b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\0\x05\x01\x12", b"garbage"):
        loaded = decode_image(encoded(quadrants(), "PNG", exif=broken))
        assert corners(loaded.frame.rgb) == [RED, GREEN, BLUE, SAND]


# Colour models


def grey_of(level: int) -> list[tuple[int, int, int]]:
    return [(level, level, level)] * 4


GREY = np.full((HEIGHT, WIDTH), 77, np.uint8)


@pytest.mark.parametrize(
    ("pillow_format", "tolerance"), [("JPEG", 1), ("PNG", 0), ("BMP", 0), ("TIFF", 0), ("WEBP", 2)]
)
def test_grey(pillow_format: str, tolerance: int) -> None:
    assert np.abs(np.array(corners(decode_image(encoded(GREY, pillow_format)).frame.rgb)) - 77).max() <= tolerance


@pytest.mark.parametrize("pillow_format", ["PNG", "BMP", "TIFF", "GIF"])
def test_one_bit_and_palette(pillow_format: str) -> None:
    bits = Image.fromarray(np.where(np.arange(WIDTH) < WIDTH // 2, 255, 0).astype(np.uint8)[None].repeat(HEIGHT, 0))
    one_bit = decode_image(encoded(bits.convert("1"), pillow_format)).frame.rgb
    assert corners(one_bit) == [(255,) * 3, (0,) * 3] * 2
    palette = Image.fromarray(quadrants()).quantize(4)
    assert corners(decode_image(encoded(palette, pillow_format)).frame.rgb) == [RED, GREEN, BLUE, SAND]


@pytest.mark.parametrize("depth", [2, 4])
def test_packed_grey_png(depth: int) -> None:
    row = b"\0" + bytes([0xFF]) * (WIDTH * depth // 16) + bytes(WIDTH * depth // 16)
    key = (b"tRNS", struct.pack(">H", (1 << depth) - 1))
    for extra in ((), (key,)):
        loaded = decode_image(png_raw(WIDTH, HEIGHT, depth, 0, row * HEIGHT, *extra))
        assert corners(loaded.frame.rgb) == [(255,) * 3, (0,) * 3] * 2


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("level", [0, 100, 1000, 30000, 65535])
def test_sixteen_bits_are_scaled_not_clipped(suffix: str, level: int) -> None:
    grey = np.full((HEIGHT, WIDTH), level, np.uint16)
    # (level, 0, 65535) as red, green, blue; OpenCV wants blue first
    colour = np.stack([np.full_like(grey, 65535), np.zeros_like(grey), grey], axis=-1)
    for samples, expected in ((grey, (level / 257,) * 3), (colour, (level / 257, 0, 255))):
        ok, data = cv2.imencode(suffix, samples)
        assert ok
        rgb = decode_image(data.tobytes()).frame.rgb
        assert np.abs(np.array(corners(rgb)) - expected).max() <= 1


def test_sixteen_bit_grey_keeps_its_order_and_its_transparent_value() -> None:
    ramp = np.linspace(0, 65535, WIDTH).astype(">u2")
    rows = (b"\0" + ramp.tobytes()) * HEIGHT
    rgb = decode_image(png_raw(WIDTH, HEIGHT, 16, 0, rows)).frame.rgb
    assert np.abs(rgb[0, :, 0] - ramp.astype(float) / 257).max() <= 0.5
    keyed = decode_image(png_raw(WIDTH, HEIGHT, 16, 0, rows, (b"tRNS", struct.pack(">H", 0))))
    assert tuple(keyed.frame.rgb[0, 0]) == BACKGROUND
    assert tuple(keyed.frame.rgb[0, 1]) == tuple(rgb[0, 1])


def test_transparent_colour_of_sixteen_bit_rgb_does_not_clear_other_colours() -> None:
    half = WIDTH // 2
    row = b"\0" + struct.pack(">HHH", 0x12FF, 0x34FF, 0x56FF) * half + struct.pack(">HHH", 0xFF00, 0, 0) * half
    key = (b"tRNS", struct.pack(">HHH", 0x0012, 0x0034, 0x0056))
    loaded = decode_image(png_raw(WIDTH, HEIGHT, 16, 2, row * HEIGHT, key))
    assert tuple(loaded.frame.rgb[0, 0]) == (0x12, 0x34, 0x56)


def test_sixteen_bit_grey_tiff_with_white_as_zero() -> None:
    image = Image.fromarray(np.full((HEIGHT, WIDTH), 60000, np.uint16))
    data = encoded(image, "TIFF", tiffinfo={262: 0})
    assert corners(decode_image(data).frame.rgb) == grey_of(255 - round(60000 / 257))


@pytest.mark.parametrize("dtype", [np.float32, np.int32])
def test_samples_without_a_white_are_refused(dtype: type) -> None:
    with pytest.raises(UnsupportedMedia, match="no fixed white"):
        decode_image(encoded(Image.fromarray(np.zeros((HEIGHT, WIDTH), dtype)), "TIFF"))


def test_lab_tiff() -> None:
    lab = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    lab[:] = (137, 208 ^ 128, 195 ^ 128)  # L* 53.7, a* 80, b* 67 is the red of sRGB; a and b are stored signed
    rgb = decode_image(encoded(Image.frombytes("LAB", (WIDTH, HEIGHT), lab.tobytes()), "TIFF")).frame.rgb
    assert rgb[0, 0, 0] > 245
    assert rgb[0, 0, 1:].max() < 20


def with_alpha(alpha: np.ndarray) -> Image.Image:
    return Image.fromarray(np.dstack([quadrants(), alpha]))


HALF_CLEAR = np.repeat(np.where(np.arange(HEIGHT) < HEIGHT // 2, 255, 0).astype(np.uint8)[:, None], WIDTH, 1)


@pytest.mark.parametrize(
    ("pillow_format", "options"),
    [("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {}), ("AVIF", {"quality": 98}), ("HEIF", {"quality": 98})],
)
def test_transparent_parts_become_white_and_are_noted(pillow_format: str, options: dict[str, object]) -> None:
    loaded = decode_image(encoded(with_alpha(HALF_CLEAR), pillow_format, **options))
    expected = [RED, GREEN, BACKGROUND, BACKGROUND]
    tolerance = 0 if pillow_format in ("PNG", "TIFF") else 12
    assert np.abs(np.array(corners(loaded.frame.rgb)) - expected).max() <= tolerance
    assert loaded.info.notes == ("Transparent parts were filled with white.",)


def test_partial_opacity_is_blended() -> None:
    loaded = decode_image(encoded(with_alpha(np.full_like(HALF_CLEAR, 128)), "PNG"))
    expected = np.array([RED, GREEN, BLUE, SAND]) * (128 / 255) + 255 * (127 / 255)
    assert np.abs(np.array(corners(loaded.frame.rgb)) - expected).max() <= 1


@pytest.mark.parametrize("level", [0, 255])
def test_uniform_full_or_empty_opacity_changes_no_pixel(level: int) -> None:
    loaded = decode_image(encoded(with_alpha(np.full_like(HALF_CLEAR, level)), "PNG"))
    assert corners(loaded.frame.rgb) == [RED, GREEN, BLUE, SAND]
    assert bool(loaded.info.notes) == (level == 0)


@pytest.mark.filterwarnings("error")
def test_grey_alpha_palette_and_single_transparent_colour() -> None:
    grey_alpha = Image.fromarray(np.dstack([GREY, HALF_CLEAR]))
    assert corners(decode_image(encoded(grey_alpha, "PNG")).frame.rgb) == grey_of(77)[:2] + [BACKGROUND] * 2
    palette = Image.fromarray(quadrants()).quantize(4)
    red = palette.getpixel((0, 0))
    opacity = bytes(0 if index == red else 255 for index in range(4))
    for pillow_format, key in (("PNG", red), ("PNG", opacity), ("GIF", red)):
        loaded = decode_image(encoded(palette, pillow_format, transparency=key))
        assert corners(loaded.frame.rgb) == [BACKGROUND, GREEN, BLUE, SAND]
        assert loaded.info.notes == ("Transparent parts were filled with white.",)
    keyed = decode_image(encoded(quadrants(), "PNG", transparency=GREEN))
    assert corners(keyed.frame.rgb) == [RED, BACKGROUND, BLUE, SAND]


# Print colours and profiles


@pytest.mark.parametrize("pillow_format", ["JPEG", "TIFF"])  # Pillow writes and reads JPEG inverted, as Adobe does
def test_cmyk_without_profile(pillow_format: str) -> None:
    ink = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    ink[:, WIDTH // 2 :, 3] = 255
    ink[HEIGHT // 2 :, : WIDTH // 2, 0] = 255
    loaded = decode_image(encoded(Image.fromarray(ink, "CMYK"), pillow_format))
    expected = [(255, 255, 255), (0, 0, 0), (0, 255, 255), (0, 0, 0)]
    assert np.abs(np.array(corners(loaded.frame.rgb)) - expected).max() <= 3
    assert any("CMYK" in note for note in loaded.info.notes)


@pytest.mark.parametrize("pillow_format", ["JPEG", "TIFF"])
def test_cmyk_through_its_profile(pillow_format: str) -> None:
    ink = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    ink[:, WIDTH // 2 :, 3] = 255
    ink[HEIGHT // 2 :, : WIDTH // 2, 0] = 255
    image = Image.fromarray(ink, "CMYK")
    loaded = decode_image(encoded(image, pillow_format, icc_profile=cmyk_profile()))
    white, black, red, _ = corners(loaded.frame.rgb)
    assert min(white) >= 250
    assert max(black) <= 5
    assert red[0] > red[1] + 80
    assert red[0] > red[2] + 80
    assert loaded.info.notes == ()


@pytest.mark.parametrize("pillow_format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_embedded_profile_is_converted_to_srgb(pillow_format: str) -> None:
    swapped = rgb_profile((1, 0, 2))  # the first channel is green, the second red
    loaded = decode_image(encoded(quadrants(), pillow_format, icc_profile=swapped, quality=95))
    top_left, top_right = corners(loaded.frame.rgb)[:2]
    assert top_left[1] > top_left[0] + 100
    assert top_right[0] > top_right[1] + 80
    assert loaded.info.notes == ()


def test_profile_of_srgb_changes_nothing() -> None:
    """sRGB comes under many names and roundings; here with its primaries to four digits and its curve in a table."""
    encoded_levels = np.linspace(0, 1, 1024)
    linear = np.where(encoded_levels <= 0.04045, encoded_levels / 12.92, ((encoded_levels + 0.055) / 1.055) ** 2.4)
    curve = b"curv\0\0\0\0" + struct.pack(">I", 1024) + (linear * 65535).round().astype(">u2").tobytes()
    colorants = dict(zip((b"rXYZ", b"gXYZ", b"bXYZ"), SRGB_PRIMARIES, strict=True))
    table = icc(b"RGB ", WHITE_POINT | colorants | dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve))
    built_in = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture = detailed()
    for profile in (built_in, table):
        assert np.array_equal(decode_image(encoded(picture, "PNG", icc_profile=profile)).frame.rgb, picture)


def test_profile_applies_to_grey_palette_and_transparent_pictures() -> None:
    linear_grey = icc(b"GRAY", WHITE_POINT | {b"kTRC": icc_gamma(1.0)})
    rgb = decode_image(encoded(GREY, "PNG", icc_profile=linear_grey)).frame.rgb
    assert abs(int(rgb[0, 0, 0]) - 149) <= 2  # (77 / 255) of linear light is 149 in sRGB
    swapped = rgb_profile((1, 0, 2))
    palette = decode_image(encoded(Image.fromarray(quadrants()).quantize(4), "PNG", icc_profile=swapped))
    clear = decode_image(encoded(with_alpha(HALF_CLEAR), "PNG", icc_profile=swapped))
    straight = decode_image(encoded(quadrants(), "PNG", icc_profile=swapped))
    assert corners(palette.frame.rgb) == corners(straight.frame.rgb)
    assert corners(clear.frame.rgb) == corners(straight.frame.rgb)[:2] + [BACKGROUND] * 2


BROKEN_PROFILES = [
    pytest.param(b"", id="empty"),
    pytest.param(b"\x01\x02garbage" * 40, id="garbage"),
    pytest.param(rgb_profile((0, 1, 2))[:200], id="cut"),
    pytest.param(icc(b"GRAY", WHITE_POINT | {b"kTRC": icc_gamma(2.2)}), id="other colour model"),
    pytest.param(icc(b"RGB ", WHITE_POINT), id="no tags"),
]


@pytest.mark.parametrize("profile", BROKEN_PROFILES)
@pytest.mark.parametrize("pillow_format", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_broken_profile_is_noted_and_the_picture_is_read(pillow_format: str, profile: bytes) -> None:
    plain = decode_image(encoded(quadrants(), pillow_format))
    if pillow_format == "PNG":
        data = png_with(encoded(quadrants(), "PNG"), b"iCCP", b"name\0\0" + zlib.compress(profile))
    else:
        data = encoded(quadrants(), pillow_format, icc_profile=profile)
    loaded = decode_image(data)
    assert np.array_equal(loaded.frame.rgb, plain.frame.rgb)
    if profile or pillow_format == "PNG":  # the other writers leave an empty profile out
        assert len(loaded.info.notes) == 1
        assert "profile" in loaded.info.notes[0]


def test_png_profile_chunk_that_does_not_inflate() -> None:
    loaded = decode_image(png_with(encoded(quadrants(), "PNG"), b"iCCP", b"name\0\0not zlib"))
    assert corners(loaded.frame.rgb) == [RED, GREEN, BLUE, SAND]
    assert "profile" in loaded.info.notes[0]


def test_long_texts_in_a_png_do_not_fail_the_read() -> None:
    long_text = b"workflow\0\0" + zlib.compress(b"x" * 5_000_000)
    assert decode_image(png_with(encoded(quadrants(), "PNG"), b"zTXt", long_text)).info.notes == ()


@pytest.mark.parametrize(("transfer", "noted"), [(13, False), (16, True), (18, True)])
@pytest.mark.parametrize("pillow_format", ["AVIF", "HEIF"])
def test_hdr_transfer_is_noted(pillow_format: str, transfer: int, noted: bool) -> None:
    data = encoded(quadrants(), pillow_format)
    at = data.index(b"colrnclx") + 10
    loaded = decode_image(data[:at] + struct.pack(">H", transfer) + data[at + 2 :])
    assert any("HDR" in note for note in loaded.info.notes) == noted


# More than one picture


def animated(pillow_format: str, **options: object) -> bytes:
    rest = [Image.fromarray(np.ascontiguousarray(quadrants()[::-1])), Image.fromarray(quadrants() // 2)]
    return encoded(quadrants(), pillow_format, save_all=True, append_images=rest, **options)


@pytest.mark.parametrize(
    ("pillow_format", "options", "note"),
    [
        ("GIF", {}, "Only the first of 3 frames was read."),
        ("PNG", {}, "Only the first of 3 frames was read."),
        ("WEBP", {"lossless": True}, "Only the first of 3 frames was read."),
        ("AVIF", {"quality": 98}, "Only the first of 3 frames was read."),
        ("TIFF", {}, "Only the first of 3 pages was read."),
        ("TIFF", {"compression": "tiff_lzw"}, "Only the first of 3 pages was read."),
        ("MPO", {"quality": 95}, "Only the main one of 3 pictures in the file was read."),
        ("HEIF", {"quality": 98}, "Only the main one of 3 pictures in the file was read."),
    ],
)
def test_the_first_of_several_pictures_is_read_and_the_rest_noted(
    pillow_format: str, options: dict[str, object], note: str
) -> None:
    loaded = decode_image(animated(pillow_format, **options))
    assert np.abs(np.array(corners(loaded.frame.rgb)) - [RED, GREEN, BLUE, SAND]).max() <= 25
    assert loaded.info.notes == (note,)


def test_png_whose_still_picture_is_not_part_of_its_animation() -> None:
    loaded = decode_image(animated("PNG", default_image=True))
    assert corners(loaded.frame.rgb) == [RED, GREEN, BLUE, SAND]
    assert loaded.info.notes == ("Only the still picture was read, not the animation of 2 frames beside it.",)


# Damage

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
    "heic": encoded(detailed(), "HEIF", quality=90),
    "heic-tiled": encoded(detailed(), "HEIF", quality=90, tile_size=64),
}
# The main picture of a multi-picture JPEG comes first: it is whole once half of the file is there.
MAIN_PICTURE_SHARE = {"jpeg-multi": 0.45}
COMPRESSED = [name for name in WHOLE if not name.startswith(("bmp", "tiff")) or name == "tiff-deflate"]


@pytest.mark.parametrize("name", WHOLE)
def test_the_whole_files_below_are_readable(name: str) -> None:
    assert decode_image(WHOLE[name]).frame.rgb.shape == (160, 200, 3)


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])  # 32 bytes at least: less is no longer a known format
def test_a_cut_file_is_refused(name: str, share: float) -> None:
    data, share = WHOLE[name], share * MAIN_PICTURE_SHARE.get(name, 1)
    with pytest.raises(DamagedMedia, match="damaged or incomplete"):
        decode_image(data[: max(32, int(len(data) * share))])


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "jpeg-multi"])
@pytest.mark.parametrize("lost", [2, 5, 20])
def test_a_file_without_its_last_bytes_is_refused(name: str, lost: int) -> None:
    with pytest.raises(DamagedMedia):
        decode_image(WHOLE[name][:-lost])


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.85])
def test_a_file_whose_end_was_never_written_is_refused(name: str, share: float) -> None:
    data = WHOLE[name]
    kept = int(len(data) * share * MAIN_PICTURE_SHARE.get(name, 1))
    with pytest.raises(DamagedMedia):
        decode_image(data[:kept] + bytes(len(data) - kept))


@pytest.mark.parametrize("name", ["jpeg", "jpeg-progressive", "jpeg-grey", "jpeg-cmyk"])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_cut_jpeg_that_was_closed_again_is_refused(name: str, share: float) -> None:
    """Pillow reads these without an error, as a picture with a grey lower part."""
    data = WHOLE[name][: int(len(WHOLE[name]) * share)] + b"\xff\xd9"
    Image.open(io.BytesIO(data)).load()
    with pytest.raises(DamagedMedia, match="missing or garbled"):
        decode_image(data)


def test_a_gif_whose_data_end_early_is_refused() -> None:
    """An end code after the first of 1024 pixels."""
    clear, pixel, end = 4, 1, 5  # codes of 3 bits, first code in the lowest bits
    codes = struct.pack("<H", clear | pixel << 3 | end << 6)
    header = b"GIF89a" + struct.pack("<HHBBB", 32, 32, 0, 0, 0)
    frame = b"," + struct.pack("<HHHHB", 0, 0, 32, 32, 0) + b"\x02" + bytes([len(codes)]) + codes + b"\0"
    with pytest.raises(DamagedMedia, match="damaged"):
        decode_image(header + frame + b";")


@pytest.mark.parametrize("name", ["png", "gif", "webp", "jpeg", "avif", "heic", "bmp", "tiff"])
def test_a_bare_signature_is_refused(name: str) -> None:
    with pytest.raises(MediaError):
        decode_image(WHOLE[name][:16])


def test_the_checksum_of_png_pixels_is_checked() -> None:
    """Pillow skips it, and reads about one flipped bit in 200 as other pixels."""
    data = bytearray(WHOLE["png"])
    data[-13] ^= 1  # the last byte of the CRC before IEND
    Image.open(io.BytesIO(bytes(data))).load()
    with pytest.raises(DamagedMedia, match="checksum"):
        decode_image(bytes(data))


def test_every_flipped_bit_of_a_png_is_found() -> None:
    data, rng = WHOLE["png"], random.Random(5)
    for _ in range(60):
        flipped = bytearray(data)
        flipped[rng.randrange(16, len(data))] ^= 1 << rng.randrange(8)
        with pytest.raises(MediaError):
            decode_image(bytes(flipped))


def test_flipped_bits_in_a_jpeg_are_often_found() -> None:
    """A flip may give other valid codes; where it does not, it must not pass. Pillow alone finds one in fifteen."""
    data, rng, found = WHOLE["jpeg-progressive"], random.Random(5), 0
    for _ in range(60):
        flipped = bytearray(data)
        for _ in range(3):
            flipped[rng.randrange(700, len(data) - 2)] ^= 1 << rng.randrange(8)
        try:
            decode_image(bytes(flipped))
        except DamagedMedia:
            found += 1
    assert found >= 30


def test_half_pictures_are_refused_even_if_another_library_allows_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    for name in ("bmp", "tiff", "jpeg", "png"):
        with pytest.raises(DamagedMedia):
            decode_image(WHOLE[name][: len(WHOLE[name]) // 2])


def test_empty_and_zero_files() -> None:
    with pytest.raises(DamagedMedia, match="empty"):
        decode_image(b"")
    with pytest.raises(DamagedMedia, match="nothing but zeros"):
        decode_image(bytes(5000))


def test_what_phones_append_after_the_picture_is_accepted() -> None:
    for name in ("jpeg", "png", "gif", "heic", "webp"):
        assert decode_image(WHOLE[name] + bytes(700) + b"trailer of a motion photo").info.notes == ()


# Fuzz


@pytest.mark.filterwarnings("error")
def test_flipped_bytes_give_a_picture_or_a_media_error() -> None:
    rng = random.Random(11)
    small = Image.fromarray(detailed(24, 32))
    exif = Image.Exif()
    exif[0x0112] = 6
    files = [
        encoded(small, "JPEG", exif=exif.tobytes(), icc_profile=rgb_profile((1, 0, 2))),
        encoded(small, "JPEG", progressive=True),
        encoded(small, "PNG", exif=exif.tobytes()),
        encoded(small.quantize(8), "PNG"),
        encoded(small, "WEBP", exif=exif.tobytes()),
        encoded(small, "WEBP", lossless=True),
        encoded(small, "BMP"),
        encoded(small, "TIFF", exif=exif.tobytes()),
        encoded(small, "TIFF", compression="tiff_lzw"),
        encoded(small, "AVIF"),
        encoded(small, "HEIF"),
        encoded(small, "GIF", save_all=True, append_images=[small.rotate(90)]),
    ]
    outcomes = {"read": 0, "refused": 0}
    for data in files:
        for _ in range(20):
            fuzzed = bytearray(data)
            for _ in range(rng.choice((1, 2, 4))):
                limit = len(data) if rng.random() < 0.5 else min(len(data), 300)
                fuzzed[rng.randrange(limit)] = rng.choice((0, 255, rng.randrange(256)))
            try:
                loaded = decode_image(bytes(fuzzed))
            except MediaError:
                outcomes["refused"] += 1
            else:
                outcomes["read"] += 1
                assert loaded.frame.rgb.shape == (loaded.info.height, loaded.info.width, 3)
    assert outcomes["read"] > 20
    assert outcomes["refused"] > 20


# What is not read


FOREIGN = [
    pytest.param(b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><image/></svg>', "SVG", id="svg"),
    pytest.param(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript", id="eps"),
    pytest.param(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF", id="pdf"),
    pytest.param(b"<!DOCTYPE html><html><body>404</body></html>", "web page", id="html"),
    pytest.param(b"BM: notes of the board meeting, for the record", "text", id="text"),
    pytest.param("Grüße, 写真".encode(), "text", id="utf-8 text"),
    pytest.param(("ä" * 5000).encode(), "text", id="long text cut inside a character"),
    pytest.param(b"\0\0\0\x20ftypisom\0\0\x02\0isomiso2avc1mp41", "MP4", id="mp4"),
    pytest.param(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "QuickTime", id="mov"),
    pytest.param(b"\x1aE\xdf\xa3\x9fB\x86\x81\x01", "WebM", id="webm"),
    pytest.param(b"RIFF\x24\0\0\0AVI LIST", "AVI", id="avi"),
    pytest.param(b"PK\x03\x04\x14\0\0\0", "ZIP", id="zip"),
    pytest.param(b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000", id="jp2"),
    pytest.param(b"\xff\x0a\xfa\x7f", "JPEG XL", id="jxl"),
    pytest.param(b"8BPS\0\x01", "Photoshop", id="psd"),
    pytest.param(b"\x00\x00\x01\x00\x01\x00", "icon", id="ico"),
    pytest.param(b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "Git LFS", id="lfs"),
    pytest.param(b"\x93\xf4\x02\x81\xc9" * 30, "not a picture file", id="noise"),
]


@pytest.mark.parametrize(("data", "word"), FOREIGN)
def test_other_files_are_named_and_refused(data: bytes, word: str, tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(data)
    with pytest.raises(UnsupportedMedia) as caught:
        read_image(path)
    message = str(caught.value)
    assert word in message
    assert message.endswith((".", "pull"))
    assert len(message.split(". ")) == 2


def test_camera_raw_is_refused_rather_than_its_preview() -> None:
    for tags in ({50706: b"\x01\x04\0\0"}, {254: 1}):
        with pytest.raises(UnsupportedMedia, match="camera raw"):
            decode_image(encoded(quadrants(), "TIFF", tiffinfo=tags))


def test_a_format_is_never_guessed_from_the_name(tmp_path: Path) -> None:
    path = tmp_path / "drawing.eps"
    path.write_bytes(encoded(quadrants(), "PNG"))
    assert read_image(path).info.format == "PNG"


# Limits


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(media.MAX_FILE_BYTES + 1)  # sparse

    def no_open(*_: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(Path, "open", no_open)
    with pytest.raises(MediaTooLarge, match="50 MB"):
        read_image(path)


def one_bit_png(width: int, height: int) -> bytes:
    return png_raw(width, height, 1, 0, bytes((width + 7) // 8 + 1) * height)


def with_heic_size(width: int, height: int) -> bytes:
    data = WHOLE["heic"]
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


TOO_LARGE = {
    "png": one_bit_png(8000, 5001),
    "png above Pillow's warning": one_bit_png(10000, 9000),
    "png above Pillow's error": one_bit_png(20000, 20000),
    "png side": one_bit_png(32768, 16),
    "webp": b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\0\xff\x3f\0"
    + b"VP8L" + struct.pack("<I", 9) + bytes(10),
    "gif canvas": b"GIF89a" + struct.pack("<HH", 60000, 60000) + encoded(GREY, "GIF")[10:],
    "bmp": encoded(Image.new("1", (64, 64)), "BMP")[:18] + struct.pack("<ii", 20000, 20000)
    + encoded(Image.new("1", (64, 64)), "BMP")[26:],
    "tiff": encoded(Image.new("1", (8000, 5001)), "TIFF", compression="group4"),
    "jpeg": WHOLE["jpeg"].replace(struct.pack(">HH", 160, 200), struct.pack(">HH", 60000, 60000), 1),
    "avif": WHOLE["avif"].replace(b"ispe\0\0\0\0" + struct.pack(">II", 200, 160),
                                  b"ispe\0\0\0\0" + struct.pack(">II", 12000, 12000), 1),
    "heic": with_heic_size(12000, 12000),
}  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", TOO_LARGE)
def test_a_large_picture_is_refused_before_it_is_decoded(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_load(*_: object) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", no_load)
    monkeypatch.setattr(Image, "new", no_load)
    with pytest.raises(MediaTooLarge, match="megapixels"):
        decode_image(TOO_LARGE[name])


def test_the_limits_themselves_are_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "MAX_PIXELS", HEIGHT * WIDTH)
    data = encoded(quadrants(), "PNG")
    monkeypatch.setattr(media, "MAX_FILE_BYTES", len(data))
    assert decode_image(data).info.width == WIDTH
    monkeypatch.setattr(media, "MAX_PIXELS", HEIGHT * WIDTH - 1)
    with pytest.raises(MediaTooLarge):
        decode_image(data)
    monkeypatch.setattr(media, "MAX_FILE_BYTES", len(data) - 1)
    with pytest.raises(MediaTooLarge, match="MB"):
        decode_image(data)


@pytest.mark.parametrize(("width", "height"), [(1, 1), (15, 400), (400, 15)])
def test_a_picture_too_small_for_a_face_is_refused(width: int, height: int) -> None:
    with pytest.raises(UnsupportedMedia, match=f"only {width} x {height} pixels"):
        decode_image(encoded(Image.new("RGB", (width, height)), "PNG"))
    assert decode_image(encoded(Image.new("RGB", (16, 16)), "PNG")).info.height == 16


# Files and names


def test_a_path_that_cannot_be_read_is_a_media_error(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="No such file"):
        read_image(tmp_path / "absent.jpg")
    with pytest.raises(MediaError, match="not a file"):
        read_image(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(MediaError, match="not a file"):
        read_image(tmp_path / "pipe")
    with pytest.raises(MediaError, match="not valid"):
        read_image("nul\0byte.jpg")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/home/someone/secret/photo.jpg", "photo.jpg"),
        ("C:\\Users\\someone\\photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("Grüße 写真.png", "Grüße 写真.png"),
        ("a\u202egpj.exe", "a\ufffdgpj.exe"),
        ("a\x1b[31m\nb\u2028.png", "a\ufffd[31m\ufffdb\ufffd.png"),
        ("bad\udcff.png", "bad\ufffd.png"),
        ("/", "unnamed"),
        ("..", "unnamed"),
        ("", "unnamed"),
    ],
)
def test_the_name_is_safe_to_show(given: str, shown: str) -> None:
    assert decode_image(encoded(GREY, "PNG"), given).info.name == shown


def test_a_long_name_is_shortened_and_keeps_its_ending() -> None:
    name = decode_image(encoded(GREY, "PNG"), "x" * 5000 + ".png").info.name
    assert len(name) == MAX_NAME_CHARACTERS
    assert name.endswith(".png")


def test_the_given_name_replaces_that_of_a_temporary_file(tmp_path: Path) -> None:
    path = tmp_path / "tmp81723"
    path.write_bytes(encoded(GREY, "PNG"))
    assert read_image(path, name="my photo.png").info.name == "my photo.png"


# Encoding, repeatability


def test_encoders() -> None:
    picture = detailed()
    assert np.array_equal(decode_image(encode_png(picture)).frame.rgb, picture)
    errors = []
    for quality in (30, 90):
        loaded = decode_image(encode_jpeg(picture, quality))
        assert loaded.info.format == "JPEG"
        errors.append(np.abs(loaded.frame.rgb.astype(int) - picture).mean())
    assert 0 < errors[1] < errors[0] < 12
    with pytest.raises(ValueError, match="quality"):
        encode_jpeg(picture, 0)
    with pytest.raises(ValueError, match="RGB"):
        encode_png(picture[..., 0])


def test_reading_is_repeatable_and_thread_safe() -> None:
    files = [WHOLE[name] for name in ("jpeg", "png", "webp", "avif", "heic", "gif", "tiff-lzw")]
    expected = [decode_image(data).frame.rgb for data in files]
    with warnings.catch_warnings(), ThreadPoolExecutor(8) as pool:
        for got, wanted in zip(pool.map(decode_image, files * 4), expected * 4, strict=True):
            assert np.array_equal(got.frame.rgb, wanted)
