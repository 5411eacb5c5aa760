"""Clips of several parts: clocks that restart, repeat or jump, frames whose size changes, tracks beside the one read."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from detector.media.clip_clock import run_clock
from detector.media.clips import sample_video
from detector.media.program_maps import MOST_PARTS, parts_by_program_map
from tests.support.clips import counting_frames, number_of, write_clip


def transport(path: Path, first: int, count: int, codec: str = "libx264", **options: str) -> bytes:
    """A broadcast clip whose frames carry the numbers from ``first`` on."""
    form = "mpeg" if codec == "mpeg2video" and path.suffix != ".ts" else "mpegts"
    with av.open(str(path), "w", format=form, options=options) as out:
        stream: Any = out.add_stream(codec, rate=25, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number, rgb in enumerate(counting_frames(first + count)):
            if number >= first:
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
                frame.pts, frame.time_base = number - first, Fraction(1, 25)
                out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


def joined(path: Path, *parts: bytes) -> Path:
    path.write_bytes(b"".join(parts))
    return path


def test_an_orderly_clock_is_left_alone() -> None:
    # B-frames: shown in another order than they are stored in.
    stamps = np.array([0, 4, 2, 1, 3, 8, 6, 5, 7, 12, 10, 9, 11], np.int64)
    keys = np.array([1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], np.bool_)
    clock = run_clock(stamps, keys)
    assert clock.starts == ()
    assert np.array_equal(clock.stamps, stamps)


def test_a_clock_that_restarts_jumps_or_repeats_runs_on() -> None:
    keys = np.array([1, 0, 0, 1, 0, 0], np.bool_)
    for stamps in ([5, 6, 7, 5, 6, 7], [5, 6, 7, 0, 1, 2], [5, 6, 7, 7, 8, 9], [5, 6, 7, 900, 901, 902]):
        clock = run_clock(np.array(stamps, np.int64), keys, most_ahead=100)
        assert clock.stamps.tolist() == [5, 6, 7, 8, 9, 10]
        assert clock.starts == (8,)
    # The same jump is a pause where a format may hold one.
    assert run_clock(np.array([5, 6, 7, 900, 901, 902], np.int64), keys).starts == ()


@pytest.mark.parametrize(
    ("name", "codec", "second"),
    [
        ("clock restarts.ts", "libx264", {}),
        ("clock jumps.ts", "libx264", {"output_ts_offset": "1000"}),
        ("cells.vob", "mpeg2video", {}),
    ],
)
def test_every_part_of_a_joined_clip_is_read(name: str, codec: str, second: dict[str, str], tmp_path: Path) -> None:
    one = transport(tmp_path / "one", 0, 40, codec)
    other = transport(tmp_path / "other", 40, 40, codec, **second)
    for parts, numbers in (((one, other), [*range(80)]), ((other, one), [*range(40, 80), *range(40)])):
        with sample_video(joined(tmp_path / name, *parts), samples=None) as clip:
            frames = [frame for (frame,) in clip]
        assert [number_of(frame.rgb) for frame in frames] == numbers
        assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(80)], abs=0.02)
        assert clip.info.duration_s == pytest.approx(3.2, rel=0.02)
        assert clip.joins == [40]
        assert clip.unseen_share == 0
        assert any("begins anew once" in note for note in clip.info.notes)


def test_a_joined_clip_gets_more_samples(tmp_path: Path) -> None:
    parts = [transport(tmp_path / "part", 0, 20)] * 4
    with sample_video(joined(tmp_path / "four.ts", *parts), samples=16, most=16) as clip:
        assert len(list(clip)) == 32


def test_frames_of_every_size_are_read(tmp_path: Path) -> None:
    small = write_clip(tmp_path / "a.ts", counting_frames(20, (96, 64)), container="mpegts").read_bytes()
    large = write_clip(tmp_path / "b.ts", counting_frames(20, (192, 144)), container="mpegts").read_bytes()
    path = joined(tmp_path / "grows.ts", small, large)
    with sample_video(path, samples=None) as clip:
        frames = [frame for (frame,) in clip]
    assert [number_of(frame.rgb) for frame in frames] == [*range(20)] * 2
    assert {frame.rgb.shape for frame in frames} == {(64, 96, 3), (144, 192, 3)}
    assert clip.size == (clip.info.width, clip.info.height) == (192, 144)
    assert any("size of the picture changes" in note for note in clip.info.notes)
    with sample_video(path, samples=None, size=(192, 144)) as clip:
        assert [number_of(frame.rgb) for (frame,) in clip] == [*range(20)] * 2
        assert clip.size == (192, 144)


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        pytest.param("libx264", {"mpegts_start_pid": "700"}, id="tracks"),
        pytest.param("libx264", {"mpegts_start_pid": "700", "mpegts_pmt_start_pid": "500"}, id="map"),
        pytest.param("libx264", {"mpegts_start_pid": "700", "mpegts_service_id": "7"}, id="programme"),
        pytest.param("libx264", {"mpegts_start_pid": "700", "output_ts_offset": "1.6"}, id="clock runs on"),
        pytest.param("libx265", {}, id="coding"),
        pytest.param("mpeg2video", {"mpegts_start_pid": "700"}, id="coding and tracks"),
    ],
)
def test_parts_whose_tracks_differ_are_read(codec: str, options: dict[str, str], tmp_path: Path) -> None:
    one, other = transport(tmp_path / "a.ts", 0, 40), transport(tmp_path / "b.ts", 40, 40, codec, **options)
    for parts, numbers in (
        ((one, other), [*range(80)]),
        ((other, one, other), [*range(40, 80), *range(40), *range(40, 80)]),
    ):
        with sample_video(joined(tmp_path / "joined.ts", *parts), samples=None) as clip:
            frames = [frame for (frame,) in clip]
        assert [number_of(frame.rgb) for frame in frames] == numbers
        assert [frame.time_s for frame in frames] == pytest.approx([n / 25 for n in range(len(numbers))], abs=0.02)
        assert clip.unseen_share == 0
        assert (clip.counts.decoded, clip.counts.undecodable) == (len(numbers), 0)
        with sample_video(joined(tmp_path / "joined.ts", *parts), samples=7, stretch=2) as some:
            assert [number_of(frame.rgb) for stretch in some for frame in stretch] == [
                numbers[frame.index] for stretch in some for frame in stretch
            ]


def test_parts_of_other_tracks_behind_junk_and_in_long_packets_are_found(tmp_path: Path) -> None:
    one, other = transport(tmp_path / "a", 0, 20), transport(tmp_path / "b", 20, 20, mpegts_start_pid="700")
    assert parts_by_program_map(io.BytesIO(one * 3)) == [(0, 3 * len(one))]
    junk = bytes(5000)
    ((_, end), (begin, _)) = parts_by_program_map(io.BytesIO(one + junk + other))
    assert len(one) + len(junk) <= begin < end < len(one) + len(junk) + 1000
    long = [
        transport(tmp_path / f"{pid}.ts", first, 20, mpegts_m2ts_mode="1", mpegts_start_pid=pid)
        for first, pid in ((0, "4113"), (20, "4200"))
    ]
    with sample_video(joined(tmp_path / "both.m2ts", *long), samples=None) as clip:
        assert [number_of(frame.rgb) for (frame,) in clip] == [*range(40)]


@pytest.mark.parametrize(
    ("ending", "codec", "other"),
    [
        ("mp4", "libx264", "mpeg4"),
        ("mov", "libx264", "mpeg4"),
        ("flv", "libx264", "flv1"),
        ("wmv", "wmv2", "wmv1"),
        ("ivf", "libvpx", "libvpx"),
        ("nut", "mpeg4", "mpeg4"),
        ("rm", "rv10", "rv10"),
    ],
)
def test_every_file_in_a_file_is_read(ending: str, codec: str, other: str, tmp_path: Path) -> None:
    size = (176, 144)
    one, two = (
        write_clip(tmp_path / f"part.{ending}", counting_frames(count, size), name, fps=fps).read_bytes()
        for count, name, fps in ((12, codec, 25), (20, other, 10))
    )
    with sample_video(joined(tmp_path / f"joined.{ending}", one, two, one), samples=None) as clip:
        assert [number_of(frame.rgb) for (frame,) in clip] == [*range(12), *range(20), *range(12)]
    assert clip.joins == [12, 32]
    assert clip.unseen_share == 0
    assert clip.info.duration_s == pytest.approx(12 / 25 + 2 + 12 / 25, rel=0.1)
    assert any("begins anew 2 times" in note for note in clip.info.notes)


def named_otherwise(part: bytes, coding: int) -> bytes:
    """A part whose map says that its H.264 is another coding."""
    data, at = bytearray(part), 0
    while (at := data.find(b"\0\x02\xb0", at)) >= 0:
        at += 1
        end = at + 3 + data[at + 2] - 4
        data[data.index(b"\x1b\xe2\xbc", at)] = coding
        crc = 0xFFFFFFFF
        for byte in data[at:end]:
            crc ^= byte << 24
            for _ in range(8):
                crc = (crc << 1 ^ (0x04C11DB7 if crc >> 31 else 0)) & 0xFFFFFFFF
        data[end : end + 4] = crc.to_bytes(4, "big")
    return bytes(data)


@pytest.mark.parametrize("coding", [pytest.param(0xD2, id="AVS2"), pytest.param(0x33, id="VVC without its parameters")])
def test_a_part_that_does_not_decode_is_counted_as_unseen(coding: int, tmp_path: Path) -> None:
    one, other = transport(tmp_path / "a", 0, 40), transport(tmp_path / "b", 40, 40, mpegts_start_pid="700")
    unknown = named_otherwise(other, coding)
    for parts in ((one, unknown), (unknown, one)):
        with sample_video(joined(tmp_path / "unknown.ts", *parts), samples=8) as clip:
            assert len(list(clip)) == 8
        assert clip.unseen_share == pytest.approx(0.5, abs=0.02)
        assert any("% of the file belong to another recording" in note for note in clip.info.notes)
    with sample_video(joined(tmp_path / "hurt.ts", one, other[:400] + b"?" + other[401:]), samples=8) as clip:
        assert clip.joins == [40], "a map whose checksum is wrong begins no part"


def test_what_follows_very_many_parts_is_counted_as_unseen(tmp_path: Path) -> None:
    parts = (transport(tmp_path / "a", 0, 10), transport(tmp_path / "b", 10, 10, mpegts_start_pid="700"))
    with sample_video(joined(tmp_path / "many.ts", *parts * (MOST_PARTS * 5 // 8)), samples=8) as clip:
        assert list(clip)
    assert clip.unseen_share == pytest.approx(0.2, abs=0.12)
    assert len(clip.joins) < MOST_PARTS + 10


def test_a_second_track_is_counted_as_unseen(tmp_path: Path) -> None:
    path = tmp_path / "tracks.ts"
    with av.open(str(path), "w") as out:
        streams: list[Any] = [out.add_stream("mpeg2video", rate=25) for _ in range(2)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for number, rgb in enumerate(counting_frames(40)):
            for stream in streams:
                frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    with sample_video(path, samples=8) as clip:
        assert len(list(clip)) == 8
    assert clip.unseen_share == pytest.approx(0.5)
    assert any("several video tracks" in note for note in clip.info.notes)


def test_times_of_which_nothing_decodes_are_told(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "hurt.avi", counting_frames(100), "mjpeg", pixels="yuvj420p")
    data = bytearray(path.read_bytes())
    at = [position for position in range(len(data) - 4) if data[position : position + 4] == b"00dc"][50:80]
    for position in at:  # frames whose pictures are gone
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        data[position + 8 : position + 8 + length] = bytes(length)
    path.write_bytes(data)
    with sample_video(path, samples=10) as clip:
        found = [frame.index for stretch in clip for frame in stretch]
    assert len(found) == 8
    assert clip.unseen_share == pytest.approx(0.2)
    ((start, end),) = {(min(a for a, _ in clip.unseen), max(b for _, b in clip.unseen))}
    assert start == pytest.approx(5.4)
    assert end == pytest.approx(7.4)
