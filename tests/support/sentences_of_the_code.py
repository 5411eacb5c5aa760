"""Every sentence that can reach a reader, read from the source and from ``words``: what each language must have."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from detector.web.gallery import read_examples
from detector.words import results as words
from tests import ROOT

NOT_WORDS = {"detector/sentences.py", "detector/words/language.py"}
"""Modules that handle templates of others."""


def templates() -> set[str]:
    """Every English template: of each ``Sentence(...)`` in the code, and every constant of ``detector.words.results``.

    The examples bring their own.
    """
    found = {text for example in read_examples() for text in (example.title, example.what)}
    for path in [*sorted((ROOT / "detector").rglob("*.py")), ROOT / "app.py"]:
        if path.relative_to(ROOT).as_posix() not in NOT_WORDS:
            found |= set(_of_source(path))
    public = {name: getattr(words, name) for name in words.__all__}
    for name, value in public.items():
        if name.isupper():
            found |= set(_of_constant(value, name))
    return found


def _of_source(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Sentence":
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield first.value
            elif path.parent.name != "words":
                raise AssertionError(f"{path.name}:{node.lineno}: a template that cannot be read from the source")


def _of_constant(value: object, where: str) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _of_constant(item, where)
    elif isinstance(value, tuple):
        for item in value:
            yield from _of_constant(item, where)
    else:
        raise TypeError(f"words.{where}: a constant that is not words")
