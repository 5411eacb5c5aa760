"""Published layouts in small: labels, official splits, and groups that join the video with the people in it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from detector.errors import DamagedMedia
from detector.records import Frame
from tests.support.clips import write_clip
from train.data.cache import Sample, build_cache
from train.data.clip_frames import frames_of_clip
from train.data.published import read_celeb_df, read_dfdc, read_faceforensics, read_samples


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


@pytest.fixture
def faceforensics(tmp_path: Path) -> Path:
    originals = [f"original_sequences/youtube/c23/videos/{n}.mp4" for n in ("000", "003", "010", "011", "020", "021")]
    fakes = [
        f"manipulated_sequences/{m}/c23/videos/{n}.mp4"
        for m in ("Deepfakes", "FaceSwap")
        for n in ("000_003", "021_020")
    ]
    dfd = ["original_sequences/actors/c23/videos/01__walk.mp4", "original_sequences/actors/c23/videos/03__walk.mp4",
           "manipulated_sequences/DeepFakeDetection/c23/videos/01_02__walk__AB.mp4",
           "manipulated_sequences/DeepFakeDetection/c23/videos/02_03__walk__CD.mp4"]  # fmt: skip
    masks = ["manipulated_sequences/Deepfakes/masks/videos/000_003.mp4"]
    for name, pairs in (("train", [["000", "003"]]), ("val", [["010", "011"]]), ("test", [["020", "021"]])):
        (tmp_path / f"{name}.json").write_text(json.dumps(pairs))
    return _touch(tmp_path, *originals, *fakes, *dfd, *masks)


def _groups(samples: list[Sample]) -> dict[str, str]:
    return {Path(sample.path).stem: sample.group for sample in samples}


def test_faceforensics(faceforensics: Path) -> None:
    samples = read_samples(faceforensics)
    assert samples == read_faceforensics(faceforensics)
    assert len(samples) == 14, "masks are no videos of faces"
    assert {s.label for s in samples if "manipulated" in s.path} == {"fake"}
    assert {s.label for s in samples if "original" in s.path} == {"real"}
    assert {Path(s.path).stem for s in samples if s.subset == "dev"} == {"020", "021", "021_020"}
    groups = _groups(samples)
    assert groups["000"] == groups["003"] == groups["000_003"] != groups["010"]
    assert groups["01__walk"] == groups["03__walk"] == groups["01_02__walk__AB"], "joined by way of actor 02"
    assert {(s.source, s.method) for s in samples} >= {("ffpp_c23", "FaceSwap"), ("dfd_c23", "actors")}


def test_faceforensics_without_its_splits_names_where_they_are(faceforensics: Path) -> None:
    (faceforensics / "val.json").unlink()
    with pytest.raises(FileNotFoundError, match="ondyari/FaceForensics"):
        read_faceforensics(faceforensics)
    (faceforensics / "val.json").write_text("[]")
    with pytest.raises(ValueError, match="video 010 stands in none"):
        read_faceforensics(faceforensics)


def test_dfdc(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _touch(tmp_path, *(f"dfdc_train_part_0/{n}.mp4" for n in "abc"), "test/t.mp4")
    table = {
        "a.mp4": {"label": "REAL", "split": "train"},
        "b.mp4": {"label": "FAKE", "split": "train", "original": "a.mp4"},
        "c.mp4": {"label": "FAKE", "split": "train", "original": "elsewhere.mp4"},
        "gone.mp4": {"label": "REAL", "split": "train"},
    }
    (tmp_path / "dfdc_train_part_0/metadata.json").write_text(json.dumps(table))
    (tmp_path / "test/metadata.json").write_text(json.dumps({"t.mp4": {"label": "REAL", "split": "test"}}))
    samples = read_samples(tmp_path)
    assert samples == read_dfdc(tmp_path)
    assert _groups(samples) == {"a": "a", "b": "a", "c": "elsewhere", "t": "t"}
    assert {Path(s.path).stem: (s.label, s.subset) for s in samples} == {
        "a": ("real", "train"), "b": ("fake", "train"), "c": ("fake", "train"), "t": ("real", "dev")}  # fmt: skip
    assert "1 of dfdc: in metadata.json, but not in the folder" in capsys.readouterr().err
    (tmp_path / "test/metadata.json").write_text(json.dumps({"t.mp4": {"label": "FAKE", "split": "train"}}))
    with pytest.raises(ValueError, match="names no original"):
        read_dfdc(tmp_path)


def test_celeb_df(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _touch(tmp_path, "Celeb-real/id0_0000.mp4", "Celeb-real/id1_0000.mp4", "Celeb-real/id5_0000.mp4", "Celeb-real/id9_0000.mp4",
           "YouTube-real/00001.mp4", "YouTube-real/00002.mp4", "Celeb-synthesis/id0_id1_0000.mp4",
           "Celeb-synthesis/id5_id9_0000.mp4")  # fmt: skip
    listed = tmp_path / "List_of_testing_videos.txt"
    listed.write_text("1 YouTube-real/00001.mp4\n0 Celeb-synthesis/id0_id1_0000.mp4\n1 Celeb-real/id0_0000.mp4\n")
    samples = read_samples(tmp_path)
    assert samples == read_celeb_df(tmp_path)
    by_name = {Path(s.path).stem: s for s in samples}
    assert {name for name, s in by_name.items() if s.subset == "dev"} == {"00001", "id0_id1_0000", "id0_0000"}
    assert "id1_0000" not in by_name, "a person of the test set"
    assert by_name["id5_0000"].group == by_name["id9_0000"].group == by_name["id5_id9_0000"].group
    assert by_name["00002"].group not in {s.group for n, s in by_name.items() if n != "00002"}
    assert "1 training clips of Celeb-DF share people" in capsys.readouterr().err
    listed.write_text("0 Celeb-real/id0_0000.mp4\n")
    with pytest.raises(ValueError, match="1 means real"):
        read_celeb_df(tmp_path)


def test_a_folder_of_no_known_layout_names_them_all(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"celeb-df \(List_of_testing_videos.txt\)"):
        read_samples(tmp_path)


def _portraits(path: Path, number: int) -> Iterable[Frame]:
    """Stands in for the video reader: two frames with a face, one without, or a broken clip."""
    if path.stem == "broken":
        raise DamagedMedia("broken")
    assert number == 3
    portrait = skimage.data.astronaut()
    yield Frame(portrait, index=0, time_s=0.0)
    yield Frame(np.full((200, 200, 3), 90, np.uint8), index=5, time_s=0.2)
    yield Frame(np.roll(portrait, 9, axis=1), index=10, time_s=0.4)


def test_clips_yield_several_faces_of_one_group(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    head = "path\tlabel\tsource\tmethod\tgroup\tsubset\n"
    _touch(tmp_path, "clip.mp4", "broken.mp4")
    Image.fromarray(skimage.data.astronaut()).save(tmp_path / "still.png")
    rows = [f"{name}\treal\ts\tm\t{name}\ttrain" for name in ("clip.mp4", "broken.mp4", "still.png")]
    (tmp_path / "clips.tsv").write_text(head + "\n".join(rows) + "\n")
    samples = read_samples(tmp_path)
    cache = build_cache(
        tmp_path, tmp_path / "cache", None, processes=1, samples=samples, frames=3, frames_of=_portraits
    )
    assert [(s.group, s.time_s) for s in cache.samples] == [("clip.mp4", 0.0), ("clip.mp4", 0.4), ("still.png", None)]
    np.testing.assert_array_equal(cache.frame(0).rgb, cache.frame(2).rgb)
    said = capfd.readouterr().err
    assert "1 of s: no face found" in said and "1 of s: not readable" in said
    rows = (tmp_path / "cache" / "index.jsonl").read_text().splitlines()
    assert "time_s" in rows[0] and "time_s" not in rows[2], "a still's row is what it was before there were clips"


def test_frames_come_from_all_over_a_clip(tmp_path: Path) -> None:
    grey = np.full((64, 64, 3), 90, np.uint8)
    path = write_clip(tmp_path / "clip.mp4", [grey] * 30, fps=10)
    times = [frame.time_s or 0.0 for frame in frames_of_clip(path, 3)]
    assert len(times) == 3
    assert times == sorted(times) and times[-1] - times[0] > 1.0


def test_dfdc_says_which_part_has_no_table_and_which_originals_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _touch(tmp_path, "part_0/a.mp4", "part_0/b.mp4", "part_1/c.mp4", "part_1/d.mp4")
    table = {
        "a.mp4": {"label": "REAL", "split": "train"},
        "b.mp4": {"label": "FAKE", "split": "train", "original": "gone.mp4"},
    }
    (tmp_path / "part_0/metadata.json").write_text(json.dumps(table))
    assert len(read_dfdc(tmp_path)) == 2
    said = capsys.readouterr().err
    assert "left out: 2 of dfdc: no metadata.json in part_1; copy it there" in said
    assert "without their originals in the folder: 1 fakes of dfdc; they are kept" in said
