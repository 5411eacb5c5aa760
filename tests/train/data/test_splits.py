"""No split cuts a group, except the one that is asked for by its name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.faces_on_disk import write_cache
from train.data.cache import Cache, Sample
from train.data.names import Layout, Scheme
from train.data.published import READERS
from train.data.splits import split

SAFE = [scheme for scheme in Scheme if scheme != Scheme.RANDOM]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Two sources of 40 groups of five, in dev as in train, that share the people p0 to p9."""
    samples = [
        Sample(
            f"{source}{group}{shot}.png",
            "real",
            source,
            "photo",
            f"p{group}" if group < 10 else f"{source}{group}",
            subset,
        )
        for source in ("a", "b")
        for group in range(50)
        for shot in range(5)
        for subset in ["dev" if group >= 40 else "train"]
    ]
    return write_cache(tmp_path_factory.mktemp("cache"), [(s, np.zeros((64, 64, 3), np.uint8)) for s in samples])


@pytest.mark.parametrize("scheme", SAFE)
def test_no_group_stands_in_two_parts(cache: Cache, scheme: str) -> None:
    parts = split(cache, scheme)
    groups = [{cache.samples[i].group for i in part} for part in (parts.train, parts.validation, parts.test)]
    assert groups[0].isdisjoint(groups[1]) and groups[0].isdisjoint(groups[2]) and groups[1].isdisjoint(groups[2])
    assert {cache.samples[i].subset for part in (parts.train, parts.validation, parts.test) for i in part} == {"train"}


@pytest.mark.parametrize(
    ("scheme", "shares"), [("paper-80-20", (0.64, 0.16, 0.2)), ("paper-70-20-10", (0.7, 0.2, 0.1)), ("carve", (0.92, 0.08, 0))]
)  # fmt: skip
def test_shares_are_those_of_the_name(cache: Cache, scheme: str, shares: tuple[float, ...]) -> None:
    parts = split(cache, scheme)
    sizes = np.array([len(parts.train), len(parts.validation), len(parts.test)])
    np.testing.assert_allclose(sizes / 400, shares, atol=0.09)  # people in both sources are taken out of one of them


@pytest.mark.parametrize("scheme", Scheme)
def test_a_split_is_the_same_every_time(cache: Cache, scheme: str) -> None:
    first, second = split(cache, scheme), split(cache, scheme)
    np.testing.assert_array_equal(first.train, second.train)
    np.testing.assert_array_equal(first.test, second.test)


def test_a_random_split_needs_its_name_and_is_marked_as_random(
    cache: Cache, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = split(cache, "random")
    assert {cache.samples[i].group for i in parts.train} & {cache.samples[i].group for i in parts.test}
    assert len(parts.train) + len(parts.validation) + len(parts.test) == 400
    assert "how well faces are remembered" in capsys.readouterr().err


def test_rows_without_groups_are_not_split_at_random_in_silence(tmp_path: Path) -> None:
    sample = Sample("x.png", "real", "s", "photo", "", "train")
    cache = write_cache(tmp_path, [(sample, np.zeros((64, 64, 3), np.uint8))])
    with pytest.raises(ValueError, match="random split puts frames of one video"):
        split(cache, "carve")
    assert len(split(cache, "random").train) + len(split(cache, "random").test) == 1


def test_an_unknown_scheme_names_the_known_ones(cache: Cache) -> None:
    with pytest.raises(ValueError, match="paper-70-20-10"):
        split(cache, "half")


def test_every_layout_has_a_reader() -> None:
    assert list(READERS) == list(Layout)
