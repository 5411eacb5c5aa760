"""``analyze``: one line a file in order, a bad file stops nothing, standard output carries only what was asked."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from detector.__main__ import main
from detector.records import Report
from tests import ROOT
from tests.commands.running import Run, lines_of, run_program
from tests.support.fakes import FakeDetector, group_photo, jpeg

if TYPE_CHECKING:
    from detector import Detector


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
    done = run_program("analyze", *files, "--json", "-", "--weights", tiny_weights)
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


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


def test_a_bar_shows_how_many_files_are_done_at_a_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "group.jpg").write_bytes(jpeg(group_photo()))
    arguments = ["analyze", *[str(tmp_path / "group.jpg")] * 3]
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        assert main(arguments, load=lambda folder: nullcontext(cast("Detector", FakeDetector()))) == 0
        shown = stream.getvalue()
        if stream.isatty():
            assert "group.jpg:   0%" in shown and "2/3" in shown
            assert shown.split("\r")[-1].strip("\x1b[A \n") == "", "the bar is gone in the end"
        else:
            assert shown == ""
    assert "group.jpg:   0%" not in capsys.readouterr().out


def test_a_reader_that_goes_away_ends_the_run_quietly(portrait: Path) -> None:
    code = (
        "import sys\n"
        "from contextlib import nullcontext\n"
        "from detector.__main__ import main\n"
        "from detector.errors import MediaError\n"
        "class Reader:\n"
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
    assert f": {portrait}\n" in out
    assert "\nFace 1: " in out
    assert re.search(r"other \d+(\.\d)? of 100, .*tiny \d+(\.\d)? of 100", out)
    assert f"{broken}: could not be read" in out
    assert "not proof" in out
    assert "{" not in out


def test_json_to_a_file_leaves_the_sentences_on_standard_output(run: Run, portrait: Path, tmp_path: Path) -> None:
    target = tmp_path / "reports.jsonl"
    target.write_text("of an earlier run")
    status, out, _ = run("analyze", portrait, portrait, "--json", target)
    assert status == 0
    assert out.count("Face 1: ") == 2
    assert [line["input"]["name"] for line in lines_of(target.read_text())] == ["astronaut.png"] * 2


def test_an_unknown_model_lists_the_choices_before_any_is_loaded(
    portrait: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_load(folder: Path | None) -> NoReturn:
        raise AssertionError("models were loaded")

    arguments = ["analyze", str(portrait), "--model", "nope", "--json", "-", "--weights", str(tiny_weights)]
    assert main(arguments, load=no_load) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "error: there is no model named 'nope'; choose one of: other, tiny.\n"


def test_the_requested_model_decides(run: Run, portrait: Path) -> None:
    _, out, _ = run("analyze", portrait, "--model", "other", "--json", "-")
    (line,) = lines_of(out)
    assert line["model"]["name"] == "other"
    assert line["p_fake"] == line["faces"][0]["models"]["other"]


def test_the_origin_of_a_file_is_shown_apart_from_the_score(
    run: Run, astronaut: NDArray[np.uint8], tmp_path: Path
) -> None:
    path = tmp_path / "made.png"
    info = PngInfo()
    info.add_text("parameters", "a king\nSteps: 20, Sampler: Euler, Seed: 1")
    Image.fromarray(astronaut).save(path, pnginfo=info)
    status, out, _ = run("analyze", path)
    assert status == 0
    origin = out[out.index("What the file says about itself – ") :]
    assert "Generator named in the file: Stable Diffusion web UI (PNG text parameters)" in origin
