"""A served page with a detector that answers at once, one for all tests; modules may have their own of these names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest

from tests.support import fakes


@pytest.fixture(scope="session")
def detector() -> fakes.FakeDetector:
    return fakes.FakeDetector()


@pytest.fixture(scope="session")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="session")
def served(detector: fakes.FakeDetector, uploads: Path) -> Iterator[gr.Blocks]:
    with fakes.serve(detector, uploads) as blocks:
        yield blocks


@pytest.fixture(scope="session")
def url(served: gr.Blocks) -> str:
    return str(served.local_url)


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # The braces and the tag would show if the name were run as a template or as HTML anywhere on its way.
    path = tmp_path_factory.mktemp("photos") / "Tante Zoë {{value}} ${1+1} <b>.jpg"
    path.write_bytes(fakes.jpeg(fakes.group_photo()))
    return path
