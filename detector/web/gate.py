"""What stands between the network and the page: who may ask, how much, and what the answers carry along.

Gradio stores an upload whatever page sent it, answers to any host name, and limits neither. So every request passes a ``Gate``
first, which knows nothing of the page:

* the ``Host`` must be one of ours, else a stranger's name could be pointed at this computer (DNS rebinding): 400;
* the ``Origin``, where a browser sends one, must be one of ours, else any page could use this one in a visitor's name: 403;
* routes that the page does not need do not exist: 404;
* each client has its share of uploads, checks, bytes and other requests: 429; a request has a size: 413; the disk has a
  quota: 507;
* where the queue is full, the sentence says so: 503.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import json
import os
import re
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from detector.web.uploads import Uploads
from detector.words import server as words
from detector.words.language import language, preferred

__all__ = ["ANALYSIS", "Gate", "Rules", "names_of", "surface"]

ANALYSIS = "analysis"
"""``concurrency_id`` of the page's events that analyse something: they wait in one queue, and count as checks."""
MEGABYTE = 1 << 20
LOOPBACK = ("localhost", "127.0.0.1", "::1")
_HIDDEN = (
    "/monitoring",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/login",
    "/gradio_api/proxy=",
    "/proxy=",
    "/gradio_api/component_server",
    "/gradio_api/process_recording",
    "/gradio_api/vibe",
    "/gradio_api/undo-vibe",
    "/gradio_api/dev/",
    "/gradio_api/run-history",
    "/gradio_api/runs",
    "/gradio_api/deep_link",
)
"""Beginnings of routes that Gradio offers and this page does not use."""
_AT_ONCE = re.compile(r"/gradio_api/run/[^/]+")
"""Where the page sends the events that do not queue; which one it is stands in the body, and the name here is ignored."""
_MCP = "/gradio_api/mcp"
_MCP_ASKS_ONLY = re.compile(r"initialize|ping|tools/list|notifications/.+")
"""Methods of MCP that run nothing."""
_ENDS_ONLY = ("/gradio_api/cancel", "/gradio_api/reset")
_UPLOAD = ("/gradio_api/upload",)
_PRIVATE = ("/gradio_api/file", "/gradio_api/upload", "/gradio_api/call", "/gradio_api/queue")

Scope = dict[str, Any]
Receive = Callable[[], Any]
Send = Callable[[dict[str, Any]], Any]
App = Callable[[Scope, Receive, Send], Any]


@dataclass(frozen=True)
class Rules:
    """Who may ask, and how much each may."""

    hosts: tuple[str, ...] = LOOPBACK
    """Names that the page answers to; ``*.example.org`` stands for all names below example.org."""
    any_address: bool = False
    """Whether numeric addresses are fine as a host name: nobody can point a name of theirs at a number."""
    frames: tuple[str, ...] = ()
    """Origins that may show the page in a frame."""
    checks_per_minute: int = 30
    """Requests that may start an analysis."""
    requests_per_minute: int = 600
    """All but reading and uploads; a visitor makes about five for one check, and one for most other presses."""
    uploads_per_minute: int = 60
    megabytes_per_minute: int = 1000
    uploads_at_once: int = 8
    upload_bytes: int = 201 * MEGABYTE
    """Of one request; a little more than the largest file."""
    other_bytes: int = 8 * MEGABYTE
    """Of any other request."""
    upload_s: float = 600.0
    """Seconds that an upload may take."""

    def at_a_rate(self, checks_per_minute: int) -> Rules:
        """The same rules with another rate of checks, and of uploads and bytes in proportion."""
        if checks_per_minute < 1:
            raise ValueError(f"Rules.at_a_rate: expected at least 1 check a minute, got {checks_per_minute}")
        factor = checks_per_minute / Rules.checks_per_minute
        return replace(
            self,
            checks_per_minute=checks_per_minute,
            # At least what a page needs that is opened and used once.
            requests_per_minute=max(20, round(Rules.requests_per_minute * factor)),
            uploads_per_minute=round(Rules.uploads_per_minute * factor),
            # At least the largest file.
            megabytes_per_minute=max(202, round(Rules.megabytes_per_minute * factor)),
            uploads_at_once=max(2, round(Rules.uploads_at_once * factor)),
        )


def names_of(host: str, share: bool = False, more: Sequence[str] = ()) -> Rules:
    """The rules for a server on an address.

    Args:
        host: what the server listens on.
        share: whether Gradio's servers make it public under a name of theirs.
        more: further names, for example those of a reverse proxy.
    """
    names = [*LOOPBACK, *more]
    everywhere = host in ("0.0.0.0", "::", "")  # noqa: S104 - compared, not bound to
    names += [socket.gethostname(), f"{socket.gethostname()}.local"] if everywhere else [host]
    if share:
        names += ["*.gradio.live"]
    frames: list[str] = []
    if space := os.environ.get("SPACE_HOST"):  # a Hugging Face Space: shown inside a page of the Hub
        names.append(space)
        frames += ["https://huggingface.co", f"https://{space}"]
    return Rules(tuple(dict.fromkeys(name.lower() for name in names)), everywhere, tuple(frames))


def surface(rules: Rules, uploads: Uploads) -> dict[str, Any]:
    """What ``Blocks.launch`` must be told so that every request passes the gate."""

    @asynccontextmanager
    async def before_everything(app: Any) -> AsyncIterator[None]:
        # Middleware that is given to FastAPI would stand behind Gradio's own, which answers some requests itself.
        errands = [
            number
            for number, event in app.get_blocks().fns.items()
            if not event.queue and event.concurrency_id != ANALYSIS
        ]
        app.middleware_stack = Gate(app.middleware_stack, rules, uploads, frozenset(errands))
        yield

    # Workers for static files would listen on ports of their own, past the gate.
    return {"app_kwargs": {"lifespan": before_everything}, "num_workers": 0}


class Gate:
    """An ASGI application around another.

    Args:
        app: the page.
        rules: who may ask, and how much.
        uploads: where uploads are kept.
        errands: numbers (Gradio's ``fn_index``) of the page's events that analyse nothing, nor queue with those that do.
    """

    def __init__(self, app: App, rules: Rules, uploads: Uploads, errands: Collection[int] = frozenset()) -> None:
        self._app, self._rules, self._uploads, self._errands = app, rules, uploads, errands
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._checks = RateLimitItemPerMinute(rules.checks_per_minute, namespace="checks")
        self._requests = RateLimitItemPerMinute(rules.requests_per_minute, namespace="requests")
        self._loads = RateLimitItemPerMinute(rules.uploads_per_minute, namespace="uploads")
        self._megabytes = RateLimitItemPerMinute(rules.megabytes_per_minute, namespace="megabytes")
        self._at_once: Counter[str] = Counter()
        self._headers = _headers(rules)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":  # the page uses no web sockets
            await send({"type": "websocket.close", "code": 1008})
            return
        given = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path: str = scope["path"]
        reply = _Reply(send, self._headers, path, given)
        if refused := self._stranger(given, path):
            await reply.answer(*refused)
        elif scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, reply)
        elif path.startswith(_UPLOAD):
            await self._upload(scope, receive, reply, given)
        else:
            await self._other(scope, receive, reply, given, path)

    # Who asks --------------------------------------------------------------------------------------------------------

    def _stranger(self, given: dict[str, str], path: str) -> tuple[int, str] | None:
        """Status and sentence for a request that is not answered, whatever it wants."""
        names = [given.get("host", "")]
        # A proxy may say which name it was asked by, and Gradio would write it into the page.
        names += given.get("x-forwarded-host", "").split(",") if "x-forwarded-host" in given else []
        if not all(self._ours(name.strip()) for name in names):
            return 400, words.UNKNOWN_HOST
        origin = given.get("origin")
        if origin is not None and not self._ours(urlsplit(origin).netloc):
            return 403, words.OTHER_SITE
        if given.get("sec-fetch-site") == "cross-site" and given.get("sec-fetch-mode") not in ("navigate", None):
            return 403, words.OTHER_SITE
        if path.startswith(_HIDDEN):
            return 404, words.NO_SUCH_PAGE
        return None

    def _ours(self, netloc: str) -> bool:
        try:
            name = (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if not name or "@" in netloc or "/" in netloc:
            return False
        if self._rules.any_address and _is_address(name):
            return True
        return any(
            name.endswith(known[1:]) if known.startswith("*.") else name == known.strip("[]")
            for known in self._rules.hosts
        )

    # How much --------------------------------------------------------------------------------------------------------

    async def _upload(self, scope: Scope, receive: Receive, reply: _Reply, given: dict[str, str]) -> None:
        client = _client(scope)
        size = _length(given, self._rules.upload_bytes)
        if size is None or size > self._rules.upload_bytes:
            await reply.answer(413, words.UPLOAD_TOO_LARGE)
        elif self._at_once[client] >= self._rules.uploads_at_once or not (
            self._limiter.hit(self._loads, client)
            and self._limiter.hit(self._megabytes, client, cost=1 + size // MEGABYTE)
        ):
            await reply.answer(429, words.TOO_MANY, {"retry-after": "60"})
        else:
            self._at_once[client] += 1
            try:
                with self._uploads.room_for(size) as fits:
                    if fits:
                        await self._take_in(scope, receive, reply)
                    else:
                        await reply.answer(507, words.NO_ROOM, {"retry-after": "300"})
            finally:
                self._at_once[client] -= 1
                if not self._at_once[client]:
                    del self._at_once[client]

    async def _take_in(self, scope: Scope, receive: Receive, reply: _Reply) -> None:
        """An upload, ended when it takes too long, when it is longer than it said, or when the disk is full."""
        unless_failed = _Held(reply)
        try:
            async with asyncio.timeout(self._rules.upload_s):
                await self._app(scope, _at_most(receive, self._rules.upload_bytes), unless_failed)
        except TimeoutError:
            await reply.answer(408, words.UPLOAD_TOO_SLOW)
            return
        except _TooLong:
            await reply.answer(413, words.UPLOAD_TOO_LARGE)
            return
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                await reply.answer(507, words.NO_ROOM, {"retry-after": "300"})
                return
            raise
        await unless_failed.release()

    async def _other(self, scope: Scope, receive: Receive, reply: _Reply, given: dict[str, str], path: str) -> None:
        size = _length(given, self._rules.other_bytes)
        if size is None or size > self._rules.other_bytes:
            await reply.answer(413, words.UPLOAD_TOO_LARGE, as_json=True)
            return
        client = _client(scope)
        unless_failed = _Held(reply)
        try:
            allowed = self._limiter.hit(self._requests, client)
            if allowed:
                body, receive = await _read(_at_most(receive, self._rules.other_bytes))
                allowed = not self._may_analyse(path, body) or self._limiter.hit(self._checks, client)
            if not allowed:
                await reply.answer(429, words.TOO_MANY, {"retry-after": "60"}, as_json=True)
                return
            await self._app(scope, receive, unless_failed)
        except _TooLong:
            await reply.answer(413, words.UPLOAD_TOO_LARGE, as_json=True)
            return
        if unless_failed.status == 503:
            await reply.answer(503, words.BUSY, {"retry-after": "30"}, as_json=True)
        else:
            await unless_failed.release()

    def _may_analyse(self, path: str, body: bytes) -> bool:
        """Whether a request counts as a check: each one does that is not known to start none."""
        if path.rstrip("/") in _ENDS_ONLY:
            return False
        if _AT_ONCE.fullmatch(path.rstrip("/")):
            number = _fields(body).get("fn_index")
            # Only what is written as a number: Gradio would also make one of "7" or of true.
            return type(number) is not int or number not in self._errands
        if path.startswith(_MCP):
            method = _fields(body).get("method")
            return not (isinstance(method, str) and _MCP_ASKS_ONLY.fullmatch(method))
        return True


class _Reply:
    """Where the answer to one request goes: what the page says gets our headers, and what the gate says its words."""

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
        """A short answer: JSON where Gradio's client looks for "detail", text where it shows what comes."""
        text = self._say(sentence)
        body = json.dumps({"detail": text, "error": text}).encode() if as_json else text.encode()
        kind = "application/json" if as_json else "text/plain; charset=utf-8"
        pairs = {"content-type": kind, "content-length": str(len(body)), "connection": "close", **(headers or {})}
        raw = [(name.encode(), value.encode()) for name, value in pairs.items()]
        await self({"type": "http.response.start", "status": status, "headers": raw})
        await self({"type": "http.response.body", "body": body})


class _Held:
    """Passes an answer on, but holds one of 500 or more back.

    "Internal Server Error" goes out before the error itself arrives at the gate, which may have a better answer.
    """

    def __init__(self, reply: _Reply) -> None:
        self._reply = reply
        self._messages: list[dict[str, Any]] = []

    async def __call__(self, message: dict[str, Any]) -> None:
        if self._messages or (message["type"] == "http.response.start" and message["status"] >= 500):
            self._messages.append(message)
        else:
            await self._reply(message)

    @property
    def status(self) -> int | None:
        """Of the answer that is held back."""
        return self._messages[0]["status"] if self._messages else None

    async def release(self) -> None:
        """Send what was held back."""
        for message in self._messages:
            await self._reply(message)


class _TooLong(Exception):
    """A body went on after its limit."""


def _at_most(receive: Receive, most: int) -> Receive:
    taken = 0

    async def counted() -> Any:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise _TooLong
        return message

    return counted


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """The whole body, and what gives it once more to the application."""
    messages: list[dict[str, Any]] = []
    while not messages or (messages[-1]["type"] == "http.request" and messages[-1].get("more_body")):
        messages.append(await receive())
    body = b"".join(message.get("body", b"") for message in messages)
    again = iter(messages)

    async def replayed() -> Any:
        return next(again, None) or await receive()

    return body, replayed


def _fields(body: bytes) -> dict[str, Any]:
    """A JSON object's entries; none where it is something else or has a name twice, of which readers take different ones."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    try:
        fields = json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _length(given: dict[str, str], otherwise: int) -> int | None:
    """Bytes that the request announces; ``otherwise`` where it announces none; None where it talks nonsense."""
    announced = given.get("content-length")
    if announced is None:
        return otherwise if "transfer-encoding" in given else 0
    return int(announced) if announced.isascii() and announced.isdigit() and len(announced) < 16 else None


def _client(scope: Scope) -> str:
    """Whose share is used up: an address, or the network that one customer has with IPv6.

    Behind a proxy it is the address that the proxy names, if the proxy is trusted (``FORWARDED_ALLOW_IPS``).
    """
    host = scope["client"][0] if scope.get("client") else "unknown"
    if ":" in host and _is_address(host):
        return str(ipaddress.ip_network(f"{host.split('%')[0]}/64", strict=False))
    return str(host)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _headers(rules: Rules) -> list[tuple[bytes, bytes]]:
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
