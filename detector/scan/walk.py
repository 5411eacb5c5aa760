"""What is to be checked: the files of folders and archives, in an order that is the same every time."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from detector.errors import DetectorError, UnsupportedMedia
from detector.scan.archives import is_archive, members
from detector.sentences import Sentence

__all__ = ["Entry", "entries"]


class Entry(NamedTuple):
    """One file to check, on disk or in an archive."""

    label: str
    """How it is called in the results. Of a member of an archive the rest of it is its own name, which may be anything."""
    file: str
    """Path of the file, or of the archive that holds it."""
    member: int | None = None
    """Place in the archive; None for a file of its own."""
    problem: DetectorError | None = None
    """Why it cannot even be opened."""


def entries(places: Iterable[str], endings: Collection[str], left_out: Collection[str] = ()) -> Iterator[Entry]:
    """Every file that is meant, each path once: those of a folder by name, those of an archive in its own order.

    Hidden files and folders, links to folders, and what is no ordinary file are passed over.

    Args:
        places: folders, archives, and files, which may have any ending.
        endings: of names that are taken from folders and archives, in small letters, such as ".jpg".
        left_out: folders that are not searched.
    """
    seen: set[str] = set()
    apart = {os.path.realpath(folder) for folder in left_out}
    for place in places:
        for file in _files(place, endings, apart):
            if (real := os.path.abspath(file)) in seen:
                continue
            seen.add(real)
            if is_archive(file):
                yield from _members(file, endings)
            elif os.path.exists(file) and not os.path.isfile(file):
                yield Entry(file, file, None, UnsupportedMedia(Sentence("This is neither a file nor a folder.")))
            else:
                yield Entry(file, file)


def _files(place: str, endings: Collection[str], apart: Collection[str]) -> Iterator[str]:
    if not os.path.isdir(place):
        yield place
        return
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(
            name for name in folders if not (name.startswith(".") or os.path.realpath(f"{folder}/{name}") in apart)
        )
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.startswith(".") and (is_archive(name) or _is_meant(name, endings)) and os.path.isfile(path):
                yield path


def _members(file: str, endings: Collection[str]) -> Iterator[Entry]:
    try:
        for place, name in members(file):
            base = name.rpartition("/")[2]
            if base.startswith("."):
                continue
            label = f"{file}/{name}"
            if is_archive(base):
                inner = Sentence("This is an archive in another one. Unpack the outer one, and scan the folder.")
                yield Entry(label, file, None, UnsupportedMedia(inner))
            elif _is_meant(base, endings):
                yield Entry(label, file, place)
    except DetectorError as error:
        yield Entry(file, file, None, error)


def _is_meant(name: str, endings: Collection[str]) -> bool:
    return os.path.splitext(name)[1].lower() in endings
