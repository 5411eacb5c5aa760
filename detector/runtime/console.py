"""Keeps library output off the terminal.

TensorFlow and mediapipe write some sixty lines about their own start-up straight to file descriptor 2, and no setting of
theirs turns all of them off. Like ``records`` and ``errors``, it depends on no stage of the analysis.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator

__all__ = ["native_noise_hidden"]


@contextlib.contextmanager
def native_noise_hidden() -> Iterator[None]:
    """Hold back what libraries write to file descriptor 2; if the block fails, all of it is shown.

    Python's own ``sys.stderr`` stays visible. The descriptor belongs to the whole process: for opening and closing
    libraries and models, not for work during which other threads may have something to say.
    """
    try:
        terminal = os.dup(2)
    except OSError:  # a process without stderr has no terminal to keep clean
        yield
        return
    if sys.stderr is not None:
        sys.stderr.flush()
    with (
        tempfile.TemporaryFile() as held,
        open(terminal, "w", buffering=1, errors="backslashreplace") as visible,
        contextlib.redirect_stderr(visible),
    ):
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(terminal, held.read())
            raise
        finally:
            os.dup2(terminal, 2)
