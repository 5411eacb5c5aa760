"""Where weights come from, with the real ``huggingface_hub`` client against a Hub of ours on loopback."""

from __future__ import annotations

import hashlib
import json
import logging
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import huggingface_hub
import huggingface_hub.constants
import pytest

from detector.errors import (
    ManifestInvalid,
    WeightsCorrupt,
    WeightsError,
    WeightsNotFound,
    WeightsUnreachable,
)
from detector.records import WeightFile
from detector.weights.store import WeightStore
from tests import ROOT
from tests.support.hub import Hub

REPO = "owner/detector"
BODY = random.Random(7).randbytes(50_000)


def weight_file(body: bytes = BODY, name: str = "cnn.weights.h5") -> WeightFile:
    return WeightFile(name, len(body), hashlib.sha256(body).hexdigest())


@dataclass
class World:
    """A Hub with one commit, an empty local folder whose manifest pins that commit, and an empty cache."""

    hub: Hub
    folder: Path
    cache: Path
    revision: str
    file: WeightFile

    def store(self, answer_s: float = 5.0) -> WeightStore:
        return WeightStore(self.folder, cache_dir=self.cache, answer_s=answer_s)

    def pin(self, hub: dict[str, str] | None) -> None:
        path = self.folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "hub": hub}))

    def snapshot(self) -> Path:
        """Where the client keeps the file of the pinned commit."""
        return self.cache / f"models--{REPO.replace('/', '--')}" / "snapshots" / self.revision / self.file.name

    def cached_files(self) -> list[Path]:
        """All that lies in the cache as a blob or a snapshot, part downloads included."""
        return [path for part in ("blobs", "snapshots") for path in self.cache.glob(f"*/{part}/**/*") if path.is_file()]

    def served(self, server: str) -> list[str]:
        return [request.method for request in self.hub.requests if request.server == server]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("REPO", "REVISION", "DIR"):
        monkeypatch.delenv(f"DETECTOR_WEIGHTS_{name}", raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HF_TOKEN", "DETECTOR_HUB_TIMEOUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    logging.getLogger("huggingface_hub").setLevel(
        logging.ERROR
    )  # downloads given up here go on complaining after their test
    folder = tmp_path / "weights"
    folder.mkdir()
    shipped = json.loads((ROOT / "weights" / "manifest.json").read_text(encoding="utf-8"))
    (folder / "manifest.json").write_text(json.dumps({**shipped, "models": {}}))
    with Hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        revision = hub.commit(REPO, {"cnn.weights.h5": BODY})
        world = World(hub, folder, tmp_path / "cache", revision, weight_file())
        world.pin({"repo": REPO, "revision": revision})
        yield world
    huggingface_hub.close_session()


# The order of places


def test_the_hub_is_the_last_place_and_fills_the_cache(world: World) -> None:
    found = world.store().locate(world.file)
    assert found.path.read_bytes() == BODY
    assert found.revision == world.revision
    assert found.path == world.snapshot()
    assert world.served("cdn") == ["GET"]


def test_the_cache_wins_over_the_hub_and_needs_no_network(world: World) -> None:
    first = world.store().locate(world.file)
    asked = len(world.hub.requests)
    assert world.store().locate(world.file) == first
    assert len(world.hub.requests) == asked
    world.hub.close()
    assert world.store().locate(world.file) == first


def test_the_local_folder_wins_over_cache_and_hub(world: World) -> None:
    world.store().locate(world.file)
    asked = len(world.hub.requests)
    (world.folder / world.file.name).write_bytes(BODY)
    found = world.store().locate(world.file)
    assert (found.path, found.revision) == (world.folder / world.file.name, "local")
    assert len(world.hub.requests) == asked


def test_an_explicit_path_wins_over_all(world: World, tmp_path: Path) -> None:
    (world.folder / world.file.name).write_bytes(BODY)
    explicit = tmp_path / "by another name.h5"
    explicit.write_bytes(BODY)
    found = world.store().locate(world.file, explicit)
    assert (found.path, found.revision) == (explicit, "local")
    assert world.hub.requests == []


def test_local_weights_neither_ask_the_hub_nor_import_its_client(world: World) -> None:
    (world.folder / world.file.name).write_bytes(BODY)
    program = (
        "import sys\nfrom pathlib import Path\nfrom detector.records import WeightFile\n"
        "from detector.weights.store import WeightStore\n"
        f"print(WeightStore(Path({str(world.folder)!r})).locate({world.file!r}).revision)\n"
        "print([m for m in sys.modules if m in ('huggingface_hub', 'tensorflow', 'keras')])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:2] == ["local", "[]"]
    assert world.hub.requests == []


def test_the_environment_moves_the_pin(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    body = BODY[::-1]
    revision = world.hub.commit("other/place", {"cnn.weights.h5": body})
    monkeypatch.setenv("DETECTOR_WEIGHTS_REPO", "other/place")
    monkeypatch.setenv("DETECTOR_WEIGHTS_REVISION", revision)
    found = world.store().locate(weight_file(body))
    assert (found.path.read_bytes(), found.revision) == (body, revision)
    world.pin(None)
    assert world.store().locate(weight_file(body)) == found


@pytest.mark.parametrize("revision", ["main", "v1.0", "A" * 40, "a" * 39, "a" * 40 + "\n"])
def test_a_branch_tag_or_short_hash_is_refused(world: World, monkeypatch: pytest.MonkeyPatch, revision: str) -> None:
    monkeypatch.setenv("DETECTOR_WEIGHTS_REVISION", revision)
    with pytest.raises(ManifestInvalid, match=r"DETECTOR_WEIGHTS_REVISION is .* 40 lower-case hexadecimal digits"):
        world.store()


@pytest.mark.parametrize(("name", "value"), [("REPO", "name"), ("REPO", "a/b/c"), ("REPO", "../b")])
def test_a_repository_is_owner_and_name(world: World, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"DETECTOR_WEIGHTS_{name}", value)
    with pytest.raises(ManifestInvalid, match="owner/name"):
        world.store()


def test_half_a_pin_is_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.pin(None)
    monkeypatch.setenv("DETECTOR_WEIGHTS_REPO", REPO)
    with pytest.raises(ManifestInvalid, match="must both be set"):
        world.store()


@pytest.mark.parametrize("seconds", ["soon", "0", "-1", "nan", "inf"])
def test_a_senseless_timeout_is_refused(world: World, monkeypatch: pytest.MonkeyPatch, seconds: str) -> None:
    monkeypatch.setenv("DETECTOR_HUB_TIMEOUT", seconds)
    with pytest.raises(WeightsError, match="DETECTOR_HUB_TIMEOUT"):
        WeightStore(world.folder)


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
    world: World, spoil: Callable[[Path], None], says: str
) -> None:
    world.store().locate(world.file)  # the cache has a good one
    asked = len(world.hub.requests)
    local = world.folder / world.file.name
    local.write_bytes(BODY)
    store = world.store()
    store.locate(world.file)
    spoil(local)
    for explicit in (None, local):
        with pytest.raises(WeightsCorrupt, match=says) as caught:
            store.locate(world.file, explicit)
        assert str(local) in str(caught.value)
    assert len(world.hub.requests) == asked


def test_a_missing_explicit_path_is_an_error_and_never_skipped(world: World) -> None:
    (world.folder / world.file.name).write_bytes(BODY)
    with pytest.raises(WeightsNotFound, match="does not exist"):
        world.store().locate(world.file, world.folder / "typo.h5")


def test_in_no_place_and_no_hub_named(world: World) -> None:
    world.pin(None)
    with pytest.raises(WeightsNotFound, match="names no Hub repository"):
        world.store().locate(world.file)


@pytest.mark.parametrize("spoil", [cut, flip, empty])
def test_a_wrong_cached_file_is_fetched_again_once(
    world: World, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    store = world.store()
    cached = store.locate(world.file).path
    spoil(cached)
    assert store.locate(world.file).path.read_bytes() == BODY
    assert "fetched once more" in caplog.text
    assert world.served("cdn") == ["GET", "GET"]


def test_a_wrong_cached_file_is_an_error_without_the_hub(world: World) -> None:
    store = world.store()
    cached = store.locate(world.file).path
    flip(cached)
    world.hub.close()
    with pytest.raises(WeightsCorrupt, match=r"has SHA-256 .* could not be fetched") as caught:
        store.locate(world.file)
    assert str(cached) in str(caught.value)


# What can go wrong with the Hub: each its own class and sentence


def fault(**values: Any) -> Callable[[World], None]:
    def switch(world: World) -> None:
        for name, value in values.items():
            setattr(world.hub.faults, name, value)

    return switch


def missing_repo(world: World) -> None:
    world.pin({"repo": "owner/nothing", "revision": world.revision})


def missing_revision(world: World) -> None:
    world.pin({"repo": REPO, "revision": "f" * 40})


def missing_file(world: World) -> None:
    world.file = WeightFile("other.weights.h5", world.file.bytes, world.file.sha256)


def gated(world: World) -> None:
    world.hub.gated.add(REPO)


def refuse(world: World) -> None:
    world.hub.close()


FAILURES = [
    pytest.param(missing_repo, WeightsNotFound, "no such repository, or a private one", id="repository 404"),
    pytest.param(missing_revision, WeightsNotFound, "no such commit", id="revision 404"),
    pytest.param(missing_file, WeightsNotFound, "no such file", id="file 404"),
    pytest.param(fault(hub_status=404), WeightsNotFound, "HTTP 404", id="bare 404"),
    pytest.param(gated, WeightsUnreachable, "access must be asked for", id="gated"),
    pytest.param(fault(hub_status=401), WeightsUnreachable, "HTTP 401", id="401"),
    pytest.param(fault(hub_status=403), WeightsUnreachable, "HTTP 403", id="403"),
    pytest.param(fault(hub_status=429), WeightsUnreachable, "too many requests", id="429"),
    pytest.param(
        fault(hub_status=429, hub_headers={"Retry-After": "3600"}),
        WeightsUnreachable,
        "in 3600 seconds",
        id="429 waits",
    ),
    pytest.param(fault(hub_status=500), WeightsUnreachable, "HTTP 500", id="500"),
    pytest.param(fault(hub_status=503), WeightsUnreachable, "HTTP 503", id="503"),
    pytest.param(fault(hub_status=200), WeightsUnreachable, "is not a Hub", id="login page"),
    pytest.param(fault(cdn_status=403), WeightsUnreachable, "HTTP 403", id="CDN 403"),
    pytest.param(fault(cdn_status=500), WeightsUnreachable, "HTTP 500", id="CDN 500"),
    pytest.param(refuse, WeightsUnreachable, "the connection failed", id="refused"),
    pytest.param(fault(body="flipped"), WeightsCorrupt, "altered", id="flipped byte"),
    pytest.param(fault(body="short"), WeightsCorrupt, "truncated", id="truncated"),
]


@pytest.mark.parametrize(("break_it", "kind", "says"), FAILURES)
def test_each_failure_has_its_own_sentence_and_leaves_no_file(
    world: World, break_it: Callable[[World], None], kind: type[WeightsError], says: str
) -> None:
    break_it(world)
    started = time.monotonic()
    with pytest.raises(kind) as caught:
        world.store().locate(world.file)
    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert world.file.name in str(caught.value)
    assert time.monotonic() - started < 4
    assert world.cached_files() == []


def test_the_sentences_differ() -> None:
    assert len({(case.values[1], case.values[2]) for case in FAILURES}) >= len(FAILURES) - 2  # the CDN repeats two


def test_offline_mode_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsUnreachable, match="HF_HUB_OFFLINE is set"):
        world.store().locate(world.file)
    assert world.hub.requests == []


def test_a_cache_that_cannot_be_written_is_named(world: World) -> None:
    world.cache.write_bytes(b"a file where the folder should be")
    with pytest.raises(WeightsError, match="cache cannot be written"):
        world.store().locate(world.file)


def test_another_file_under_the_name_is_not_even_downloaded(world: World) -> None:
    for other in (weight_file(BODY[:-1]), weight_file(BODY[::-1])):
        with pytest.raises(WeightsCorrupt, match="nothing was downloaded"):
            world.store().locate(other)
    assert world.served("cdn") == []


def test_a_token_reaches_the_hub_and_never_the_cdn(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gated(world)
    monkeypatch.setenv("HF_TOKEN", "hf_ours")
    assert world.store().locate(world.file).path.read_bytes() == BODY
    for request in world.hub.requests:
        assert ("authorization" in request.headers) == (request.server == "hub")


# Time


@pytest.mark.parametrize(
    "break_it",
    [
        pytest.param(fault(hub_delay_s=30), id="hub silent"),
        pytest.param(fault(body="slow"), id="body dripping"),
        pytest.param(fault(body="dropped"), id="body dropped again and again"),
        pytest.param(fault(cdn_status=429), id="CDN busy"),
    ],
)
def test_a_slow_hub_is_given_up_in_time(world: World, break_it: Callable[[World], None]) -> None:
    break_it(world)
    started = time.monotonic()
    with pytest.raises(WeightsUnreachable, match=r"DETECTOR_HUB_TIMEOUT|the connection failed"):
        world.store(answer_s=0.5).locate(world.file)
    assert time.monotonic() - started < 4  # 0.5 s to answer, 0.5 s and 50 kB at the slowest rate to download


def test_a_hub_that_accepts_but_never_answers_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("DETECTOR_HUB_TIMEOUT", "0.5")
        started = time.monotonic()
        with pytest.raises(WeightsUnreachable):
            WeightStore(world.folder, cache_dir=world.cache).locate(world.file)
        assert time.monotonic() - started < 4


def test_a_dropped_download_is_resumed_where_it_broke(world: World) -> None:
    body = random.Random(8).randbytes(11_000_000)  # the client writes in pieces of 10 MiB
    revision = world.hub.commit(REPO, {"big.weights.h5": body})
    world.pin({"repo": REPO, "revision": revision})
    fault(body="dropped", drop_after=10_700_000, bodies=1)(world)
    found = world.store().locate(weight_file(body, "big.weights.h5"))
    assert found.path.read_bytes() == body
    ranges = [request.headers.get("range") for request in world.hub.requests if request.server == "cdn"]
    assert ranges == [None, "bytes=10485760-"]
