"""The annotated clip: it plays everywhere, keeps its sound, and shows boxes where the face was found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from detector.errors import Cancelled, MediaTooLarge, UnsupportedMedia
from detector.media.clips import sample_video
from detector.pipeline.annotation import annotate, place_at
from detector.records import (
    Report,
    Watcher,
)
from tests.pipeline.clip_harness import (
    SECONDS,
)
from tests.support.clips import counting_frames


def test_the_annotated_clip_plays_everywhere_and_keeps_its_sound(
    two_people: Path, report: Report, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    steps = []
    annotate(two_people, report, target, Watcher(progress=lambda *step: steps.append(step)), heat=True)
    with av.open(str(target)) as made:
        video, sound = made.streams.video[0], made.streams.audio[0]
        assert sound.duration is not None and sound.time_base is not None
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert sound.codec_context.name == "aac"
        assert float(sound.duration * sound.time_base) == pytest.approx(SECONDS, abs=0.2)
    assert target.read_bytes().find(b"moov") < target.read_bytes().find(b"mdat")
    assert steps[-1] == ("writing", 120, 120)
    with sample_video(target, samples=None) as out, sample_video(two_people, samples=None) as source:
        for (after,), (before,) in zip(out, source, strict=True):
            assert after.time_s == pytest.approx(before.time_s, abs=0.002)
            changed = np.abs(after.rgb.astype(int) - before.rgb).max(axis=2) > 90
            assert changed.any()
            for face in report.faces:
                assert face.over_time is not None
                place = place_at(face.over_time, before.time_s or 0.0)
                if place is not None:
                    # The left line of the box, where the person is now.
                    x, y = round(place.box.left), round(place.box.center[1])
                    assert changed[y - 3 : y + 3, max(0, x - 4) : x + 5].any()


def test_boxes_are_drawn_only_where_the_face_was_found(report: Report) -> None:
    seen = report.faces[0].over_time
    assert seen is not None
    gapped = replace(seen, gaps=((3.0, 5.0),))
    assert place_at(gapped, 4.0) is None
    assert place_at(gapped, 3.0) is not None
    assert place_at(seen, -30.0) is None and place_at(seen, 99.0) is None
    assert place_at(seen, seen.last_s + 0.1) is not None


def test_what_cannot_be_annotated_is_refused_and_leaves_nothing(
    two_people: Path, report: Report, tmp_path: Path
) -> None:
    target = tmp_path / "out.mp4"
    picture = replace(report, input=replace(report.input, kind="image"))
    with pytest.raises(UnsupportedMedia):
        annotate(two_people, picture, target)
    long = replace(report, input=replace(report.input, duration_s=601.0))
    with pytest.raises(MediaTooLarge, match="up to 10 minutes"):
        annotate(two_people, long, target)
    asked = iter(range(1000))
    with pytest.raises(Cancelled):
        annotate(two_people, report, target, Watcher(cancelled=lambda: next(asked) > 60))
    assert not target.exists()


def test_other_sound_is_encoded_anew(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "talk.mkv"
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 96, 64, "yuv420p"
        sound = out.add_stream("libopus", rate=48000)
        for rgb in counting_frames(20):
            out.mux(video.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        out.mux(video.encode(None))
        for start in range(0, 96000, 960):
            chunk = av.AudioFrame.from_ndarray(np.zeros((1, 960), np.float32), format="flt", layout="mono")
            chunk.sample_rate, chunk.pts = 48000, start
            out.mux(sound.encode(chunk))
        out.mux(sound.encode(None))
    short = replace(report, faces=(), deciding=None, input=replace(report.input, duration_s=2.0, fps=10.0))
    annotate(path, short, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as made:
        encoded = made.streams.audio[0]
        assert encoded.codec_context.name == "aac"
        assert encoded.duration is not None and encoded.time_base is not None
        assert float(encoded.duration * encoded.time_base) == pytest.approx(2, abs=0.1)
