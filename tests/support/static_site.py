"""A server of static files on this computer, as any host of such has it, which remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["Site", "static_site"]


@dataclass
class Site:
    """A server that runs."""

    url: str
    server: ThreadingHTTPServer
    asked: list[str] = field(default_factory=list)
    """Method and path of every request, such as "GET /index.html"."""

    def stop(self) -> None:
        """Let nothing answer any more; may be called twice."""
        self.server.shutdown()
        self.server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *args: object, asked: list[str], **options: object) -> None:
        self._asked = asked
        super().__init__(*args, **options)  # type: ignore[arg-type]

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self._asked.append(f"{self.command} {self.path}")


@contextmanager
def static_site(folder: Path) -> Iterator[Site]:
    """Serve a folder until the end of the block, or until it is stopped."""
    asked: list[str] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, directory=str(folder), asked=asked))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    site = Site(f"http://127.0.0.1:{server.server_port}/", server, asked)
    try:
        yield site
    finally:
        site.stop()
