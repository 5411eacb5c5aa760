"""The bench of scans: what a million files take follows from what was measured, and its pictures are all different."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.bench.scan_rate import Scan, calculated, pictures


def test_a_million_by_calculation() -> None:
    scan = Scan(workers=2, files=101, start_s=36.0, seconds=20.0, memory_mb=1500.0, bytes_a_row=600.0)
    assert scan.rate == 5.0
    far = calculated(scan, table_bytes_a_file=400.0, price=0.05)
    assert far["hours"] == pytest.approx((36 + 200_000) / 3600)
    assert far["core_hours"] == pytest.approx(2 * far["hours"])
    assert far["cost"] == pytest.approx(0.05 * far["core_hours"])
    assert far["memory_mb"] == pytest.approx(1500 + 400 * (1_000_000 - 101) / 1e6)
    assert far["list_mb"] == 600.0


def test_no_two_pictures_are_the_same(tmp_path: Path) -> None:
    assert pictures(tmp_path / "made", 15, None) == 15
    found = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "made").iterdir()}
    assert len(found) == 15
    assert pictures(tmp_path / "taken", 4, tmp_path / "made") == 4
