"""What the server writes to its terminal: that a job was done and when, and where the program is at fault, but no file's name.

Gradio prints errors with their text, and the text of an error about a file holds its path, which ends in the name that somebody
gave to a picture of somebody.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

__all__ = ["log_without_names"]


class _Nameless(io.TextIOBase):
    """A stream that passes everything on except what follows the path of a folder."""

    def __init__(self, stream: TextIO, folder: Path) -> None:
        self._stream = stream
        self._named = re.compile(re.escape(str(folder)) + r"[^\n]*")

    def write(self, text: str) -> int:
        self._stream.write(self._named.sub("(a file of a visitor)", text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def fileno(self) -> int:
        return self._stream.fileno()


@contextlib.contextmanager
def log_without_names(folder: Path) -> Iterator[None]:
    """Log to standard error; nothing that is printed names what lies in the folder.

    A log file gets one line a job. Somebody at a terminal did not ask for those, and gets only what went wrong.

    Args:
        folder: where uploads and everything made of them lie.
    """
    out, err = sys.stdout, sys.stderr
    with contextlib.redirect_stdout(_Nameless(out, folder)), contextlib.redirect_stderr(_Nameless(err, folder)):
        ours = logging.getLogger("detector")
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        level = ours.level
        ours.addHandler(handler)
        ours.setLevel(logging.WARNING if err.isatty() else logging.INFO)
        try:
            yield
        finally:
            ours.removeHandler(handler)
            ours.setLevel(level)
