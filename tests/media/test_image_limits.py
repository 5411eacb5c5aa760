"""What is not read: other files, and pictures beyond the limits."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from detector.errors import MediaTooLarge, UnsupportedMedia
from detector.media import decoding
from detector.media import images as media
from detector.media.images import decode_image, read_image
from detector.media.jpeg_check import check_passes
from tests.media.pictures import (
    GREY,
    HEIGHT,
    WHOLE,
    WIDTH,
    detailed,
    encoded,
    png_raw,
    quadrants,
)

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
    pytest.param(b"\xff\x0a\xfa\x7f", "JPEG XL", id="jxl"),
    pytest.param(b"8BPS\0\x01", "Photoshop", id="psd"),
    pytest.param(b"\x00\x00\x01\x00\x01\x00", "icon", id="ico"),
    pytest.param(b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\n", "Git LFS", id="lfs"),
    pytest.param(b"\x93\xf4\x02\x81\xc9" * 30, "neither a photo", id="noise"),
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


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.jpg"
    with path.open("wb") as file:
        file.truncate(media.MAX_FILE_BYTES + 1)  # sparse

    def no_open(*_: object) -> None:
        raise AssertionError("the file was opened")

    monkeypatch.setattr(Path, "open", no_open)
    with pytest.raises(MediaTooLarge, match="100 MB"):
        read_image(path)


def one_bit_png(width: int, height: int) -> bytes:
    return png_raw(width, height, 1, 0, bytes((width + 7) // 8 + 1) * height)


def with_heic_size(width: int, height: int) -> bytes:
    data = WHOLE["heic"]
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">II", width, height) + data[at + 8 :]


TOO_LARGE = {
    "png": one_bit_png(20000, 10001),
    "png above Pillow's error": one_bit_png(21000, 21000),
    "webp": b"RIFF" + struct.pack("<I", 40) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + b"\xff\x3f\0\xff\x3f\0"
    + b"VP8L" + struct.pack("<I", 9) + bytes(10),
    "gif canvas": b"GIF89a" + struct.pack("<HH", 60000, 60000) + encoded(GREY, "GIF")[10:],
    "bmp": encoded(Image.new("1", (64, 64)), "BMP")[:18] + struct.pack("<ii", 20000, 20000)
    + encoded(Image.new("1", (64, 64)), "BMP")[26:],
    "tiff": encoded(Image.new("1", (20000, 10001)), "TIFF", compression="group4"),
    "jpeg": WHOLE["jpeg"].replace(struct.pack(">HH", 160, 200), struct.pack(">HH", 60000, 60000), 1),
    "avif": WHOLE["avif"].replace(b"ispe\0\0\0\0" + struct.pack(">II", 200, 160),
                                  b"ispe\0\0\0\0" + struct.pack(">II", 12000, 12000), 1),
    "heic": with_heic_size(16000, 16000),
    "jpeg 2000": WHOLE["j2k-bare"].replace(struct.pack(">II", 200, 160), struct.pack(">II", 8000, 8000)),
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
    monkeypatch.setattr(decoding, "MAX_PIXELS", HEIGHT * WIDTH)
    data = encoded(quadrants(), "PNG")
    monkeypatch.setattr(media, "MAX_FILE_BYTES", len(data))
    assert decode_image(data).info.width == WIDTH
    monkeypatch.setattr(decoding, "MAX_PIXELS", HEIGHT * WIDTH - 1)
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


def test_a_progressive_jpeg_of_the_largest_size_is_not_refused_for_its_passes() -> None:
    passes = encoded(detailed(), "JPEG", progressive=True).count(b"\xff\xda")
    check_passes(passes, 16_300, 12_200)
    with pytest.raises(MediaTooLarge, match="passes"):
        check_passes(20 * passes, 16_300, 12_200)
