"""The served page: its named endpoint, what it refuses to hand out, and what it keeps to itself."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
import httpx
import pytest
import skimage.data
from gradio_client import Client, exceptions, handle_file  # type: ignore[import-untyped]

import app
from detector.errors import Cancelled
from detector.report import serialise as report
from detector.web.options import UPLOADS_KEPT_S
from detector.web.work import Work
from tests.support import fakes
from tests.support.clips import write_clip
from tests.support.running import in_new_python

if TYPE_CHECKING:
    from detector import Detector

ENDPOINT = "/analyze_image"


@pytest.fixture(scope="module")
def client(served: gr.Blocks, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(
        served.local_url, verbose=False, download_files=tmp_path_factory.mktemp("client"), analytics_enabled=False
    )


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "holiday.jpg"
    path.write_bytes(fakes.jpeg(fakes.group_photo()))
    return path


def test_endpoint_gives_the_report(client: Client, detector: fakes.FakeDetector, photo: Path) -> None:
    answer = client.predict(image=handle_file(photo), api_name=ENDPOINT)
    assert answer == json.loads(report.to_json(detector.analyze(photo)))
    assert answer["verdict"] == "strong_signs"
    assert len(answer["faces"]) == 3
    assert answer["error"] is None


def test_endpoint_hands_over_the_original_bytes_and_name(
    client: Client, detector: fakes.FakeDetector, photo: Path
) -> None:
    client.predict(image=handle_file(photo), model="cnn", api_name=ENDPOINT)
    _, name, model, sha256 = detector.seen[-1]
    assert (name, model, sha256) == ("holiday.jpg", "cnn", hashlib.sha256(photo.read_bytes()).hexdigest())


def test_endpoint_names_what_is_wrong_with_a_file(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "notes.jpg"
    path.write_bytes(b"Dear diary")
    answer = client.predict(image=handle_file(path), api_name=ENDPOINT)
    assert answer["error"] == {
        "type": "UnsupportedMedia",
        "message": "This is not a picture but a text file. Use a photo.",
    }
    assert answer["verdict"] == "not_analysed"
    assert answer["p_fake"] is None
    assert answer["input"]["name"] == "notes.jpg"


def test_a_fault_in_the_program_stays_loud_and_keeps_its_text(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "bug.jpg"
    path.write_bytes(b"bug")
    with pytest.raises(exceptions.AppError) as caught:
        client.predict(image=handle_file(path), api_name=ENDPOINT)
    assert "a fault in the program" not in str(caught.value)


def test_only_the_named_endpoint_is_public(client: Client) -> None:
    info = client.view_api(return_format="dict", print_info=False)
    assert set(info["named_endpoints"]) == {ENDPOINT, "/analyze_video"}
    assert not info["unnamed_endpoints"]
    assert [parameter["parameter_name"] for parameter in info["named_endpoints"][ENDPOINT]["parameters"]] == [
        "image",
        "model",
    ]


@pytest.mark.parametrize("marked", [False, True], ids=["plain path", "marked as a file"])
def test_files_that_were_not_uploaded_are_not_read(
    served: gr.Blocks, detector: fakes.FakeDetector, photo: Path, marked: bool
) -> None:
    image: dict[str, Any] = {"path": str(photo)}
    if marked:
        image["meta"] = {"_type": "gradio.FileData"}
    before = len(detector.seen)
    call = httpx.post(f"{served.local_api_url}call{ENDPOINT}", json={"data": [image, None]})
    answer = httpx.get(f"{served.local_api_url}call{ENDPOINT}/{call.json()['event_id']}", timeout=20).text
    assert "event: error" in answer
    assert "strong_signs" not in answer
    assert len(detector.seen) == before


@pytest.mark.parametrize("path", ["weights/manifest.json", "app.py", "../../etc/passwd"])
def test_no_file_of_the_server_is_handed_out(served: gr.Blocks, path: str) -> None:
    wanted = Path(app.__file__).parent / path
    assert httpx.get(f"{served.local_api_url}file={wanted}").status_code == 403


@pytest.mark.slow
def test_large_uploads_are_refused(served: gr.Blocks) -> None:
    too_large = httpx.post(f"{served.local_api_url}upload", files={"files": ("a.mp4", b"x" * (201 << 20))}, timeout=60)
    assert too_large.status_code == 413


def test_page_keeps_to_itself(served: gr.Blocks) -> None:
    config = httpx.get(f"{served.local_url}config").json()
    assert config["analytics_enabled"] is False
    assert config["run_history"] is False
    assert config["show_error"] is False
    assert not config["footer_links"]
    assert httpx.get(f"{served.local_url}monitoring").status_code in (403, 404)
    css = httpx.get(f"{served.local_url}theme.css").text + config["css"]
    assert "system-ui" in css
    assert "http" not in css.replace("http://www.w3.org", "")
    assert "@font-face" not in css
    assert served.delete_cache == (60, UPLOADS_KEPT_S)


def test_the_whole_pipeline_answers_through_the_page(tiny_detector: Detector, photo: Path, tmp_path: Path) -> None:
    with fakes.serve(tiny_detector, tmp_path) as blocks:
        client = Client(blocks.local_url, verbose=False, analytics_enabled=False)
        answer = client.predict(image=handle_file(photo), api_name=ENDPOINT)
    assert len(answer["faces"]) == 3
    assert all(set(face["models"]) == {"tiny", "other"} for face in answer["faces"])
    assert answer["input"]["sha256"] == hashlib.sha256(photo.read_bytes()).hexdigest()


def test_missing_weights_end_with_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["--weights", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("error: ")
    assert str(tmp_path) in shown.err
    assert "Traceback" not in shown.err


def test_gradio_is_imported_without_making_its_stubs() -> None:
    code = (
        "import inspect, os, sys\n"
        "before, opened = inspect.getfile, []\n"
        "sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == 'open' else None)\n"
        "from detector.web.gradio_import import gr\n"
        "assert gr.Image().upload and gr.Button().click and inspect.getfile is before\n"
        "stubs = [path for path in opened if path.endswith('.pyi')]\n"
        "assert opened and not stubs, stubs\n"
    )
    in_new_python(code)


def test_the_page_is_built_without_a_warning() -> None:
    """Any would fail the test, as pyproject.toml has it, but for those that it excuses."""
    app.build_app(fakes.FakeDetector())
    app.launch_options()


# Videos --------------------------------------------------------------------------------------------------------------


def test_a_video_goes_through_its_endpoint(tiny_detector_for_clips: Detector, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "talk.mp4", [skimage.data.astronaut()] * 8)
    with fakes.serve(tiny_detector_for_clips, tmp_path / "uploads") as blocks:
        client = Client(blocks.local_url, verbose=False, analytics_enabled=False)
        answer = client.predict(video=handle_file(clip), api_name="/analyze_video")
    assert answer["error"] is None
    assert answer["input"]["sha256"] == hashlib.sha256(clip.read_bytes()).hexdigest()
    assert [len(face["timeline"]) for face in answer["faces"]] == [6]


def test_work_is_watched_and_stopped() -> None:
    def count_up(progress: Callable[[str, int, int], None], stop: Callable[[], bool]) -> str:
        for done in range(1000):
            progress("reading", done, 1000)
            if stop():
                raise Cancelled("The analysis was stopped.")
            time.sleep(0.01)
        return "done"

    work = Work(count_up)
    seen = 0
    for stage, done, total, _ in work.watch():
        assert (stage, total) == ("reading", 1000) and done >= seen
        seen = done
        if seen > 30:
            work.stop()
            stopped = time.monotonic()
    with pytest.raises(Cancelled):
        work.result()
    assert time.monotonic() - stopped < 2
    assert Work(lambda tell, stop: 7).result() == 7
