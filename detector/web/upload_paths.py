"""Which file on this computer a request means by an upload."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from detector.web.gradio_import import gr
from detector.words import results as words

__all__ = ["keep_waiting", "resolve_upload", "user_name"]


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
    return path, user_name(upload)


def user_name(upload: dict[str, Any]) -> str:
    """What its owner calls an uploaded file; "" where a request made by hand gives it no name at all."""
    given = upload.get("orig_name"), upload.get("path")
    return next((Path(name).name for name in given if isinstance(name, str) and name), "")


def keep_waiting(uploads: Sequence[Any]) -> None:
    """Count these uploads as used now, so that those that wait for their turn are not deleted as too old meanwhile."""
    for upload in uploads:
        with suppress(gr.Error, OSError):
            os.utime(resolve_upload(upload)[0])
