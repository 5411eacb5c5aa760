"""The command line: one line a file in order, a bad file stops nothing, standard output carries only what was asked."""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from detector import __main__, __version__
from detector.__main__ import command_line, main
from detector.drawing.heatmap import reaches_a_level
from detector.media.images import read_image
from detector.records import Report
from detector.report.schema import json_schema
from detector.version import VERSION
from tests import ROOT
from tests.support.clips import write_clip
from tests.support.fakes import FakeDetector, group_photo, jpeg

if TYPE_CHECKING:
    from detector import Detector

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tiny_detector: Detector, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process; gives exit status, standard output and standard error."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        status = main([str(argument) for argument in arguments], load=lambda folder: nullcontext(tiny_detector))
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A picture that is cut off in the middle."""
    path = tmp_path / "broken.png"
    rgb = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(path)
    path.write_bytes(path.read_bytes()[:6000])
    return path


def lines_of(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def subprocess_run(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "detector", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT, **options)


def test_help_answers_in_under_a_second_and_loads_nothing_heavy() -> None:
    def work_of_children() -> float:
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    before = work_of_children()
    assert "analyze" in subprocess_run("--help").stdout
    # Processor time, so that a busy machine does not count: it is the program that may not be slow.
    assert work_of_children() - before < 1.0
    code = (
        "import sys, detector.__main__; "
        "print(sorted({'tensorflow', 'keras', 'mediapipe', 'cv2', 'PIL', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"


def test_the_usage_in_the_text_of_the_module_is_that_of_the_parser() -> None:
    assert __main__.__doc__ is not None
    text = " ".join(__main__.__doc__.split())
    usages = {name: " ".join(parser.format_usage().split()) for name, parser in subcommands().items()}
    assert list(usages) == ["analyze", "models", "self-check", "schema"]
    for usage in usages.values():
        assert usage.removeprefix("usage: ").replace(" [-h]", "") in text
    assert text.count("python -m detector ") == len(usages)


def subcommands() -> dict[str, argparse.ArgumentParser]:
    (action,) = (action for action in command_line()._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


@pytest.mark.parametrize("name", sorted(subcommands()))
def test_every_command_is_explained_with_an_example_that_parses(name: str) -> None:
    parser = subcommands()[name]
    assert parser.epilog is not None
    assert len(parser.format_help()) < 2500
    example = parser.epilog.removeprefix("Example: python -m detector ").split(" > ")[0]
    assert command_line().parse_args(shlex.split(example)).command == name
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0


def test_the_version_stands_in_one_place(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"detector {__version__}\n" == f"detector {VERSION}\n"


def test_the_schema_is_printed_and_is_one(run: Run) -> None:
    status, out, err = run("schema")
    assert (status, err) == (0, "")
    assert json.loads(out) == json_schema()


def test_one_line_a_file_in_order_and_a_bad_file_stops_nothing(run: Run, portrait: Path, broken: Path) -> None:
    status, out, _ = run("analyze", portrait, broken, "/no/such/file.jpg", portrait, "--json", "-")
    lines = lines_of(out)
    assert status == 2
    assert [line["input"]["name"] for line in lines] == ["astronaut.png", "broken.png", "file.jpg", "astronaut.png"]
    assert [line["error"] and line["error"]["type"] for line in lines] == [None, "DamagedMedia", "MediaError", None]
    first, last = ({key: value for key, value in lines[i].items() if key != "made_at"} for i in (0, 3))
    assert first == last, "the same file twice, if not within the same second"
    assert lines[0]["faces"][0]["id"] == 1
    assert {line["verdict"] for line in lines[1:3]} == {"not_analysed"}
    assert all(line.keys() == lines[0].keys() for line in lines)


def test_all_readable_is_status_0_whatever_the_verdict(run: Run, portrait: Path, tmp_path: Path) -> None:
    Image.new("RGB", (200, 200), "grey").save(tmp_path / "grey.png")
    status, out, _ = run("analyze", portrait, tmp_path / "grey.png", "--json", "-")
    assert status == 0
    assert lines_of(out)[1]["verdict"] == "not_analysed"


@pytest.mark.slow
def test_twenty_files_of_mixed_formats_through_the_real_program(
    tiny_weights: Path, astronaut: NDArray[np.uint8], broken: Path, tmp_path: Path
) -> None:
    """Standard output holds 20 lines of JSON and nothing else, whatever the libraries print."""
    picture = Image.fromarray(astronaut)
    files: list[Path] = []
    for index, ending in enumerate(["jpg", "png", "webp", "bmp", "tiff", "gif", "avif", "jpeg", "png"] * 2):
        files.append(tmp_path / f"{index} größe.{ending}")
        picture.resize((256, 256)).save(files[-1])
    (tmp_path / "text.jpg").write_text("This is not a picture.")
    files[7:7], files[15:15] = [broken], [tmp_path / "text.jpg"]
    done = subprocess_run("analyze", *files, "--json", "-", "--weights", tiny_weights)
    lines = lines_of(done.stdout)
    assert done.returncode == 2, done.stderr
    assert [line["input"]["name"] for line in lines] == [file.name for file in files]
    assert len(lines) == 20
    assert [index for index, line in enumerate(lines) if line["error"]] == [7, 15]
    assert all(len(line["faces"]) == 1 for line in lines if not line["error"])
    assert "Traceback" not in done.stderr


class Chatty(FakeDetector):
    """Prints while it works, and notes how much of a file is already written."""

    def __init__(self, watched: Path | None = None) -> None:
        super().__init__()
        self.watched = watched
        self.written: list[int] = []

    def select(self, model: str | None) -> None:
        """Knows every model."""

    def analyze(self, *arguments: Any, **options: Any) -> Report:
        print("Downloading 100 %")
        if self.watched is not None:
            self.written.append(len(self.watched.read_text().splitlines()))
        return super().analyze(*arguments, **options)


def test_what_libraries_print_does_not_come_between_the_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "group.jpg").write_bytes(jpeg(group_photo()))
    files = [str(tmp_path / "group.jpg")] * 3
    assert main(["analyze", *files, "--json", "-"], load=lambda folder: nullcontext(cast("Detector", Chatty()))) == 0
    out, err = capsys.readouterr()
    assert len(lines_of(out)) == 3
    assert err.count("Downloading") == 3


def test_each_line_is_written_before_the_next_file_is_begun(tmp_path: Path) -> None:
    (tmp_path / "group.jpg").write_bytes(jpeg(group_photo()))
    chatty = Chatty(tmp_path / "out.jsonl")
    files = [str(tmp_path / "group.jpg")] * 3
    arguments = ["analyze", *files, "--json", str(tmp_path / "out.jsonl")]
    assert main(arguments, load=lambda folder: nullcontext(cast("Detector", chatty))) == 0
    assert chatty.written == [0, 1, 2]


def test_a_reader_that_goes_away_ends_the_run_quietly(portrait: Path) -> None:
    code = (
        "import sys\n"
        "from contextlib import nullcontext\n"
        "from detector.__main__ import main\n"
        "from detector.errors import MediaError\n"
        "class Reader:\n"
        "    def select(self, model): pass\n"
        "    def analyze(self, file, **options): raise MediaError('No picture.')\n"
        "sys.exit(main(sys.argv[1:], load=lambda folder: nullcontext(Reader())))\n"
    )
    command = [sys.executable, "-c", code, "analyze", *[str(portrait)] * 2000, "--json", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert json.loads(process.stdout.readline())["input"]["name"] == "astronaut.png"
        process.stdout.close()
        err = process.stderr.read()
        assert process.wait(60) == 141, err
    assert err == ""


def test_without_json_people_get_sentences(run: Run, portrait: Path, broken: Path) -> None:
    status, out, _ = run("analyze", portrait, broken)
    assert status == 2
    assert f"{portrait}: " in out
    assert re.search(r"Face 1: score \d+(\.\d)? of 100", out)
    assert f"{broken}: could not be read" in out
    assert "not proof" in out
    assert "{" not in out


def test_json_to_a_file_leaves_the_sentences_on_standard_output(run: Run, portrait: Path, tmp_path: Path) -> None:
    target = tmp_path / "reports.jsonl"
    target.write_text("of an earlier run")
    status, out, _ = run("analyze", portrait, portrait, "--json", target)
    assert status == 0
    assert out.count("Face 1: score") == 2
    assert [line["input"]["name"] for line in lines_of(target.read_text())] == ["astronaut.png"] * 2


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
def test_a_place_that_cannot_be_written_is_said_before_the_work(
    run: Run, portrait: Path, tmp_path: Path, option: str
) -> None:
    (tmp_path / "file").write_text("")
    status, out, err = run("analyze", portrait, option, tmp_path / "file" / "below")
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert "cannot be written" in err


def test_an_unknown_model_lists_the_choices(run: Run, portrait: Path) -> None:
    status, out, err = run("analyze", portrait, "--model", "nope", "--json", "-")
    assert status == 2
    assert out == ""
    assert "choose one of: other, tiny" in err


def test_the_model_that_is_asked_for_decides(run: Run, portrait: Path) -> None:
    _, out, _ = run("analyze", portrait, "--model", "other", "--json", "-")
    (line,) = lines_of(out)
    assert line["model"]["name"] == "other"
    assert line["p_fake"] == line["faces"][0]["models"]["other"]


def test_missing_weights_are_a_sentence_not_a_trace(
    tmp_path: Path, portrait: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["analyze", str(portrait), "--json", "-", "--weights", str(tmp_path)])
    out, err = capsys.readouterr()
    assert status == 2
    assert out == ""
    assert err.startswith("error: ")
    assert "manifest.json" in err


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
    assert len(names) == 3 * 4


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
    assert len(list((tmp_path / "maps").iterdir())) == 4 * 4


def test_models_are_listed_with_revision_and_hash(tiny_weights: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "--weights", str(tiny_weights), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)["models"]
    assert [(row["name"], row["default"], row["revision"]) for row in listed] == [
        ("other", False, "local"),
        ("tiny", True, "local"),
    ]
    assert main(["models", "--weights", str(tiny_weights)]) == 0
    text = capsys.readouterr().out
    assert all(row["sha256"] in text and row["name"] in text and row["file"] in text for row in listed)


def test_a_model_that_is_only_on_the_hub_is_listed_with_the_pinned_commit(
    tiny_weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = json.loads((tiny_weights / "manifest.json").read_text())
    for hub, revision in (({"repo": "owner/name", "revision": "b" * 40}, "b" * 40), (None, None)):
        (tmp_path / "manifest.json").write_text(json.dumps({**values, "hub": hub}))
        assert main(["models", "--weights", str(tmp_path), "--json"]) == 0
        assert {row["revision"] for row in json.loads(capsys.readouterr().out)["models"]} == {revision}
        assert main(["models", "--weights", str(tmp_path)]) == 0
        assert (revision or "unknown") in capsys.readouterr().out


def test_a_wrong_command_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["analyze"], ["nonsense"]):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
        assert "usage" in capsys.readouterr().err


# Clips ---------------------------------------------------------------------------------------------------------------


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
    assert names == {f"talk.mp4.face1.{kind}.png" for kind in ("crop", "fake", "real", "timeline")}
    assert main(["analyze", str(talk)], load=lambda folder: nullcontext(tiny_detector_for_clips)) == 0
    out = capsys.readouterr().out
    assert "Person 1, 0:00." in out and "highest single frames at 0:0" in out


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
    assert "Raised the score" in html, "heatmaps belong to it without being asked for"
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


def test_what_the_file_says_about_itself_is_told_apart_from_the_score(
    run: Run, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = tmp_path / "made.png"
    info = PngInfo()
    info.add_text("parameters", "a king\nSteps: 20, Sampler: Euler, Seed: 1")
    Image.fromarray(astronaut).save(path, pnginfo=info)
    status, out, _ = run("analyze", path)
    assert status == 0
    told = out[out.index("What the file says about itself (not part of the score)") :]
    assert "Generator named in the file: Stable Diffusion web UI (PNG text parameters)" in told
