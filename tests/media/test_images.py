"""What comes out of ``detector.media.images``: every format and colour model upright and in RGB, every damage refused.

All files are made here, from a picture of four coloured quadrants that no turn and no mirroring maps onto itself.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from detector.errors import MediaError
from detector.media.files import MAX_NAME_CHARACTERS
from detector.media.images import decode_image, encode_jpeg, encode_png, read_image
from tests.media.pictures import (
    BLUE,
    GREEN,
    GREY,
    HEIGHT,
    RED,
    SAND,
    WHOLE,
    WIDTH,
    animated,
    corners,
    detailed,
    encoded,
    quadrants,
)

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
    pytest.param("JPEG 2000", "JPEG2000", {}, 2, id="jpeg 2000"),
    pytest.param("JPEG 2000", "JPEG2000", {"no_jp2": True, "irreversible": True}, 8, id="jpeg 2000, bare"),
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
