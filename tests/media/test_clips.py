"""Reading clips: every coding, true times, the whole length, bounded memory, and a sentence for all that is refused."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from detector.errors import Cancelled, DamagedMedia
from detector.media.clips import VideoSamples, sample_video
from detector.records import Frame
from tests.support.clips import counting_frames, number_of, write_clip

CODINGS = [
    pytest.param("clip.mp4", "libx264", "yuv420p", "MP4", "h264", id="h264 mp4"),
    pytest.param("clip.mov", "libx264", "yuv420p", "QuickTime", "h264", id="h264 mov"),
    pytest.param("clip.avi", "libx264", "yuv420p", "AVI", "h264", id="h264 avi"),
    pytest.param("clip.ts", "libx264", "yuv420p", "MPEG transport stream", "h264", id="h264 ts"),
    pytest.param("clip.mkv", "libx265", "yuv420p", "Matroska", "hevc", id="hevc mkv"),
    pytest.param("clip.mp4", "libx265", "yuv420p10le", "MP4", "hevc", id="hevc 10 bit"),
    pytest.param("clip.webm", "libvpx-vp9", "yuv420p", "WebM", "vp9", id="vp9 webm"),
    pytest.param("clip.webm", "libvpx-vp9", "yuva420p", "WebM", "vp9", id="vp9 with alpha"),
    pytest.param("clip.webm", "libvpx", "yuv420p", "WebM", "vp8", id="vp8 webm"),
    pytest.param("clip.mp4", "libsvtav1", "yuv420p", "MP4", "av1", id="av1 mp4"),
    pytest.param("clip.mpg", "mpeg2video", "yuv420p", "MPEG", "mpeg2video", id="mpeg2 mpg"),
    pytest.param("clip.avi", "mjpeg", "yuvj420p", "AVI", "mjpeg", id="mjpeg avi"),
    pytest.param("clip.mov", "qtrle", "argb", "QuickTime", "qtrle", id="alpha mov"),
    pytest.param("clip.mov", "prores_ks", "yuv422p10le", "QuickTime", "prores", id="prores 10 bit"),
    pytest.param("clip.gif", "gif", "rgb8", "GIF", "gif", id="gif"),
    pytest.param("clip.wmv", "wmv2", "yuv420p", "Windows Media", "wmv2", id="wmv"),
    pytest.param("clip.flv", "flv1", "yuv420p", "Flash video", "flv1", id="flv"),
    pytest.param("clip.mxf", "mpeg2video", "yuv420p", "MXF", "mpeg2video", id="mxf"),
    pytest.param("clip.y4m", "wrapped_avframe", "yuv420p", "Y4M", "rawvideo", id="y4m"),
    pytest.param("clip.ivf", "libvpx", "yuv420p", "IVF", "vp8", id="ivf"),
]


def all_of(samples: VideoSamples) -> list[Frame]:
    with samples:
        return [frame for stretch in samples for frame in stretch]


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """250 numbered frames at 25 a second with a key frame every 20."""
    path = tmp_path_factory.mktemp("clips") / "long.mp4"
    return write_clip(path, counting_frames(250), fps=25, options={"g": "20", "sc_threshold": "0"})


@pytest.mark.parametrize(("seconds", "places"), [(4, 3), (8, 4), (40, 6)])
def test_a_long_clip_is_looked_at_in_more_places_up_to_a_limit(seconds: int, places: int, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "long.mp4", counting_frames(seconds * 5), fps=5)
    with sample_video(path, samples=3, most=6) as clip:
        assert len(clip) == len(list(clip)) == places
    with pytest.raises(ValueError, match="no less than samples"):
        sample_video(path, samples=3, most=2)


@pytest.mark.parametrize(("name", "codec", "pixels", "form", "coding"), CODINGS)
def test_every_coding_gives_the_right_frames_at_the_right_times(
    name: str, codec: str, pixels: str, form: str, coding: str, tmp_path: Path
) -> None:
    path = write_clip(tmp_path / name, counting_frames(50), codec, fps=25, pixels=pixels)
    with sample_video(path, samples=5, stretch=2) as samples:
        stretches = list(samples)
    info, counts = samples.info, samples.counts
    assert (info.kind, info.format, info.codec, info.width, info.height) == ("video", form, coding, 96, 64)
    assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert info.fps == pytest.approx(25, rel=0.01)
    assert info.duration_s == pytest.approx(2, rel=0.01)
    assert (counts.in_file, counts.undecodable, counts.sampled) == (50, 0, 10)
    assert info.notes == ()
    assert [len(stretch) for stretch in stretches] == [2] * 5
    frames = [frame for stretch in stretches for frame in stretch]
    assert [number_of(frame.rgb) for frame in frames] == [frame.index for frame in frames]
    assert [frame.time_s for frame in frames] == pytest.approx([frame.index / 25 for frame in frames], abs=0.011)
    assert [first.index for first, _ in stretches] == [4, 14, 24, 34, 44]
    # Colours, not only numbers: red above, and never blue in its place.
    red, green, blue = frames[0].rgb[:24].reshape(-1, 3).mean(0)
    assert red > 150 and green < 100 and blue < 100


def test_frames_after_a_seek_are_those_of_a_sequential_read(long_clip: Path) -> None:
    seeking = {frame.index: frame for frame in all_of(sample_video(long_clip, samples=6, stretch=3))}
    with sample_video(long_clip, samples=None) as everything:
        sequential = {frame.index: frame for (frame,) in everything}
    assert len(sequential) == 250
    assert len(seeking) == 18
    for index, frame in seeking.items():
        assert number_of(frame.rgb) == index
        assert np.array_equal(frame.rgb, sequential[index].rgb)


def test_only_the_way_to_the_wanted_frames_is_decoded(long_clip: Path) -> None:
    with sample_video(long_clip, samples=3) as samples:
        assert len(list(samples)) == 3
    # At most one group of 20 frames a sample, and what the decoder holds back.
    assert samples.counts.decoded <= 3 * 25


@pytest.mark.parametrize(("codec", "passed_over"), [("libx264", True), ("libx265", False)])
def test_frames_that_no_other_needs_are_passed_over(codec: str, passed_over: bool, tmp_path: Path) -> None:
    grain = np.random.default_rng(0).integers(0, 60, (4, 64, 96, 3)).astype(np.uint8)
    frames = (frame + grain[number % 4] // 2 for number, frame in enumerate(counting_frames(120)))
    options = {"g": "60", "bf": "3", "x264-params": "scenecut=0", "x265-params": "scenecut=0"}
    path = write_clip(tmp_path / "between.mp4", frames, codec, fps=25, options=options)
    with sample_video(path, samples=9) as some:
        wanted = [frame for (frame,) in some]
    with sample_video(path, samples=None) as everything:
        all_frames = {frame.index: frame for (frame,) in everything}
    assert [frame.index for frame in wanted] == [6, 19, 32, 46, 59, 72, 86, 99, 112]
    assert everything.counts.decoded == 120
    assert (some.counts.decoded < 0.7 * 120) is passed_over
    for frame in wanted:
        assert np.array_equal(frame.rgb, all_frames[frame.index].rgb)


def test_a_key_frame_that_is_none_is_not_trusted(tmp_path: Path) -> None:
    # Open groups: frames after an entry point refer to frames before it.
    options = {"g": "15", "sc_threshold": "0", "open-gop": "1", "x264-params": "open-gop=1:bframes=3"}
    path = write_clip(tmp_path / "open.mp4", counting_frames(120), fps=25, options=options)
    frames = all_of(sample_video(path, samples=7, stretch=2))
    assert [number_of(frame.rgb) for frame in frames] == [frame.index for frame in frames]
    assert len(frames) == 14


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_stored_turn_is_applied(degrees: int, tmp_path: Path) -> None:
    upright = np.zeros((48, 96, 3), np.uint8)
    upright[:, :32] = (255, 0, 0)
    upright[:16, 64:] = (0, 0, 255)
    stored = np.ascontiguousarray(np.rot90(upright, -degrees // 90))
    path = write_clip(tmp_path / "turned.mp4", [stored] * 3, turned_deg=degrees, options={"crf": "5"})
    with sample_video(path) as samples:
        frame = next(iter(samples))[0]
    assert (samples.info.width, samples.info.height) == (96, 48)
    assert np.abs(frame.rgb[24, 8].astype(int) - (255, 0, 0)).max() < 40
    assert np.abs(frame.rgb[6, 86].astype(int) - (0, 0, 255)).max() < 40
    assert frame.rgb[40, 60].max() < 40


def test_variable_rate_keeps_the_containers_times(tmp_path: Path) -> None:
    times = [0, 0.04, 0.1, 0.5, 0.52, 2.0, 3.0, 3.1]
    path = write_clip(tmp_path / "vfr.mkv", counting_frames(len(times)), times_s=times)
    frames = all_of(sample_video(path))
    assert [frame.time_s for frame in frames] == pytest.approx(times, abs=0.002)


def test_every_picture_of_a_gif_without_times_is_read(tmp_path: Path) -> None:
    grey = np.random.default_rng(2).integers(0, 256, (5, 64, 96)).astype(np.uint8)
    pictures = [Image.fromarray(each) for each in grey]
    path = tmp_path / "no times.gif"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=0)
    assert b"\x21\xf9\x04" not in path.read_bytes(), "nothing says how long a picture is shown"
    with sample_video(path, samples=None) as samples:
        frames = [frame.rgb[..., 0] for (frame,) in samples]
    assert np.array_equal(frames, grey)
    assert samples.info.bytes == path.stat().st_size
    assert samples.info.duration_s == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize(("ending", "mark"), [("gif", 1), ("png", 12)])
def test_a_moving_picture_without_its_end_mark_is_read_with_a_note(ending: str, mark: int, tmp_path: Path) -> None:
    grey = np.random.default_rng(2).integers(0, 256, (5, 64, 96)).astype(np.uint8)
    pictures = [Image.fromarray(each) for each in grey]
    path = tmp_path / f"moving.{ending}"
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40)
    with sample_video(path, samples=None) as whole:
        assert len(list(whole)) == 5
    path.write_bytes(path.read_bytes()[:-mark])
    with sample_video(path, samples=None) as samples:
        frames = [frame.rgb[..., 0] for (frame,) in samples]
    assert np.array_equal(frames, grey)
    note = "The file lacks the mark at its end, so frames may be missing from it."
    assert note in samples.info.notes and note not in whole.info.notes


def test_odd_sizes_and_pixels_that_are_not_square(tmp_path: Path) -> None:
    odd = write_clip(tmp_path / "odd.mkv", counting_frames(4, (97, 65)), "ffv1", pixels="yuv444p")
    (frame, *_) = all_of(sample_video(odd))
    assert frame.rgb.shape == (65, 97, 3)
    wide = write_clip(tmp_path / "wide.mp4", counting_frames(4, (96, 96)), pixel_ratio=Fraction(2))
    with sample_video(wide) as samples:
        assert (samples.info.width, samples.info.height) == (192, 96)


def test_a_transparent_clip_stands_on_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.mov"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("qtrle", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "argb"
        rgba = np.zeros((48, 64, 4), np.uint8)
        rgba[:, :32] = (255, 0, 0, 255)
        out.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, format="rgba").reformat(format="argb")))
        out.mux(stream.encode(None))
    (frame,) = all_of(sample_video(path))
    assert frame.rgb[5, 5].tolist() == [255, 0, 0]
    assert frame.rgb[5, 60].tolist() == [255, 255, 255]


@pytest.mark.parametrize("count", [1, 2, 31, 33])
def test_short_clips_give_every_frame_once(count: int, tmp_path: Path) -> None:
    frames = all_of(sample_video(write_clip(tmp_path / "short.mp4", counting_frames(count)), samples=32))
    assert [frame.index for frame in frames] == (
        list(range(count)) if count <= 32 else sorted({f.index for f in frames})
    )
    assert len(frames) == min(count, 32)


def test_a_clip_without_length_in_its_header_is_sampled_over_its_whole(tmp_path: Path) -> None:
    # As a browser's recorder writes it: a live WebM, without duration and index.
    path = write_clip(
        tmp_path / "live.webm", counting_frames(60), "libvpx", container="webm", options={"deadline": "realtime"}
    )
    live = tmp_path / "stripped.webm"
    with av.open(str(path)) as source, av.open(str(live), "w", format="webm", options={"live": "1"}) as out:
        stream = source.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
    frames = all_of(sample_video(live, samples=6))
    assert [number_of(frame.rgb) for frame in frames] == [4, 14, 24, 34, 44, 54]


def test_a_cut_clip_is_read_as_far_as_it_goes_and_says_so(long_clip: Path, tmp_path: Path) -> None:
    # Fragments, so that the part that is there can be read; the header of the first knows nothing of the rest.
    whole = write_clip(tmp_path / "whole.mkv", counting_frames(250), fps=25, options={"g": "20"})
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * 0.6)])
    with sample_video(cut, samples=8) as samples:
        frames = [frame for stretch in samples for frame in stretch]
    assert len(frames) == 8
    assert frames[-1].index > 100
    assert any("announces 10 seconds" in note for note in samples.info.notes)
    # Without its table of contents, which stands at the end, nothing can be read.
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(long_clip.read_bytes()[:3000])
    with pytest.raises(DamagedMedia, match="damaged or incomplete"):
        sample_video(headless)


def test_a_frame_that_decodes_once_and_not_again_is_damage(long_clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the first frame of a damaged clip may do, whose decoder runs in several threads."""
    with sample_video(long_clip, samples=3) as samples:
        monkeypatch.setattr(VideoSamples, "_decode", lambda *_: iter(()))
        with pytest.raises(DamagedMedia, match="No frame of this MP4 file could be decoded"):
            list(samples)


def test_frames_that_do_not_decode_are_counted_and_never_shown(long_clip: Path, tmp_path: Path) -> None:
    data = bytearray(long_clip.read_bytes())
    rng = np.random.default_rng(3)
    start, end = data.index(b"mdat") + 2000, data.index(b"moov") - 100
    for position in rng.integers(start, end, 40):
        data[position] ^= 0xFF
    path = tmp_path / "flipped.mp4"
    path.write_bytes(data)
    with sample_video(path, samples=None) as samples:
        frames = [frame for stretch in samples for frame in stretch]
    assert samples.counts.undecodable > 0
    assert samples.counts.sampled == len(frames) < 250
    assert any("could not be decoded" in note for note in samples.info.notes)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    short = write_clip(tmp_path / "20s.mp4", counting_frames(20, (640, 360)), fps=1)
    # Decoded it takes 830 MB.
    long = write_clip(tmp_path / "20min.mp4", counting_frames(1200, (640, 360)), fps=1, options={"preset": "ultrafast"})
    code = (
        "import resource, sys\nfrom detector.media.clips import sample_video\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with sample_video(sys.argv[1], samples=32, stretch=2) as clip:\n    n = sum(len(s) for s in clip)\n"
        "print(n, clip.info.duration_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)"
    )
    measured = {}
    for path in (short, long):
        done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
        frames, seconds, kib = done.stdout.split()
        measured[path] = int(kib)
        assert (int(frames), float(seconds)) == ((20, 20) if path is short else (64, 1200))
    assert measured[long] < measured[short] + 100_000


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in /proc")
def test_threads_do_not_grow_with_the_frames(tmp_path: Path) -> None:
    # Each thread's stack counts against what a job may set aside, so that long clips failed.
    path = write_clip(tmp_path / "a.mp4", counting_frames(60, (640, 360)))
    most, before = 0, len(os.listdir("/proc/self/task"))
    with sample_video(path, samples=None) as clip:
        for _ in clip:
            most = max(most, len(os.listdir("/proc/self/task")))
    assert most - before <= 16


def test_a_read_can_be_stopped(long_clip: Path) -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 30

    with pytest.raises(Cancelled), sample_video(long_clip, samples=None, cancelled=stop) as samples:
        list(samples)
    with pytest.raises(Cancelled):
        sample_video(long_clip, cancelled=lambda: True)
