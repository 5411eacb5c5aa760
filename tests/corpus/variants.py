"""More files that people have: joined, turned, moving, HDR, interlaced, large, and in containers of all kinds; whole and hurt.

Each stands for a kind of fault that was once found.
"""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageOps

from tests.corpus.cases import Expect, Rgb, add_clip, add_image, flipped
from tests.corpus.pictures import portrait
from tests.support.clips import paste, write_clip
from tests.support.edits import Edit, with_edits


def _clip(name: str, expect: Expect, make: Callable[[Path], bytes]) -> None:
    add_clip(name, expect, lambda path: make(path.with_suffix(".part")))


def _saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _frames(count: int = 12, side: int = 240) -> list[Rgb]:
    """The portrait, moving a little."""
    face, frames = np.asarray(portrait(side * 5 // 6)), []
    for number in range(count):
        canvas = np.full((side, side, 3), 100, np.uint8)
        paste(canvas, face, side // 12 + number % 3, side // 12)
        frames.append(canvas)
    return frames


def _made(path: Path, container: str, codec: str = "libx264", frames: Sequence[Rgb] = (), **options: Any) -> bytes:
    """A clip's bytes; the file itself is taken away."""
    write_clip(path, frames or _frames(), codec, container=container, **{"fps": 25, **options})
    data = path.read_bytes()
    path.unlink()
    return data


def _with_options(path: Path, container: str, codec: str, options: dict[str, str], frames: Sequence[Rgb] = ()) -> bytes:
    """The same with options of the container."""
    with av.open(str(path), "w", format=container, options=options) as out:
        stream: Any = out.add_stream(codec, rate=25)
        for number, rgb in enumerate(frames or _frames()):
            if number == 0:
                stream.height, stream.width = rgb.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = path.read_bytes()
    path.unlink()
    return data


# Joined, and of changing size ----------------------------------------------------------------------------------------

_TS, _MPG = ("mpegts", "libx264"), ("mpeg", "mpeg2video")


def _ts(path: Path, **options: str) -> bytes:
    return _with_options(path, *_TS, options)


_clip("clock restarts.ts", "face", lambda p: _ts(p) * 2)
_clip("clock restarts often.ts", "face", lambda p: _ts(p) * 12)
_clip("clock jumps.ts", "face", lambda p: _ts(p) + _ts(p, output_ts_offset="90000"))
_clip("clock goes back.ts", "face", lambda p: _ts(p, output_ts_offset="500") + _ts(p))
_clip("other tracks follow.ts", "face", lambda p: _ts(p) + _ts(p, mpegts_start_pid="700"))
_clip("another programme follows.ts", "face", lambda p: _ts(p) + _ts(p, mpegts_start_pid="700", mpegts_service_id="9"))
_clip("another map follows.ts", "face", lambda p: _ts(p) + _ts(p, mpegts_start_pid="700", mpegts_pmt_start_pid="500"))
_clip("another coding follows.ts", "face", lambda p: _ts(p) + _with_options(p, "mpegts", "mpeg2video", {}))
_clip("tracks change often.ts", "face", lambda p: (_ts(p) + _ts(p, mpegts_start_pid="700")) * 12)
_clip("tracks change, flipped.ts", "either", lambda p: flipped(_ts(p) + _ts(p, mpegts_start_pid="700"), 5, 80))
_clip("cells.vob", "face", lambda p: _with_options(p, *_MPG, {}) * 3)
_clip("joined.mkv", "face", lambda p: _made(p, "matroska") * 2)
_clip("joined.flv", "face", lambda p: _made(p, "flv", "flv1") * 2)
_clip("joined.mp4", "face", lambda p: _made(p, "mp4") * 2)
_clip("joined often.mp4", "face", lambda p: _made(p, "mp4") * 4)
_clip("joined with another coding.mov", "face", lambda p: _made(p, "mov") + _made(p, "mov", "mpeg4", fps=10))
_clip("joined, edited.mp4", "face", lambda p: with_edits(_made(p, "mp4"), [(6, 6)], 25) * 2)
_clip("joined.wmv", "face", lambda p: _made(p, "asf", "wmv2") * 2)
_clip("joined.ivf", "face", lambda p: _made(p, "ivf", "libvpx") * 2)
_clip("joined.nut", "face", lambda p: _made(p, "nut", "mpeg4") * 2)
_clip("joined.rm", "face", lambda p: _made(p, "rm", "rv10") * 2)
_clip("joined, flipped.mp4", "either", lambda p: flipped(_made(p, "mp4") * 2, 6, 40, 64))
_clip("headers alone.flv", "either", lambda p: _made(p, "flv", "flv1") + b"FLV\x01\x01\0\0\0\x09\0\0\0\0" * 5000)
_clip("joined.avi", "face", lambda p: _made(p, "avi", "mjpeg", pixels="yuvj420p") * 2)
_clip("joined with junk.ts", "either", lambda p: _ts(p) + random.Random(4).randbytes(5000) + _ts(p))
for _number, _sides in enumerate(((240, 360), (360, 240), (240, 64), (240, 480, 240))):
    _clip(
        f"sizes {_number}.ts",
        "face" if _number != 2 else "report",
        lambda p, sides=_sides: b"".join(_with_options(p, *_TS, {}, _frames(12, side)) for side in sides),  # type: ignore[misc]
    )

_EDITS: tuple[tuple[str, list[Edit]], ...] = (
    ("offset", [(6, 6)]),
    ("empty first", [(25, None), (14, 0)]),
    ("two pieces", [(3, 8), (4, 0)]),
    ("backwards", [(1, 11 - number) for number in range(12)]),
    ("beyond the end", [(12, 500)]),
    ("nothing shown", [(12, None)]),
    ("thousands", [(0.5, number % 12) for number in range(5000)]),
    ("for hours", [(2_000_000, 0)]),
)
for _what, _edits in _EDITS:
    _clip(f"edited, {_what}.mp4", "face", lambda p, e=_edits: with_edits(_made(p, "mp4"), e, 25))  # type: ignore[misc]
_clip("edited, flipped.mp4", "either", lambda p: flipped(with_edits(_made(p, "mp4"), [(6, 6), (3, 0)], 25), 7, 30, 64))

# Moving pictures and pages -------------------------------------------------------------------------------------------


def _moving(form: str, count: int, **options: Any) -> bytes:
    pictures = [Image.fromarray(rgb) for rgb in _frames(count)]
    return _saved(pictures[0], form, save_all=True, append_images=pictures[1:], **{"duration": 80, **options})


for _form, _ending in (("WEBP", "webp"), ("PNG", "png"), ("AVIF", "avif"), ("GIF", "gif")):
    _clip(f"two frames.{_ending}", "face", lambda _, f=_form: _moving(f, 2))  # type: ignore[misc]
    _clip(f"a dozen frames.{_ending}", "face", lambda _, f=_form: _moving(f, 12))  # type: ignore[misc]
    _clip(f"moving, flipped.{_ending}", "either", lambda _, f=_form: flipped(_moving(f, 6), 2, 40, 100))  # type: ignore[misc]
    _clip(f"moving, cut.{_ending}", "either", lambda _, f=_form: _moving(f, 6)[:-900])  # type: ignore[misc]
_clip("still beside.png", "face", lambda _: _moving("PNG", 6, default_image=True))
_clip("no time.gif", "face", lambda _: _moving("GIF", 6, duration=0))
_clip("no time.webp", "face", lambda _: _moving("WEBP", 6, duration=0))
add_image(
    "claims frames.png", "either", lambda: _with_chunk(_saved(portrait(), "PNG"), b"acTL", struct.pack(">II", 9, 0))
)
add_image("three pages.tif", "face", lambda: _pages("TIFF", 3))
add_image("many pages.tiff", "face", lambda: _pages("TIFF", 40))
add_image("burst.heic", "face", lambda: _pages("HEIF", 3))
add_image("pages, cut.tif", "either", lambda: _pages("TIFF", 4)[:-200_000])


def _pages(form: str, count: int) -> bytes:
    pictures = [Image.fromarray(rgb) for rgb in _frames(count)]
    return _saved(pictures[0], form, save_all=True, append_images=pictures[1:])


# Colours -------------------------------------------------------------------------------------------------------------


def _with_chunk(data: bytes, kind: bytes, body: bytes, wrong: int = 0) -> bytes:
    """A PNG with a further chunk behind its header, whose checksum is off by ``wrong``."""
    check = (zlib.crc32(kind + body) + wrong) & 0xFFFFFFFF
    return data[:33] + struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check) + data[33:]


def _nclx(form: str, transfer: int) -> bytes:
    data = _saved(portrait(), form)
    at = data.index(b"colrnclx") + 10
    return data[:at] + struct.pack(">H", transfer) + data[at + 2 :]


for _transfer in (4, 5, 8):
    add_image(
        f"power {_transfer}.png",
        "face",
        lambda t=_transfer: _with_chunk(_saved(portrait(), "PNG"), b"cICP", bytes((1, t, 0, 1))),  # type: ignore[misc]
    )
add_image("narrow range.png", "face", lambda: _with_chunk(_saved(portrait(), "PNG"), b"cICP", bytes((1, 13, 0, 0))))
for _transfer in (16, 18, 13, 255):
    add_image(
        f"cicp {_transfer}.png",
        "face",
        lambda t=_transfer: _with_chunk(_saved(portrait(), "PNG"), b"cICP", bytes((9, t, 0, 1))),  # type: ignore[misc]
    )
for _form, _ending in (("AVIF", "avif"), ("HEIF", "heic")):
    # An ordinary picture that claims to be HDR: taken at its word it is glaring, and whether a face is still found is chance.
    add_image(f"pq.{_ending}", "report", lambda f=_form: _nclx(f, 16))  # type: ignore[misc]
for _gamma in (0, 1, 100_000, 45_455, 0xFFFFFFFF):
    add_image(
        f"gamma {_gamma}.png",
        "face",
        lambda g=_gamma: _with_chunk(_saved(portrait(), "PNG"), b"gAMA", struct.pack(">I", g)),  # type: ignore[misc]
    )
add_image(
    "long pixels.png", "face", lambda: _with_chunk(_saved(portrait(), "PNG"), b"pHYs", struct.pack(">IIB", 3, 4, 0))
)
add_image(
    "endless pixels.png",
    "face",
    lambda: _with_chunk(_saved(portrait(), "PNG"), b"pHYs", struct.pack(">IIB", 1, 0x7FFFFFFF, 0)),
)

# Almost whole --------------------------------------------------------------------------------------------------------

add_image("no end mark.jpg", "face", lambda: _saved(portrait(), "JPEG", quality=90)[:-2])
add_image("no end mark, in passes.jpg", "face", lambda: _saved(portrait(), "JPEG", progressive=True)[:-2])
add_image("no end.jpg", "refused", lambda: _saved(portrait(), "JPEG", quality=90)[:-60])
add_image("no end, closed.jpg", "either", lambda: _saved(portrait(), "JPEG", quality=90)[:-60] + b"\xff\xd9")
add_image("damaged text.png", "face", lambda: _with_chunk(_saved(portrait(), "PNG"), b"tEXt", b"Comment\0a", wrong=1))
add_image(
    "damaged clear colour.png", "refused", lambda: _with_chunk(_saved(portrait(), "PNG"), b"tRNS", bytes(6), wrong=1)
)
add_image("damaged critical.png", "refused", lambda: _with_chunk(_saved(portrait(), "PNG"), b"IDAT", b"", wrong=1))

for _form, _ending, _mark in (("PNG", "png", 12), ("PNG", "half.png", 3), ("GIF", "gif", 1), ("JPEG", "half.jpg", 1)):
    add_image(f"no end mark.{_ending}", "face", lambda f=_form, m=_mark: _saved(portrait(), f)[:-m])  # type: ignore[misc]
    add_image(f"nor what is before.{_ending}", "refused", lambda f=_form, m=_mark: _saved(portrait(), f)[: -m - 18])  # type: ignore[misc]
_clip("moving, no end mark.gif", "face", lambda _: _moving("GIF", 6)[:-1])
_clip("moving, no end mark.png", "face", lambda _: _moving("PNG", 6)[:-12])

# Headers that claim another size ---------------------------------------------------------------------------------------


def _claiming(form: str, height: int, **options: Any) -> bytes:
    """The portrait of 256 x 256 pixels in a file that says it is higher."""
    data = bytearray(_saved(portrait(), form, **options))
    if form == "PNG":
        struct.pack_into(">I", data, 20, height)
        struct.pack_into(">I", data, 29, zlib.crc32(data[12:29]))
    elif form == "JPEG2000":
        at = data.index(b"\xff\x4f\xff\x51")
        struct.pack_into(">I", data, at + 12, height)
        if not options.get("tile_size"):
            struct.pack_into(">I", data, at + 28, height)
    else:
        at = struct.unpack_from("<I", data, 4)[0] + 2
        while struct.unpack_from("<H", data, at)[0] != 257:
            at += 12
        struct.pack_into("<H", data, at + 8, height)
    return bytes(data)


for _height in (300, 1500):
    add_image(f"claims {_height} rows.png", "refused", lambda h=_height: _claiming("PNG", h))  # type: ignore[misc]
    add_image(f"claims {_height} rows.tif", "refused", lambda h=_height: _claiming("TIFF", h))  # type: ignore[misc]
    for _what, _options in (
        ("", {"no_jp2": True}),
        (", lossy", {"no_jp2": True, "irreversible": True, "quality_mode": "rates", "quality_layers": [10]}),
        (", tiles", {"no_jp2": True, "tile_size": (128, 128)}),
        (", box", {}),
    ):
        add_image(
            f"claims {_height} rows{_what}.jp2",
            "refused",
            lambda h=_height, o=_options: _claiming("JPEG2000", h, **o),  # type: ignore[misc]
        )

# Turned --------------------------------------------------------------------------------------------------------------

for _quarters in range(4):
    for _mirrored in (False, True):
        add_image(
            f"turned {_quarters}{' and mirrored' if _mirrored else ''}.jpg",
            "face",
            lambda q=_quarters, m=_mirrored: _saved(  # type: ignore[misc]
                (ImageOps.mirror(portrait(320)) if m else portrait(320)).rotate(90 * q, expand=True), "JPEG", quality=92
            ),
        )
for _quarters in (1, 2, 3):
    _clip(
        f"turned {_quarters}.mp4",
        "face",
        lambda p, q=_quarters: _made(  # type: ignore[misc]
            p, "mp4", frames=[np.ascontiguousarray(np.rot90(rgb, q)) for rgb in _frames()]
        ),
    )

# Large ---------------------------------------------------------------------------------------------------------------

add_image("60 megapixels.jpg", "report", lambda: _saved(Image.new("L", (10_000, 6000), 90), "JPEG"))
add_image("190 megapixels.png", "report", lambda: _saved(Image.new("L", (19_000, 10_000), 90), "PNG", compress_level=1))
add_image("panorama.jpg", "report", lambda: _saved(Image.new("L", (60_000, 1000), 90), "JPEG"))
add_image("210 megapixels.png", "limit", lambda: _saved(Image.new("1", (21_000, 10_000)), "PNG"))

# Containers ----------------------------------------------------------------------------------------------------------

_CONTAINERS: tuple[tuple[str, str, str], ...] = (
    ("wmv", "asf", "wmv2"),
    ("flv", "flv", "flv1"),
    ("y4m", "yuv4mpegpipe", "wrapped_avframe"),
    ("ivf", "ivf", "libvpx"),
    ("rm", "rm", "rv10"),
    ("mxf", "mxf", "mpeg2video"),
    ("h264", "h264", "libx264"),
    ("m4v", "m4v", "mpeg4"),
    ("nut", "nut", "mpeg4"),
    ("3gp", "3gp", "mpeg4"),
)
for _ending, _container, _codec in _CONTAINERS:
    _clip(f"other.{_ending}", "face", lambda p, f=_container, c=_codec: _made(p, f, c))  # type: ignore[misc]
    _clip(
        f"other, flipped.{_ending}",
        "either",
        lambda p, f=_container, c=_codec: flipped(_made(p, f, c), 3, 60, 64),  # type: ignore[misc]
    )
    _clip(f"other, cut.{_ending}", "either", lambda p, f=_container, c=_codec: _made(p, f, c)[:-2000])  # type: ignore[misc]
_clip("tag first.ts", "face", lambda p: b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + _ts(p))
_clip("rest of a packet first.ts", "face", lambda p: _ts(p)[100:])
_clip("only a head.wmv", "refused", lambda _: b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(200))
_clip("only a head.flv", "refused", lambda _: b"FLV\x01\x05\0\0\0\x09" + bytes(40))
_clip("only a head.y4m", "refused", lambda _: b"YUV4MPEG2 W99999999 H99999999 F25:1\n")
_clip("only a head.h264", "refused", lambda _: b"\0\0\0\1\x67\x64\0\x1f" + bytes(30))
_clip("bare noise.h264", "either", lambda _: b"\0\0\0\1\x67\x64\0\x1f" + random.Random(8).randbytes(9000))
_clip("sound.ogg", "refused", lambda _: b"OggS\0\2" + bytes(300))
