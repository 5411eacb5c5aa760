"""A small Hugging Face Hub on loopback, for tests with the real ``huggingface_hub`` client.

It speaks what a download needs: ``HEAD`` and ``GET /{owner}/{name}/resolve/{revision}/{file}`` answer with a redirect
that carries ``X-Repo-Commit``, ``X-Linked-Etag`` (SHA-256) and ``X-Linked-Size``, to a "CDN" that serves ``Range``
requests. The CDN is a second port, as it is a second host in the world: the client decides by the origin whether it
follows a redirect itself and whether it sends the token along. Faults are the attributes of ``Hub.faults``.

A token may also write, as ``HfApi.create_repo`` and ``create_commit`` do: create, validate-yaml, preupload, the Git LFS batch
with uploads to the CDN, verify, and commit. (Not Xet: tests switch it off, and the client falls back to LFS.)

    with Hub() as hub:
        revision = hub.commit("owner/name", {"cnn.weights.h5": b"..."})
        hf_hub_download("owner/name", "cnn.weights.h5", revision=revision, endpoint=hub.endpoint)
        hub.requests            # what was asked for, in order
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal

__all__ = ["Faults", "Hub", "Request"]

_WRITES = re.compile(r"/api/models/(?P<repo>[^/]+/[^/]+)/(?P<what>preupload|commit)/main")
_LFS = re.compile(r"/(?P<repo>[^/]+/[^/]+)\.git/info/lfs/objects/(?P<what>batch|verify)")
_RESOLVE = re.compile(r"/(?P<repo>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)")


@dataclass
class Faults:
    """What goes wrong. The defaults are a healthy Hub."""

    hub_status: int | None = None
    """Every resolve request is answered with this status."""
    hub_headers: dict[str, str] = field(default_factory=dict)
    """Sent along with ``hub_status``, for example ``Retry-After``."""
    hub_delay_s: float = 0.0
    """Seconds before a resolve request is answered."""
    cdn_status: int | None = None
    """Every CDN request is answered with this status."""
    body: Literal["whole", "flipped", "short", "dropped", "slow"] = "whole"
    """flipped: one bit differs; short: half the file, served as if whole; dropped: the connection closes after
    ``drop_after`` bytes; slow: a byte at a time, ten a second."""
    drop_after: int = 0
    bodies: int | None = None
    """How many more bodies ``body`` spoils; None for all."""

    def next_body(self) -> str:
        """The fault of the body about to be sent, counting it."""
        if self.bodies is None:
            return self.body
        self.bodies -= 1
        return self.body if self.bodies >= 0 else "whole"


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    server: Literal["hub", "cdn"]
    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""


class Hub:
    """Repositories in memory behind two ports of 127.0.0.1. Use it as a context manager."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.requests: list[Request] = []
        self.gated: set[str] = set()
        """Repositories that answer 403 to requests without a token."""
        self._commits: dict[str, dict[str, dict[str, bytes]]] = {}
        self._blobs: dict[str, bytes] = {}
        self._stopping = threading.Event()
        self._servers = {name: self._serve(handler) for name, handler in (("hub", _HubHandler), ("cdn", _CdnHandler))}

    def _serve(self, handler: type[_Handler]) -> ThreadingHTTPServer:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type(handler.__name__, (handler,), {"hub": self}))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return server

    def url(self, server: Literal["hub", "cdn"]) -> str:
        return f"http://127.0.0.1:{self._servers[server].server_address[1]}"

    @property
    def endpoint(self) -> str:
        """What ``HF_ENDPOINT`` should be."""
        return self.url("hub")

    def commit(self, repo: str, files: Mapping[str, bytes]) -> str:
        """Add files to a repository (made when new) and return the commit, 40 hexadecimal digits."""
        history = self._commits.setdefault(repo, {})
        tree = {**(list(history.values())[-1] if history else {}), **files}
        self._blobs.update({hashlib.sha256(body).hexdigest(): body for body in files.values()})
        listing = json.dumps([len(history), sorted((name, hashlib.sha256(b).hexdigest()) for name, b in tree.items())])
        revision = hashlib.sha1(listing.encode(), usedforsecurity=False).hexdigest()
        history[revision] = tree
        return revision

    def close(self) -> None:
        """Stop serving; from now on connections are refused. May be called twice."""
        self._stopping.set()
        for server in self._servers.values():
            server.shutdown()
            server.server_close()

    def __enter__(self) -> Hub:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    server_kind: Literal["hub", "cdn"]
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._serve()

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def body(self) -> bytes:
        """What the client sent along, by length or in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def json(self, answer: object, status: int = 200) -> None:
        body = json.dumps(answer).encode()
        self.head(status, len(body), {"Content-Type": "application/json"})
        self.wfile.write(body)

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.requests.append(Request(self.server_kind, self.command, self.path, headers))
        # One request a connection: a kept one would go on being served after `Hub.close`.
        self.close_connection = True
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the client gave up, as some tests want
            self.answer()

    def answer(self) -> None:
        raise NotImplementedError

    def head(self, status: int, length: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(length), "Connection": "close", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def error(self, status: int, code: str | None = None, headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps({"error": code or f"status {status}"}).encode()
        marks = {"X-Error-Code": code, "X-Error-Message": code} if code else {}
        self.head(status, len(body), {"Content-Type": "application/json", **marks, **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Silent: ``Hub.requests`` is the log."""


class _HubHandler(_Handler):
    server_kind = "hub"

    def answer(self) -> None:
        faults = self.hub.faults
        self.hub._stopping.wait(faults.hub_delay_s)
        if faults.hub_status is not None:
            return self.error(faults.hub_status, headers=faults.hub_headers)
        if self.command == "POST":
            return self._write(self.body())
        asked = _RESOLVE.fullmatch(self.path)
        if asked is None:
            return self.error(404)
        history = self.hub._commits.get(asked["repo"])
        token = self.headers.get("Authorization")
        if history is None:  # the Hub does not tell strangers a missing repository from a private one
            return self.error(404 if token else 401, "RepoNotFound")
        if asked["repo"] in self.hub.gated and not token:
            return self.error(403, "GatedRepo")
        revision = list(history)[-1] if asked["revision"] == "main" else asked["revision"]
        if revision not in history:
            return self.error(404, "RevisionNotFound")
        body = history[revision].get(asked["file"])
        if body is None:
            return self.error(404, "EntryNotFound", {"X-Repo-Commit": revision})
        sha256 = hashlib.sha256(body).hexdigest()
        self.head(
            302,
            0,
            {
                "Location": f"{self.hub.url('cdn')}/blobs/{sha256}",
                "X-Repo-Commit": revision,
                "X-Linked-Etag": f'"{sha256}"',
                "X-Linked-Size": str(len(body)),
                "ETag": '"of the pointer file, not of the body"',
            },
        )
        return None

    def _write(self, body: bytes) -> None:
        """Requests that change something, or prepare to."""
        if not self.headers.get("Authorization"):
            return self.error(401)
        if self.path == "/api/repos/create":
            asked = json.loads(body)
            repo = f"{asked['organization']}/{asked['name']}"
            self.hub._commits.setdefault(repo, {})
            return self.json({"url": f"{self.hub.endpoint}/{repo}"})
        if self.path == "/api/validate-yaml":
            fine = json.loads(body)["content"].startswith("---\n")
            return self.json(
                {"errors": [] if fine else [{"message": "no metadata"}], "warnings": []}, 200 if fine else 400
            )
        target = _WRITES.fullmatch(self.path) or _LFS.fullmatch(self.path)
        if target is None or target["repo"] not in self.hub._commits:
            return self.error(404, "RepoNotFound")
        answers = {"preupload": self._preupload, "batch": self._batch, "verify": self._verify}
        if target["what"] in answers:
            return self.json(answers[target["what"]](json.loads(body), target["repo"]))
        return self._commit(target["repo"], [json.loads(line) for line in body.splitlines()])

    def _preupload(self, asked: dict[str, Any], repo: str) -> dict[str, Any]:
        modes = {
            file["path"]: "lfs" if b"\0" in base64.b64decode(file["sample"]) else "regular" for file in asked["files"]
        }
        return {"files": [{"path": p, "uploadMode": mode, "shouldIgnore": False} for p, mode in modes.items()]}

    def _batch(self, asked: dict[str, Any], repo: str) -> dict[str, Any]:
        verify = {"href": f"{self.hub.endpoint}/{repo}.git/info/lfs/objects/verify"}
        return {
            "transfer": "basic",
            "objects": [
                {**o, "actions": {"upload": {"href": f"{self.hub.url('cdn')}/blobs/{o['oid']}"}, "verify": verify}}
                for o in asked["objects"]
            ],
        }

    def _verify(self, asked: dict[str, Any], repo: str) -> dict[str, Any]:
        return {"success": len(self.hub._blobs[asked["oid"]]) == asked["size"]}

    def _commit(self, repo: str, lines: list[dict[str, Any]]) -> None:
        files: dict[str, bytes] = {}
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                if value["oid"] not in self.hub._blobs:
                    return self.error(400, "LfsObjectMissing")
                files[value["path"]] = self.hub._blobs[value["oid"]]
        revision = self.hub.commit(repo, files)
        return self.json({"commitUrl": f"{self.hub.endpoint}/{repo}/commit/{revision}", "commitOid": revision})


class _CdnHandler(_Handler):
    server_kind = "cdn"

    def answer(self) -> None:
        faults = self.hub.faults
        if self.command == "PUT":
            body = self.body()
            if hashlib.sha256(body).hexdigest() != self.path.removeprefix("/blobs/"):
                return self.error(400)
            self.hub._blobs[self.path.removeprefix("/blobs/")] = body
            return self.head(200, 0, {})
        if faults.cdn_status is not None:
            return self.error(faults.cdn_status)
        sha256 = self.path.removeprefix("/blobs/")
        whole = self.hub._blobs.get(sha256)
        if whole is None:
            return self.error(404)
        fault = faults.next_body() if self.command == "GET" else "whole"
        if fault == "flipped":
            whole = whole[:-1] + bytes([whole[-1] ^ 1])
        elif fault == "short":
            whole = whole[: len(whole) // 2]
        start, status, extra = 0, 200, {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked is not None:
            start, status = int(asked[1]), 206
            if start >= len(whole):
                return self.error(416, headers={"Content-Range": f"bytes */{len(whole)}"})
            extra["Content-Range"] = f"bytes {start}-{len(whole) - 1}/{len(whole)}"
        body = whole[start:]
        self.head(status, len(body), extra)
        if self.command == "GET":
            self._send(body[: faults.drop_after] if fault == "dropped" else body, slowly=fault == "slow")
        return None

    def _send(self, body: bytes, slowly: bool) -> None:
        if not slowly:
            self.wfile.write(body)
            return
        for value in body:
            if self.hub._stopping.wait(0.1):
                return
            self.wfile.write(bytes([value]))
