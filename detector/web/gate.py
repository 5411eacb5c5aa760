"""The gate between the network and the page: who may send requests, how many, and which headers the answers carry.

Gradio stores an upload whatever page sent it, answers to any host name, and limits neither. So every request passes a ``Gate``
first, which knows nothing of the page:

* the ``Host`` must be one of ours, else a stranger's name could be pointed at this computer (DNS rebinding): 400;
* the ``Origin``, where a browser sends one, must be one of ours, else any page could use this one in a visitor's name: 403;
* routes that the page does not need do not exist: 404;
* each client has its share of uploads, files to be checked, bytes and other requests: 429; a request has a size: 413; the disk
  has a quota: 507;
* where the queue is full, the sentence says so: 503.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import re
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any
from urllib.parse import urlsplit

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from detector.web.asgi import App, Receive, Scope, Send
from detector.web.request_body import BodyTooLong, announced_length, at_most, json_fields, longest_input, read_body
from detector.web.responses import HeldResponse, Response, security_headers
from detector.web.rules import MEGABYTE, Rules, is_address
from detector.web.stopping import Stop
from detector.web.uploads import Uploads
from detector.words import server as words

__all__ = ["ANALYSIS", "EXAMPLES", "Gate", "surface"]

ANALYSIS = "analysis"
"""``concurrency_id`` of the page's events that analyse something: they wait in one queue, and count as checks."""
EXAMPLES = "examples"
"""``concurrency_id`` of the events that show an example. Each example is analysed once and its result kept, so they are no
checks, though they queue."""
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
_QUEUED = re.compile(r"/gradio_api/queue/join")
_FRAME = re.compile(r"/gradio_api/stream/[0-9a-f]{32}")
"""Where the page sends the pictures of a camera, for an event that counted as a check when it joined the queue."""
_FRAMES_END = re.compile(r"/gradio_api/stream/[0-9a-f]{32}/close")
_MCP = "/gradio_api/mcp"
_TICKET = "x-photo-check-ticket"
"""Gradio runs a tool by a request to itself, with the headers of the tool call. The gate adds this one to the call, so that
the second request counts no more; it is good for one request, while the call lasts."""
_MCP_ASKS_ONLY = re.compile(r"initialize|ping|tools/list|notifications/.+")
"""Methods of MCP that run nothing."""
_ENDS_ONLY = ("/gradio_api/cancel", "/gradio_api/reset")
_UPLOAD = ("/gradio_api/upload",)
_BEGINS = (*_UPLOAD, "/gradio_api/queue/join", "/gradio_api/call", "/gradio_api/run", "/gradio_api/mcp")
"""Where something new begins; what was begun goes on by other routes."""


def surface(rules: Rules, uploads: Uploads, stop: Stop | None = None) -> dict[str, Any]:
    """The arguments of ``Blocks.launch`` with which every request passes the gate; arguments as ``Gate``'s."""

    @asynccontextmanager
    async def before_everything(app: Any) -> AsyncIterator[None]:
        # Middleware that is given to FastAPI would stand behind Gradio's own, which answers some requests itself.
        events = app.get_blocks().fns.items()
        errands = [number for number, event in events if not event.queue and event.concurrency_id != ANALYSIS]
        examples = [number for number, event in events if event.queue and event.concurrency_id == EXAMPLES]
        root = urlsplit(app.root_path).path.rstrip("/")
        app.middleware_stack = Gate(app.middleware_stack, rules, uploads, errands, examples, root, stop)
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
        examples: numbers of those that show an example.
        root: path below which a reverse proxy shows the page, which some proxies leave in what they pass on; or empty.
        stop: once it was asked for, no upload and no check is accepted: 502, a status on which a proxy can ask another server,
            and which nothing else here has. (503, of a full queue, must stay: no other server has the file.)
    """

    def __init__(
        self,
        app: App,
        rules: Rules,
        uploads: Uploads,
        errands: Collection[int] = (),
        examples: Collection[int] = (),
        root: str = "",
        stop: Stop | None = None,
    ) -> None:
        self._stop = stop or Stop()
        self._app, self._rules, self._uploads, self._root = app, rules, uploads, root
        self._free = {_AT_ONCE: frozenset(errands), _QUEUED: frozenset(examples)}
        self._tickets: set[str] = set()
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._checks = RateLimitItemPerMinute(rules.checks_per_minute, namespace="checks")
        self._requests = RateLimitItemPerMinute(rules.requests_per_minute, namespace="requests")
        self._frames = RateLimitItemPerMinute(rules.frames_per_minute, namespace="frames")
        self._loads = RateLimitItemPerMinute(rules.uploads_per_minute, namespace="uploads")
        self._megabytes = RateLimitItemPerMinute(rules.megabytes_per_minute, namespace="megabytes")
        self._at_once: Counter[str] = Counter()
        self._headers = security_headers(rules)

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
        # Gradio answers to the path with and without it, so the rules have to hold for both.
        if self._root and path.startswith(f"{self._root}/"):
            path = path.removeprefix(self._root)
            scope = {**scope, "path": path, "raw_path": path.encode("latin-1", "replace")}
        response = Response(send, self._headers, path, given)
        if refused := self._stranger(given, path):
            await response.answer(*refused)
        elif scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, response)
        elif self._stop.asked and path.startswith(_BEGINS):
            await response.answer(502, words.STOPPING, {"retry-after": "10"}, as_json=not path.startswith(_UPLOAD))
        elif path.startswith(_UPLOAD):
            await self._upload(scope, receive, response, given)
        else:
            await self._other(scope, receive, response, given, path)

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
        if self._rules.any_address and is_address(name):
            return True
        return any(
            name.endswith(known[1:]) if known.startswith("*.") else name == known.strip("[]")
            for known in self._rules.hosts
        )

    # How much --------------------------------------------------------------------------------------------------------

    async def _upload(self, scope: Scope, receive: Receive, response: Response, given: dict[str, str]) -> None:
        client = _client(scope)
        size = announced_length(given, self._rules.upload_bytes)
        if size is None or size > self._rules.upload_bytes:
            await response.answer(413, words.UPLOAD_TOO_LARGE)
        elif self._at_once[client] >= self._rules.uploads_at_once or not (
            self._limiter.hit(self._loads, client)
            and self._limiter.hit(self._megabytes, client, cost=1 + size // MEGABYTE)
        ):
            await response.answer(429, words.TOO_MANY, {"retry-after": "60"})
        else:
            self._at_once[client] += 1
            try:
                with self._uploads.room_for(size) as fits:
                    if fits:
                        await self._take_in(scope, receive, response)
                    else:
                        await response.answer(507, words.NO_ROOM, {"retry-after": "300"})
            finally:
                self._at_once[client] -= 1
                if not self._at_once[client]:
                    del self._at_once[client]

    async def _take_in(self, scope: Scope, receive: Receive, response: Response) -> None:
        """An upload, ended when it takes too long, when it is longer than announced, or when the disk is full."""
        held = HeldResponse(response)
        try:
            async with asyncio.timeout(self._rules.upload_s):
                await self._app(scope, at_most(receive, self._rules.upload_bytes), held)
        except TimeoutError:
            await response.answer(408, words.UPLOAD_TOO_SLOW)
            return
        except BodyTooLong:
            await response.answer(413, words.UPLOAD_TOO_LARGE)
            return
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                await response.answer(507, words.NO_ROOM, {"retry-after": "300"})
                return
            raise
        await held.release()

    async def _other(
        self, scope: Scope, receive: Receive, response: Response, given: dict[str, str], path: str
    ) -> None:
        frame = _FRAME.fullmatch(path.rstrip("/")) is not None
        most = self._rules.frame_bytes if frame else self._rules.other_bytes
        size = announced_length(given, most)
        if size is None or size > most:
            await response.answer(413, words.UPLOAD_TOO_LARGE, as_json=True)
            return
        client = _client(scope)
        held = HeldResponse(response)
        try:
            body, receive = await self._counted(receive, given, path, client, most)
            if body is None:
                await response.answer(429, words.TOO_MANY, {"retry-after": "60"}, as_json=True)
                return
            with self._ticket(scope, path, body) as passed_on:
                await self._app(passed_on, receive, held)
        except BodyTooLong:
            await response.answer(413, words.UPLOAD_TOO_LARGE, as_json=True)
            return
        if held.status == 503:
            await response.answer(503, words.BUSY, {"retry-after": "30"}, as_json=True)
        else:
            await held.release()

    async def _counted(
        self, receive: Receive, given: dict[str, str], path: str, client: str, most: int
    ) -> tuple[bytes | None, Receive]:
        """The body, and what gives it once more, of a request that was counted; no body where it was one too many."""
        if (ticket := given.get(_TICKET)) in self._tickets and _QUEUED.fullmatch(path.rstrip("/")):
            self._tickets.remove(ticket)
        elif not self._limiter.hit(self._frames if _FRAME.fullmatch(path.rstrip("/")) else self._requests, client):
            return None, receive
        else:
            ticket = None
        body, receive = await read_body(at_most(receive, most))
        if ticket is None and self._may_analyse(path, body):
            # What is chosen beyond that is not checked.
            files = min(longest_input(body), self._rules.files_at_once)
            if not self._limiter.hit(self._checks, client, cost=files):
                return None, receive
        return body, receive

    @contextmanager
    def _ticket(self, scope: Scope, path: str, body: bytes) -> Iterator[Scope]:
        """The scope of a request; that of one tool call with a ticket for the request that follows from it."""
        if not path.startswith(_MCP) or json_fields(body).get("method") != "tools/call":
            yield scope
            return
        ticket = secrets.token_hex()
        self._tickets.add(ticket)
        try:
            yield {**scope, "headers": [*scope["headers"], (_TICKET.encode(), ticket.encode())]}
        finally:
            self._tickets.discard(ticket)

    def _may_analyse(self, path: str, body: bytes) -> bool:
        """Whether a request counts as a check: each one does that is not known to start none."""
        if _FRAME.fullmatch(path.rstrip("/")):
            # The route gives any event that waits other inputs, such as several files.
            return longest_input(body) > 1
        if path.rstrip("/") in _ENDS_ONLY or _FRAMES_END.fullmatch(path.rstrip("/")):
            return False
        for route, free in self._free.items():
            if route.fullmatch(path.rstrip("/")):
                number = json_fields(body).get("fn_index")
                # Only what is written as a number: Gradio would also make one of "7" or of true.
                return type(number) is not int or number not in free
        if path.startswith(_MCP):
            method = json_fields(body).get("method")
            return not (isinstance(method, str) and _MCP_ASKS_ONLY.fullmatch(method))
        return True


def _client(scope: Scope) -> str:
    """Whose share is used up: an address, or the network that one customer has with IPv6.

    Behind a proxy it is the address that the proxy names, if the proxy is trusted (``FORWARDED_ALLOW_IPS``).
    """
    host = scope["client"][0] if scope.get("client") else "unknown"
    if ":" in host and is_address(host):
        return str(ipaddress.ip_network(f"{host.split('%')[0]}/64", strict=False))
    return str(host)
