"""How serving ends: at once on Ctrl-C; on SIGTERM, by which containers are stopped, once the checks that were accepted are
done."""

from __future__ import annotations

import signal
import threading
import time

from detector.web.gradio_import import gr

__all__ = ["Stop"]

_LOOK_S = 0.1
_DELIVER_S = 2.0
"""Seconds in which the browsers take in what was finished last."""


class Stop:
    """Whether the server was asked to end, and the wait for it."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._serving = False

    def listen(self) -> None:
        """Take SIGTERM as the request, if this is the main thread, which alone can."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self.ask()
        if not self._serving:
            raise KeyboardInterrupt

    @property
    def asked(self) -> bool:
        """Whether nothing new is to be taken up."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask the server to end, as SIGTERM does."""
        self._asked.set()

    def wait(self, app: gr.Blocks, seconds: float) -> None:
        """Return when the server is to end.

        Args:
            app: the page, launched.
            seconds: that its checks may still take once it was asked to end.

        Raises:
            KeyboardInterrupt: on Ctrl-C.
        """
        self._serving = True
        while app.is_running and not self._asked.wait(_LOOK_S):
            pass
        ends = time.monotonic() + seconds
        while _busy(app):
            if time.monotonic() >= ends:
                return
            time.sleep(_LOOK_S)
        time.sleep(min(_DELIVER_S, seconds))


def _busy(app: gr.Blocks) -> bool:
    """Whether a check waits, runs, or has a result that nobody fetched yet. (Gradio has no public name for it.)"""
    return any(app._queue.pending_event_ids_session.values())
