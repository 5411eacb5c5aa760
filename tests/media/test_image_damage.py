"""Damaged pictures: cut, torn, flipped and empty files are refused, and whole ones are not."""

from __future__ import annotations

import io
import random
import struct

import pytest
from PIL import Image, ImageFile

from detector.errors import DamagedMedia, MediaError
from detector.media.images import decode_image
from tests.media.pictures import (
    COMPRESSED,
    MAIN_PICTURE_SHARE,
    WHOLE,
    detailed,
    encoded,
    rgb_profile,
)


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
    if lost == 2 and name.startswith("jpeg"):  # its end mark alone
        whole, cut = decode_image(WHOLE[name]), decode_image(WHOLE[name][:-lost])
        assert whole.frame.rgb.tobytes() == cut.frame.rgb.tobytes()
        assert "The file lacks the mark at its end; the picture in it is whole." in cut.info.notes
        return
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
