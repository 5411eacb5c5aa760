"""Pictures that a stranger might send."""

from __future__ import annotations

import io
import random
import struct
import zlib
from functools import partial

import numpy as np
from PIL import Image, ImageCms

from tests.corpus.cases import add_image, flipped
from tests.corpus.pictures import animated, jpeg, portrait, saved


def _sized_j2k(width: int, height: int) -> bytes:
    """A bare JPEG 2000 that claims another size, of the picture and of its only tile."""
    return saved("JPEG2000", no_jp2=True).replace(struct.pack(">II", 256, 256), struct.pack(">II", width, height))


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
    data = bytearray(jpeg())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def _plain(width: int, height: int, form: str = "PNG", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (width, height), 128 if mode != "RGB" else (90, 120, 150)).save(out, form)
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
    data = bytearray(saved("TIFF"))
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


add_image("empty.jpg", "refused", lambda: b"")
add_image("zeros.jpg", "refused", lambda: bytes(50_000))
add_image("text.jpg", "refused", lambda: b"Dear diary, this is no picture.\n" * 20)
add_image("page.png", "refused", lambda: b"<!DOCTYPE html><html><script>alert(1)</script></html>")
add_image("noise.bin", "refused", lambda: random.Random(5).randbytes(40_000))
add_image("program.jpg", "refused", lambda: b"\x7fELF" + random.Random(6).randbytes(4000))
add_image("pickle.jpg", "refused", lambda: b"\x80\x04cposix\nsystem\n(S'true'\ntR.")
add_image("png named.jpg", "face", lambda: saved("PNG"))
add_image("jpeg named.png", "face", jpeg)
add_image("half.jpg", "refused", lambda: jpeg()[: len(jpeg()) // 2])
add_image("half.png", "refused", lambda: saved("PNG")[:40_000])
add_image("half.webp", "refused", lambda: saved("WEBP")[:3000])
add_image("half.avif", "refused", lambda: saved("AVIF")[:2500])
add_image("half.heic", "refused", lambda: saved("HEIF")[:3000])
add_image("half.gif", "refused", lambda: saved("GIF")[:20_000])
add_image("half.bmp", "refused", lambda: saved("BMP")[:90_000])
add_image("half.tif", "refused", lambda: saved("TIFF")[:90_000])
add_image("without its last bytes.jpg", "refused", lambda: jpeg()[:-18])
add_image("without its last bytes.png", "refused", lambda: saved("PNG")[:-18])
for _form, _ending, _bytes in (("JPEG", "jpg", 30), ("PNG", "png", 33), ("WEBP", "webp", 30), ("GIF", "gif", 13)):
    add_image(f"header only.{_ending}", "refused", lambda f=_form, n=_bytes: saved(f)[:n])  # type: ignore[misc]
for _form, _ending in (("JPEG", "jpg"), ("WEBP", "webp"), ("AVIF", "avif"), ("HEIF", "heic"), ("TIFF", "tif")):
    add_image(f"bits flipped.{_ending}", "either", lambda f=_form: flipped(saved(f), 1, 200, 200))  # type: ignore[misc]
add_image("bits flipped.png", "refused", lambda: flipped(saved("PNG"), 1, 20, 200))
add_image("bomb 13k.png", "report", lambda: _one_bit(13_000))
add_image("bomb 30k.png", "limit", lambda: _one_bit(30_000))
add_image("bomb.gif", "limit", lambda: b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + saved("GIF")[10:])
add_image("bomb.tif", "limit", _tiff_bomb)
add_image("profile bomb.png", "either", lambda: _profile_bomb())
add_image("text bomb.png", "either", lambda: _text_bomb())
add_image("claims 60k.jpg", "limit", lambda: _jpeg_sized(60_000, 60_000))
add_image("claims more.jpg", "refused", lambda: _jpeg_sized(512, 512))
add_image("claims 60k.png", "limit", lambda: _png(60_000, 60_000, _zeros(1000)))
add_image("claims 60k.bmp", "limit", lambda: _sized_bmp(60_000))
add_image("claims 60k.avif", "refused", lambda: _isobmff_size(saved("AVIF"), 60_000, 60_000))
add_image("claims 60k.heic", "limit", lambda: _isobmff_size(saved("HEIF"), 60_000, 60_000))
add_image("claims less.avif", "either", lambda: _isobmff_size(saved("AVIF"), 64, 64))
add_image("claims nothing.jpg", "refused", lambda: _jpeg_sized(0, 0))
add_image("1x1.png", "refused", lambda: _plain(1, 1))
add_image("16x16.png", "report", lambda: _plain(16, 16))
add_image("1x20000.png", "refused", lambda: _plain(1, 20_000))
add_image("20000x20.png", "report", lambda: _plain(20_000, 20))
add_image("white.png", "report", lambda: _plain(300, 300))
add_image("sixteen bit.png", "report", lambda: _sixteen_bit())
add_image("grey.jpg", "face", lambda: jpeg(mode="L"))
add_image("cmyk.jpg", "face", lambda: jpeg(mode="CMYK"))
add_image("palette.png", "face", lambda: saved("PNG", "P"))
add_image("grey with alpha.png", "face", lambda: saved("PNG", "LA"))
add_image("alpha.webp", "face", lambda: saved("WEBP", "RGBA"))
add_image("one bit.png", "report", lambda: saved("PNG", "1"))
add_image("float.tif", "either", lambda: _plain(64, 64, "TIFF", "F"))
for _form, _ending in (
    ("WEBP", "webp"),
    ("AVIF", "avif"),
    ("BMP", "bmp"),
    ("TIFF", "tif"),
    ("GIF", "gif"),
    ("HEIF", "heic"),
):
    add_image(f"portrait.{_ending}", "face", partial(saved, _form))
for _orientation in range(10):
    add_image(
        f"orientation {_orientation}.jpg",
        "face" if _orientation in (0, 1, 2, 3, 6, 8, 9) else "report",
        partial(_oriented, _orientation),
    )
add_image("moving.webp", "report", lambda: animated("WEBP"))
add_image("moving.png", "report", lambda: animated("PNG"))
add_image("pages.tif", "report", lambda: animated("TIFF"))
add_image("pages in a circle.tif", "either", _looping_tiff)
add_image("jpeg and zip.jpg", "face", lambda: jpeg() + b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18))
add_image("jpeg and film.jpg", "face", lambda: jpeg() + b"\0\0\0\x18ftypmp42\0\0\0\0isommp42" + bytes(4000))
add_image("png and archive.png", "face", lambda: saved("PNG") + b"PK\x03\x04" + bytes(26) + b"PK\x05\x06" + bytes(18))
add_image("archive and jpeg.jpg", "refused", lambda: b"PK\x03\x04" + bytes(26) + jpeg())
add_image(
    "document in a jpeg.jpg", "face", lambda: _commented(b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>endobj")
)
add_image("script in a jpeg.jpg", "face", lambda: _commented(b"*/=alert(1);/*<?php system('id'); ?>"))
add_image("page and jpeg.jpg", "refused", lambda: b"<html><!--" + jpeg() + b"--></html>")
add_image("jpeg and page.jpg", "face", lambda: jpeg() + b"<script>alert(1)</script>")
add_image("gif and script.gif", "refused", lambda: b"GIF89a/*" + bytes(20) + b"*/=alert(1)")
add_image(
    "linked.svg", "refused", lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
)
add_image(
    "entities.svg",
    "refused",
    lambda: b'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg>&x;</svg>',
)
add_image("postscript.jpg", "refused", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run\n")
add_image("real postscript.jpg", "refused", lambda: saved("EPS"))
add_image(
    "linked named.jpg",
    "refused",
    lambda: b'\n\n<svg xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file:///etc/passwd"/></svg>',
)
add_image("document.jpg", "refused", lambda: b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>")
add_image("icon.jpg", "refused", lambda: saved("ICO", side=64))
add_image("jpeg 2000.jp2", "face", lambda: saved("JPEG2000"))
add_image("jpeg 2000, bare.j2k", "face", lambda: saved("JPEG2000", no_jp2=True))
add_image("jpeg 2000, tiles.jp2", "face", lambda: saved("JPEG2000", tile_size=(64, 64), irreversible=True))
add_image("jpeg 2000, cut.jp2", "refused", lambda: saved("JPEG2000")[:-3000])
add_image("jpeg 2000, no end.j2k", "refused", lambda: saved("JPEG2000", no_jp2=True)[:-2])
add_image("jpeg 2000, only a head.jp2", "refused", lambda: saved("JPEG2000")[:90])
for _seed in range(4):
    add_image(f"jpeg 2000, flipped {_seed}.jp2", "either", lambda s=_seed: flipped(saved("JPEG2000"), s, 20, 12))  # type: ignore[misc]
add_image("jpeg 2000, claims 60k.j2k", "limit", lambda: _sized_j2k(60_000, 60_000))
add_image("jpeg 2000, claims more.j2k", "either", lambda: _sized_j2k(3_000, 3_000))
add_image("broken profile.jpg", "face", lambda: jpeg(icc_profile=random.Random(7).randbytes(3000)))
add_image("profile of other colours.jpg", "face", lambda: jpeg(icc_profile=_profile_of_another_kind()))
add_image("broken exif.jpg", "face", lambda: jpeg(exif=b"Exif\0\0II*\0" + random.Random(8).randbytes(800)))
add_image("names \u202egpj.exe.jpg", "face", jpeg)
add_image("line\nfeed.jpg", "face", jpeg)
add_image("..%2f..%2fetc%2fpasswd.jpg", "face", jpeg)
add_image("<img src=x onerror=alert(1)>.jpg", "face", jpeg)
add_image("; rm -rf $HOME `id`.jpg", "face", jpeg)
add_image("{0.__class__} %s%n.jpg", "face", jpeg)
add_image("ü" * 100 + ".jpg", "face", jpeg)
# Nothing about these is damaged: they only ask for more work than a picture is worth.
add_image("many scans.jpg", "limit", lambda: _many_scans())
add_image("many markers.jpg", "limit", lambda: jpeg()[:2] + b"\xff\xfe\0\2" * 5_000_000 + jpeg()[2:])
add_image(
    "many chunks.png", "limit", lambda: _png(64, 64, zlib.compress(bytes(64 * 9)), _png_chunk(b"tEXt", b"") * 2_000_000)
)
add_image("many blocks.gif", "limit", lambda: saved("GIF")[:-1] + b"\x21\xfe" + b"\1a" * 20_000_000 + b"\0;")
add_image("many frames.gif", "report", lambda: _many_gif_frames())
add_image("many pages.tif", "limit", lambda: _many_pages())
add_image("many boxes.avif", "limit", lambda: saved("AVIF") + b"\0\0\0\x08free" * 4_000_000)
add_image("many chunks.webp", "limit", lambda: _many_webp_chunks())
add_image("crowd.jpg", "report", lambda: _crowd())


def _commented(text: bytes) -> bytes:
    """The portrait with a comment as its first segment."""
    return jpeg()[:2] + b"\xff\xfe" + struct.pack(">H", len(text) + 2) + text + jpeg()[2:]


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
    data = bytearray(saved("TIFF"))
    at = struct.unpack_from("<I", data, 4)[0]
    end = at + 2 + 12 * struct.unpack_from("<H", data, at)[0]
    first = len(data) + len(data) % 2
    struct.pack_into("<I", data, end, first)
    pages = b"".join(
        struct.pack("<HHHIII", 1, 256, 4, 1, 16, first + 18 * (n + 1) if n < 299_999 else 0) for n in range(300_000)
    )
    return bytes(data).ljust(first, b"\0") + pages


def _many_webp_chunks() -> bytes:
    body = saved("WEBP")[12:] + b"JUNK\0\0\0\0" * 4_000_000
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
    data = bytearray(saved("BMP"))
    struct.pack_into("<ii", data, 18, side, side)
    return bytes(data)


def _sixteen_bit() -> bytes:
    grey = np.asarray(portrait().convert("L")).astype(np.uint16) * 257
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "PNG")
    return out.getvalue()
