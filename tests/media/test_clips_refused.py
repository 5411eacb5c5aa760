"""Clips that are refused, with the reason, and those with little around them that are read."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from detector.errors import DamagedMedia, MediaError, MediaTooLarge, UnsupportedMedia
from detector.media import files
from detector.media.clip_formats import identify_clip
from detector.media.clip_kinds import is_clip
from detector.media.clips import sample_video
from tests.media.test_clips import all_of
from tests.support.clips import counting_frames, number_of, write_clip

# What is refused -----------------------------------------------------------------------------------------------------


def sound_only(path: Path, cover: bool) -> Path:
    with av.open(str(path), "w") as out:
        tone = out.add_stream("aac", rate=48000)
        picture = out.add_stream("mjpeg", rate=1) if cover else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 64, 64, "yuvj420p"
            picture.disposition = av.stream.Disposition.attached_pic
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 99, np.uint8), format="rgb24")
            out.mux(picture.encode(frame.reformat(format="yuvj420p")))
            out.mux(picture.encode(None))
        for start in range(0, 48000, 1024):
            chunk = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            chunk.sample_rate, chunk.pts = 48000, start
            out.mux(tone.encode(chunk))
        out.mux(tone.encode(None))
    return path


@pytest.mark.parametrize("cover", [False, True], ids=["sound only", "sound with a cover picture"])
def test_sound_is_refused(cover: bool, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="sound without moving pictures"):
        sample_video(sound_only(tmp_path / "song.mp4", cover))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n"),
        ("list.mp4", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("dash.mp4", b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'),
        ("text.mp4", b"Dear diary"),
        ("noise.mp4", bytes(range(256)) * 8),
    ],
)
def test_lists_of_other_files_are_no_clips(name: str, data: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert not is_clip(path)
    with pytest.raises(UnsupportedMedia):
        sample_video(path)


def test_a_file_must_be_there_whole_and_small_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "missing.mp4", tmp_path):
        assert not is_clip(path)
        with pytest.raises(MediaError):
            sample_video(path)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(DamagedMedia, match="empty"):
        sample_video(empty)
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.write(b"\0\0\0\x14ftypisom\0\0\0\0isom")
        file.truncate(201 << 20)
    assert is_clip(huge)
    with pytest.raises(MediaTooLarge, match=r"201 MB; at most 200 MB are read\. Cut out"):
        sample_video(huge)


def test_a_clip_that_is_too_wide_or_too_long_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    wide = write_clip(tmp_path / "8k.mkv", [np.zeros((64, 8208, 3), np.uint8)], "ffv1", pixels="yuv420p")
    with pytest.raises(MediaTooLarge, match="8208 x 64 pixels; at most 8192"):
        sample_video(wide)
    times = [0.0, 5 * 3600.0]
    with pytest.raises(MediaTooLarge, match="hours long; at most 4"):
        sample_video(write_clip(tmp_path / "day.mkv", counting_frames(2), times_s=times))
    with pytest.raises(UnsupportedMedia, match="only 8 x 8 pixels"):
        sample_video(write_clip(tmp_path / "tiny.mkv", [np.zeros((8, 8, 3), np.uint8)], "ffv1"))


def test_a_still_gif_is_a_picture_and_a_moving_one_a_clip(tmp_path: Path) -> None:
    assert is_clip(write_clip(tmp_path / "two.gif", counting_frames(2), "gif", pixels="rgb8"))
    assert not is_clip(write_clip(tmp_path / "one.gif", counting_frames(1), "gif", pixels="rgb8"))


def test_a_random_flip_of_bytes_is_read_or_refused_with_a_sentence(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    sources = [
        write_clip(tmp_path / name, counting_frames(8), codec, pixels=pixels).read_bytes()
        for name, codec, pixels in (
            ("a.mp4", "libx264", "yuv420p"),
            ("a.webm", "libvpx-vp9", "yuv420p"),
            ("a.avi", "mjpeg", "yuvj420p"),
            ("a.gif", "gif", "rgb8"),
            ("a.mpg", "mpeg2video", "yuv420p"),
        )
    ]
    path = tmp_path / "hurt"
    sentences = []
    for round_ in range(100):
        data = bytearray(sources[round_ % len(sources)])
        for position in rng.integers(0, len(data), rng.integers(1, 12)):
            data[position] = rng.integers(256)
        path.write_bytes(data)
        try:
            frames = all_of(sample_video(path, samples=4))
        except MediaError as error:
            sentences.append(str(error))
        else:
            assert all(frame.time_s is not None and frame.time_s >= 0 for frame in frames)
    assert all(sentence.endswith(".") for sentence in sentences)


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"\0\0\0\x20ftypisom\0\0\x02\0", "MP4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "QuickTime"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "QuickTime"),
        (b"\0\0\0\x20ftypavif", None),
        (b"\0\0\0\x20ftypheic", None),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + (b"\x47" + bytes(187)) * 6, "MPEG transport stream"),
        (b"\0\0\0\1\x06\x05\xff\xff\0\0\1\x67\x64\0\x1f", "H.264 without a container"),
        (b"\0\0\0\1\x40\x01\x0c\0\0\0\1\x42\x01\x01", "HEVC without a container"),
        (b"\0\0\0\1\x06\x05\xff\xff" + bytes(40), None),
        (b"OggS\0\2", "Ogg"),
        (b"\x1f\x07\0\xbf", "DV"),
        (b"RIFF\0\0\0\0WEBPVP8 ", None),
        (b"\xff\xd8\xff\xe0", None),
        (b"", None),
    ],
)
def test_formats_are_told_by_their_bytes(head: bytes, name: str | None) -> None:
    found = identify_clip(head)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("name", "codec", "container"), [("a.h264", "libx264", "h264"), ("a.m4v", "mpeg4", "m4v"), ("a.rm", "rv10", "rm")]
)
def test_streams_with_little_around_them_are_read(name: str, codec: str, container: str, tmp_path: Path) -> None:
    path = write_clip(tmp_path / name, counting_frames(20), codec, fps=25, container=container)
    with sample_video(path, samples=None) as samples:
        assert [number_of(frame.rgb) for (frame,) in samples] == list(range(20))


def test_a_clip_that_is_larger_than_needed_is_scaled_on_the_way(tmp_path: Path) -> None:
    wide = np.zeros((128, 8192, 3), np.uint8)
    wide[:, 4096:] = 255
    path = write_clip(tmp_path / "wide.mkv", [wide] * 2, "ffv1")
    with sample_video(path, samples=1) as clip:
        ((frame,),) = list(clip)
    assert frame.rgb.shape == (64, 4096, 3)
    assert (clip.info.width, clip.info.height) == (4096, 64)
    assert any("scaled down" in note for note in clip.info.notes)


def test_names_are_safe_to_show() -> None:
    assert files.safe_name("a/b\\c\x1b[31m.mp4") == "c\ufffd[31m.mp4"
