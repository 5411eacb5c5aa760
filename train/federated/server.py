"""The server: asks every client to train alone, then for rounds of federated averaging, and measures each on ``dev``.

McMahan et al., "Communication-efficient learning of deep networks from decentralized data", AISTATS 2017. The server holds the
start and the ``dev`` faces of the first training, and no face of a client.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MessageType, UserConfig
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

from detector.models.networks import build, load
from detector.records import CropSpec
from train.data.cache import Cache, crops_of
from train.federated.messages import arrays_in, arrays_of, asked_for, count_in, put_into
from train.fitting.adapt import thinned
from train.fitting.engine import KerasGraph
from train.fitting.half import store_half
from train.fitting.training import score
from train.metrics import auc

__all__ = ["Dev", "app", "train_alone"]

app = ServerApp()
_PATIENCE_S = 24 * 3600.0


class Dev:
    """The ``dev`` faces of a cache, which weights are measured on.

    Args:
        cache: folder.
        architecture: of the network.
        spec: its crop.
        most: faces to score.
    """

    def __init__(self, cache: Path, architecture: str, spec: CropSpec, most: int) -> None:
        faces = Cache(cache)
        indices = thinned(faces.where(subset="dev"), most)
        self._crops, self._fake = crops_of(faces, indices, spec), faces.fakes(indices)
        self._source = np.array([faces.samples[i].source for i in indices.tolist()])
        self._model = build(architecture, spec.size)

    def measure(self, arrays: ArrayRecord) -> dict[str, float]:
        """AUC of all faces, "all", and of every source that holds both labels."""
        put_into(self._model, arrays)
        scores = score(KerasGraph(self._model, frozen_norms=True), self._crops)
        found = {"all": round(auc(self._fake, scores), 4)}
        for name in sorted(set(self._source.tolist())):
            part = self._source == name
            if 0 < self._fake[part].sum() < part.sum():
                found[name] = round(auc(self._fake[part], scores[part]), 4)
        return found


def train_alone(grid: Grid, arrays: ArrayRecord, settings: ConfigRecord, nodes: Iterable[int]) -> list[Message]:
    """The answers of clients that each train the same start on their own; in the order of ``nodes``.

    Raises:
        RuntimeError: a client failed.
    """
    content = asked_for(arrays, settings)
    asked = [Message(content, dst_node_id=node, message_type=MessageType.TRAIN) for node in nodes]
    answers = {answer.metadata.src_node_id: answer for answer in grid.send_and_receive(asked, timeout=_PATIENCE_S)}
    if failed := [answer.error.reason for answer in answers.values() if answer.has_error()]:
        raise RuntimeError(f"{len(failed)} of {len(asked)} clients failed: {failed[0]}")
    return [answers[message.metadata.dst_node_id] for message in asked]


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Run it all; prints a line for each measured model and writes ``federated.json`` and the average's weights."""
    asked: UserConfig = context.run_config
    spec = CropSpec(size=int(asked["size"]), margin=float(asked["margin"]))
    architecture, out, rounds = str(asked["architecture"]), Path(str(asked["out"])), int(asked["rounds"])
    model = load(architecture, spec.size, Path(str(asked["start"])))
    start = arrays_of(model)
    dev = Dev(Path(str(asked["dev"])), architecture, spec, int(asked["most"]))
    settings = {key: asked[key] for key in ("architecture", "size", "margin", "batch", "rate", "seed")}
    clients = int(asked["clients"])
    nodes = _wait_for(grid, clients)
    rows = [{"model": "start", "dev": dev.measure(start)}]
    _tell(rows[-1])
    alone = ConfigRecord({**settings, "crops": int(asked["crops"]) * rounds})
    for number, answer in enumerate(train_alone(grid, start, alone, nodes), start=1):
        measured = dev.measure(arrays_in(answer.content))
        rows.append({"model": f"client {number} alone, {count_in(answer.content)} faces", "dev": measured})
        _tell(rows[-1])
    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=clients, min_available_nodes=clients)
    together = ConfigRecord({**settings, "crops": int(asked["crops"])})
    result = strategy.start(grid, start, num_rounds=rounds, timeout=_PATIENCE_S, train_config=together)
    rows.append({"model": f"average of {clients} clients, {rounds} rounds", "dev": dev.measure(result.arrays)})
    _tell(rows[-1])
    put_into(model, result.arrays)
    store_half(model, out / f"{architecture}.weights.h5")
    (out / "federated.json").write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


def _wait_for(grid: Grid, clients: int) -> list[int]:
    while len(nodes := sorted(grid.get_node_ids())) < clients:
        time.sleep(1.0)
    return nodes


def _tell(row: Mapping[str, object]) -> None:
    print(json.dumps(row), flush=True)
