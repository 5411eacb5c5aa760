"""What somebody at a terminal reads when the page starts and stops: one line, or one sentence with the cure."""

from __future__ import annotations

import io
import logging
import re
import socket
from pathlib import Path
from typing import Any

import pytest

import app
from detector.web import serve
from detector.web.log import log_without_names
from detector.web.stopping import Stop
from tests.support import fakes


@pytest.fixture(autouse=True)
def without_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The page is served by a stand-in, and as soon as it is ready, somebody presses Ctrl-C."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(serve, "_loaded", lambda *_, **__: fakes.FakeDetector())
    monkeypatch.setattr(Stop, "wait", interrupted)


def test_a_start_is_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    assert app.main([]) == 0
    shown = capfd.readouterr()
    line = r"Open http://127\.0\.0\.1:\d+ - loading models … ready\. Ctrl-C stops\.\n"
    assert re.fullmatch(line, shown.out), shown.out
    assert shown.err == ""


def test_a_taken_port_is_one_sentence_with_the_cure(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert app.main(["--port", str(port)]) == 1
    shown = capfd.readouterr()
    assert shown.out == ""
    assert shown.err == (
        f"error: Port {port} is taken by another program. Stop it, or choose another port with --port.\n"
    )


def test_a_machine_without_localhost_is_one_sentence_with_the_cure(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    known = socket.getaddrinfo

    def without_localhost(host: Any, *rest: Any, **named: Any) -> Any:
        if host in ("localhost", b"localhost"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", without_localhost)
    # For every address of the machine, Gradio asks for its page by name.
    assert app.main(["--host", "0.0.0.0"]) == 1
    assert capfd.readouterr().err == (
        'error: The name "localhost" leads nowhere on this machine; add the line "127.0.0.1 localhost" to /etc/hosts.\n'
    )


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("somebody_looks", [True, False])
def test_jobs_are_told_to_a_log_and_not_to_a_terminal(
    somebody_looks: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stream = Terminal() if somebody_looks else io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with log_without_names(tmp_path):
        logging.getLogger("detector.worker").info("job 1 analyze: done")
        logging.getLogger("detector.worker").warning("a worker died")
    assert ("job 1" in stream.getvalue()) == (not somebody_looks)
    assert "a worker died" in stream.getvalue()
