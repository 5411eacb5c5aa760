"""A reverse proxy that shows a page below a path of its own, as nginx and others do."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

__all__ = ["behind_proxy"]


@contextlib.contextmanager
def behind_proxy(port: int, root: str, *, strips: bool) -> Iterator[str]:
    """The URL of the page as it is seen through the proxy, with a slash at its end.

    Args:
        port: of the page, on this computer.
        root: path below which it is shown, without a slash at its end; anything else is answered with 404.
        strips: whether the page is asked without that path.
    """

    class Handler(BaseHTTPRequestHandler):
        def _pass_on(self) -> None:
            if not self.path.startswith(f"{root}/"):
                # Browsers ask the whole site for its icon, which is not the page's.
                self.send_response(204 if self.path == "/favicon.ico" else 404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {**self.headers, "X-Forwarded-Host": self.headers["host"], "X-Forwarded-Proto": "http"}
            asked = HTTPConnection("127.0.0.1", port, timeout=120)
            asked.request(self.command, self.path.removeprefix(root) if strips else self.path, body, headers)
            answer = asked.getresponse()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    self.send_header(name, value)
            self.send_header("Connection", "close")
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):
                while piece := answer.read1(1 << 16):
                    self.wfile.write(piece)
            asked.close()

        do_GET = do_POST = do_HEAD = do_OPTIONS = _pass_on

        def log_message(self, format: str, *values: object) -> None:  # noqa: A002 - the name it has in its base
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}{root}/"
        finally:
            server.shutdown()
            thread.join()
