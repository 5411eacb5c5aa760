"""What the gate adds to the page's answers, and the answers that it gives itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from detector.web.asgi import Send
from detector.web.rules import Rules
from detector.words.language import language, preferred

__all__ = ["HeldResponse", "Response", "security_headers"]

_PRIVATE = ("/gradio_api/file", "/gradio_api/upload", "/gradio_api/call", "/gradio_api/queue")


class Response:
    """The answer to one request: the page's own with our headers added, or a short one of the gate's.

    Args:
        send: of ASGI.
        headers: to be added, as ``security_headers`` makes them.
        path: of the request.
        given: the request's own headers, in lower case.
    """

    def __init__(self, send: Send, headers: Sequence[tuple[bytes, bytes]], path: str, given: dict[str, str]) -> None:
        self._send, self._headers = send, headers
        # Somebody's face: not for the caches of a shared computer or a proxy.
        self._private = path.startswith(_PRIVATE)
        self._say = language(preferred(given.get("accept-language")))

    async def __call__(self, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", []), *self._headers]
            if self._private:
                headers = [(name, value) for name, value in headers if name.lower() != b"cache-control"]
                headers.append((b"cache-control", b"no-store"))
            message = {**message, "headers": headers}
        await self._send(message)

    async def answer(
        self, status: int, sentence: str, headers: dict[str, str] | None = None, *, as_json: bool = False
    ) -> None:
        """Give a short answer in the reader's language.

        Args:
            status: of HTTP.
            sentence: in English.
            headers: further ones.
            as_json: for Gradio's client where it looks for "detail"; plain text is shown as it comes.
        """
        text = self._say(sentence)
        body = json.dumps({"detail": text, "error": text}).encode() if as_json else text.encode()
        kind = "application/json" if as_json else "text/plain; charset=utf-8"
        pairs = {"content-type": kind, "content-length": str(len(body)), "connection": "close", **(headers or {})}
        raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
        await self({"type": "http.response.start", "status": status, "headers": raw})
        await self({"type": "http.response.body", "body": body})


class HeldResponse:
    """Passes an answer on, but holds one of 500 or more back.

    "Internal Server Error" goes out before the error itself arrives at the gate, which may have a better answer.
    """

    def __init__(self, response: Response) -> None:
        self._response = response
        self._messages: list[dict[str, Any]] = []

    async def __call__(self, message: dict[str, Any]) -> None:
        if self._messages or (message["type"] == "http.response.start" and message["status"] >= 500):
            self._messages.append(message)
        else:
            await self._response(message)

    @property
    def status(self) -> int | None:
        """Of the answer that is held back."""
        return self._messages[0]["status"] if self._messages else None

    async def release(self) -> None:
        """Send what was held back."""
        for message in self._messages:
            await self._response(message)


def security_headers(rules: Rules) -> list[tuple[bytes, bytes]]:
    """The headers that every answer carries."""
    frames = " ".join(rules.frames) or "'none'"
    # Gradio's page builds functions from text and scripts from blobs, and does not start without leave to.
    policy = (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
        "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
        f"frame-ancestors {frames}"
    )
    values = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        # Not "no-referrer", with which browsers send "Origin: null" along with a form.
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
        "cross-origin-resource-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
    }
    if not rules.frames:
        values["x-frame-options"] = "DENY"
    return [(name.encode(), value.encode()) for name, value in values.items()]
