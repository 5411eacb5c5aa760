"""Damaged pictures: cut, torn, flipped and empty files are refused, and whole ones are not."""

from __future__ import annotations

import io
import random
import struct
import zlib

import numpy as np
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
    png_chunk,
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
@pytest.mark.parametrize("lost", [2, 5, 13, 20])
def test_a_file_without_its_last_bytes_is_refused(name: str, lost: int) -> None:
    if lost <= {"jpeg": 2, "png": 12}.get(name.split("-")[0], 0):  # its end mark alone
        whole, cut = decode_image(WHOLE[name]), decode_image(WHOLE[name][:-lost])
        assert whole.frame.rgb.tobytes() == cut.frame.rgb.tobytes()
        assert "The file lacks the mark at its end; the picture in it is whole." in cut.info.notes
        return
    with pytest.raises(DamagedMedia):
        decode_image(WHOLE[name][:-lost])


@pytest.mark.parametrize(("name", "lost"), [("jpeg", 1), ("jpeg-progressive", 1), ("png", 1), ("png", 12), ("gif", 1)])
def test_a_file_without_a_part_of_its_end_mark_is_read_with_a_note(name: str, lost: int) -> None:
    whole, cut = decode_image(WHOLE[name]), decode_image(WHOLE[name][:-lost])
    assert whole.frame.rgb.tobytes() == cut.frame.rgb.tobytes()
    assert cut.info.notes == ("The file lacks the mark at its end; the picture in it is whole.",)


def _sized_png(data: bytes, width: int, height: int) -> bytes:
    head = b"IHDR" + struct.pack(">II", width, height) + data[24:29]
    return data[:12] + head + struct.pack(">I", zlib.crc32(head)) + data[33:]


def _sized_tiff(data: bytes, tag: int, value: int) -> bytes:
    """A little-endian TIFF with another value in an entry of its first directory."""
    at = struct.unpack_from("<I", data, 4)[0] + 2
    while struct.unpack_from("<H", data, at)[0] != tag:
        at += 12
    wide = struct.unpack_from("<H", data, at + 2)[0] == 4
    return data[: at + 8] + struct.pack("<I" if wide else "<HH", *((value,) if wide else (value, 0))) + data[at + 12 :]


def _sized_j2k(data: bytes, width: int, height: int, *, tiles: bool = True) -> bytes:
    """A JPEG 2000 whose codestream claims another size, of the picture and of its only tile."""
    at = data.index(b"\xff\x4f\xff\x51") + 8
    size = struct.pack(">II", width, height)
    data = data[:at] + size + data[at + 8 :]
    return data[: at + 16] + size + data[at + 24 :] if tiles else data


CLAIMS_MORE = {
    "png": _sized_png(WHOLE["png"], 200, 300),
    "png by one row": _sized_png(WHOLE["png"], 200, 161),
    "tiff": _sized_tiff(WHOLE["tiff"], 257, 1600),
    "tiff by one row": _sized_tiff(WHOLE["tiff"], 257, 161),
    "tiff, in one strip": _sized_tiff(_sized_tiff(WHOLE["tiff"], 278, 5000), 257, 240),
    "tiff-lzw": _sized_tiff(WHOLE["tiff-lzw"], 257, 1600),
    "tiff-jpeg": _sized_tiff(WHOLE["tiff-jpeg"], 257, 1600),
    "j2k": _sized_j2k(WHOLE["j2k-bare"], 600, 600),
    "j2k, taller": _sized_j2k(WHOLE["j2k-bare"], 200, 600),
    "j2k, more tiles": _sized_j2k(WHOLE["j2k-bare"], 400, 160, tiles=False),
    "j2k, another size in its box": _sized_j2k(WHOLE["j2k"], 600, 600),
    "j2k, smaller": _sized_j2k(WHOLE["j2k-bare"], 120, 100),
    "bmp": WHOLE["bmp"][:18] + struct.pack("<ii", 200, 300) + WHOLE["bmp"][26:],
}


@pytest.mark.parametrize("name", CLAIMS_MORE)
def test_a_header_that_claims_another_size_than_the_data_have_is_refused(name: str) -> None:
    with pytest.raises(DamagedMedia, match="damaged or incomplete"):
        decode_image(CLAIMS_MORE[name])


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
def test_no_row_is_missed_in_whole_files(mode: str) -> None:
    for width, height in ((16, 16), (17, 19), (201, 43)):
        picture = Image.fromarray(detailed(height, width)).convert(mode)
        for form in ("PNG", "TIFF"):
            assert decode_image(encoded(picture, form)).frame.rgb.shape == (height, width, 3)


@pytest.mark.parametrize("rows", [0, 1])
def test_the_rows_of_an_interlaced_png_are_counted(rows: int) -> None:
    # 16 x 17 pixels of one byte: the passes have 2x3, 2x3, 4x2, 4x5, 8x4, 8x9 and 16x8 of them, and a byte a row.
    passes = [(2, 3), (2, 3), (4, 2), (4, 5), (8, 4), (8, 9), (16, 8)]
    body = b"".join((b"\0" + bytes([90]) * width) * height for width, height in passes)
    head = struct.pack(">IIBBBBB", 16, 17, 8, 0, 0, 0, 1)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(body[: len(body) - 17 * rows])), (b"IEND", b""))
    data = b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(kind, content) for kind, content in parts)
    if rows:
        with pytest.raises(DamagedMedia):
            decode_image(data)
    else:
        assert decode_image(data).frame.rgb.shape == (17, 16, 3)


def test_pictures_of_little_content_are_no_damaged_jpeg_2000() -> None:
    """All packets of a plain picture are empty, and taking half of them away changes nothing."""
    plain = np.full((300, 200, 3), 120, np.uint8)
    part = plain.copy()
    part[:40, :200] = detailed(40, 200)
    for picture in (plain, part, part[::-1], part[:16, :16]):
        for options in (
            {},
            {"tile_size": (64, 64)},
            {"irreversible": True},
            {"num_resolutions": 1},
            {"progression": "RPCL"},
        ):
            whole = encoded(np.ascontiguousarray(picture), "JPEG2000", **options)
            assert decode_image(whole).frame.rgb.shape == picture.shape


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
