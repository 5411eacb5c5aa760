"""The gate before the running page: strangers, limits, and what the answers carry; each request over a real connection."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import app
from detector.web.gate import ANALYSIS, EXAMPLES, surface
from detector.web.rules import Rules
from detector.web.uploads import Uploads
from detector.words import server as words
from tests import ROOT
from tests.support import fakes
from tests.support.browsing import WIDE, OpenPage, needs_chromium
from tests.support.running import dawdling

FREE = Rules(
    checks_per_minute=100_000, requests_per_minute=100_000, uploads_per_minute=100_000, megabytes_per_minute=100_000
)


@dataclass
class Served:
    """A running page and where it keeps its files."""

    url: str
    uploads: Uploads
    detector: fakes.FakeDetector

    def upload(self, data: bytes = b"x", name: str = "a.jpg", **options: Any) -> httpx.Response:
        return httpx.post(f"{self.url}gradio_api/upload", files={"files": (name, data)}, timeout=60, **options)

    def check(self, path: str, **options: Any) -> httpx.Response:
        image = {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": "a.jpg"}
        return httpx.post(
            f"{self.url}gradio_api/call/analyze_image", json={"data": [image, None]}, timeout=60, **options
        )


@contextmanager
def serve(root: Path, rules: Rules = FREE, quota_bytes: int = 1 << 30) -> Iterator[Served]:
    """The page behind its gate, with a detector that needs no models."""
    detector = fakes.FakeDetector()
    with ExitStack() as stack:
        uploads = stack.enter_context(Uploads(300, quota_bytes, root))
        blocks = app.build_app(detector)
        options = {**app.launch_options(), **surface(rules, uploads)}
        blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **options)
        stack.callback(blocks.close)
        yield Served(str(blocks.local_url), uploads, detector)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page that one client may send much to at once."""
    with serve(tmp_path_factory.mktemp("served"), replace(FREE, uploads_at_once=100)) as page:
        yield page


@pytest.fixture(scope="module")
def photo() -> bytes:
    return fakes.jpeg(fakes.group_photo())


# Strangers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "", "localhost@evil"])
def test_a_host_name_that_is_not_ours_is_refused(served: Served, host: str) -> None:
    for method, path in (("GET", ""), ("OPTIONS", "gradio_api/upload"), ("POST", "gradio_api/upload")):
        answer = httpx.request(method, f"{served.url}{path}", headers={"host": host})
        assert answer.status_code == 400, (method, path)
        assert "access-control-allow-origin" not in answer.headers
    forwarded = httpx.get(served.url, headers={"x-forwarded-host": host or "x"})
    assert forwarded.status_code == 400


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost.evil.example", "file://"])
def test_another_site_can_neither_send_nor_read(served: Served, origin: str) -> None:
    before = served.uploads.held_bytes()
    refused = [
        served.upload(headers={"origin": origin}),
        served.check("/etc/passwd", headers={"origin": origin}),
        httpx.get(f"{served.url}config", headers={"origin": origin}),
        httpx.options(
            f"{served.url}gradio_api/upload", headers={"origin": origin, "access-control-request-method": "POST"}
        ),
    ]
    assert {answer.status_code for answer in refused} == {403}
    assert not any("access-control-allow-origin" in answer.headers for answer in refused)
    time.sleep(0.3)
    assert served.uploads.held_bytes() == before, "nothing was stored"
    crossed = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert served.upload(headers=crossed).status_code == 403
    assert (
        httpx.get(served.url, headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}).status_code == 200
    )


def test_ourselves_are_let_in(served: Served) -> None:
    own = served.url.rstrip("/")
    for origin in (own, own.replace("127.0.0.1", "localhost")):
        assert served.upload(headers={"origin": origin}).status_code == 200
    assert httpx.get(served.url, headers={"host": "localhost:1"}).status_code == 200


# Limits --------------------------------------------------------------------------------------------------------------


def test_the_gate_knows_which_events_of_the_page_analyse(tmp_path: Path) -> None:
    with serve(tmp_path, replace(FREE, checks_per_minute=1)) as page:
        events = httpx.get(f"{page.url}config", timeout=30).json()["dependencies"]
        numbers = {each["api_name"]: each["id"] for each in events}
        quiet = ("_forget", "_forget_1", "_unfinished", "begin", "refresh", "translate", "_press_stop", "_look")
        working = ("_check", "_check_1", "_mark", "analyze_image", "analyze_video")
        for count, name in enumerate((*quiet, *working)):
            asked = {"data": [], "fn_index": numbers[name], "session_hash": name}
            # Each is another client, behind a proxy that is trusted.
            headers = {"x-forwarded-for": f"198.51.100.{count}"}
            answers = [
                httpx.post(f"{page.url}gradio_api/run/predict", json=asked, headers=headers, timeout=30).status_code
                for _ in range(2)
            ]
            assert (429 in answers) == (name in working), name


def test_only_work_for_the_detector_waits_in_its_queue() -> None:
    """An event that analyses and is not marked as one would not count."""
    events = app.build_app(fakes.FakeDetector()).fns.values()
    queued = {each.api_name for each in events if each.fn is not None and each.queue}
    counted = {each.api_name for each in events if each.concurrency_id == ANALYSIS}
    # Gradio calls what a closed page leaves behind itself.
    shows = {each.api_name for each in events if each.concurrency_id == EXAMPLES}
    assert queued - counted == {"leave", "leave_1"} | shows
    assert shows and not shows & counted
    assert {"_check", "_check_1", "_check_2", "_frame", "_mark", "analyze_image", "analyze_video"} == counted


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A page that takes small and quick requests only."""
    rules = replace(FREE, upload_bytes=1 << 20, other_bytes=10_000, upload_s=0.5)
    with serve(tmp_path_factory.mktemp("strict"), rules) as page:
        yield page


# ``test_gate`` has both in every run, without a server.
@pytest.mark.slow
def test_a_request_has_a_size_whether_it_announces_it_or_not(strict: Served) -> None:
    assert strict.upload(bytes(2 << 20)).status_code == 413

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(64):
            yield bytes(1 << 16)

    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = httpx.post(f"{strict.url}gradio_api/upload", content=endless(), headers=headers, timeout=60)
    assert (answer.status_code, answer.text) == (413, words.UPLOAD_TOO_LARGE)
    long = httpx.post(f"{strict.url}gradio_api/call/analyze_image", json={"data": ["x" * 20_000]})
    assert long.status_code == 413


@pytest.mark.slow
def test_a_slow_upload_is_ended(strict: Served) -> None:
    def drip() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        for _ in range(40):
            time.sleep(0.1)
            yield b"x"

    headers = {"content-type": "multipart/form-data; boundary=x"}
    began = time.monotonic()
    try:
        answer = httpx.post(f"{strict.url}gradio_api/upload", content=drip(), headers=headers, timeout=60)
        assert (answer.status_code, answer.text) == (408, words.UPLOAD_TOO_SLOW)
    except httpx.WriteError:  # the connection was closed while we still wrote
        pass
    assert time.monotonic() - began < 3.5


def test_a_full_queue_refuses_at_once(served: Served, photo: bytes) -> None:
    page = served
    path = page.upload(photo).json()[0]
    page.detector.hold.clear()
    try:
        asked = []
        for _ in range(12):
            began = time.monotonic()
            asked.append((page.check(path), time.monotonic() - began))
        statuses = [answer.status_code for answer, _ in asked]
        assert statuses == [200] * 8 + [503] * 4, "one is served and seven wait"
        refused = [(answer, spent) for answer, spent in asked if answer.status_code == 503]
        assert all(answer.json()["detail"] == words.BUSY for answer, _ in refused)
        assert min(spent for _, spent in refused) < 0.2
    finally:
        page.detector.hold.set()


def test_others_are_served_while_many_clients_dawdle(served: Served, photo: bytes) -> None:
    page = served
    with dawdling(page.url, 20) as threads:
        time.sleep(0.5)
        began = time.monotonic()
        assert page.upload(photo).status_code == 200
        assert time.monotonic() - began < 3
        assert all(thread.is_alive() for thread in threads), "nobody was turned away for being slow"


# What the answers carry ----------------------------------------------------------------------------------------------


def test_every_answer_carries_the_headers(served: Served) -> None:
    path = served.upload().json()[0]
    answers = [
        httpx.get(served.url),
        httpx.get(f"{served.url}config"),
        httpx.get(f"{served.url}nowhere"),
        httpx.get(f"{served.url}gradio_api/file={path}"),
        httpx.get(served.url, headers={"host": "evil.example"}),
        served.upload(headers={"origin": "null"}),
    ]
    for answer in answers:
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert answers[3].headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        *("monitoring", "monitoring/summary", "docs", "redoc", "openapi.json", "gradio_api/run-history/buckets"),
        *("gradio_api/proxy=http://127.0.0.1:9/", "gradio_api/component_server", "gradio_api/vibe-code/"),
    ],
)
def test_what_the_page_does_not_need_is_not_there(served: Served, path: str) -> None:
    assert httpx.get(f"{served.url}{path}").status_code == 404
    assert httpx.post(f"{served.url}{path}", json={}).status_code == 404


def test_no_file_outside_the_uploads_is_read_or_named(served: Served, photo: bytes) -> None:
    own = served.upload(photo).json()[0]
    tries = [
        "/etc/passwd",
        str(ROOT / "weights" / "manifest.json"),
        str(served.uploads.folder / "owner"),
        f"{Path(own).parent}/../../../owner",
        "..%2f..%2f..%2fetc%2fpasswd",
        "file:///etc/passwd",
        "http://127.0.0.1:9/x",
    ]
    seen = len(served.detector.seen)
    for wanted in tries:
        answer = httpx.get(f"{served.url}gradio_api/file={wanted}")
        assert answer.status_code in (400, 403, 404), wanted
        assert str(ROOT) not in answer.text.replace(wanted, "")
        event = served.check(wanted).json().get("event_id")
        said = httpx.get(f"{served.url}gradio_api/call/analyze_image/{event}", timeout=20).text if event else ""
        assert "strong_signs" not in said
        assert str(ROOT) not in said
        assert str(served.uploads.folder) not in said
    assert len(served.detector.seen) == seen


def test_errors_name_no_path_of_the_server(served: Served) -> None:
    requests: list[tuple[str, dict[str, Any]]] = [
        ("gradio_api/call/analyze_image", {"json": {"data": "no list"}}),
        ("gradio_api/call/nothing", {"json": {"data": []}}),
        ("gradio_api/call/analyze_image", {"content": b"{", "headers": {"content-type": "application/json"}}),
        ("gradio_api/queue/join", {"json": {"data": [], "fn_index": 9999, "session_hash": "x"}}),
        ("gradio_api/upload", {"content": b"x", "headers": {"content-type": "multipart/form-data"}}),
        ("gradio_api/run/analyze_image", {"json": {"data": [{"path": 5}, None]}}),
    ]
    for path, options in requests:
        answer = httpx.post(f"{served.url}{path}", timeout=20, **options)
        assert not re.search(r"(/work/|/root/|/usr/|/home/|site-packages|Traceback)", answer.text), (path, answer.text)


# In a browser --------------------------------------------------------------------------------------------------------


@needs_chromium
def test_the_page_works_under_its_own_policy(visit: OpenPage, served: Served, photo: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo)
    opened = visit(served.url, WIDE)
    opened.choose(tmp_path / "a.jpg")
    opened.check()
    assert opened.complaints == []
