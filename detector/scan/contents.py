"""Bytes of the files to check: each is hashed, and what lies in an archive is unpacked into a temporary folder on the way."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from detector.errors import DamagedMedia, DetectorError, MediaTooLarge, UnsupportedMedia
from detector.scan.archives import BROKEN, opened
from detector.scan.walk import Entry
from detector.sentences import Sentence

__all__ = ["MOST_BYTES", "Content", "contents", "hash_of"]

MOST_BYTES = 256 << 20
"""Of a file in an archive, unpacked. No photo or video that is read is larger."""
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Content:
    """A file whose bytes were read once."""

    label: str
    """How it is called in the results."""
    path: str = ""
    """Where it lies; of a member of an archive the place where it was unpacked."""
    sha256: str = ""
    """Hex digest of its bytes."""
    temporary: bool = False
    """Whether ``path`` is to be removed after use."""
    problem: DetectorError | None = None
    """Why the bytes could not be read; then only ``label`` is known."""

    def discard(self) -> None:
        """Remove what was unpacked."""
        if self.temporary:
            Path(self.path).unlink(missing_ok=True)


def contents(entries: Iterable[Entry], temp: Path) -> Iterator[Content]:
    """The content of each entry, in their order.

    Args:
        entries: as ``walk.entries`` gives them: those of one archive follow each other.
        temp: an existing folder, for members of archives. They get numbers for names.

    Raises:
        OSError: nothing can be written to ``temp``.
    """
    numbers = itertools.count(1)
    for (file, in_archive), group in itertools.groupby(entries, key=lambda each: (each.file, each.member is not None)):
        if in_archive:
            yield from _unpacked(file, {each.member or 0: each for each in group}, temp, numbers)
        else:
            yield from map(_on_disk, group)


def hash_of(path: str) -> str:
    """SHA-256 of a file's bytes as hex digits.

    Raises:
        OSError: it cannot be read.
    """
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _on_disk(entry: Entry) -> Content:
    if entry.problem is not None:
        return Content(entry.label, problem=entry.problem)
    try:
        return Content(entry.label, entry.file, hash_of(entry.file))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        sentence = Sentence("The file cannot be opened ({reason}): check the path and the permissions.", reason=reason)
        return Content(entry.label, problem=UnsupportedMedia(sentence))


def _unpacked(file: str, waiting: dict[int, Entry], temp: Path, numbers: Iterator[int]) -> Iterator[Content]:
    members = opened(file, frozenset(waiting))
    while waiting:
        try:
            place, open_member = next(members)
        except (*BROKEN, StopIteration):
            break
        entry = waiting.pop(place)
        # The ending alone is kept of the name, for whoever looks at the folder; it does not decide what the file is.
        ending = os.path.splitext(entry.label)[1].lower()
        target = temp / f"{next(numbers)}{ending}"
        try:
            yield Content(entry.label, str(target), _copied(open_member, target), temporary=True)
        except DetectorError as error:
            target.unlink(missing_ok=True)
            yield Content(entry.label, problem=error)
    broken = DamagedMedia(Sentence("The archive is damaged before or at this file. Use the original archive."))
    for entry in waiting.values():
        yield Content(entry.label, problem=broken)


def _copied(open_member: Callable[[], IO[bytes]], target: Path) -> str:
    """Write a member to ``target``, however large its archive says it is; its SHA-256.

    Raises:
        MediaTooLarge: it has more than ``MOST_BYTES``.
        DamagedMedia: it cannot be read to its end.
    """
    digest, size = hashlib.sha256(), 0
    with target.open("xb") as out:
        for chunk in _chunks(open_member):
            size += len(chunk)
            if size > MOST_BYTES:
                raise MediaTooLarge(Sentence("This file in an archive is larger than 256 MB. Save a smaller copy."))
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()


def _chunks(open_member: Callable[[], IO[bytes]]) -> Iterator[bytes]:
    stream: IO[bytes] | None = None
    while True:
        try:
            stream = stream or open_member()
            chunk = stream.read(_CHUNK)
        except BROKEN as error:
            raise DamagedMedia(
                Sentence("This file cannot be read from its archive. Use the original archive.")
            ) from error
        if not chunk:
            return
        yield chunk
