"""The list of what is done: a line of JSON for each content, only ever appended to. It is the truth about a scan.

Every line is on the disk before its content counts as done. Whatever ends a scan, at most the last line is torn; the next scan
cuts it off and checks that content again.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Self

from detector.scan.result import Result, from_line, to_line

__all__ = ["DoneList"]


class DoneList:
    """The list in a file. A context manager; nobody else may write to the file meanwhile.

    Args:
        path: the file; made if it is not there.
        settings: of this scan. Lines of other settings stay on the list and count for nothing.
        again: kinds of errors whose lines count for nothing, so that those contents are checked again.

    Raises:
        OSError: the file cannot be read or written.
    """

    def __init__(self, path: Path, settings: str, again: tuple[str, ...] = ()) -> None:
        self._settings, self._again = settings, again
        # Places rather than results: a million of those would fill gigabytes.
        self._places: dict[str, int] = {}
        self._file: BinaryIO = path.open("a+b")
        try:
            self._end = self._read()
            self._file.truncate(self._end)
            _settle_folder(path.parent)
        except OSError:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, sha256: str) -> bool:
        return sha256 in self._places

    def __getitem__(self, sha256: str) -> Result:
        """The result of a content.

        Raises:
            KeyError: it is not done.
        """
        self._file.seek(self._places[sha256])
        return from_line(self._file.readline().decode("ascii"))

    def add(self, result: Result) -> None:
        """Append a result; it is on the disk when this returns.

        Raises:
            OSError: it cannot be written, and is not on the list.
        """
        line = to_line(result).encode("ascii")
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._places[result.sha256] = self._end
        self._end += len(line)

    def _read(self) -> int:
        """Take note of every line; the place where the last whole one ends."""
        self._file.seek(0)
        place = end = 0
        for line in self._file:
            start, place = place, place + len(line)
            if not line.endswith(b"\n"):
                break
            end = place
            try:
                result = from_line(line.decode("ascii"))
            except ValueError:
                continue  # of somebody's editor, or of a disk that failed: that content is checked again
            if result.settings == self._settings:
                self._places.pop(result.sha256, None)
                if result.error not in self._again:
                    self._places[result.sha256] = start
        return end


def _settle_folder(folder: Path) -> None:
    """Let the name of a new file survive a power cut; where a system cannot, the file alone must do."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
