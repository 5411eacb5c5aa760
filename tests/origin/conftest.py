"""Fixtures of the tests of origin."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from tests.origin.files import Save, picture
from tests.support.signing import sign


@pytest.fixture
def save(tmp_path: Path) -> Save:
    def write(kind: str = "JPEG", **options: Any) -> Path:
        path = tmp_path / f"picture.{kind.lower()}"
        picture().save(path, kind, **options)
        return path

    return write


@pytest.fixture(scope="module")
def signed() -> bytes:
    out = io.BytesIO()
    picture().save(out, "JPEG")
    return sign(out.getvalue(), "image/jpeg")
