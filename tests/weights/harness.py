"""Weight files in every place where they may lie, and a Hub on this computer."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

from detector.records import WeightFile
from detector.weights.store import WeightStore
from tests.support.hub import Hub

REPO = "owner/detector"
BODY = random.Random(7).randbytes(50_000)


def weight_file(body: bytes = BODY, name: str = "cnn.weights.h5") -> WeightFile:
    return WeightFile(name, len(body), hashlib.sha256(body).hexdigest())


@dataclass
class Harness:
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
