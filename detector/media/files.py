"""A file as it lies on disk, before anyone knows what is in it: opened, within a size limit, with a name safe to show.

Both readers, ``images`` and ``clips``, begin here. Like ``records``, it depends on no
stage of the analysis.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from pathlib import Path
from typing import BinaryIO

from detector.errors import DamagedMedia, MediaError, MediaTooLarge
from detector.sentences import Sentence

__all__ = ["MAX_NAME_CHARACTERS", "file_too_large", "open_file", "safe_name", "sha256_of"]

MAX_NAME_CHARACTERS = 100


def open_file(path: str | os.PathLike[str], most_bytes: int, what: str, cure: str) -> BinaryIO:
    """Open a regular file of at most so many bytes for reading.

    Args:
        path: the file.
        most_bytes: limit, compared before anything is read.
        what: completes "give the path of ...".
        cure: sentence for a file that is too large.

    Raises:
        MediaError: not a file, or it cannot be opened.
        DamagedMedia: it is empty.
        MediaTooLarge: it exceeds the limit.
    """
    try:
        status = Path(path).stat()
        if not stat.S_ISREG(status.st_mode):  # a pipe would block, a device would never end
            raise MediaError(Sentence("This is not a file: give the path of {what}.", what=what))
        if status.st_size > most_bytes:
            raise file_too_large(status.st_size, most_bytes, cure)
        if not status.st_size:
            raise DamagedMedia(Sentence("The file is empty: copy or download it again."))
        return Path(path).open("rb")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise MediaError(
            Sentence("The file cannot be opened ({reason}): check the path and the permissions.", reason=reason)
        ) from error
    except ValueError as error:  # a null character in the path
        raise MediaError(Sentence("The file cannot be opened: its path is not valid.")) from error


def file_too_large(size: int, most_bytes: int, cure: str) -> MediaTooLarge:
    """The error for a file of ``size`` bytes where ``most_bytes`` are read."""
    return MediaTooLarge(
        Sentence(
            "The file has {size:.0f} MB; at most {most} MB are read. {cure}",
            size=size / 1024**2,
            most=most_bytes // 1024**2,
            cure=cure,
        )
    )


def sha256_of(file: BinaryIO) -> str:
    """Hex digest of an open file's bytes; leaves it at its beginning."""
    file.seek(0)
    digest = hashlib.sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def safe_name(name: str) -> str:
    """The base name, safe to show: nothing that controls a terminal, turns the reading direction, or is not text."""
    base = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join("\ufffd" if unicodedata.category(c)[0] == "C" or c in "\u2028\u2029" else c for c in base).strip()
    if shown in ("", ".", ".."):
        return "unnamed"
    if len(shown) > MAX_NAME_CHARACTERS:
        shown = shown[: MAX_NAME_CHARACTERS - 13] + "…" + shown[-12:]
    return shown
