"""Results made up for the tests of the page, their HTML, and a reader of it."""

from __future__ import annotations

import dataclasses
from html.parser import HTMLParser

import numpy as np
import pytest

from detector.records import Box, KnownKind, Report, Verdict
from detector.report import page
from detector.report.page_cards import FacePictures
from detector.words.language import ENGLISH, Language
from tests.support import fakes

VOID = {"img", "br", "path", "circle", "input", "rect", "line"}
PNG = b"\x89PNG fake"
RGB = np.full((200, 300, 3), 90, np.uint8)
BOX = Box(30, 20, 110, 100)
KNOWN = (KnownKind("swap", 90, 200), KnownKind("Wombo", 3, 12))
SCORES = (0.1, 0.5, 0.75, 0.95, None)
"""One for each verdict, in their order."""
CASES = [pytest.param(found, p_fake, id=found.value) for found, p_fake in zip(Verdict, SCORES, strict=True)]


class Tree(HTMLParser):
    """Checks that tags are balanced, and keeps elements and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open[-1:] == [tag]
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.elements if name in (attrs.get("class") or "").split()]


def html(report: Report, say: Language = ENGLISH, strong_from: float | None = 0.8) -> str:
    pictures = tuple(FacePictures(PNG, PNG if face.heatmap is not None else None) for face in report.faces)
    legend = PNG if any(face.heat for face in pictures) else None
    made = page.Pictures(PNG, pictures, legend)
    return page.result(report, made, fakes.manifest(strong_from), '{"a": 1}', say, known=KNOWN)


def shaken(report: Report) -> Report:
    """The same with scores that do not hold and a region that does not matter."""
    faces = []
    for face in report.faces:
        tested, check = face.stability, face.region
        faces.append(
            dataclasses.replace(
                face,
                stability=tested and dataclasses.replace(tested, holds=False, decided=True),
                region=check and dataclasses.replace(check, matters=False),
            )
        )
    return dataclasses.replace(report, faces=tuple(faces))


def show(report: Report, strong_from: float | None = 0.8) -> Tree:
    return Tree(html(report, strong_from=strong_from))


def one_face(found: Verdict, p_fake: float | None, reason: str = "A reason.") -> Report:
    return fakes.report(RGB, (fakes.face(RGB, BOX, found, p_fake),), found, p_fake, reason=reason)
