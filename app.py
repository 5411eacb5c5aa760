"""Serve the photo check as a web page: ``python app.py``. Everything that it shows lives in ``detector.web``."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from detector.arguments import host_name, sub_path, whole_number
from detector.errors import DetectorError
from detector.runtime.environment import prepare
from detector.web.options import launch_options
from detector.web.page import build_app
from detector.web.rules import Rules, names_of
from detector.web.serve import ServerOptions, serve
from detector.web.stopping import Stop
from detector.web.uploads import QUOTA_BYTES
from detector.words.language import LANGUAGES

__all__ = ["build_app", "launch_options", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until interrupted; the return value is the exit status."""
    given = _parser().parse_args(arguments)
    for sentence in prepare():
        print(f"note: {sentence}", file=sys.stderr)
    if given.mcp and importlib.util.find_spec("mcp") is None:
        print('error: --mcp needs one more package; install it with: pip install "gradio[mcp]"', file=sys.stderr)
        return 1

    stop = Stop()
    stop.listen()
    try:
        serve(_options(given), stop)
    except DetectorError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="Serve the photo check as a web page.")
    # A container or a Space says by this variable that it wants to be reached from outside.
    host = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
    parser.add_argument("--host", default=host, help="address to listen on; 0.0.0.0 for the whole network")
    parser.add_argument(
        "--port",
        type=whole_number(1, 65535),
        metavar="N",
        help="port; without it the first free one from 7860",
    )
    parser.add_argument(
        "--share", action="store_true", help="also make a public link; photos then pass Gradio's servers"
    )
    parser.add_argument(
        "--lang", choices=tuple(LANGUAGES), help="language the page begins in; without it that of each reader's browser"
    )
    parser.add_argument(
        "--mcp",
        action="store_true",
        help="also offer both analyses as MCP tools, under /gradio_api/mcp/ of the same address",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        type=host_name,
        default=[],
        metavar="NAME",
        help="a further host name that the page answers to, such as that of a reverse proxy; *.example.org for all below",
    )
    parser.add_argument(
        "--root-path",
        type=sub_path,
        metavar="PATH",
        help="path below which a reverse proxy shows the page, such as /photo-check",
    )
    _add_bounds(parser)
    parser.add_argument("--weights", type=Path, metavar="DIR", help="folder with manifest.json and the weight files")
    parser.add_argument(
        "--no-spare",
        action="store_true",
        help="keep no second worker ready to take the place of one that dies; saves 0.7 GB of memory",
    )
    parser.add_argument(
        "--feedback",
        type=Path,
        metavar="DIR",
        help="folder for what readers agree to store of wrong results (scores, never pictures); without it nothing is stored",
    )
    return parser


def _add_bounds(parser: argparse.ArgumentParser) -> None:
    """How much may be asked for, stored and waited for."""
    parser.add_argument(
        "--per-minute",
        type=whole_number(1),
        default=Rules.checks_per_minute,
        metavar="N",
        help="checks that one client may ask for in a minute; twice as many uploads (default %(default)s)",
    )
    parser.add_argument(
        "--quota-mb",
        type=whole_number(1),
        default=QUOTA_BYTES >> 20,
        metavar="N",
        help="megabytes that all uploads and results together may fill (default %(default)s)",
    )
    parser.add_argument(
        "--drain-seconds",
        type=whole_number(0),
        default=round(ServerOptions.drain_s),
        metavar="N",
        help="seconds that checks may still take when the server is stopped by SIGTERM (default %(default)s)",
    )


def _options(given: argparse.Namespace) -> ServerOptions:
    return ServerOptions(
        host=given.host,
        port=given.port,
        root_path=given.root_path,
        share=given.share,
        mcp=given.mcp,
        rules=names_of(given.host, given.share, given.allow_host).at_a_rate(given.per_minute),
        lang=given.lang,
        weights=given.weights,
        spare=not given.no_spare,
        quota_bytes=given.quota_mb << 20,
        feedback=given.feedback,
        drain_s=given.drain_seconds,
    )


if __name__ == "__main__":
    sys.exit(main())
