"""ZIP and tar archives: what is in them, and one member after the other as a stream. Nothing is unpacked by the name it has."""

from __future__ import annotations

import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from typing import IO

from detector.errors import DamagedMedia, MediaTooLarge
from detector.sentences import Sentence

__all__ = ["BROKEN", "MOST_MEMBERS", "is_archive", "members", "opened"]

MOST_MEMBERS = 200_000
"""Entries of an archive, whatever they are."""
MOST_BYTES = 1 << 39
"""Of all entries unpacked: half a terabyte, some minutes of work for an archive that was made to waste them."""
BROKEN = (
    OSError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
"""What the readers raise on archives that are damaged, encrypted or packed in a way that they do not know."""

_ZIP = (".zip",)
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
_ENCRYPTED = 1


def is_archive(name: str) -> bool:
    """Whether a name is that of an archive that is read."""
    return name.lower().endswith(_ZIP + _TAR)


def members(file: str) -> list[tuple[int, str]]:
    """Place and name of every ordinary file in an archive; its folders, links and devices are left out.

    Raises:
        DamagedMedia: it cannot be read to its end.
        MediaTooLarge: it has more than ``MOST_MEMBERS`` entries, or they fill more than ``MOST_BYTES``.
    """
    found, total = [], 0
    try:
        for place, (name, size, ordinary) in enumerate(_entries(file)):
            total += size
            if place >= MOST_MEMBERS or total > MOST_BYTES:
                raise MediaTooLarge(
                    Sentence("This archive holds too much to be searched. Unpack it, and scan the folder.")
                )
            if ordinary:
                found.append((place, name))
    except BROKEN as error:
        raise DamagedMedia(
            Sentence("This archive is damaged or of an unknown kind. Unpack it by other means, and scan the folder.")
        ) from error
    return found


def opened(file: str, wanted: Collection[int]) -> Iterator[tuple[int, Callable[[], IO[bytes]]]]:
    """Each wanted member in the archive's own order, as a function that opens it before the next is asked for.

    Args:
        file: path of the archive.
        wanted: places, as ``members`` gives them.

    Raises:
        one of ``BROKEN``: the archive cannot be read from here on.
    """
    if file.lower().endswith(_ZIP):
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
            for place in sorted(wanted):
                yield place, _opener(archive, infos[place])
        return
    with tarfile.open(file) as tar:
        for place, member in enumerate(tar):
            if place in wanted and (stream := tar.extractfile(member)) is not None:
                yield place, lambda stream=stream: stream  # type: ignore[misc]


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], IO[bytes]]:
    def open_member() -> IO[bytes]:
        if info.flag_bits & _ENCRYPTED:
            raise DamagedMedia(Sentence("This file is encrypted. Unpack the archive, and scan the folder."))
        return archive.open(info)

    return open_member


def _entries(file: str) -> Iterator[tuple[str, int, bool]]:
    """(name, bytes, whether it is an ordinary file) of every entry."""
    if file.lower().endswith(_ZIP):
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                link = stat.S_ISLNK(info.external_attr >> 16)
                yield info.filename, info.file_size, not (link or info.is_dir())
        return
    with tarfile.open(file) as tar:
        for member in tar:
            yield member.name, member.size, member.isreg()
