"""Files that a stranger might send: a recipe for each, and what the detector must make of it.

    python -m tests.corpus FOLDER      # writes them all, and MANIFEST.tsv with name, kind and expectation

Nothing here is stored: every file is made from the public-domain portrait in scikit-image, from drawn pictures, or byte by
byte. A file that once broke something is kept as a recipe.
"""

from __future__ import annotations

import argparse
import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import pillow_heif
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageCms

from tests.support.clips import counting_frames, paste, write_clip

__all__ = ["CASES", "Case", "Expect", "flipped", "write"]

Rgb = NDArray[np.uint8]
Expect = Literal["face", "report", "refused", "limit", "either"]
"""face: a report in which the portrait's face is scored. report: a report, whatever it says. refused: a sentence of a
``MediaError``. limit: the sentence of ``MediaTooLarge``, before anything is decoded. either: a report or a sentence."""

pillow_heif.register_heif_opener(thumbnails=False)


@dataclass(frozen=True)
class Case:
    """One file: its name, what it is, what must come of it, and how it is made."""

    name: str
    kind: Literal["image", "video"]
    expect: Expect
    make: Callable[[Path], None]


CASES: list[Case] = []
"""All of them, in the order of this file."""


def _image(name: str, expect: Expect, make: Callable[[], bytes]) -> None:
    CASES.append(Case(name, "image", expect, lambda path: _put(path, make())))


def _clip(name: str, expect: Expect, make: Callable[[Path], Any]) -> None:
    CASES.append(Case(name, "video", expect, lambda path: _kept(path, make(path))))


def _put(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _kept(path: Path, made: Any) -> None:
    if isinstance(made, bytes):
        path.write_bytes(made)


def write(folder: Path, cases: Sequence[Case] = CASES) -> Iterator[tuple[Case, Path]]:
    """Make the files one by one in a folder; a name that the file system cannot hold is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for case in cases:
        path = folder / case.name
        try:
            case.make(path)
        except OSError:  # a name with a line feed, on a file system that has none
            continue
        yield case, path


def flipped(data: bytes, seed: int, count: int, start: int = 0) -> bytes:
    """The bytes with ``count`` of them replaced, none before ``start``."""
    dice = random.Random(seed)
    out = bytearray(data)
    for _ in range(count):
        out[dice.randrange(min(start, len(out) - 1), len(out))] = dice.randrange(256)
    return bytes(out)


# Parts ---------------------------------------------------------------------------------------------------------------


def portrait(side: int = 256) -> Image.Image:
    """Eileen Collins (NASA, public domain)."""
    return Image.fromarray(skimage.data.astronaut()).resize((side, side))


def _save(form: str, mode: str = "RGB", side: int = 256, **options: Any) -> bytes:
    out = io.BytesIO()
    portrait(side).convert(mode).save(out, form, **options)
    return out.getvalue()


def _jpeg(**options: Any) -> bytes:
    return _save("JPEG", quality=90, **options)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _zeros(count: int) -> bytes:
    """That many zero bytes, deflated, without ever holding them."""
    packer, block = zlib.compressobj(1), bytes(1 << 20)
    parts = [packer.compress(block) for _ in range(count >> 20)]
    return b"".join([*parts, packer.compress(bytes(count & 0xFFFFF)), packer.flush()])


def _png(width: int, height: int, body: bytes, *before: bytes, depth: int = 1, colour: int = 0) -> bytes:
    head = _png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(before) + _png_chunk(b"IDAT", body) + _png_chunk(b"IEND", b"")


def _one_bit(side: int) -> bytes:
    return _png(side, side, _zeros((side // 8 + 1) * side))


def _jpeg_sized(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims another size."""
    data = bytearray(_jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _plain(width: int, height: int, form: str = "PNG", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), 128 if mode != "RGB" else (90, 120, 150)).save(out, form)
    return out.getvalue()


def _animated(form: str, frames: int = 4) -> bytes:
    pictures = [portrait(96).rotate(10 * n) for n in range(frames)]
    out = io.BytesIO()
    pictures[0].save(out, form, save_all=True, append_images=pictures[1:], duration=100)
    return out.getvalue()


def _oriented(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[274] = orientation
    turn = {3: 180, 6: 90, 8: -90}.get(orientation, 0)
    out = io.BytesIO()
    portrait().rotate(turn).save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


def _looping_tiff() -> bytes:
    """A TIFF whose directory names itself as the next."""
    data = bytearray(_save("TIFF"))
    at = struct.unpack_from("<I", data, 4)[0]
    entries = struct.unpack_from("<H", data, at)[0]
    struct.pack_into("<I", data, at + 2 + 12 * entries, at)
    return bytes(data)


def _tiff_bomb() -> bytes:
    """A deflated TIFF of 30,000 x 30,000 pixels in one strip of zeros."""
    body = _zeros(30_000 * 30_000 // 8)
    tags = [
        (256, 4, 30_000),
        (257, 4, 30_000),
        (258, 3, 1),
        (259, 3, 8),
        (262, 3, 1),
        (273, 4, 8),
        (277, 3, 1),
        (278, 4, 30_000),
        (279, 4, len(body)),
    ]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    directory = struct.pack("<H", len(tags)) + entries + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory


def _isobmff_size(data: bytes, width: int, height: int) -> bytes:
    """The picture with every ``ispe`` box claiming another size."""
    out, at = bytearray(data), data.find(b"ispe")
    while at >= 0:
        struct.pack_into(">II", out, at + 8, width, height)
        at = data.find(b"ispe", at + 1)
    return bytes(out)


# Images --------------------------------------------------------------------------------------------------------------

_image("empty.jpg", "refused", lambda: b"")
_image("zeros.jpg", "refused", lambda: bytes(50_000))
_image("text.jpg", "refused", lambda: b"Dear diary, this is no picture.\n" * 20)
_image("page.png", "refused", lambda: b"<!DOCTYPE html><html><script>alert(1)</script></html>")
_image("noise.bin", "refused", lambda: random.Random(5).randbytes(40_000))
_image("program.jpg", "refused", lambda: b"\x7fELF" + random.Random(6).randbytes(4000))
_image("pickle.jpg", "refused", lambda: b"\x80\x04cposix\nsystem\n(S'true'\ntR.")
_image("png named.jpg", "face", lambda: _save("PNG"))
_image("jpeg named.png", "face", _jpeg)
_image("half.jpg", "refused", lambda: _jpeg()[: len(_jpeg()) // 2])
_image("half.png", "refused", lambda: _save("PNG")[:40_000])
_image("half.webp", "refused", lambda: _save("WEBP")[:3000])
_image("half.avif", "refused", lambda: _save("AVIF")[:2500])
_image("half.heic", "refused", lambda: _save("HEIF")[:3000])
_image("half.gif", "refused", lambda: _save("GIF")[:20_000])
_image("half.bmp", "refused", lambda: _save("BMP")[:90_000])
_image("half.tif", "refused", lambda: _save("TIFF")[:90_000])
_image("without its last bytes.jpg", "refused", lambda: _jpeg()[:-18])
_image("without its last bytes.png", "refused", lambda: _save("PNG")[:-18])
for _form, _ending, _bytes in (("JPEG", "jpg", 30), ("PNG", "png", 33), ("WEBP", "webp", 30), ("GIF", "gif", 13)):
    _image(f"header only.{_ending}", "refused", lambda f=_form, n=_bytes: _save(f)[:n])  # type: ignore[misc]
for _form, _ending in (("JPEG", "jpg"), ("WEBP", "webp"), ("AVIF", "avif"), ("HEIF", "heic"), ("TIFF", "tif")):
    _image(f"bits flipped.{_ending}", "either", lambda f=_form: flipped(_save(f), 1, 200, 200))  # type: ignore[misc]
_image("bits flipped.png", "refused", lambda: flipped(_save("PNG"), 1, 20, 200))
_image("bomb 13k.png", "report", lambda: _one_bit(13_000))
_image("bomb 30k.png", "limit", lambda: _one_bit(30_000))
_image("bomb.gif", "limit", lambda: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + _save("GIF")[10:])
_image("bomb.tif", "limit", _tiff_bomb)
_image("profile bomb.png", "either", lambda: _profile_bomb())
_image("text bomb.png", "either", lambda: _text_bomb())
_image("claims 60k.jpg", "limit", lambda: _jpeg_sized(60_000, 60_000))
_image("claims more.jpg", "refused", lambda: _jpeg_sized(512, 512))
_image("claims 60k.png", "limit", lambda: _png(60_000, 60_000, _zeros(1000)))
_image("claims 60k.bmp", "limit", lambda: _sized_bmp(60_000))
_image("claims 60k.avif", "refused", lambda: _isobmff_size(_save("AVIF"), 60_000, 60_000))
_image("claims 60k.heic", "limit", lambda: _isobmff_size(_save("HEIF"), 60_000, 60_000))
_image("claims less.avif", "either", lambda: _isobmff_size(_save("AVIF"), 64, 64))
_image("claims nothing.jpg", "refused", lambda: _jpeg_sized(0, 0))
_image("1x1.png", "refused", lambda: _plain(1, 1))
_image("16x16.png", "report", lambda: _plain(16, 16))
_image("1x20000.png", "refused", lambda: _plain(1, 20_000))
_image("20000x20.png", "report", lambda: _plain(20_000, 20))
_image("white.png", "report", lambda: _plain(300, 300))
_image("sixteen bit.png", "report", lambda: _sixteen_bit())
_image("grey.jpg", "face", lambda: _jpeg(mode="L"))
_image("cmyk.jpg", "face", lambda: _jpeg(mode="CMYK"))
_image("palette.png", "face", lambda: _save("PNG", "P"))
_image("grey with alpha.png", "face", lambda: _save("PNG", "LA"))
_image("alpha.webp", "face", lambda: _save("WEBP", "RGBA"))
_image("one bit.png", "report", lambda: _save("PNG", "1"))
_image("float.tif", "either", lambda: _plain(64, 64, "TIFF", "F"))
for _form, _ending in (
    ("WEBP", "webp"),
    ("AVIF", "avif"),
    ("BMP", "bmp"),
    ("TIFF", "tif"),
    ("GIF", "gif"),
    ("HEIF", "heic"),
):
    _image(f"portrait.{_ending}", "face", partial(_save, _form))
for _orientation in range(10):
    _image(
        f"orientation {_orientation}.jpg",
        "face" if _orientation in (0, 1, 2, 3, 6, 8, 9) else "report",
        partial(_oriented, _orientation),
    )
_image("moving.webp", "report", lambda: _animated("WEBP"))
_image("moving.png", "report", lambda: _animated("PNG"))
_image("pages.tif", "report", lambda: _animated("TIFF"))
_image("pages in a circle.tif", "either", _looping_tiff)
_image("jpeg and zip.jpg", "face", lambda: _jpeg() + b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18))
_image("jpeg and film.jpg", "face", lambda: _jpeg() + b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(4000))
_image("png and archive.png", "face", lambda: _save("PNG") + b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18))
_image("archive and jpeg.jpg", "refused", lambda: b"PK\x03\x04" + bytes(26) + _jpeg())
_image("document in a jpeg.jpg", "face", lambda: _commented(b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>endobj"))
_image("script in a jpeg.jpg", "face", lambda: _commented(b"*/=alert(1);/*<?php system('id'); ?>"))
_image("page and jpeg.jpg", "refused", lambda: b"<html><!--" + _jpeg() + b"--></html>")
_image("jpeg and page.jpg", "face", lambda: _jpeg() + b"<script>alert(1)</script>")
_image("gif and script.gif", "refused", lambda: b"GIF89a/*" + bytes(20) + b"*/=alert(1)")
_image(
    "linked.svg", "refused", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
)
_image(
    "entities.svg",
    "refused",
    lambda: b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
)
_image("postscript.jpg", "refused", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n")
_image("real postscript.jpg", "refused", lambda: _save("EPS"))
_image(
    "linked named.jpg",
    "refused",
    lambda: b'\n\n<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file:///etc/passwd"/></svg>',
)
_image("document.jpg", "refused", lambda: b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>")
_image("icon.jpg", "refused", lambda: _save("ICO", side=64))
_image("jpeg 2000.jp2", "refused", lambda: _save("JPEG2000"))
_image("broken profile.jpg", "face", lambda: _jpeg(icc_profile=random.Random(7).randbytes(3000)))
_image("profile of other colours.jpg", "face", lambda: _jpeg(icc_profile=_profile_of_another_kind()))
_image("broken exif.jpg", "face", lambda: _jpeg(exif=b"Exif\0\0II*\0" + random.Random(8).randbytes(800)))
_image("names \u202egpj.exe.jpg", "face", _jpeg)
_image("line\nfeed.jpg", "face", _jpeg)
_image("..%2f..%2fetc%2fpasswd.jpg", "face", _jpeg)
_image("<img src=x onerror=alert(1)>.jpg", "face", _jpeg)
_image("; rm -rf $HOME `id`.jpg", "face", _jpeg)
_image("{0.__class__} %s%n.jpg", "face", _jpeg)
_image("ü" * 100 + ".jpg", "face", _jpeg)
# Nothing about these is damaged: they only ask for more work than a picture is worth.
_image("many scans.jpg", "limit", lambda: _many_scans())
_image("many markers.jpg", "limit", lambda: _jpeg()[:2] + b"\xff\xfe\0\2" * 5_000_000 + _jpeg()[2:])
_image(
    "many chunks.png", "limit", lambda: _png(64, 64, zlib.compress(bytes(64 * 9)), _png_chunk(b"tEXt", b"") * 2_000_000)
)
_image("many blocks.gif", "limit", lambda: _save("GIF")[:-1] + b"\x21\xfe" + b"\1a" * 20_000_000 + b"\0;")
_image("many frames.gif", "report", lambda: _many_gif_frames())
_image("many pages.tif", "limit", lambda: _many_pages())
_image("many boxes.avif", "limit", lambda: _save("AVIF") + b"\0\0\0\x08free" * 4_000_000)
_image("many chunks.webp", "limit", lambda: _many_webp_chunks())
_image("crowd.jpg", "report", lambda: _crowd())


def _commented(text: bytes) -> bytes:
    """The portrait with a comment as its first segment."""
    return _jpeg()[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + _jpeg()[2:]


def _profile_of_another_kind() -> bytes:
    """A whole colour profile that says it is one of CMYK, in a picture that is RGB."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[16:20] = b"CMYK"
    return bytes(profile)


def _many_scans() -> bytes:
    """A progressive JPEG of 36 megapixels in which thousands of scans say nothing."""
    out = io.BytesIO()
    Image.new("L", (6000, 6000), 90).save(out, "JPEG", progressive=True)
    data = out.getvalue()
    # The last scan refines bits of which there are none: it may be said again and again.
    last = data.rindex(b"\xff\xda")
    table = data.rindex(b"\xff\xc4", 0, last)
    return data[:-2] + data[table:-2] * 2000 + b"\xff\xd9"


def _many_gif_frames() -> bytes:
    data = _plain(64, 64, "GIF", "P")
    start = data.index(b"\x2c")
    return data[:start] + data[start:-1] * 60_000 + b";"


def _many_pages() -> bytes:
    """A TIFF with 300,000 directories, each naming the next."""
    data = bytearray(_save("TIFF"))
    at = struct.unpack_from("<I", data, 4)[0]
    end = at + 2 + 12 * struct.unpack_from("<H", data, at)[0]
    first = len(data) + len(data) % 2
    struct.pack_into("<I", data, end, first)
    pages = b"".join(
        struct.pack("<HHHIII", 1, 256, 4, 1, 16, first + 18 * (n + 1) if n < 299_999 else 0) for n in range(300_000)
    )
    return bytes(data).ljust(first, b"\0") + pages


def _many_webp_chunks() -> bytes:
    body = _save("WEBP")[12:] + b"JUNK\0\0\0\0" * 4_000_000
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _crowd() -> bytes:
    """6000 x 6000 pixels that hold 900 portraits."""
    out = io.BytesIO()
    Image.fromarray(np.tile(np.asarray(portrait(200)), (30, 30, 1))).save(out, "JPEG", quality=80)
    return out.getvalue()


def _profile_bomb() -> bytes:
    """A small picture with a colour profile that inflates to 256 MB."""
    profile = _png_chunk(b"iCCP", b"p\0\0" + _zeros(256 << 20))
    return _png(64, 64, zlib.compress(bytes(64 * 9)), profile)


def _text_bomb() -> bytes:
    """A small picture with texts that inflate to 256 MB."""
    texts = [_png_chunk(b"zTXt", b"t\0\0" + _zeros(64 << 20)) for _ in range(4)]
    return _png(64, 64, zlib.compress(bytes(64 * 9)), *texts)


def _sized_bmp(side: int) -> bytes:
    data = bytearray(_save("BMP"))
    struct.pack_into("<ii", data, 18, side, side)
    return bytes(data)


def _sixteen_bit() -> bytes:
    grey = np.asarray(portrait().convert("L")).astype(np.uint16) * 257
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    return out.getvalue()


# Clips ---------------------------------------------------------------------------------------------------------------

_SMALL = (96, 64)


def _talk(path: Path, frames: int = 12, **options: Any) -> Path:
    """The portrait moving over a grey ground."""

    def pictures() -> Iterator[Rgb]:
        face = np.asarray(portrait(200))
        for number in range(frames):
            canvas = np.full((240, 320, 3), 100, np.uint8)
            paste(canvas, face, 40 + number, 20)
            yield canvas

    return write_clip(path, pictures(), **options)


def _count(path: Path, frames: int = 12, size: tuple[int, int] = _SMALL, **options: Any) -> Path:
    return write_clip(path, counting_frames(frames, size), **options)


def _changed(path: Path, change: Callable[[bytes], bytes], **options: Any) -> bytes:
    return change(_talk(path, **options).read_bytes())


def _repeated(path: Path, packets: int, fps: Fraction, size: tuple[int, int] = _SMALL) -> Path:
    """One JPEG frame shown again and again: long clips in no time."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("mjpeg", rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p"
        rgb = next(iter(counting_frames(1, size)))
        picture = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuvj420p")
        stream.codec_context.time_base = Fraction(1, 1000)
        body = next(bytes(p) for p in (*stream.encode(picture), *stream.encode(None)))
        for number in range(packets):
            packet = av.Packet(body)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = int(number * 1000 / fps)
            packet.is_keyframe = True
            out.mux(packet)
    return path


def _sound_only(path: Path) -> Path:
    with av.open(str(path), "w", format="mp4") as out:
        stream: Any = out.add_stream("aac", rate=48000)
        for start in range(0, 48_000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _cover_only(path: Path) -> Path:
    """Sound with a cover picture, as music shops sell it."""
    sound = path.with_suffix(".sound")
    _sound_only(sound)
    with av.open(str(sound)) as source, av.open(str(path), "w", format="mp4") as out:
        audio = out.add_stream_from_template(source.streams.audio[0])
        cover: Any = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 256, 256, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = audio
                out.mux(packet)
        picture = av.Packet(_jpeg())
        picture.stream, picture.pts, picture.dts, picture.is_keyframe = cover, 0, 0, True
        out.mux(picture)
    sound.unlink()
    return path


def _two_sizes(path: Path) -> bytes:
    """A transport stream whose pictures change their size in the middle."""
    small, large = path.with_suffix(".small"), path.with_suffix(".large")
    data = b"".join(
        _count(part, size=size, container="mpegts").read_bytes()
        for part, size in ((small, _SMALL), (large, (192, 128)))
    )
    small.unlink()
    large.unlink()
    return data


def _stated(path: Path, box: bytes, offset: int, value: int) -> bytes:
    """An MP4 in whose box a 32-bit number is replaced."""
    data = bytearray(_talk(path).read_bytes())
    at = data.index(box)
    struct.pack_into(">I", data, at + offset, value)
    return bytes(data)


_clip("talk.mp4", "face", _talk)
_clip("talk.mkv", "face", _talk)
_clip("talk.mov", "face", _talk)
_clip("talk.avi", "face", lambda p: _talk(p, codec="mjpeg", pixels="yuvj420p"))
_clip("talk.mpg", "face", lambda p: _talk(p, codec="mpeg2video", fps=25))
_clip("talk.webm", "face", lambda p: _talk(p, codec="libvpx", options={"b": "2M", "deadline": "good", "cpu-used": "4"}))
_clip(
    "hevc.mp4",
    "face",
    lambda p: _talk(p, codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=none"}),
)
_clip("prores.mov", "face", lambda p: _talk(p, codec="prores_ks", pixels="yuv422p10le"))
_clip("turned.mp4", "report", lambda p: _talk(p, turned_deg=90))
_clip("sound.mp4", "face", lambda p: _talk(p, sound=True))
_clip("uneven.mp4", "face", lambda p: _talk(p, times_s=[0.1 * n + 0.03 * (n % 3) for n in range(12)]))
_clip("mp4 named.jpg", "face", lambda p: _talk(p, container="mp4"))
_clip("jpeg named.mp4", "face", lambda p: _jpeg())
_clip("moving.gif", "report", lambda p: _animated("GIF"))
_clip("empty.mp4", "refused", lambda p: b"")
_clip("text.mp4", "refused", lambda p: b"No film today.\n" * 100)
_clip("without index.mp4", "refused", lambda p: _changed(p, lambda data: data[: data.index(b"moov") - 4]))
_clip(
    "cut tail, index first.mp4",
    "either",
    lambda p: _changed(p, lambda data: data[: len(data) * 6 // 10], options={"g": "4"}, container="ismv"),
)
_clip("cut tail.mkv", "face", lambda p: _changed(p, lambda data: data[: len(data) * 7 // 10], options={"g": "2"}))
_clip(
    "cut tail.ts",
    "report",
    lambda p: _changed(p, lambda data: data[: len(data) * 7 // 10], options={"g": "2"}, container="mpegts"),
)
for _ending in ("mp4", "mkv", "avi", "mpg"):
    _clip(f"bytes flipped.{_ending}", "either", lambda p: _changed(p, lambda data: flipped(data, 3, 60, 48)))
_clip("sound only.mp4", "refused", _sound_only)
_clip("cover only.m4a", "refused", _cover_only)
_clip("one frame.mp4", "report", lambda p: _talk(p, 1))
_clip("two frames.mp4", "report", lambda p: _talk(p, 2))
_clip("1 fps.mp4", "face", lambda p: _talk(p, 10, fps=1))
_clip("240 fps.mp4", "face", lambda p: _talk(p, 40, fps=240))
_clip("8k.mp4", "report", lambda p: _repeated(p, 3, Fraction(25), (7680, 4320)))
_clip("claims 60k.mp4", "either", lambda p: _entry_size(p, 60_000, 60_000))
_clip("claims less.mp4", "either", lambda p: _entry_size(p, 32, 32))
_clip("16x16.mp4", "report", lambda p: _count(p, size=(16, 16)))
_clip("2x2.mkv", "refused", lambda p: _count(p, size=(2, 2), codec="ffv1"))
_clip("odd size.mkv", "report", lambda p: _count(p, size=(97, 61), pixels="yuv444p"))
_clip("long pixels.mp4", "report", lambda p: _count(p, pixel_ratio=Fraction(200, 1)))
_clip("wide pixels.mp4", "face", lambda p: _squeezed(p))
_clip(
    "interlaced.mpg",
    "face",
    lambda p: _talk(p, codec="mpeg2video", fps=25, options={"flags": "+ildct+ilme", "b": "4M"}, container="mpeg"),
)
_clip("interlaced.mp4", "face", lambda p: _talk(p, options={"x264-params": "interlaced=1:tff=1"}))
_clip(
    "vp9.webm",
    "face",
    lambda p: _talk(p, codec="libvpx-vp9", options={"b": "2M", "deadline": "realtime", "cpu-used": "8"}),
)
_clip("av1.mp4", "face", lambda p: _talk(p, 6, codec="libsvtav1", options={"preset": "12", "crf": "30"}))
_clip("live photo.mov", "face", lambda p: _live_photo(p))
_clip("film and page.mp4", "face", lambda p: _changed(p, lambda data: data + b"<script>alert(1)</script>"))
_clip("black.mp4", "report", lambda p: write_clip(p, [np.zeros((64, 96, 3), np.uint8)] * 10))
_clip("coarse.mp4", "report", lambda p: _talk(p, options={"crf": "51"}))
_clip("claims a day.mp4", "face", lambda p: _stated(p, b"mvhd", 20, 86_400_000))
_clip("claims a day in its track.mp4", "face", lambda p: _stated(p, b"mdhd", 20, 0x7FFFFFFF))
_clip("claims no time.mp4", "face", lambda p: _stated(p, b"mvhd", 20, 0))
_clip("claims a size.mp4", "face", lambda p: _stated(p, b"tkhd", 80, 0x7FFF0000))
_clip("claims many samples.mp4", "either", lambda p: _stated(p, b"stsz", 12, 0x7FFFFFFF))
_clip("claims a huge box.mp4", "either", lambda p: _stated(p, b"moov", -4, 0x7FFFFFF0))
_clip("times backwards.mp4", "either", lambda p: _stated(p, b"stts", 12, 0xFFFFFF00))
_clip("size changes.ts", "report", _two_sizes)
_clip("two hours.mkv", "report", lambda p: _repeated(p, 7200, Fraction(1)))
_clip("five hours.mkv", "limit", lambda p: _repeated(p, 300, Fraction(1, 60)))
_clip("playlist.mp4", "refused", lambda p: b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
_clip("playlist of files.m3u8", "refused", lambda p: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
_clip(
    "playlist with a key.avi",
    "refused",
    lambda p: b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="concat:/etc/passwd|/etc/group"\n#EXTINF:1,\ndata:,x\n',
)
_clip(
    "playlist in a film.avi",
    "either",
    lambda p: _changed(p, lambda data: _with_playlist(data), codec="mjpeg", pixels="yuvj420p"),
)
_clip("list beside a film.mp4", "refused", lambda p: b"ffconcat version 1.0\nfile 'talk.mp4'\nfile 'talk.mkv'\n")
_clip(
    "windows list.mp4", "refused", lambda p: b"<ASX version='3'><Entry><Ref href='file:///etc/passwd'/></Entry></ASX>"
)
_clip("pictures elsewhere.mov", "report", lambda p: _changed(p, lambda data: _referring_elsewhere(data)))
_clip("list.mp4", "refused", lambda p: b"ffconcat version 1.0\nfile /etc/passwd\n")
_clip(
    "manifest.mp4",
    "refused",
    lambda p: b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><MPD>&x;</MPD>',
)
_clip("session.mp4", "refused", lambda p: b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n")
_clip("reference.mov", "refused", lambda p: _reference())
_clip("picture in a film.mkv", "either", lambda p: b"\x1aE\xdf\xa3" + random.Random(9).randbytes(5000))
_clip("only a head.avi", "refused", lambda p: b"RIFF\xff\xff\xff\x7fAVI LIST")
_clip("films \u202e4pm.exe.mp4", "face", _talk)


def _entry_size(path: Path, width: int, height: int) -> bytes:
    """An MP4 whose sample description claims another size; the decoder finds the truth in the stream."""
    data = bytearray(_talk(path, codec="mpeg4").read_bytes())
    at = data.index(b"mp4v", data.index(b"stsd"))
    struct.pack_into(">HH", data, at + 28, width, height)
    return bytes(data)


def _squeezed(path: Path) -> Path:
    """The portrait at three quarters of its width, in pixels that are shown wider than high, as on a DVD."""
    canvas = np.full((240, 240, 3), 100, np.uint8)
    paste(canvas, np.asarray(portrait(200).resize((150, 200))), 40, 20)
    return write_clip(path, [canvas] * 12, pixel_ratio=Fraction(4, 3))


def _live_photo(path: Path) -> Path:
    """What a telephone films beside a photo: HEVC, sound, turned, with an identifier that the photo carries too."""
    plain = path.with_suffix(".plain.mov")
    options = {"preset": "ultrafast", "x265-params": "log-level=none"}
    _talk(plain, codec="libx265", fps=15, sound=True, options=options)
    with av.open(str(plain)) as source, av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as out:
        out.metadata["com.apple.quicktime.content.identifier"] = "00000000-0000-4000-8000-000000000000"
        out.metadata["com.apple.quicktime.still-image-time"] = "-1"
        streams = {stream.index: out.add_stream_from_template(stream) for stream in source.streams}
        for packet in source.demux():
            if packet.dts is not None:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    plain.unlink()
    return path


def _with_playlist(data: bytes) -> bytes:
    """An AVI with a text stream's worth of playlist in it, as files that once made FFmpeg read others did (CVE-2017-9993)."""
    list_ = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"
    chunk = b"GAB2\0\2\0" + struct.pack("<I", 10) + b"s\0r\0t\0\0\0\4\0" + struct.pack("<I", len(list_)) + list_
    at = data.index(b"movi") + 4
    return data[:at] + b"00tx" + struct.pack("<I", len(chunk)) + chunk + bytes(len(chunk) % 2) + data[at:]


def _referring_elsewhere(data: bytes) -> bytes:
    """A film whose pictures are said to lie in another file."""
    at = data.index(b"url ", data.index(b"dref"))
    return data[: at + 4] + bytes(4) + data[at + 8 :]


def _reference() -> bytes:
    """A QuickTime film that consists of the address of another."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", 8 + len(body)) + kind + body

    address = b"file:///etc/passwd\0"
    target = box(b"rdrf", bytes(4) + b"url " + struct.pack(">I", len(address)) + address)
    return box(b"ftyp", b"qt  \0\0\0\0qt  ") + box(b"moov", box(b"rmra", box(b"rmda", target)))


def main() -> None:
    """Write the corpus and its list."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus", description="Writes hostile and odd files.")
    parser.add_argument("folder", type=Path)
    from tests.corpus_variants import CASES as VARIANTS  # which is built on this module

    folder: Path = parser.parse_args().folder
    rows = [f"{path.name!r}\t{case.kind}\t{case.expect}\n" for case, path in write(folder, [*CASES, *VARIANTS])]
    (folder / "MANIFEST.tsv").write_text("".join(["name\tkind\texpect\n", *rows]), encoding="utf-8")
    print(f"{len(rows)} files in {folder}")


if __name__ == "__main__":
    main()
