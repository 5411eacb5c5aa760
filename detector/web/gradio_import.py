"""Gradio, as every module of this package takes it: imported without the making of its type stubs.

While Gradio is imported it derives the stubs of each component from its source once more and compares them with the ones that
lie beside it. They serve editors and are in its wheel, so nothing is lost, and the page is there sooner.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Iterator
from typing import Any

__all__ = ["ProcessCompletedMessage", "gr"]


@contextlib.contextmanager
def _without_stubs() -> Iterator[None]:
    """Gradio's components seem to have no source file as long as it lasts, which ``gradio.component_meta`` leaves alone.

    Gradio has no switch for this. The function is put back at once, since all of Python uses it; and not with
    ``unittest.mock``, which is a library for tests.
    """
    getfile = inspect.getfile

    def no_file_of_gradio(object: Any) -> str:  # noqa: A002 - its name in inspect
        if isinstance(object, type) and object.__module__.startswith("gradio."):
            raise OSError("a component without a source file is left alone by gradio.component_meta")
        return getfile(object)

    inspect.getfile = no_file_of_gradio
    try:
        yield
    finally:
        inspect.getfile = getfile


with _without_stubs():
    import gradio as gr
    from gradio.server_messages import ProcessCompletedMessage
