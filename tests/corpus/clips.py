"""Clips that a stranger might send."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.corpus.cases import Rgb, add_clip, flipped
from tests.corpus.pictures import animated, jpeg, portrait
from tests.support.clips import counting_frames, paste, write_clip

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
        picture = av.Packet(jpeg())
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


add_clip("talk.mp4", "face", _talk)
add_clip("talk.mkv", "face", _talk)
add_clip("talk.mov", "face", _talk)
add_clip("talk.avi", "face", lambda p: _talk(p, codec="mjpeg", pixels="yuvj420p"))
add_clip("talk.mpg", "face", lambda p: _talk(p, codec="mpeg2video", fps=25))
add_clip(
    "talk.webm", "face", lambda p: _talk(p, codec="libvpx", options={"b": "2M", "deadline": "good", "cpu-used": "4"})
)
add_clip(
    "hevc.mp4",
    "face",
    lambda p: _talk(p, codec="libx265", options={"preset": "ultrafast", "x265-params": "log-level=none"}),
)
add_clip("prores.mov", "face", lambda p: _talk(p, codec="prores_ks", pixels="yuv422p10le"))
add_clip("turned.mp4", "report", lambda p: _talk(p, turned_deg=90))
add_clip("sound.mp4", "face", lambda p: _talk(p, sound=True))
add_clip("uneven.mp4", "face", lambda p: _talk(p, times_s=[0.1 * n + 0.03 * (n % 3) for n in range(12)]))
add_clip("mp4 named.jpg", "face", lambda p: _talk(p, container="mp4"))
add_clip("jpeg named.mp4", "face", lambda p: jpeg())
add_clip("moving.gif", "report", lambda p: animated("GIF"))
add_clip("empty.mp4", "refused", lambda p: b"")
add_clip("text.mp4", "refused", lambda p: b"No film today.\n" * 100)
add_clip("without index.mp4", "refused", lambda p: _changed(p, lambda data: data[: data.index(b"moov") - 4]))
add_clip(
    "cut tail, index first.mp4",
    "either",
    lambda p: _changed(p, lambda data: data[: len(data) * 6 // 10], options={"g": "4"}, container="ismv"),
)
add_clip("cut tail.mkv", "face", lambda p: _changed(p, lambda data: data[: len(data) * 7 // 10], options={"g": "2"}))
add_clip(
    "cut tail.ts",
    "report",
    lambda p: _changed(p, lambda data: data[: len(data) * 7 // 10], options={"g": "2"}, container="mpegts"),
)
for _ending in ("mp4", "mkv", "avi", "mpg"):
    add_clip(f"bytes flipped.{_ending}", "either", lambda p: _changed(p, lambda data: flipped(data, 3, 60, 48)))
add_clip("sound only.mp4", "refused", _sound_only)
add_clip("cover only.m4a", "refused", _cover_only)
add_clip("one frame.mp4", "report", lambda p: _talk(p, 1))
add_clip("two frames.mp4", "report", lambda p: _talk(p, 2))
add_clip("1 fps.mp4", "face", lambda p: _talk(p, 10, fps=1))
add_clip("240 fps.mp4", "face", lambda p: _talk(p, 40, fps=240))
add_clip("8k.mp4", "report", lambda p: _repeated(p, 3, Fraction(25), (7680, 4320)))
add_clip("claims 60k.mp4", "either", lambda p: _entry_size(p, 60_000, 60_000))
add_clip("claims less.mp4", "either", lambda p: _entry_size(p, 32, 32))
add_clip("16x16.mp4", "report", lambda p: _count(p, size=(16, 16)))
add_clip("2x2.mkv", "refused", lambda p: _count(p, size=(2, 2), codec="ffv1"))
add_clip("odd size.mkv", "report", lambda p: _count(p, size=(97, 61), pixels="yuv444p"))
add_clip("long pixels.mp4", "report", lambda p: _count(p, pixel_ratio=Fraction(200, 1)))
add_clip("wide pixels.mp4", "face", lambda p: _squeezed(p))
add_clip(
    "interlaced.mpg",
    "face",
    lambda p: _talk(p, codec="mpeg2video", fps=25, options={"flags": "+ildct+ilme", "b": "4M"}, container="mpeg"),
)
add_clip("interlaced.mp4", "face", lambda p: _talk(p, options={"x264-params": "interlaced=1:tff=1"}))
add_clip(
    "vp9.webm",
    "face",
    lambda p: _talk(p, codec="libvpx-vp9", options={"b": "2M", "deadline": "realtime", "cpu-used": "8"}),
)
add_clip("av1.mp4", "face", lambda p: _talk(p, 6, codec="libsvtav1", options={"preset": "12", "crf": "30"}))
add_clip("live photo.mov", "face", lambda p: _live_photo(p))
add_clip("film and page.mp4", "face", lambda p: _changed(p, lambda data: data + b"<script>alert(1)</script>"))
add_clip("black.mp4", "report", lambda p: write_clip(p, [np.zeros((64, 96, 3), np.uint8)] * 10))
add_clip("coarse.mp4", "report", lambda p: _talk(p, options={"crf": "51"}))
add_clip("claims a day.mp4", "face", lambda p: _stated(p, b"mvhd", 20, 86_400_000))
add_clip("claims a day in its track.mp4", "face", lambda p: _stated(p, b"mdhd", 20, 0x7FFFFFFF))
add_clip("claims no time.mp4", "face", lambda p: _stated(p, b"mvhd", 20, 0))
add_clip("claims a size.mp4", "face", lambda p: _stated(p, b"tkhd", 80, 0x7FFF0000))
add_clip("claims many samples.mp4", "either", lambda p: _stated(p, b"stsz", 12, 0x7FFFFFFF))
add_clip("claims a huge box.mp4", "either", lambda p: _stated(p, b"moov", -4, 0x7FFFFFF0))
add_clip("times backwards.mp4", "either", lambda p: _stated(p, b"stts", 12, 0xFFFFFF00))
add_clip("size changes.ts", "report", _two_sizes)
add_clip("two hours.mkv", "report", lambda p: _repeated(p, 7200, Fraction(1)))
add_clip("five hours.mkv", "limit", lambda p: _repeated(p, 300, Fraction(1, 60)))
add_clip("playlist.mp4", "refused", lambda p: b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
add_clip("playlist of files.m3u8", "refused", lambda p: b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")
add_clip(
    "playlist with a key.avi",
    "refused",
    lambda p: b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="concat:/etc/passwd|/etc/group"\n#EXTINF:1,\ndata:,x\n',
)
add_clip(
    "playlist in a film.avi",
    "either",
    lambda p: _changed(p, lambda data: _with_playlist(data), codec="mjpeg", pixels="yuvj420p"),
)
add_clip("list beside a film.mp4", "refused", lambda p: b"ffconcat version 1.0\nfile 'talk.mp4'\nfile 'talk.mkv'\n")
add_clip(
    "windows list.mp4", "refused", lambda p: b"<ASX version='3'><Entry><Ref href='file:///etc/passwd'/></Entry></ASX>"
)
add_clip("pictures elsewhere.mov", "report", lambda p: _changed(p, lambda data: _referring_elsewhere(data)))
add_clip("list.mp4", "refused", lambda p: b"ffconcat version 1.0\nfile /etc/passwd\n")
add_clip(
    "manifest.mp4",
    "refused",
    lambda p: b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><MPD>&x;</MPD>',
)
add_clip(
    "session.mp4", "refused", lambda p: b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n"
)
add_clip("reference.mov", "refused", lambda p: _reference())
add_clip("picture in a film.mkv", "either", lambda p: b"\x1aE\xdf\xa3" + random.Random(9).randbytes(5000))
add_clip("only a head.avi", "refused", lambda p: b"RIFF\xff\xff\xff\x7fAVI LIST")
add_clip("films \u202e4pm.exe.mp4", "face", _talk)


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
