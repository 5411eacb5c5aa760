"""The leakage check finds the same picture in two groups, whatever was done to it, and leaves different ones alone."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from detector.media.images import decode_image, encode_jpeg
from tests.support.faces_on_disk import textured, write_cache
from train.data.cache import Cache, Sample
from train.data.leakage import NEAR_BITS, crossing, find_duplicates, report, safe_split

PLAIN = textured(0)


def _jpeg(rgb: np.ndarray) -> np.ndarray:
    return decode_image(encode_jpeg(rgb, quality=50)).frame.rgb


def _bright(rgb: np.ndarray) -> np.ndarray:
    return np.clip(rgb * 0.8 + 40, 0, 255).astype(np.uint8)


def _small(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.resize(rgb, (60, 60), interpolation=cv2.INTER_AREA))


def _sample(name: str, group: str, subset: str, label: str = "real") -> Sample:
    return Sample(name, label, "s", "photo", group, subset)


def _cache(folder: Path, dev: np.ndarray, group: str = "other") -> Cache:
    """Thirty different training faces, the first of them ``PLAIN``, and one of dev."""
    faces = [(_sample(f"{i}.png", f"g{i}", "train"), textured(i)) for i in range(30)]
    return write_cache(folder, [*faces, (_sample("dev.png", group, "dev"), dev)])


@pytest.mark.parametrize(
    ("changed", "exact", "mirrored"),
    [
        pytest.param(PLAIN, True, False, id="the same bytes"),
        pytest.param(_jpeg(PLAIN), False, False, id="compressed"),
        pytest.param(_bright(PLAIN), False, False, id="brighter"),
        pytest.param(_small(PLAIN), False, False, id="smaller"),
        pytest.param(np.ascontiguousarray(PLAIN[:, ::-1]), False, True, id="mirrored"),
    ],
)
def test_a_copy_is_found_and_the_check_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: np.ndarray, exact: bool, mirrored: bool
) -> None:
    cache = _cache(tmp_path, changed)
    (found,) = crossing(cache, find_duplicates(cache))
    assert (found.first, found.second, found.exact, found.mirrored) == (0, 30, exact, mirrored)
    assert found.bits <= NEAR_BITS
    assert report(cache, tmp_path / "sheet.png") == 1
    said = capsys.readouterr()
    assert "0.png\tdev.png" in said.out and "1 duplicates stand in both train and dev" in said.err
    assert decode_image((tmp_path / "sheet.png").read_bytes()).frame.rgb.any()


def test_different_pictures_and_one_group_pass(tmp_path: Path) -> None:
    assert report(_cache(tmp_path, textured(99))) == 0
    assert report(_cache(tmp_path, PLAIN, group="g0")) == 0, (
        "a group may resemble itself; its subset is read_table's care"
    )


def test_training_side_is_left_out_of_the_split(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cache = _cache(tmp_path, PLAIN)
    parts = safe_split(cache)
    assert 0 not in np.concatenate([parts.train, parts.validation])
    assert len(parts.train) + len(parts.validation) == 29
    assert "1 of 30" in capsys.readouterr().err
