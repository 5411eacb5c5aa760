"""What may be given in place of a path becomes a file without loss, and is gone afterwards."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image

from detector.errors import DamagedMedia, DetectorError, UnsupportedMedia
from detector.media.images import encode_jpeg, read_image
from detector.media.inputs import as_file

if TYPE_CHECKING:
    from detector import Detector


def read(source: Any, name: str | None = None) -> tuple[NDArray[np.uint8], str]:
    """The pixels and the name that come out of a source."""
    with as_file(source, name) as (path, shown):
        image = read_image(path, shown)
    return image.frame.rgb, image.info.name


@pytest.fixture
def rgb() -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (80, 120, 3), dtype=np.uint8)


def test_pixels_come_through_bit_for_bit(rgb: NDArray[np.uint8]) -> None:
    for source in (rgb, rgb[::-1, ::-1], np.asfortranarray(rgb), Image.fromarray(rgb)):
        pixels, name = read(source)
        assert np.array_equal(pixels, np.asarray(source))
        assert name == "unnamed"
    assert read(rgb, "given.png")[1] == "given.png"


def test_a_file_comes_through_byte_for_byte(rgb: NDArray[np.uint8], tmp_path: Path) -> None:
    data = encode_jpeg(rgb, 90)
    (tmp_path / "photo.jpg").write_bytes(data)
    for source in (data, bytearray(data), memoryview(data), io.BytesIO(data)):
        with as_file(source) as (path, name):
            assert Path(path).read_bytes() == data
            assert name == "unnamed"
    with (tmp_path / "photo.jpg").open("rb") as stream, as_file(stream) as (path, name):
        assert (Path(path).read_bytes(), name) == (data, "photo.jpg")
        assert not stream.closed


def test_a_path_stays_what_it_is_and_other_sources_leave_nothing(rgb: NDArray[np.uint8], tmp_path: Path) -> None:
    for path in (tmp_path / "photo.jpg", str(tmp_path / "photo.jpg")):
        with as_file(path) as found:
            assert found == (path, None)
    with as_file(rgb) as (written, _):
        folder = Path(written).parent
        assert folder.stat().st_mode & 0o077 == 0, "nobody else can read it"
    assert not folder.exists()


def test_an_opened_picture_keeps_orientation_profile_and_name(rgb: NDArray[np.uint8], tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    path = tmp_path / "turned.png"
    Image.fromarray(rgb).save(path, exif=exif)
    with Image.open(path) as picture:
        pixels, name = read(picture)
    assert name == "turned.png"
    assert np.array_equal(pixels, read_image(path).frame.rgb)
    assert pixels.shape == (120, 80, 3), "upright"


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGBA", "CMYK", "YCbCr", "HSV", "I;16"])
def test_every_mode_of_pillow_is_read(rgb: NDArray[np.uint8], mode: str) -> None:
    picture = Image.fromarray(rgb)
    picture = Image.new(mode, (120, 80)) if mode == "I;16" else picture.convert("P" if mode == "PA" else mode)
    assert read(picture.convert("PA") if mode == "PA" else picture)[0].shape == (80, 120, 3)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (np.zeros((8, 8), np.uint8), r"\(8, 8\)"),
        (np.zeros((8, 8, 4), np.uint8), r"\(8, 8, 4\)"),
        (np.zeros((8, 8, 3), np.float32), "float32"),
        (np.zeros((0, 8, 3), np.uint8), r"\(0, 8, 3\)"),
        (io.StringIO("text"), "binary mode"),
        (None, "NoneType"),
        (3, "int"),
        ([[1, 2, 3]], "list"),
    ],
)
def test_anything_else_is_a_sentence(source: Any, says: str) -> None:
    with pytest.raises(UnsupportedMedia, match=says), as_file(source):
        pass


def test_what_cannot_be_decoded_is_a_sentence(rgb: NDArray[np.uint8]) -> None:
    cut = Image.open(io.BytesIO(encode_jpeg(rgb, 90)[:2000]))
    with pytest.raises(DamagedMedia, match="cannot be decoded"), as_file(cut):
        pass
    for empty in (b"", io.BytesIO()):
        with pytest.raises(DetectorError, match="empty"):
            read(empty)


def test_the_detector_gives_all_of_them_the_same_result(tiny_detector: Detector, astronaut: NDArray[np.uint8]) -> None:
    whole = io.BytesIO()
    Image.fromarray(astronaut).save(whole, "PNG")
    sources = (astronaut, Image.fromarray(astronaut), whole.getvalue(), io.BytesIO(whole.getvalue()))
    reports = [tiny_detector.analyze(source, name="astronaut.png") for source in sources]
    assert {report.input.name for report in reports} == {"astronaut.png"}
    assert len({report.p_fake for report in reports}) == 1
    assert reports[0].p_fake is not None
    with pytest.raises(UnsupportedMedia):
        tiny_detector.analyze(cast("Any", 3))
