"""Right pixels: tone mapping, gamma, wide colours, deinterlacing, pixels that are not square, large pictures made smaller."""

from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, WebPImagePlugin

from detector.errors import MediaTooLarge
from detector.media import decoding
from detector.media.clip_kinds import is_clip
from detector.media.clips import sample_video
from detector.media.frames import upright_rgb
from detector.media.images import decode_image
from detector.media.interlace import combed_share, is_combed, without_combs
from detector.media.pages import read_pages
from detector.media.tone import HLG, PQ, tone_mapped, undo_gamma
from tests.support.clips import counting_frames, number_of, write_clip

Rgb = NDArray[np.uint8]
BT2020 = np.linalg.inv(
    np.array([[1.660491, -0.587641, -0.07285], [-0.12455, 1.1329, -0.008349], [-0.018151, -0.100579, 1.11873]])
)


def picture(side: int = 96) -> Rgb:
    """Smooth colours without highlights."""
    y, x = np.mgrid[0:side, 0:side] / side
    return np.stack([40 + 150 * x, 60 + 120 * y, 90 + 80 * (1 - x)], axis=-1).astype(np.uint8)


def linear(rgb: Rgb) -> NDArray[np.float64]:
    x = rgb / 255
    return np.asarray(np.where(x <= 0.04045, x / 12.92, ((x + 0.055) / 1.055) ** 2.4))


def as_pq(rgb: Rgb) -> NDArray[np.uint16]:
    """As a phone or a grader stores it: white at 203 cd/m2, BT.2020."""
    light = np.clip(linear(rgb) @ BT2020.T, 0, None) * 203 / 10_000
    power = light**0.1593017578125
    return np.asarray(65535 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375, np.uint16)


def as_hlg(rgb: Rgb) -> NDArray[np.uint16]:
    display = np.clip(linear(rgb) @ BT2020.T, 0, None) * 203 / 1000
    luma = np.maximum(display @ (0.2627, 0.678, 0.0593), 1e-9)
    scene = display * (luma ** (1 / 1.2 - 1))[..., None]
    low, high = np.sqrt(3 * scene), 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.asarray(65535 * np.where(scene <= 1 / 12, low, high), np.uint16)


def png16(samples: NDArray[np.uint16], *chunks: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    height, width, _ = samples.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0))
    extra = b"".join(chunk(kind, body) for kind, body in chunks)
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(("transfer", "encode"), [(PQ, as_pq), (HLG, as_hlg)])
def test_hdr_of_an_ordinary_picture_is_that_picture(transfer: int, encode: Any) -> None:
    rgb = picture()
    samples = encode(rgb)
    assert np.abs(tone_mapped(samples, transfer, 9).astype(int) - rgb).max() <= 4
    loaded = decode_image(png16(samples, (b"cICP", bytes((9, transfer, 0, 1)))))
    assert np.abs(loaded.frame.rgb.astype(int) - rgb).max() <= 4
    (note,) = loaded.info.notes
    assert "HDR" in note and "tone mapping" in note


def test_highlights_are_compressed_and_keep_their_hue_and_order() -> None:
    ramp = np.linspace(0, 65535, 400).astype(np.uint16)
    grey = np.repeat(ramp[None, :, None], 3, axis=2)
    out = tone_mapped(grey, PQ, 9)[0].astype(int)
    assert (np.diff(out[:, 0]) >= 0).all()
    assert out[0].tolist() == [0, 0, 0] and out[-1].tolist() == [255, 255, 255]
    assert np.abs(out - out[:, :1]).max() <= 1


@pytest.mark.parametrize(("transfer", "encode"), [(16, as_pq), (18, as_hlg)])
def test_hdr_clips_are_tone_mapped_as_pictures_are(transfer: int, encode: Any, tmp_path: Path) -> None:
    rgb, path = picture(), tmp_path / "hdr.mov"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx265", rate=10, options={"crf": "4", "x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p10le"
        context = stream.codec_context
        context.color_trc, context.color_primaries, context.colorspace, context.color_range = transfer, 9, 9, 1
        for number in range(3):
            made = av.VideoFrame.from_ndarray(encode(rgb), format="rgb48le")
            made = made.reformat(format="yuv420p10le", dst_colorspace=9, dst_color_range=1)
            made.pts, made.time_base = number, Fraction(1, 10)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    with sample_video(path, samples=1) as clip:
        ((frame,),) = list(clip)
    assert np.abs(frame.rgb.astype(int) - rgb).mean() < 3
    assert any("tone mapping" in note for note in clip.info.notes)


def test_the_gamma_of_a_png_is_undone() -> None:
    rgb = picture()
    light = np.asarray(65535 * linear(rgb), np.uint16)
    for chunks in (((b"gAMA", struct.pack(">I", 100_000)),),):
        loaded = decode_image(png16(light, *chunks))
        assert np.abs(loaded.frame.rgb.astype(int) - rgb).max() <= 2
        assert "gamma of its own" in loaded.info.notes[0]
    # The usual one, and one beside a statement that goes before it, change nothing.
    usual = decode_image(png16(light, (b"gAMA", struct.pack(">I", 45_455))))
    stated = decode_image(png16(light, (b"sRGB", b"\0"), (b"gAMA", struct.pack(">I", 100_000))))
    assert np.array_equal(usual.frame.rgb, stated.frame.rgb)
    assert usual.info.notes == stated.info.notes == ()
    assert undo_gamma(np.array([0, 255], np.uint8), 1.0).tolist() == [0, 255]


def test_wide_colours_of_a_png_become_those_of_srgb() -> None:
    wide = np.full((32, 32, 3), (40_000, 20_000, 20_000), np.uint16)
    loaded = decode_image(png16(wide, (b"cICP", bytes((12, 13, 0, 1)))))
    plain = decode_image(png16(wide))
    assert loaded.frame.rgb[5, 5, 0] > plain.frame.rgb[5, 5, 0] + 4
    assert loaded.frame.rgb[5, 5, 1] < plain.frame.rgb[5, 5, 1] - 4
    assert "wide range of colours" in loaded.info.notes[0]


@pytest.mark.parametrize(("transfer", "power"), [(8, 1.0), (4, 2.2), (5, 2.8)])
def test_plain_powers_in_a_cicp_chunk_are_undone(transfer: int, power: float) -> None:
    rgb = picture()
    samples = np.asarray(65535 * linear(rgb) ** (1 / power), np.uint16)
    loaded = decode_image(png16(samples, (b"cICP", bytes((1, transfer, 0, 1)))))
    assert np.abs(loaded.frame.rgb.astype(int) - rgb).max() <= 2
    assert "gamma of its own" in loaded.info.notes[0]
    # Wide colours at once.
    wide = decode_image(png16(samples, (b"cICP", bytes((12, transfer, 0, 1)))))
    assert abs(float(wide.frame.rgb.mean()) - float(rgb.mean())) < 6
    assert "wide range of colours" in wide.info.notes[0]


def test_narrow_range_in_a_cicp_chunk_is_stretched() -> None:
    rgb = picture()
    narrow = np.asarray(256 * (16 + 219 * (rgb / 255)), np.uint16)
    loaded = decode_image(png16(narrow, (b"cICP", bytes((1, 13, 0, 0)))))
    assert np.abs(loaded.frame.rgb.astype(int) - rgb).max() <= 1


def test_white_in_wide_colours_stays_white() -> None:
    white = np.full((32, 32, 3), 65535, np.uint16)
    for primaries in (9, 12):
        loaded = decode_image(png16(white, (b"cICP", bytes((primaries, 13, 0, 1)))))
        assert loaded.frame.rgb.min() == 255


def test_a_damaged_text_beside_a_whole_picture_is_noted() -> None:
    data = bytearray(png16(as_pq(picture()), (b"tEXt", b"Comment\0hello")))
    data[data.index(b"hello")] ^= 1
    loaded = decode_image(bytes(data))
    assert loaded.info.notes == ("Data beside the picture are damaged in this file; the picture itself is whole.",)


def test_long_pixels_of_a_picture_are_noted() -> None:
    square, out = Image.fromarray(picture()), io.BytesIO()
    square.save(out, "TIFF", tiffinfo={282: 200.0, 283: 100.0, 296: 2})
    loaded = decode_image(out.getvalue())
    assert loaded.frame.rgb.shape == (192, 96, 3)
    assert "not square" in loaded.info.notes[0]


def combs(count: int, said: bool, path: Path) -> tuple[list[Rgb], Path]:
    """A pattern at twice as many moments as frames, and the clip whose frames show two of them each."""
    rng = np.random.default_rng(1)
    texture = np.kron(rng.integers(30, 220, (16, 60), dtype=np.uint8), np.ones((8, 8), np.uint8))
    moments = [np.repeat(texture[:, 3 * n : 3 * n + 160, None], 3, axis=2) for n in range(2 * count)]
    woven = [moments[2 * n].copy() for n in range(count)]
    for number, frame in enumerate(woven):
        frame[1::2] = moments[2 * number + 1][1::2]
    options = {"crf": "8", **({"x264-params": "interlaced=1:tff=1"} if said else {})}
    return moments, write_clip(path, woven, fps=25, options=options, pixels="yuv420p")


@pytest.mark.parametrize("said", [True, False])
def test_combs_are_deinterlaced_whether_the_file_says_so_or_not(said: bool, tmp_path: Path) -> None:
    moments, path = combs(20, said, tmp_path / "combs.mp4")
    with sample_video(path, samples=5) as clip:
        frames = [frame for (frame,) in clip]
    with av.open(str(path)) as container:
        raw = [upright_rgb(decoded) for decoded in container.decode(video=0)]
    for frame in frames:
        # Which of the two moments goes first is for the file to say.
        hurt, left = (
            min(np.abs(rgb - moments[2 * frame.index + n].astype(int)).mean() for n in (0, 1))
            for rgb in (raw[frame.index], frame.rgb)
        )
        assert left < 0.6 * hurt
        assert combed_share(frame.rgb[..., 1]) < 0.004
    assert any("deinterlaced" in note for note in clip.info.notes)


def test_whole_frames_are_left_alone(tmp_path: Path, astronaut: Rgb) -> None:
    rng = np.random.default_rng(2)
    noise = np.clip(128 + rng.normal(0, 25, (128, 128)), 0, 255).astype(np.uint8)
    for rgb in (astronaut, np.repeat(noise[..., None], 3, axis=2)):
        frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
        assert not is_combed(frame)
    # Without neighbours, too, the frame keeps its size and colours.
    frame = av.VideoFrame.from_ndarray(astronaut, format="rgb24").reformat(format="yuv420p")
    whole = upright_rgb(without_combs(frame, None, None))
    assert np.abs(whole.astype(int) - astronaut).mean() < 6


def test_large_pictures_are_read_at_a_part_of_their_size(monkeypatch: pytest.MonkeyPatch, astronaut: Rgb) -> None:
    monkeypatch.setattr(decoding, "KEPT_PIXELS", 512 * 512 // 4)
    half = np.asarray(Image.fromarray(astronaut).reduce(2)).astype(int)
    exif = Image.Exif()
    exif[274] = 6
    turns: tuple[tuple[str, dict[str, Any]], ...]
    turns = (("JPEG", {"exif": exif}), ("PNG", {"exif": exif}), ("WEBP", {}), ("TIFF", {}), ("HEIF", {}))
    for form, turn in turns:
        out = io.BytesIO()
        Image.fromarray(astronaut).save(out, form, quality=92, **turn)
        loaded = decode_image(out.getvalue())
        assert loaded.frame.rgb.shape == (256, 256, 3), form
        assert loaded.stored_size == (512, 512)
        assert any("1/2 of its width" in note for note in loaded.info.notes), form
        turned = np.rot90(loaded.frame.rgb, 1) if form in ("JPEG", "PNG") else loaded.frame.rgb
        assert np.abs(turned - half).mean() < 6, form


@pytest.mark.parametrize("lossless", [True, False])
def test_a_large_webp_keeps_its_colours_and_what_is_transparent(
    lossless: bool, monkeypatch: pytest.MonkeyPatch, astronaut: Rgb
) -> None:
    clear = np.full((512, 512, 1), 255, np.uint8)
    clear[:, 256:] = 0
    out = io.BytesIO()
    Image.fromarray(np.dstack([astronaut, clear])).save(out, "WEBP", quality=92, lossless=lossless)
    whole = decode_image(out.getvalue()).frame.rgb
    monkeypatch.setattr(decoding, "KEPT_PIXELS", 512 * 512 // 4)
    loaded = decode_image(out.getvalue())
    half = np.asarray(Image.fromarray(whole).reduce(2)).astype(int)
    assert np.abs(loaded.frame.rgb.astype(int) - half).mean() < 2
    assert (loaded.frame.rgb[:, 130:] == 255).all()
    assert "Transparent parts were filled with white." in loaded.info.notes


def test_a_large_webp_does_not_go_through_pillow(monkeypatch: pytest.MonkeyPatch, astronaut: Rgb) -> None:
    """Which holds such a picture four times."""
    out = io.BytesIO()
    Image.fromarray(astronaut).save(out, "WEBP")
    monkeypatch.setattr(decoding, "KEPT_PIXELS", 512 * 512 // 4)
    monkeypatch.setattr(WebPImagePlugin.WebPImageFile, "load", lambda _: pytest.fail("Pillow decodes it"))
    assert decode_image(out.getvalue()).frame.rgb.shape == (256, 256, 3)


def test_larger_ones_than_any_camera_takes_are_refused() -> None:
    with pytest.raises(MediaTooLarge, match="at most 200 megapixels"):
        decoding.check_size(20_001, 10_000)
    decoding.check_size(20_000, 10_000)


# Several pictures in a file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "options"), [("WEBP", {"lossless": True}), ("PNG", {}), ("AVIF", {"quality": 95}), ("GIF", {})]
)
def test_moving_pictures_are_clips(form: str, options: dict[str, Any], tmp_path: Path) -> None:
    pictures = [Image.fromarray(rgb) for rgb in counting_frames(12)]
    path = tmp_path / "moving"
    pictures[0].save(path, form, save_all=True, append_images=pictures[1:], duration=40, **options)
    assert is_clip(path)
    with sample_video(path, samples=None) as clip:
        frames = [frame for (frame,) in clip]
    assert [number_of(frame.rgb) for frame in frames] == list(range(12))
    assert [frame.time_s for frame in frames] == pytest.approx([0.04 * n for n in range(12)], abs=0.002)
    assert (clip.info.kind, clip.unseen_share) == ("video", 0)
    still = tmp_path / "still"
    pictures[0].save(still, form, **options)
    assert not is_clip(still)


def test_a_still_picture_beside_an_animation_counts_as_unseen(tmp_path: Path) -> None:
    pictures = [Image.fromarray(rgb) for rgb in counting_frames(5)]
    path = tmp_path / "beside.png"
    pictures[0].save(path, "PNG", save_all=True, append_images=pictures[1:], default_image=True)
    with sample_video(path, samples=None) as clip:
        assert [number_of(frame.rgb) for (frame,) in clip] == [1, 2, 3, 4]
    assert clip.unseen_share == pytest.approx(0.2)


@pytest.mark.parametrize("form", ["TIFF", "HEIF"])
def test_every_page_is_read(form: str, tmp_path: Path) -> None:
    pictures = [Image.fromarray(rgb) for rgb in counting_frames(5)]
    path = tmp_path / "pages"
    pictures[0].save(path, form, save_all=True, append_images=pictures[1:])
    pages = read_pages(path)
    assert [number_of(page.frame.rgb) for page in pages] == list(range(5))


def test_of_many_pages_some_all_over_the_file_are_read(tmp_path: Path) -> None:
    pictures = [Image.fromarray(rgb) for rgb in counting_frames(100)]
    path = tmp_path / "many.tif"
    pictures[0].save(path, "TIFF", save_all=True, append_images=pictures[1:])
    pages = read_pages(path)
    assert (len(pages.places), len(pages.chosen)) == (100, 24)
    assert pages.chosen[0] < 4 and pages.chosen[-1] > 95
