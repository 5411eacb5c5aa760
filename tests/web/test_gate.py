"""The gate before the page: strangers, limits, and what the answers carry; every probe goes over a real connection."""

from __future__ import annotations

import asyncio
import json
import os
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
from detector.web.gate import ANALYSIS, Gate, surface
from detector.web.rules import Rules, names_of
from detector.web.uploads import Uploads
from detector.words import server as words
from tests import ROOT
from tests.support import fakes
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
    with serve(tmp_path_factory.mktemp("served")) as page:
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


def test_names_follow_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_HOST", raising=False)
    assert not names_of("127.0.0.1").any_address
    assert names_of("0.0.0.0").any_address
    assert "*.gradio.live" in names_of("127.0.0.1", share=True).hosts
    assert "*.gradio.live" not in names_of("127.0.0.1").hosts
    assert "check.example.org" in names_of("127.0.0.1", more=["Check.example.org"]).hosts
    monkeypatch.setenv("SPACE_HOST", "me-check.hf.space")
    assert "https://huggingface.co" in names_of("0.0.0.0").frames


def test_a_proxy_a_share_link_and_a_network_work(tmp_path: Path, photo: bytes) -> None:
    rules = replace(FREE, hosts=(*names_of("127.0.0.1", share=True, more=["*.example.org"]).hosts,), any_address=True)
    with serve(tmp_path, rules) as page:
        for name in ("abc.gradio.live", "check.example.org", "192.168.1.7:7860", "[::1]:7860"):
            headers = {"host": name, "origin": f"https://{name}"}
            assert page.upload(photo, headers=headers).status_code == 200, name
            assert httpx.get(page.url, headers={"host": name}).status_code == 200
        for name in ("gradio.live", "example.org", "evilexample.org"):
            assert httpx.get(page.url, headers={"host": name}).status_code == 400, name


# Limits --------------------------------------------------------------------------------------------------------------


def test_each_client_has_a_share_of_uploads_and_checks(tmp_path: Path) -> None:
    with serve(tmp_path, replace(FREE, uploads_per_minute=3, checks_per_minute=2)) as page:
        sent = [page.upload() for _ in range(5)]
        assert [answer.status_code for answer in sent] == [200, 200, 200, 429, 429]
        assert sent[-1].text == words.TOO_MANY
        assert sent[-1].headers["retry-after"] == "60"
        # A proxy on this computer is trusted with the client's address: another one has a share of its own.
        assert page.upload(headers={"x-forwarded-for": "198.51.100.7"}).status_code == 200
        asked = [page.check(sent[0].json()[0]) for _ in range(4)]
        assert [answer.status_code for answer in asked] == [200, 200, 429, 429]
        assert asked[-1].json()["detail"] == words.TOO_MANY


QUIET = 3
"""Number of an event that analyses nothing, for the gate alone."""


def statuses(requests: list[tuple[str, bytes]], rules: Rules, uploads: Uploads) -> list[int]:
    """What a gate answers to these POSTs of one client, before an application that takes everything it is given whole."""

    async def application(scope: Any, receive: Any, send: Any) -> None:
        message, body = {"more_body": True}, b""
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    async def ask() -> list[int]:
        gate: Any = Gate(application, rules, uploads, {QUIET})
        transport = httpx.ASGITransport(gate)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            found = []
            for path, body in requests:
                answer = await client.post(path, content=body)
                assert answer.status_code != 200 or answer.content == body, "the body was not passed on as it came"
                found.append(answer.status_code)
            return found

    return asyncio.run(ask())


def event(**fields: Any) -> bytes:
    return json.dumps({"data": [], "session_hash": "x", **fields}).encode()


STARTS = {
    "the page's own way": ("/gradio_api/queue/join", event(fn_index=4)),
    "without the queue": ("/gradio_api/run/predict", event(fn_index=4)),
    "under the name of another": ("/gradio_api/run/begin/", event(fn_index=4)),
    "an event by its name": ("/gradio_api/run/_check", event()),
    "the old way": ("/gradio_api/api/predict", event(fn_index=QUIET)),
    "an endpoint": ("/gradio_api/call/analyze_image", event()),
    "an endpoint, new": ("/gradio_api/call/v2/analyze_image", event()),
    "a name and a quiet number": ("/gradio_api/call/analyze_image", event(fn_index=QUIET)),
    "in a batch": ("/gradio_api/queue/join", event(fn_index=[QUIET], batched=True)),
    "a number as text": ("/gradio_api/queue/join", event(fn_index=str(QUIET))),
    "a number as a fraction": ("/gradio_api/queue/join", event(fn_index=float(QUIET))),
    "true": ("/gradio_api/queue/join", event(fn_index=True)),
    "two numbers": ("/gradio_api/queue/join", b'{"data": [], "fn_index": 4, "fn_index": 3}'),
    "not JSON": ("/gradio_api/queue/join", b'{"fn_index": 3'),
    "too deep to be read": ("/gradio_api/queue/join", b"[" * 100_000),
    "a list": ("/gradio_api/queue/join", b'[{"fn_index": 3}]'),
    "a tool": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}'),
    "a tool, streamed": ("/gradio_api/mcp/messages/", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}'),
    "tools in a batch": ("/gradio_api/mcp/", b'[{"method": "ping"}, {"method": "tools/call"}]'),
    "a way that is not known": ("/gradio_api/stream/abc", event(fn_index=QUIET)),
}
STARTS_NONE = {
    "the page's own way": ("/gradio_api/queue/join", event(fn_index=QUIET)),
    "without the queue": ("/gradio_api/run/predict", event(fn_index=QUIET)),
    "an end": ("/gradio_api/cancel", event(fn_index=4)),
    "a greeting": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "id": 1, "method": "initialize"}'),
    "a list of tools": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'),
    "a notice": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'),
}


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uploads]:
    with Uploads(300, root=tmp_path_factory.mktemp("gate")) as uploads:
        yield uploads


@pytest.mark.parametrize("request_", STARTS.values(), ids=STARTS)
def test_whatever_may_start_an_analysis_counts_as_a_check(uploads: Uploads, request_: tuple[str, bytes]) -> None:
    assert statuses([request_] * 3, Rules(checks_per_minute=2), uploads) == [200, 200, 429]


@pytest.mark.parametrize("request_", STARTS_NONE.values(), ids=STARTS_NONE)
def test_the_pages_errands_have_a_limit_of_their_own(uploads: Uploads, request_: tuple[str, bytes]) -> None:
    rules = Rules(checks_per_minute=1, requests_per_minute=5)
    check = STARTS["the page's own way"]
    assert statuses([*[request_] * 4, check, request_], rules, uploads) == [200] * 5 + [429]


def test_a_long_body_is_not_read_to_its_end(uploads: Uploads) -> None:
    rules = replace(FREE, other_bytes=1000)
    assert statuses([("/gradio_api/queue/join", b" " * 1001), STARTS["the page's own way"]], rules, uploads) == [
        413,
        200,
    ]


def test_the_rate_of_all_requests_follows_that_of_checks() -> None:
    assert Rules().at_a_rate(60).requests_per_minute == 2 * Rules.requests_per_minute
    assert Rules().at_a_rate(1).requests_per_minute == Rules.requests_per_minute // 30


def test_the_gate_knows_which_events_of_the_page_analyse(tmp_path: Path) -> None:
    with serve(tmp_path, replace(FREE, checks_per_minute=1)) as page:
        events = httpx.get(f"{page.url}config").json()["dependencies"]
        numbers = {each["api_name"]: each["id"] for each in events}
        quiet = ("_forget", "_forget_1", "_unfinished", "begin", "refresh", "speak", "stop")
        working = ("_check", "_check_1", "_mark", "analyze_image", "analyze_video")
        for count, name in enumerate((*quiet, *working)):
            asked = {"data": [], "fn_index": numbers[name], "session_hash": name}
            # Each is another client, behind a proxy that is trusted.
            headers = {"x-forwarded-for": f"198.51.100.{count}"}
            answers = [
                httpx.post(f"{page.url}gradio_api/{path}", json=asked, headers=headers, timeout=30).status_code
                for path in ("queue/join", "run/predict")
            ]
            assert (429 in answers) == (name in working), name


def test_only_work_for_the_detector_waits_in_its_queue() -> None:
    """An event that analyses and is not marked as one would not count."""
    events = app.build_app(fakes.FakeDetector()).fns.values()
    queued = {each.api_name for each in events if each.fn is not None and each.queue}
    counted = {each.api_name for each in events if each.concurrency_id == ANALYSIS}
    # Gradio calls what a closed page leaves behind itself.
    assert queued - counted == {"stop_1"}
    assert {"_check", "_check_1", "_mark", "analyze_image", "analyze_video"} < counted


def test_bytes_are_counted_too(tmp_path: Path) -> None:
    with serve(tmp_path, replace(FREE, megabytes_per_minute=5)) as page:
        assert [page.upload(bytes(2 << 20)).status_code for _ in range(3)] == [200, 429, 429]


def test_a_request_has_a_size_whether_it_says_so_or_not(tmp_path: Path) -> None:
    with serve(tmp_path, replace(FREE, upload_bytes=1 << 20, other_bytes=10_000)) as page:
        assert page.upload(bytes(2 << 20)).status_code == 413

        def endless() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
            for _ in range(64):
                yield bytes(1 << 16)

        headers = {"content-type": "multipart/form-data; boundary=x"}
        answer = httpx.post(f"{page.url}gradio_api/upload", content=endless(), headers=headers, timeout=60)
        assert (answer.status_code, answer.text) == (413, words.UPLOAD_TOO_LARGE)
        long = httpx.post(f"{page.url}gradio_api/call/analyze_image", json={"data": ["x" * 20_000]})
        assert long.status_code == 413


def test_a_slow_upload_is_ended(tmp_path: Path) -> None:
    with serve(tmp_path, replace(FREE, upload_s=0.5)) as page:

        def drip() -> Iterator[bytes]:
            yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
            for _ in range(40):
                time.sleep(0.1)
                yield b"x"

        headers = {"content-type": "multipart/form-data; boundary=x"}
        began = time.monotonic()
        try:
            answer = httpx.post(f"{page.url}gradio_api/upload", content=drip(), headers=headers, timeout=60)
            assert (answer.status_code, answer.text) == (408, words.UPLOAD_TOO_SLOW)
        except httpx.WriteError:  # the connection was closed while we still wrote
            pass
        assert time.monotonic() - began < 3.5


def test_the_folder_of_uploads_has_a_quota(tmp_path: Path) -> None:
    with serve(tmp_path, quota_bytes=5 << 20) as page:
        sent = [page.upload(bytes(2 << 20), f"{n}.jpg") for n in range(4)]
        assert [answer.status_code for answer in sent] == [200, 200, 507, 507]
        assert sent[-1].text == words.NO_ROOM
        for path in (page.uploads.folder / "uploads").rglob("*.jpg"):
            path.unlink()
        time.sleep(0.3)
        assert page.upload(bytes(2 << 20), "again.jpg").status_code == 200


def test_a_full_queue_says_so_at_once(tmp_path: Path, photo: bytes) -> None:
    with serve(tmp_path) as page:
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


def test_others_are_served_while_many_clients_dawdle(tmp_path: Path, photo: bytes) -> None:
    with serve(tmp_path, replace(FREE, uploads_at_once=100)) as page, dawdling(page.url, 20) as threads:
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


def test_the_page_works_under_its_own_policy(served: Served, photo: bytes, tmp_path: Path) -> None:
    from tests.web.test_browser import CHROMIUM, FLAGS, sync_api

    if not CHROMIUM:
        pytest.skip("no chromium found (Debian package chromium, or set CHROMIUM)")
    (tmp_path / "a.jpg").write_bytes(photo)
    complaints: list[str] = []
    with sync_api.sync_playwright() as playwright:
        # The server under test has moved this process's temporary folder to a path too long for the browser's socket.
        short = {**os.environ, "TMPDIR": "/tmp"}
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS, env=short)
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
        page.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        page.goto(served.url)
        page.wait_for_selector("#fc-photo-input input[type=file]", state="attached")
        with page.expect_response(lambda response: "/upload" in response.url) as sent:
            page.set_input_files("#fc-photo-input input[type=file]", tmp_path / "a.jpg")
        assert sent.value.status == 200
        page.wait_for_function("document.activeElement.id === 'fc-check'")
        page.click("#fc-check")
        page.wait_for_selector("#fc-photo-verdict")
        browser.close()
    assert complaints == []
