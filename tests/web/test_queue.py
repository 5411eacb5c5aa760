"""Who waits in the page's queue: checks that somebody still wants."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
import httpx

from detector.web.gate import EXAMPLES
from tests.support import fakes
from tests.support.running import within


class Visitor:
    """One browser session of a page, which sends what the page's script sends."""

    def __init__(self, page: gr.Blocks, session: str) -> None:
        self._url, self._session = page.local_api_url, session
        self._numbers = {event.api_name: number for number, event in page.fns.items()}

    def upload(self, data: bytes) -> dict[str, Any]:
        path = httpx.post(f"{self._url}upload", files={"files": ("a.jpg", data)}).json()[0]
        return {"path": path, "orig_name": "a.jpg", "meta": {"_type": "gradio.FileData"}}

    def check(self, file: dict[str, Any] | None, choice: int) -> None:
        """Ask for a check, which waits for its turn."""
        self._send("queue/join", "_check", [file, "en", None, "", choice, ""])

    def choose(self, choice: int) -> None:
        """Announce that another file was chosen."""
        self._send("run/predict", "_forget", [None, choice, ""])

    def received(self) -> list[dict[str, Any]]:
        """What the server sent for the checks that were asked for, until they have ended."""
        stream = httpx.get(f"{self._url}queue/data", params={"session_hash": self._session}, timeout=60).text
        return [json.loads(line[6:]) for line in stream.splitlines() if line.startswith("data: ")]

    def _send(self, route: str, event: str, data: list[Any]) -> None:
        asked = {"data": data, "fn_index": self._numbers[event], "session_hash": self._session}
        assert httpx.post(f"{self._url}{route}", json=asked, timeout=60).status_code == 200


def test_a_check_leaves_the_queue_when_its_photo_is_replaced(served: gr.Blocks, detector: fakes.FakeDetector) -> None:
    first, second, third = (Visitor(served, name) for name in ("first", "second", "third"))
    file = first.upload(fakes.jpeg(fakes.group_photo()))
    before = len(detector.seen)
    detector.hold.clear()
    try:
        first.check(file, 1)
        assert within(60, lambda: len(detector.seen) == before + 1)
        second.check(file, 1)
        third.check(file, 1)
        second.choose(1)
        assert len(served._queue) == 2, "its own choice was announced"
        second.choose(2)
        assert len(served._queue) == 1
        first.choose(2)
        assert len(served._queue) == 1, "what runs is not taken away, nor is what others wait for"
        ended = second.received()
        completed = next(message for message in ended if message["msg"] == "process_completed")
        assert completed["success"]
        assert completed["output"]["data"] == [gr.skip()] * 2, "nothing on the page changes"
    finally:
        detector.hold.set()
    assert [message["success"] for message in third.received() if message["msg"] == "process_completed"] == [True]
    assert len(detector.seen) == before + 2


def test_examples_have_a_queue_of_their_own(served: gr.Blocks) -> None:
    shown = [event for event in served.fns.values() if event.concurrency_id == EXAMPLES]
    assert shown and all(event.queue for event in shown)
