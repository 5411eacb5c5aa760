"""Colour models, transparency and profiles: every picture comes out as 8-bit sRGB."""

from __future__ import annotations

import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from detector.errors import UnsupportedMedia
from detector.media.colour import BACKGROUND
from detector.media.images import decode_image
from tests.media.pictures import (
    BLUE,
    GREEN,
    GREY,
    HEIGHT,
    RED,
    SAND,
    SRGB_PRIMARIES,
    WHITE_POINT,
    WIDTH,
    cmyk_profile,
    corners,
    detailed,
    encoded,
    icc,
    icc_gamma,
    png_raw,
    png_with,
    quadrants,
    rgb_profile,
)


def grey_of(level: int) -> list[tuple[int, int, int]]:
    return [(level, level, level)] * 4


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
    (note,) = loaded.info.notes
    assert note.startswith("Colours were converted to sRGB from the embedded profile (")


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
