"""Which file on this computer a request means by an upload."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detector.web.gradio_import import gr
from detector.words import results as words

__all__ = ["resolve_upload"]


def resolve_upload(upload: Any) -> tuple[Path, str]:
    """Path on this computer and the user's name of an uploaded file.

    Raises:
        gr.Error: the request names a file that was not uploaded. Gradio checks only paths that are marked as files, so
            a request made by hand could otherwise name any file that this process may read.
    """
    given = upload.get("path") if isinstance(upload, dict) else None
    if not isinstance(given, str):
        raise gr.Error(words.NOT_UPLOADED, print_exception=False)
    path = Path(given).resolve()
    if not path.is_relative_to(Path(gr.utils.get_upload_folder()).resolve()) or not path.is_file():
        raise gr.Error(words.NOT_UPLOADED, print_exception=False)
    name = upload.get("orig_name")
    return path, name if isinstance(name, str) and name else path.name
