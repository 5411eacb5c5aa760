"""Three clients on loopback, with Flower's own processes and gRPC between them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("flwr", reason="Flower is not installed (requirements-federated.txt)")
pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MessageType, RecordDict

from detector.models.networks import build, load
from tests.conftest import SHIPPED
from tests.support.faces_on_disk import textured, write_cache
from train.__main__ import main
from train.data.cache import Sample
from train.federated.client import watched
from train.federated.messages import arrays_of, asked_for, put_into, reply_of, sent_in
from train.federated.sent import COUNT


def _cache(folder: Path, seed: int, subset: str = "train") -> Path:
    folder.mkdir()
    rows = [
        (
            Sample(f"{n}{label}.png", label, f"place{seed}", "m", f"g{n}", subset),
            textured(seed + n, 120) // (1 if label == "real" else 2),
        )
        for n in range(12)
        for label in ("real", "fake")
    ]
    write_cache(folder, rows)
    return folder


@pytest.mark.slow
def test_three_clients_average_and_send_nothing_but_weights(tmp_path: Path) -> None:
    caches = [_cache(tmp_path / f"c{seed}", seed) for seed in (100, 200, 300)]
    dev, out = _cache(tmp_path / "dev", 400, "dev"), tmp_path / "out"
    names = ["federate", "--from", "cnn", "--weights", str(SHIPPED), "--clients", *map(str, caches), "--dev", str(dev)]
    assert main([*names, "--rounds", "2", "--crops", "64", "--out", str(out)]) == 0
    rows = json.loads((out / "federated.json").read_text())
    assert [row["model"].split()[0] for row in rows] == ["start", "client", "client", "client", "average"]
    assert all(0 <= row["dev"]["all"] <= 1 for row in rows)
    model = build("cnn", 240)
    wanted = {name: list(array.shape) for name, array in arrays_of(model).items()}
    for number in (1, 2, 3):
        sent = [json.loads(line) for line in (out / f"client{number}.sent.jsonl").read_text().splitlines()]
        assert len(sent) == 3, "once alone, and in two rounds"
        for row in sent:
            assert {name: array["shape"] for name, array in row["arrays"].items()} == wanted
            assert row["settings"] == {} and list(row["numbers"]) == [COUNT]
    load("cnn", 240, out / "cnn.weights.h5")


def test_weights_survive_the_message() -> None:
    model, other = build("cnn", 48), build("cnn", 48)
    put_into(other, arrays_of(model))
    for one, two in zip(model.get_weights(), other.get_weights(), strict=True):
        assert (one == two).all()
    with pytest.raises(ValueError, match="not those of this network"):
        put_into(build("efficientnet", 64), arrays_of(model))


@pytest.mark.parametrize("hidden", [False, True], ids=["named", "under the name of a weight"])
def test_a_client_that_adds_something_sends_nothing(tmp_path: Path, hidden: bool) -> None:
    model = build("cnn", 48)
    name = next(iter(arrays_of(model))) if hidden else "faces"
    asked = Message(asked_for(arrays_of(model), ConfigRecord({"crops": 1})), 1, MessageType.TRAIN)
    context = Context(0, 1, {"log": str(tmp_path / "sent.jsonl")}, RecordDict(), {})
    log = tmp_path / "sent.jsonl"

    def honest(message: Message, context: Context) -> Message:
        return Message(content=reply_of(model, 7), reply_to=message)

    def careless(message: Message, context: Context) -> Message:
        content = reply_of(model, 7)
        content["more"] = ArrayRecord({name: Array(np.zeros((1, 48, 48, 3), np.uint8))})
        return Message(content=content, reply_to=message)

    assert sent_in(watched(asked, context, honest).content).numbers == {COUNT: 7}
    with pytest.raises(ValueError, match=r"Not sent.*more/"):
        watched(asked, context, careless)
    assert len(log.read_text().splitlines()) == 1
