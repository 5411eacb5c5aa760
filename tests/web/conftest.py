"""A served page with a detector that answers at once, for the browser's tests; modules may have their own of these names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import fakes


@pytest.fixture(scope="module")
def detector() -> fakes.FakeDetector:
    return fakes.FakeDetector()


@pytest.fixture(scope="module")
def uploads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uploads")


@pytest.fixture(scope="module")
def url(detector: fakes.FakeDetector, uploads: Path) -> Iterator[str]:
    with fakes.serve(detector, uploads) as blocks:
        yield str(blocks.local_url)


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # The braces and the tag would show if the name were run as a template or as HTML anywhere on its way.
    path = tmp_path_factory.mktemp("photos") / "Tante Zoë {{value}} ${1+1} <b>.jpg"
    path.write_bytes(fakes.jpeg(fakes.group_photo()))
    return path
