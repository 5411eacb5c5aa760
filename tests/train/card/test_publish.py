"""Publishing with the real client against a Hub of ours on loopback, and back through ``detector.weights.store``."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import huggingface_hub.constants
import pytest

from detector.records import HubPin
from detector.weights.store import WeightStore, load_manifest, update_manifest
from tests.conftest import SHIPPED
from tests.support.hub import Hub
from train.__main__ import main
from train.card.card import write_card
from train.card.publish import NotPublishable, collect, upload

REPO = "owner/photo-check"


@pytest.fixture
def folder(tiny_weights: Path, tmp_path: Path) -> Path:
    """A release of the tests' small models, with an evaluation made up from the shipped one."""
    folder = tmp_path / "weights"
    shutil.copytree(tiny_weights, folder)
    for name in ("README.md", "LICENSE.md"):
        shutil.copy(SHIPPED / name, folder / name)
    evaluation: dict[str, Any] = json.loads((SHIPPED / "evaluation.json").read_text(encoding="utf-8"))
    model = evaluation["models"][evaluation["default"]]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    evaluation |= {
        "default": "tiny",
        "models": dict.fromkeys(manifest["models"], model),
        "weights": {name: entry["file"]["sha256"] for name, entry in manifest["models"].items()},
        "heatmaps": None,
    }
    (folder / "evaluation.json").write_text(json.dumps(evaluation), encoding="utf-8")
    (folder / "figures").mkdir()
    (folder / "figures" / "roc.png").write_bytes(b"\x89PNG\r\n\0 a picture")
    write_card(folder)
    return folder


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HF_TOKEN", "DETECTOR_WEIGHTS_REPO",
                 "DETECTOR_WEIGHTS_REVISION"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    with Hub() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield hub


def test_a_published_revision_comes_back_byte_for_byte(folder: Path, hub: Hub, tmp_path: Path) -> None:
    files = collect(folder)
    revision = upload(files, REPO, "token-of-the-tests", hub.endpoint)
    empty = tmp_path / "elsewhere"
    empty.mkdir()
    shutil.copy(folder / "manifest.json", empty / "manifest.json")
    update_manifest(empty, hub=HubPin(REPO, revision))
    store = WeightStore(empty, cache_dir=tmp_path / "cache")
    for file in [spec.file for spec in store.manifest.models.values()] + list(store.manifest.face_detectors.values()):
        found = store.locate(file)
        assert found.revision == revision
        assert hashlib.sha256(found.path.read_bytes()).hexdigest() == file.sha256
    for published in files:
        path = huggingface_hub.hf_hub_download(
            REPO, published.name, revision=revision, endpoint=hub.endpoint, cache_dir=tmp_path / "cache"
        )
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == published.sha256


def test_a_dry_run_lists_everything_and_sends_nothing(
    folder: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "token-of-the-tests")
    assert main(["publish", REPO, "--weights", str(folder)]) == 0
    out = capsys.readouterr().out
    assert hub.requests == []
    for name in ("tiny.weights.h5", "figures/roc.png", "README.md", "LICENSE.md", "manifest.json"):
        assert f"  {name}\n" in out
    assert hashlib.sha256((folder / "tiny.weights.h5").read_bytes()).hexdigest() in out
    assert "Dry run" in out and "token-of-the-tests" not in out


def test_upload_by_command_pins_the_new_revision(
    folder: Path, hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["publish", REPO, "--upload", "--weights", str(folder)]) == 2
    assert "HF_TOKEN" in capsys.readouterr().err and hub.requests == []
    monkeypatch.setenv("HF_TOKEN", "token-of-the-tests")
    assert main(["publish", REPO, "--upload", "--weights", str(folder)]) == 0
    pinned = load_manifest(folder).hub
    assert pinned is not None and pinned.repo == REPO
    assert f"{REPO} at {pinned.revision}" in capsys.readouterr().out
    assert huggingface_hub.hf_hub_download(
        REPO, "tiny.weights.h5", revision=pinned.revision, endpoint=hub.endpoint, cache_dir=tmp_path / "cache"
    )
    assert all(request.headers["host"].startswith("127.0.0.1") for request in hub.requests)


def test_a_revision_is_pinned_only_if_it_holds_the_files_of_the_manifest(
    folder: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [path.name for path in folder.iterdir() if path.suffix in (".h5", ".tflite")]
    right = hub.commit(REPO, {name: (folder / name).read_bytes() for name in names})
    wrong = hub.commit(REPO, {"tiny.weights.h5": b"\0" + (folder / "tiny.weights.h5").read_bytes()[1:]})
    before = (folder / "manifest.json").read_bytes()
    assert main(["publish", REPO, "--pin", wrong, "--weights", str(folder)]) == 2
    assert "was not pinned: " in capsys.readouterr().err
    assert main(["publish", REPO, "--pin", "0" * 40, "--weights", str(folder)]) == 2
    assert (folder / "manifest.json").read_bytes() == before
    assert main(["publish", REPO, "--pin", right, "--weights", str(folder)]) == 0
    assert load_manifest(folder).hub == HubPin(REPO, right)
    assert all(request.method in ("HEAD", "GET") for request in hub.requests), "nothing was sent"


def test_only_what_belongs_to_a_release_is_published(folder: Path) -> None:
    strangers = {"notes.txt", "face.jpg", "figures/face.jpg", "tiny.weights.h5.bak"}
    for name in strangers:
        (folder / name).write_text("private", encoding="utf-8")
    assert {file.name for file in collect(folder)}.isdisjoint(strangers)


@pytest.mark.needs_weights
def test_what_is_shipped_can_be_published() -> None:
    names = {file.name for file in collect(SHIPPED)}
    assert {"resnet_lstm.weights.h5", "resnet_lstm.run.json", "clips.json", "efficientnet.history.jsonl"} <= names


@pytest.mark.parametrize("damage", ["other-clips", "flip", "missing", "other-weights", "stale-card", "no-terms"])
def test_a_folder_that_is_not_in_order_is_refused(folder: Path, damage: str) -> None:
    weights, evaluation = folder / "tiny.weights.h5", folder / "evaluation.json"
    message = {"flip": "altered", "missing": "not in", "other-weights": "other weights",
               "other-clips": "clips.json is of other weights",
               "stale-card": "does not show",
               "no-terms": "does not exist"}[damage]  # fmt: skip
    if damage == "flip":
        body = weights.read_bytes()
        weights.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    elif damage == "missing":
        weights.unlink()
    elif damage == "other-clips":
        (folder / "clips.json").write_text(json.dumps({"weights": {"tiny": "0" * 64}}), encoding="utf-8")
    elif damage == "no-terms":
        (folder / "LICENSE.md").unlink()
    else:
        values = json.loads(evaluation.read_text(encoding="utf-8"))
        if damage == "other-weights":
            values["weights"]["tiny"] = "0" * 64
        else:
            values["files"] += 1
        evaluation.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(NotPublishable, match=message):
        collect(folder)


def test_a_name_that_is_none_is_refused_before_anything_is_sent(folder: Path, hub: Hub) -> None:
    with pytest.raises(NotPublishable, match="OWNER/NAME"):
        upload(collect(folder), "just-a-name", "token-of-the-tests", hub.endpoint)
    assert hub.requests == []


def test_a_hub_that_refuses_is_named_with_the_cure(folder: Path, hub: Hub) -> None:
    hub.faults.hub_status = 403
    with pytest.raises(NotPublishable, match=r"HTTP 403.*HF_TOKEN"):
        upload(collect(folder), REPO, "token-of-the-tests", hub.endpoint)
