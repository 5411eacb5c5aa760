"""Fixtures of the tests of weights."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub
import huggingface_hub.constants
import pytest

from tests import ROOT
from tests.support.hub import Hub
from tests.weights.harness import BODY, REPO, Harness, weight_file


@pytest.fixture
def harness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Harness]:
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
        harness = Harness(hub, folder, tmp_path / "cache", revision, weight_file())
        harness.pin({"repo": REPO, "revision": revision})
        yield harness
    huggingface_hub.close_session()
