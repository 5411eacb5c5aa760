"""A row for every file of a scan, read from the list of what is done as it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from detector.errors import DamagedMedia, DetectorError
from detector.scan.done import DoneList
from detector.scan.result import Result, of_error
from detector.sentences import Sentence

__all__ = ["Rows"]

_CHANGED = DamagedMedia(
    Sentence("This file changed while it was checked. Scan again with the same command once it is complete.")
)


@dataclass
class Rows:
    """The files of a scan in their order, with what is known of each."""

    done: DoneList
    _files: list[tuple[str, str | DetectorError]] = field(default_factory=list)
    """Label, and SHA-256 or why there is none."""

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Result]:
        return map(self.__getitem__, range(len(self._files)))

    def __getitem__(self, place: int) -> Result:
        label, known = self._files[place]
        if isinstance(known, DetectorError):
            return of_error(label, "", "", known)
        if known not in self.done:
            return of_error(label, known, "", _CHANGED)
        return self.done[known].of_file(label)

    def add(self, label: str, known: str | DetectorError) -> None:
        """Append a file: its SHA-256, or why there is none."""
        self._files.append((label, known))
