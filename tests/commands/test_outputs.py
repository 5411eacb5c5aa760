"""What ``analyze`` writes: pictures, annotated videos and HTML, and where it refuses to."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector.__main__ import main
from detector.drawing.heatmap import reaches_a_level
from detector.media.images import read_image
from tests.commands.running import Run, lines_of
from tests.support.clips import write_clip

if TYPE_CHECKING:
    from detector import Detector


def test_a_slip_does_not_cost_a_photo(run: Run, portrait: Path, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(portrait.read_bytes())
    disguised = tmp_path / "photo.json"
    disguised.write_bytes(portrait.read_bytes())
    for target, file in ((photo, portrait), (photo, photo), (disguised, disguised)):
        status, _, err = run("analyze", file, "--json", target)
        assert status == 2
        assert f"error: {target} cannot be written" in err
        assert target.read_bytes() == portrait.read_bytes()


@pytest.mark.parametrize("option", ["--json", "--heatmaps"])
def test_a_place_that_cannot_be_written_is_named_before_the_work(
    run: Run, portrait: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_text("")
    status, out, err = run("analyze", portrait, option, tmp_path / "file" / "below")
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert "cannot be written" in err


def test_heatmaps_are_of_the_scored_crop_and_never_overwrite_another_files(
    run: Run, tiny_detector: Detector, portrait: Path, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    Image.fromarray(astronaut[:, ::-1]).save(other / "astronaut.png")
    folder = tmp_path / "new" / "maps"
    assert run("analyze", portrait, other / "astronaut.png", portrait, "--heatmaps", folder)[0] == 0
    kinds = ("faces", "face1.crop", "face1.heat")
    stems = ("astronaut.png", "astronaut.png-2", "astronaut.png-3")
    assert {path.name for path in folder.iterdir()} == {f"{stem}.{kind}.png" for stem in stems for kind in kinds}

    def saved(stem: str, kind: str) -> NDArray[np.uint8]:
        return read_image(folder / f"{stem}.{kind}.png").frame.rgb

    for stem, source in zip(stems, (portrait, other / "astronaut.png", portrait), strict=True):
        (face,) = tiny_detector.analyze(source).faces
        assert np.array_equal(saved(stem, "face1.crop"), face.crop.rgb)
        assert saved(stem, "faces").shape == astronaut.shape
        assert face.heatmap is not None
        painted = (saved(stem, "face1.heat") != face.crop.rgb).any()
        assert painted == reaches_a_level(face.heatmap.towards_fake, face.heatmap.towards_real)
    assert not np.array_equal(saved(stems[0], "face1.crop"), saved(stems[1], "face1.crop"))


def test_names_that_differ_only_in_case_or_by_a_number_stay_apart(run: Run, portrait: Path, tmp_path: Path) -> None:
    for name in ("a.png", "A.png", "a.png-2"):
        (tmp_path / name).write_bytes(portrait.read_bytes())
    files = [tmp_path / "a.png", tmp_path / "A.png", tmp_path / "a.png-2"]
    assert run("analyze", *files, "--heatmaps", tmp_path / "maps")[0] == 0
    names = {path.name.casefold() for path in (tmp_path / "maps").iterdir()}
    assert len(names) == 3 * 3


@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
def test_a_hostile_name_neither_steers_the_terminal_nor_leaves_the_folder(
    run: Run, portrait: Path, tmp_path: Path
) -> None:
    for name in ("\x1b[2Jx\u202egnp.png", f"{'ü' * 120}.png", os.fsdecode(b"\xff\xfe.png"), "..png"):
        path = tmp_path / name
        path.write_bytes(portrait.read_bytes())
        status, out, _ = run("analyze", path, "--heatmaps", tmp_path / "maps", "--json", tmp_path / "out.jsonl")
        assert status == 0
        assert "\x1b" not in out
        assert "\u202e" not in out
        path.write_bytes(b"no picture")
        status, out, _ = run("analyze", path, "--json", "-")
        assert status == 2
        assert "\x1b" not in lines_of(out)[0]["input"]["name"]
        path.unlink()
    assert {path.name for path in tmp_path.iterdir()} == {"maps", "out.jsonl"}
    assert len(list((tmp_path / "maps").iterdir())) == 4 * 3


@pytest.fixture
def talk(portrait: Path, tmp_path: Path) -> Path:
    """A second of the astronaut, who does not move."""
    return write_clip(tmp_path / "talk.mp4", [read_image(portrait).frame.rgb] * 10)


def test_a_clip_is_analysed_drawn_and_reported(
    tiny_detector_for_clips: Detector, talk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["analyze", str(talk), "--json", "-", "--annotated", str(tmp_path / "out.mp4")]
    arguments += ["--heatmaps", str(tmp_path / "pictures")]
    assert main(arguments, load=lambda folder: nullcontext(tiny_detector_for_clips)) == 0
    (line,) = lines_of(capsys.readouterr().out)
    (person,) = line["faces"]
    assert line["input"]["kind"] == "video"
    assert person["first_s"] < person["last_s"] <= 1
    assert len(person["timeline"]) == 6
    assert (tmp_path / "out.mp4").stat().st_size > 1000
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert names == {f"talk.mp4.face1.{kind}.png" for kind in ("crop", "heat", "timeline")}
    assert main(["analyze", str(talk)], load=lambda folder: nullcontext(tiny_detector_for_clips)) == 0
    out = capsys.readouterr().out
    assert "\nPerson 1: " in out and "Seen from 0:00.0 to 0:0" in out and "The most suspicious moments: 0:0" in out


def test_an_annotated_video_needs_one_clip_and_a_name_of_its_own(
    tiny_detector_for_clips: Detector, talk: Path, portrait: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for files, target, says in (
        ([talk, talk], tmp_path / "out.mp4", "one video"),
        ([talk], tmp_path / "out.avi", "must end in .mp4"),
        ([talk], talk, "names the video to be analysed"),
        ([portrait], tmp_path / "out.mp4", "this is a picture"),
    ):
        arguments = ["analyze", *map(str, files), "--annotated", str(target)]
        assert main(arguments, load=lambda folder: nullcontext(tiny_detector_for_clips)) == 2
        shown = capsys.readouterr()
        assert says in shown.err + shown.out
    assert not (tmp_path / "out.mp4").exists()


def test_a_report_in_html_is_one_whole_file(run: Run, portrait: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    status, out, _ = run("analyze", portrait, "--html", target, "--json", "-")
    assert status == 0
    (plain,) = lines_of(out)
    html = target.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>") and html.endswith("</html>\n")
    for part in (plain["input"]["sha256"], plain["model"]["sha256"], plain["made_at"], "data:image/png;base64,"):
        assert part in html
    assert "towards altered" in html, "heatmaps belong to it without being asked for"
    assert run("analyze", portrait, "--html", target, "--lang", "de")[0] == 0
    assert '<html lang="de">' in target.read_text(encoding="utf-8")


def test_a_report_in_html_is_of_one_file_and_named_so(run: Run, portrait: Path, broken: Path, tmp_path: Path) -> None:
    for arguments, problem in (
        ((portrait, broken, "--html", tmp_path / "a.html"), "give one FILE only"),
        ((portrait, "--html", tmp_path / "a.jpg"), "must end in .html"),
        ((portrait, "--html", tmp_path / "none" / "a.html"), "does not exist"),
    ):
        status, out, err = run("analyze", *arguments)
        assert (status, out) == (2, "")
        assert problem in err
    assert list(tmp_path.glob("**/a.*")) == []
    status, _, _ = run("analyze", broken, "--html", tmp_path / "a.html")
    assert status == 2 and not (tmp_path / "a.html").exists()
