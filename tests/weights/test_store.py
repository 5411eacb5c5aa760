"""Where weights come from, with the real ``huggingface_hub`` client against a Hub of ours on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from detector.errors import (
    ManifestInvalid,
    WeightsCorrupt,
    WeightsError,
    WeightsNotFound,
)
from detector.weights.store import WeightStore
from tests import ROOT
from tests.weights.harness import BODY, REPO, Harness, weight_file

# The order of places


def test_the_hub_is_the_last_place_and_fills_the_cache(harness: Harness) -> None:
    found = harness.store().locate(harness.file)
    assert found.path.read_bytes() == BODY
    assert found.revision == harness.revision
    assert found.path == harness.snapshot()
    assert harness.served("cdn") == ["GET"]


def test_the_cache_wins_over_the_hub_and_needs_no_network(harness: Harness) -> None:
    first = harness.store().locate(harness.file)
    asked = len(harness.hub.requests)
    assert harness.store().locate(harness.file) == first
    assert len(harness.hub.requests) == asked
    harness.hub.close()
    assert harness.store().locate(harness.file) == first


def test_the_local_folder_wins_over_cache_and_hub(harness: Harness) -> None:
    harness.store().locate(harness.file)
    asked = len(harness.hub.requests)
    (harness.folder / harness.file.name).write_bytes(BODY)
    found = harness.store().locate(harness.file)
    assert (found.path, found.revision) == (harness.folder / harness.file.name, "local")
    assert len(harness.hub.requests) == asked


def test_an_explicit_path_wins_over_all(harness: Harness, tmp_path: Path) -> None:
    (harness.folder / harness.file.name).write_bytes(BODY)
    explicit = tmp_path / "by another name.h5"
    explicit.write_bytes(BODY)
    found = harness.store().locate(harness.file, explicit)
    assert (found.path, found.revision) == (explicit, "local")
    assert harness.hub.requests == []


def test_local_weights_neither_ask_the_hub_nor_import_its_client(harness: Harness) -> None:
    (harness.folder / harness.file.name).write_bytes(BODY)
    program = (
        "import sys\nfrom pathlib import Path\nfrom detector.records import WeightFile\n"
        "from detector.weights.store import WeightStore\n"
        f"print(WeightStore(Path({str(harness.folder)!r})).locate({harness.file!r}).revision)\n"
        "print([m for m in sys.modules if m in ('huggingface_hub', 'tensorflow', 'keras')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["local", "[]"]
    assert harness.hub.requests == []


def test_the_environment_moves_the_pin(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    body = BODY[::-1]
    revision = harness.hub.commit("other/place", {"cnn.weights.h5": body})
    monkeypatch.setenv("DETECTOR_WEIGHTS_REPO", "other/place")
    monkeypatch.setenv("DETECTOR_WEIGHTS_REVISION", revision)
    found = harness.store().locate(weight_file(body))
    assert (found.path.read_bytes(), found.revision) == (body, revision)
    harness.pin(None)
    assert harness.store().locate(weight_file(body)) == found


@pytest.mark.parametrize("revision", ["main", "v1.0", "A" * 40, "a" * 39, "a" * 40 + "\n"])
def test_a_branch_tag_or_short_hash_is_refused(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, revision: str
) -> None:
    monkeypatch.setenv("DETECTOR_WEIGHTS_REVISION", revision)
    with pytest.raises(ManifestInvalid, match=r"DETECTOR_WEIGHTS_REVISION is .* 40 lower-case hexadecimal digits"):
        harness.store()


@pytest.mark.parametrize(("name", "value"), [("REPO", "name"), ("REPO", "a/b/c"), ("REPO", "../b")])
def test_a_repository_is_owner_and_name(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"DETECTOR_WEIGHTS_{name}", value)
    with pytest.raises(ManifestInvalid, match="owner/name"):
        harness.store()


def test_half_a_pin_is_refused(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    harness.pin(None)
    monkeypatch.setenv("DETECTOR_WEIGHTS_REPO", REPO)
    with pytest.raises(ManifestInvalid, match="must both be set"):
        harness.store()


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan", "inf"])
def test_a_senseless_timeout_is_refused(harness: Harness, monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv("DETECTOR_HUB_TIMEOUT", seconds)
    with pytest.raises(WeightsError, match="DETECTOR_HUB_TIMEOUT"):
        WeightStore(harness.folder)


# Wrong files on disk


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def point(path: Path) -> None:
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 50000\n")


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()


def dangle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parent / "gone")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (cut, "has 49999 bytes, but the manifest says 50000"),
        (flip, "has SHA-256"),
        (empty, "has 0 bytes"),
        (point, "git lfs pull"),
        (folder_instead, "cannot be read"),
        (dangle, "cannot be read"),
    ],
)
def test_a_wrong_local_file_is_an_error_and_never_skipped(
    harness: Harness, spoil: Callable[[Path], None], says: str
) -> None:
    harness.store().locate(harness.file)  # the cache has a good one
    asked = len(harness.hub.requests)
    local = harness.folder / harness.file.name
    local.write_bytes(BODY)
    store = harness.store()
    store.locate(harness.file)
    spoil(local)
    for explicit in (None, local):
        with pytest.raises(WeightsCorrupt, match=says) as caught:
            store.locate(harness.file, explicit)
        assert str(local) in str(caught.value)
    assert len(harness.hub.requests) == asked


def test_a_missing_explicit_path_is_an_error_and_never_skipped(harness: Harness) -> None:
    (harness.folder / harness.file.name).write_bytes(BODY)
    with pytest.raises(WeightsNotFound, match="does not exist"):
        harness.store().locate(harness.file, harness.folder / "typo.h5")


def test_in_no_place_and_no_hub_named(harness: Harness) -> None:
    harness.pin(None)
    with pytest.raises(WeightsNotFound, match="names no Hub repository"):
        harness.store().locate(harness.file)


@pytest.mark.parametrize("spoil", [cut, flip, empty])
def test_a_wrong_cached_file_is_fetched_again_once(
    harness: Harness, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    store = harness.store()
    cached = store.locate(harness.file).path
    spoil(cached)
    assert store.locate(harness.file).path.read_bytes() == BODY
    assert "fetched once more" in caplog.text
    assert harness.served("cdn") == ["GET", "GET"]


def test_a_wrong_cached_file_is_an_error_without_the_hub(harness: Harness) -> None:
    store = harness.store()
    cached = store.locate(harness.file).path
    flip(cached)
    harness.hub.close()
    with pytest.raises(WeightsCorrupt, match=r"has SHA-256 .* could not be fetched") as caught:
        store.locate(harness.file)
    assert str(cached) in str(caught.value)
