"""What can go wrong with the Hub: each failure has a sentence of its own and leaves no half file behind."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from typing import Any

import huggingface_hub
import huggingface_hub.constants
import pytest

from detector.errors import (
    WeightsCorrupt,
    WeightsError,
    WeightsNotFound,
    WeightsUnreachable,
)
from detector.records import WeightFile
from detector.weights.store import WeightStore
from tests.weights.harness import BODY, REPO, Harness, weight_file

# What can go wrong with the Hub: each its own class and sentence


def fault(**values: Any) -> Callable[[Harness], None]:
    def switch(harness: Harness) -> None:
        for name, value in values.items():
            setattr(harness.hub.faults, name, value)

    return switch


def missing_repo(harness: Harness) -> None:
    harness.pin({"repo": "owner/nothing", "revision": harness.revision})


def missing_revision(harness: Harness) -> None:
    harness.pin({"repo": REPO, "revision": "f" * 40})


def missing_file(harness: Harness) -> None:
    harness.file = WeightFile("other.weights.h5", harness.file.bytes, harness.file.sha256)


def gated(harness: Harness) -> None:
    harness.hub.gated.add(REPO)


def refuse(harness: Harness) -> None:
    harness.hub.close()


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
    harness: Harness, break_it: Callable[[Harness], None], kind: type[WeightsError], says: str
) -> None:
    break_it(harness)
    started = time.monotonic()
    with pytest.raises(kind) as caught:
        harness.store().locate(harness.file)
    assert type(caught.value) is kind
    assert says in str(caught.value)
    assert harness.file.name in str(caught.value)
    assert time.monotonic() - started < 4
    assert harness.cached_files() == []


def test_the_sentences_differ() -> None:
    assert len({(case.values[1], case.values[2]) for case in FAILURES}) >= len(FAILURES) - 2  # the CDN repeats two


def test_offline_mode_is_named(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WeightsUnreachable, match="HF_HUB_OFFLINE is set"):
        harness.store().locate(harness.file)
    assert harness.hub.requests == []


def test_a_cache_that_cannot_be_written_is_named(harness: Harness) -> None:
    harness.cache.write_bytes(b"a file where the folder should be")
    with pytest.raises(WeightsError, match="cache cannot be written"):
        harness.store().locate(harness.file)


def test_another_file_under_the_name_is_not_even_downloaded(harness: Harness) -> None:
    for other in (weight_file(BODY[:-1]), weight_file(BODY[::-1])):
        with pytest.raises(WeightsCorrupt, match="nothing was downloaded"):
            harness.store().locate(other)
    assert harness.served("cdn") == []


def test_a_token_reaches_the_hub_and_never_the_cdn(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    gated(harness)
    monkeypatch.setenv("HF_TOKEN", "hf_ours")
    assert harness.store().locate(harness.file).path.read_bytes() == BODY
    for request in harness.hub.requests:
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
def test_a_slow_hub_is_given_up_in_time(harness: Harness, break_it: Callable[[Harness], None]) -> None:
    break_it(harness)
    started = time.monotonic()
    with pytest.raises(WeightsUnreachable, match=r"DETECTOR_HUB_TIMEOUT|the connection failed"):
        harness.store(answer_s=0.5).locate(harness.file)
    assert time.monotonic() - started < 4  # 0.5 s to answer, 0.5 s and 50 kB at the slowest rate to download


def test_a_hub_that_accepts_but_never_answers_is_given_up(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setenv("DETECTOR_HUB_TIMEOUT", "0.5")
        started = time.monotonic()
        with pytest.raises(WeightsUnreachable):
            WeightStore(harness.folder, cache_dir=harness.cache).locate(harness.file)
        assert time.monotonic() - started < 4


def test_a_dropped_download_is_resumed_where_it_broke(harness: Harness) -> None:
    body = random.Random(8).randbytes(11_000_000)  # the client writes in pieces of 10 MiB
    revision = harness.hub.commit(REPO, {"big.weights.h5": body})
    harness.pin({"repo": REPO, "revision": revision})
    fault(body="dropped", drop_after=10_700_000, bodies=1)(harness)
    found = harness.store().locate(weight_file(body, "big.weights.h5"))
    assert found.path.read_bytes() == body
    ranges = [request.headers.get("range") for request in harness.hub.requests if request.server == "cdn"]
    assert ranges == [None, "bytes=10485760-"]
