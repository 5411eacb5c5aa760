"""Sections of a document that a measurement writes, between two marks that no reader sees."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Section"]


@dataclass(frozen=True)
class Section:
    """One of them.

    Args:
        source: the file of figures it is made from, as the marks name it.
        script: that makes it, likewise.
    """

    source: str
    script: str

    @property
    def begin(self) -> str:
        """The line before it."""
        return f"<!-- generated from {self.source} by {self.script}: begin -->"

    @property
    def end(self) -> str:
        """The line after it."""
        return f"<!-- generated from {self.source} by {self.script}: end -->"

    def read(self, document: str) -> str:
        """What stands between the marks; arguments and errors are those of ``replaced``."""
        return self._parts(document)[1].strip()

    def replaced(self, document: str, text: str) -> str:
        """The document with another text between the marks.

        Raises:
            ValueError: the marks are not there once each.
        """
        before, _, after = self._parts(document)
        return f"{before}{self.begin}\n{text}\n{self.end}{after}"

    def _parts(self, document: str) -> tuple[str, str, str]:
        if document.count(self.begin) != 1 or document.count(self.end) != 1:
            raise ValueError(f"expected the lines {self.begin!r} and {self.end!r} once each")
        before, rest = document.split(self.begin)
        between, after = rest.split(self.end)
        return before, between, after
