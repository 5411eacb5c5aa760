"""Gradio, as every other file that begins with ``app_`` takes it: imported without the making of its type stubs.

While Gradio is imported it derives the stubs of each component from its source once more and compares them with the ones that
lie beside it. They serve editors and are in its wheel, so nothing is lost, and the page is there sooner.
"""

from __future__ import annotations

import inspect
from typing import Any
from unittest.mock import patch

__all__ = ["gr"]

_getfile = inspect.getfile


def _no_file_of_gradio(thing: Any) -> str:
    if isinstance(thing, type) and thing.__module__.startswith("gradio."):
        raise OSError("a component without a source file is left alone by gradio.component_meta")
    return _getfile(thing)


with patch.object(inspect, "getfile", _no_file_of_gradio):
    import gradio as gr
