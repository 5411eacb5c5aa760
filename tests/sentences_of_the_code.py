"""Every sentence that can reach a reader, read from the source and from ``words``: what each language must have."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

from detector import words
from detector.gallery import read_examples

ROOT = Path(__file__).resolve().parent.parent
NOT_WORDS = {"detector.sentences", "detector.language"}
"""Modules that handle templates of others."""


def templates() -> set[str]:
    """Every English template: of each ``Sentence(...)`` in the code, and every constant of ``detector.words``.

    The examples bring their own.
    """
    found = {text for example in read_examples() for text in (example.title, example.what)}
    for path in [*sorted((ROOT / "detector").glob("*.py")), *sorted(ROOT.glob("app*.py"))]:
        if f"detector.{path.stem}" not in NOT_WORDS:
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
            elif path.stem != "words":
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
