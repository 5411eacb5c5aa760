"""Tables, cache and pairs: the same bytes as scored, no group cut, no shortcut."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from detector.faces.crops import crop_face
from detector.faces.finder import FaceFinder
from detector.media.images import read_image
from detector.records import CropSpec
from tests.conftest import DATA
from train.data.cache import MOST_MARGIN, Cache, build_cache, read_table

HEAD = "path\tlabel\tsource\tmethod\tgroup\tsubset\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, astronaut: NDArray[np.uint8], hopper: NDArray[np.uint8]) -> Path:
    """Two portraits, one picture without a face and one that cannot be read."""
    folder = tmp_path_factory.mktemp("data")
    Image.fromarray(astronaut).save(folder / "a.jpg", quality=90)
    Image.fromarray(hopper).rotate(28, expand=True).save(folder / "b.png")
    Image.fromarray(np.full((300, 300, 3), 90, np.uint8)).save(folder / "c.png")
    (folder / "d.jpg").write_bytes(b"not a picture")
    rows = ["a.jpg\treal\ts\tphoto\tg1\ttrain", "b.png\tfake\ts\tswap\tg2\tdev", "c.png\treal\ts\tphoto\tg3\ttrain",
            "d.jpg\treal\ts\tphoto\tg4\ttrain"]  # fmt: skip
    (folder / "faces.tsv").write_text(HEAD + "\n".join(rows) + "\n")
    return folder


@pytest.fixture(scope="module")
def cached(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the cache made of ``folder``."""
    cache = tmp_path_factory.mktemp("cached") / "cache"
    build_cache(folder, cache, landmarker=None, processes=1)
    return cache


def test_training_crops_equal_scored_crops_byte_for_byte(folder: Path, cached: Path, finder: FaceFinder) -> None:
    cache = Cache(cached)
    assert [sample.path for sample in cache.samples] == ["a.jpg", "b.png"]
    for index, sample in enumerate(cache.samples):
        frame = read_image(folder / sample.path).frame
        (detection,) = finder.find(frame)
        for spec in (CropSpec(224, 0.25), CropSpec(240, 0.0), CropSpec(96, MOST_MARGIN)):
            scored = crop_face(frame, detection, spec)
            trained = crop_face(cache.frame(index), cache.detection(index), spec)
            np.testing.assert_array_equal(trained.rgb, scored.rgb)


@pytest.mark.slow
def test_two_processes_make_the_cache_that_one_makes(folder: Path, cached: Path, tmp_path: Path) -> None:
    build_cache(folder, tmp_path / "cache", landmarker=None, processes=2)
    for name in ("pixels.bin", "index.jsonl"):
        assert (tmp_path / "cache" / name).read_bytes() == (cached / name).read_bytes()


def test_cache_is_built_once(folder: Path, cached: Path) -> None:
    stamp = (cached / "pixels.bin").stat().st_mtime_ns
    build_cache(folder, cached, landmarker=None, processes=1)
    assert (cached / "pixels.bin").stat().st_mtime_ns == stamp


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("x.jpg\tmaybe\ts\tm\tg\ttrain", "unknown label or subset"),
        ("x.jpg\treal\ts\tm\tg\ttest", "unknown label or subset"),
        ("x.jpg\treal\ts\tm\tg\ttrain\ny.jpg\tfake\ts\tm\tg\tdev", "stands in both subsets"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, row: str, message: str) -> None:
    (tmp_path / "faces.tsv").write_text(HEAD + row + "\n")
    with pytest.raises(ValueError, match=message):
        read_table(tmp_path)


@pytest.mark.needs_data
def test_table_of_the_real_data_is_group_safe() -> None:
    samples = read_table(DATA)
    assert {sample.subset for sample in samples} == {"train", "dev"}
    train = {(s.source, s.group) for s in samples if s.subset == "train"}
    assert not train & {(s.source, s.group) for s in samples if s.subset == "dev"}
