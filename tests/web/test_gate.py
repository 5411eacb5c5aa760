"""The gate around a small application, asked in this process: who is let in, and how much each may."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from detector.web.gate import Gate
from detector.web.rules import Rules, names_of
from detector.web.uploads import Uploads
from detector.words import server as words
from tests.support.asynchronous import run

FREE = Rules(
    checks_per_minute=100_000, requests_per_minute=100_000, uploads_per_minute=100_000, megabytes_per_minute=100_000
)
UPLOAD, CHECK = "/gradio_api/upload", "/gradio_api/call/analyze_image"
QUIET, EXAMPLE = 3, 5
"""Numbers of an event that analyses nothing and of one that shows an example, for the gate alone."""


class Gated:
    """A gate, and behind it an application that stores uploads as they come and sends everything else back.

    Args:
        rules: of the gate.
        uploads: its folder is where uploads are stored.
    """

    def __init__(self, rules: Rules, uploads: Uploads) -> None:
        self.folder = uploads.folder / "uploads"
        self.during_tools: Callable[[dict[str, str]], Awaitable[None]] | None = None
        """What the application does with the headers of a tool call."""
        self._gate: Any = Gate(self._application, rules, uploads, {QUIET}, {EXAMPLE})

    async def _application(self, scope: Any, receive: Any, send: Any) -> None:
        if self.during_tools is not None and scope["path"] == STARTS["a tool"][0]:
            await self.during_tools({name.decode(): value.decode() for name, value in scope["headers"]})
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        if scope["path"] == UPLOAD:
            (self.folder / f"{uuid.uuid4()}.jpg").write_bytes(body)
            body = b"stored"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    def ask(
        self,
        path: str,
        content: bytes | AsyncIterator[bytes] = b"",
        method: str = "POST",
        headers: dict[str, str] | None = None,
        client: str = "127.0.0.1",
    ) -> httpx.Response:
        """The answer to one request of a client with that address."""
        return run(self.asked(path, content, method, headers, client))

    async def asked(
        self,
        path: str,
        content: bytes | AsyncIterator[bytes] = b"",
        method: str = "POST",
        headers: dict[str, str] | None = None,
        client: str = "127.0.0.1",
    ) -> httpx.Response:
        """What ``ask`` gives."""
        transport = httpx.ASGITransport(self._gate, client=(client, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as asking:
            return await asking.request(method, path, content=content, headers=headers)

    def upload(self, content: bytes | AsyncIterator[bytes] = b"x", **options: Any) -> httpx.Response:
        return self.ask(UPLOAD, content, **options)


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Uploads]:
    with Uploads(300, root=tmp_path_factory.mktemp("gate")) as uploads:
        yield uploads


def statuses(requests: list[tuple[str, bytes]], rules: Rules, uploads: Uploads) -> list[int]:
    """The statuses of the answers to these POSTs of one client; what is let through arrives as it was sent."""
    gated, found = Gated(rules, uploads), []
    for path, body in requests:
        answer = gated.ask(path, body)
        assert answer.status_code != 200 or answer.content == body, "the body was not passed on as it came"
        found.append(answer.status_code)
    return found


# Who is let in -------------------------------------------------------------------------------------------------------


def test_names_follow_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SPACE_HOST", raising=False)
    assert not names_of("127.0.0.1").any_address
    assert names_of("0.0.0.0").any_address
    assert "*.gradio.live" in names_of("127.0.0.1", share=True).hosts
    assert "*.gradio.live" not in names_of("127.0.0.1").hosts
    assert "check.example.org" in names_of("127.0.0.1", more=["Check.example.org"]).hosts
    monkeypatch.setenv("SPACE_HOST", "me-check.hf.space")
    assert "https://huggingface.co" in names_of("0.0.0.0").frames


def test_a_proxy_a_share_link_and_a_network_work(uploads: Uploads) -> None:
    hosts = names_of("127.0.0.1", share=True, more=["*.example.org"]).hosts
    gated = Gated(replace(FREE, hosts=hosts, any_address=True), uploads)
    for name in ("abc.gradio.live", "check.example.org", "192.168.1.7:7860", "[::1]:7860"):
        headers = {"host": name, "origin": f"https://{name}"}
        assert gated.upload(headers=headers).status_code == 200, name
        assert gated.ask("/", method="GET", headers={"host": name}).status_code == 200
    for name in ("gradio.live", "example.org", "evilexample.org"):
        assert gated.ask("/", method="GET", headers={"host": name}).status_code == 400, name


# How much each may ---------------------------------------------------------------------------------------------------


def test_each_client_has_a_share_of_uploads_and_checks(uploads: Uploads) -> None:
    gated = Gated(replace(FREE, uploads_per_minute=3, checks_per_minute=2), uploads)
    sent = [gated.upload() for _ in range(5)]
    assert [answer.status_code for answer in sent] == [200, 200, 200, 429, 429]
    assert sent[-1].text == words.TOO_MANY
    assert sent[-1].headers["retry-after"] == "60"
    assert gated.upload(client="198.51.100.7").status_code == 200
    asked = [gated.ask(CHECK, b"{}") for _ in range(4)]
    assert [answer.status_code for answer in asked] == [200, 200, 429, 429]
    assert asked[-1].json()["detail"] == words.TOO_MANY


def test_one_customer_with_ipv6_is_one_client(uploads: Uploads) -> None:
    gated = Gated(replace(FREE, uploads_per_minute=1), uploads)
    own = ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    assert [gated.upload(client=each).status_code for each in own] == [200, 429, 200]


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
    "a place in the queue": ("/gradio_api/queue/join", event(fn_index=QUIET)),
    "an example without the queue": ("/gradio_api/run/predict", event(fn_index=EXAMPLE)),
    "in a batch": ("/gradio_api/run/predict", event(fn_index=[QUIET], batched=True)),
    "a number as text": ("/gradio_api/run/predict", event(fn_index=str(QUIET))),
    "a number as a fraction": ("/gradio_api/run/predict", event(fn_index=float(QUIET))),
    "true": ("/gradio_api/run/predict", event(fn_index=True)),
    "two numbers": ("/gradio_api/run/predict", b'{"data": [], "fn_index": 4, "fn_index": 3}'),
    "not JSON": ("/gradio_api/run/predict", b'{"fn_index": 3'),
    "too deep to be read": ("/gradio_api/run/predict", b"[" * 100_000),
    "a list": ("/gradio_api/run/predict", b'[{"fn_index": 3}]'),
    "a tool": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}'),
    "a tool, streamed": ("/gradio_api/mcp/messages/", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/call"}'),
    "tools in a batch": ("/gradio_api/mcp/", b'[{"method": "ping"}, {"method": "tools/call"}]'),
    "a way that is not known": ("/gradio_api/stream/abc", event(fn_index=QUIET)),
}
STARTS_NONE = {
    "the page's own way": ("/gradio_api/run/predict", event(fn_index=QUIET)),
    "an example, whose result is kept": ("/gradio_api/queue/join", event(fn_index=EXAMPLE)),
    "an end": ("/gradio_api/cancel", event(fn_index=4)),
    "a greeting": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "id": 1, "method": "initialize"}'),
    "a list of tools": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "id": 1, "method": "tools/list"}'),
    "a notice": ("/gradio_api/mcp/", b'{"jsonrpc": "2.0", "method": "notifications/initialized"}'),
}


@pytest.mark.parametrize("request_", STARTS.values(), ids=STARTS)
def test_whatever_may_start_an_analysis_counts_as_a_check(uploads: Uploads, request_: tuple[str, bytes]) -> None:
    assert statuses([request_] * 3, Rules(checks_per_minute=2), uploads) == [200, 200, 429]


def test_each_file_of_a_list_counts_as_a_check(uploads: Uploads) -> None:
    def of(*inputs: Any) -> tuple[str, bytes]:
        return "/gradio_api/queue/join", event(fn_index=4, data=list(inputs))

    file = {"path": "a.jpg"}
    rules = Rules(checks_per_minute=5, files_at_once=3)
    assert statuses([of([file] * 3, "en"), of([file] * 3), of([file] * 2), of(file)], rules, uploads) == [
        200,
        429,
        200,
        429,
    ]
    # What is beyond the most is not checked, so it does not count.
    assert statuses([of([file] * 99), of([file] * 2), of(file)], rules, uploads) == [200, 200, 429]
    # Whichever of two lists of a name is read.
    twice = b'{"data": [%s], "data": [7], "fn_index": 4}' % json.dumps([file] * 3).encode()
    assert statuses([("/gradio_api/queue/join", twice)] * 2, rules, uploads) == [200, 429]
    assert Rules().at_a_rate(4).files_at_once == 4, "else a list of ten could never be checked"
    assert Rules().at_a_rate(60).files_at_once == Rules.files_at_once


FRAME = f"/gradio_api/stream/{'0a' * 16}"


def test_the_pictures_of_a_camera_have_a_limit_of_their_own(uploads: Uploads) -> None:
    rules = Rules(checks_per_minute=1, requests_per_minute=3, frames_per_minute=5, frame_bytes=1000)
    picture = event(data=[{"url": "data:"}, "en", None])
    check = STARTS["the page's own way"]
    asked = [check, *[(FRAME, picture)] * 5, (f"{FRAME}/close", b""), (FRAME, picture), (f"{FRAME}/close", b"")]
    assert statuses(asked, rules, uploads) == [200, *[200] * 5, 200, 429, 200]
    assert statuses([(FRAME, bytes(1001))], rules, uploads) == [413]
    # By the same way any event that waits could be given more files.
    several = event(data=[[{"path": "a.jpg"}] * 3, "en"])
    assert statuses([(FRAME, several)] * 2, replace(rules, checks_per_minute=4), uploads) == [200, 429]
    assert Rules().at_a_rate(1).frames_per_minute >= Rules.frames_per_minute, "else one check would starve"


@pytest.mark.parametrize("request_", STARTS_NONE.values(), ids=STARTS_NONE)
def test_the_pages_errands_have_a_limit_of_their_own(uploads: Uploads, request_: tuple[str, bytes]) -> None:
    rules = Rules(checks_per_minute=1, requests_per_minute=5)
    check = STARTS["the page's own way"]
    assert statuses([*[request_] * 4, check, request_], rules, uploads) == [200] * 5 + [429]


def test_a_tool_call_counts_once_though_gradio_sends_a_second_request(uploads: Uploads) -> None:
    gated = Gated(replace(FREE, checks_per_minute=1), uploads)
    tool, join = STARTS["a tool"], STARTS["the page's own way"]
    inner: list[int] = []
    sent: dict[str, str] = {}

    async def ask_itself(headers: dict[str, str]) -> None:
        sent.update({name: value for name, value in headers.items() if name != "content-length"})
        inner.extend([(await gated.asked(*join, headers=sent)).status_code for _ in range(3)])

    gated.during_tools = ask_itself
    assert gated.ask(*tool, client="198.51.100.7").status_code == 200
    assert inner == [200, 200, 429], "the first was counted with the call; the second is one of this computer's own"
    assert gated.ask(*tool, client="198.51.100.7").status_code == 429
    gated.during_tools = None
    assert gated.ask(*join, headers=sent).status_code == 429, "the call has ended"


def test_a_long_body_is_not_read_to_its_end(uploads: Uploads) -> None:
    rules = replace(FREE, other_bytes=1000)
    assert statuses([("/gradio_api/queue/join", b" " * 1001), STARTS["the page's own way"]], rules, uploads) == [
        413,
        200,
    ]


def test_the_rate_of_all_requests_follows_that_of_checks() -> None:
    assert Rules().at_a_rate(60).requests_per_minute == 2 * Rules.requests_per_minute
    assert Rules().at_a_rate(1).requests_per_minute == Rules.requests_per_minute // 30


def test_bytes_are_counted_too(uploads: Uploads) -> None:
    gated = Gated(replace(FREE, megabytes_per_minute=5), uploads)
    assert [gated.upload(bytes(2 << 20)).status_code for _ in range(3)] == [200, 429, 429]


def test_a_request_has_a_size_whether_it_announces_it_or_not(uploads: Uploads) -> None:
    gated = Gated(replace(FREE, upload_bytes=1 << 20, other_bytes=10_000), uploads)
    assert gated.upload(bytes(2 << 20)).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield bytes(1 << 16)

    answer = gated.upload(endless())
    assert (answer.status_code, answer.text) == (413, words.UPLOAD_TOO_LARGE)
    assert gated.ask(CHECK, b"x" * 20_000).status_code == 413
    for announced in ("-1", "1e3", "9" * 20):
        assert gated.ask(CHECK, b"x", headers={"content-length": announced}).status_code == 413


def test_a_slow_upload_is_ended(uploads: Uploads) -> None:
    gated = Gated(replace(FREE, upload_s=0.2), uploads)

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(40):
            await asyncio.sleep(0.05)
            yield b"x"

    began = time.monotonic()
    answer = gated.upload(drip())
    assert (answer.status_code, answer.text) == (408, words.UPLOAD_TOO_SLOW)
    assert time.monotonic() - began < 1.5


def test_the_folder_of_uploads_has_a_quota(tmp_path: Path) -> None:
    with Uploads(300, 5 << 20, tmp_path) as uploads:
        gated = Gated(FREE, uploads)
        sent = [gated.upload(bytes(2 << 20)) for _ in range(4)]
        assert [answer.status_code for answer in sent] == [200, 200, 507, 507]
        assert sent[-1].text == words.NO_ROOM
        for path in gated.folder.glob("*.jpg"):
            path.unlink()
        time.sleep(0.3)
        assert gated.upload(bytes(2 << 20)).status_code == 200
