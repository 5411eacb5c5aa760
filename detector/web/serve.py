"""Serving the page: the detector beside it, the gate before it, and everything put away at the end."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from detector.errors import AddressTaken, DetectorError
from detector.pipeline.analyser import Analyser
from detector.report.knowledge import known_kinds, read_evaluation
from detector.web.gallery import Gallery
from detector.web.gate import surface
from detector.web.gradio_import import gr
from detector.web.log import log_without_names
from detector.web.options import UPLOADS_KEPT_S, launch_options
from detector.web.page import build_app
from detector.web.rules import Rules
from detector.web.stopping import Stop
from detector.web.uploads import QUOTA_BYTES, Uploads
from detector.weights.manifest import weights_folder
from detector.worker.isolation import IsolatedDetector

__all__ = ["ServerOptions", "serve"]

_QUIET_S = 5
"""Seconds after the start in which no example is analysed: the page comes first."""


@dataclass(frozen=True)
class ServerOptions:
    """How the page is served."""

    host: str = "127.0.0.1"
    port: int | None = None
    """None for the first free one from 7860."""
    root_path: str | None = None
    """Path below which a reverse proxy shows the page."""
    share: bool = False
    """Whether Gradio's servers make it public."""
    mcp: bool = False
    """Whether the endpoints are MCP tools as well."""
    rules: Rules = field(default_factory=Rules)
    lang: str | None = None
    """Code of the language the page begins in; None for that of each reader's browser."""
    weights: Path | None = None
    """Folder; None for that of the package."""
    spare: bool = True
    """Whether a second worker stands by."""
    quota_bytes: int = QUOTA_BYTES
    """Of all uploads and results together."""
    feedback: Path | None = None
    """Folder for what readers consent to store; None stores nothing."""
    drain_s: float = 6.0
    """Seconds that accepted checks may still take after SIGTERM; Docker kills a container ten seconds after it."""


def serve(options: ServerOptions, stop: Stop | None = None) -> None:
    """Serve the page until interrupted.

    Args:
        options: how.
        stop: by which it is asked to end; None for Ctrl-C alone.

    Raises:
        DetectorError: the weights or the folder for feedback cannot be used, or the address is taken.
    """
    stop = stop or Stop()
    if options.feedback is not None:
        _make(options.feedback)
    with (
        Uploads(UPLOADS_KEPT_S, options.quota_bytes) as uploads,
        log_without_names(uploads.folder),
        _loaded(options.weights, spare=options.spare) as detector,
    ):
        known = known_kinds(detector.manifest, read_evaluation(weights_folder(options.weights)))
        gallery = Gallery(detector.analyze, detector.manifest, known=known)
        closing = threading.Event()

        # In the background, so that the page is there first; only after a change of the models is there anything to do.
        def fill() -> None:
            if not closing.wait(_QUIET_S):
                gallery.fill(closing.is_set)

        filling = threading.Thread(target=fill, name="examples", daemon=True)
        ready = threading.Event()
        app = build_app(
            detector,
            options.lang,
            gallery,
            options.feedback,
            options.weights,
            loading=lambda: not ready.is_set(),
            most_files=options.rules.files_at_once,
        )
        try:
            _launch(app, options, uploads, stop)
            print(
                f"Open {(app.share_url or app.local_url or '').rstrip('/')} - loading models …",
                end=" ",
                flush=True,
            )
            detector.wait()
            ready.set()
            print("ready. Ctrl-C stops.", flush=True)
            filling.start()
            stop.wait(app, options.drain_s)
        finally:
            closing.set()
            detector.close()  # first, so that nobody's job keeps the server from ending
            app.close(verbose=False)


def _launch(app: gr.Blocks, options: ServerOptions, uploads: Uploads, stop: Stop) -> None:
    """Listen; without a word, since what is worth saying is said here.

    Raises:
        AddressTaken: another program listens there.
        DetectorError: the page cannot be reached by the name "localhost".
    """
    try:
        app.launch(
            server_name=options.host,
            server_port=options.port,
            root_path=options.root_path,
            share=options.share,
            prevent_thread_lock=True,
            quiet=True,
            **launch_options() | {"mcp_server": options.mcp},
            **surface(options.rules, uploads, stop),
        )
    except OSError as error:
        # Gradio's own, whose text would name one of its environment variables as the cure.
        if "empty port" not in str(error):
            raise
        place = "All ports from 7860 on are" if options.port is None else f"Port {options.port} is"
        raise AddressTaken(f"{place} taken by another program. Stop it, or choose another port with --port.") from error
    except httpx.ConnectError as error:
        # Gradio asks its own page once, by that name.
        if _leads_somewhere("localhost"):
            raise
        raise DetectorError(
            'The name "localhost" leads nowhere on this machine; add the line "127.0.0.1 localhost" to /etc/hosts.'
        ) from error


def _leads_somewhere(name: str) -> bool:
    try:
        socket.getaddrinfo(name, None)
    except OSError:
        return False
    return True


def _make(feedback: Path) -> None:
    try:
        feedback.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DetectorError(
            f"{feedback} cannot be made ({error.strerror}); name another folder for feedback."
        ) from error


def _loaded(weights: Path | None, *, spare: bool) -> Analyser:
    """The detector in a process of its own, still loading; on Windows, which knows no such bounds, in this one."""
    if os.name == "posix":
        return IsolatedDetector(weights, spare=spare)
    from detector import load_detector

    detector = load_detector(weights)
    detector.warm_up()
    return detector
