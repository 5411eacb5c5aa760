"""Copies and engine swaps, made once into a folder that pairs are drawn from; resumes after an interruption.

Fake number n of a folder depends on its number, the cache and the makers only. ``index.jsonl`` lists each with what it was made
of, its recipe and the SHA-256 of its pixels; ``pixels.bin`` holds the pixels one after another.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from train.data.cache import Cache
from train.data.landmarks import mesh_in_crop, pose
from train.fakes.blend import region_mask
from train.fakes.squares import native_side, square_of
from train.fakes.swap_engine import draw_engine, engine_swap

__all__ = ["Fake", "FakeMaker", "FakeStore", "make_fakes"]

_UPRIGHT_DEG = 20.0
_MOST_SIDE = 352
_LEAST_FACE = 72
"""Pixels: a smaller face holds no trace that would outlive the next JPEG."""
_SWAPS = 0.4
"""Share of engine swaps; the rest are copies."""
_SAME_PERSON = 0.35
"""Share of swaps whose face is the target's own: nothing but the engine's work distinguishes them from the original."""
_DONORS = 10
_SHARE_CAP = 400
"""Faces of a source beyond which it gets no larger share, so that domains weigh about alike."""


@dataclass(frozen=True)
class Fake:
    """One row of the list."""

    number: int
    kind: str
    """"copy" or "swap"."""
    maker: str
    """Name of the network that wrote it."""
    index: int
    """Of the genuine face in the cache."""
    path: str
    """Of that face's file, to find it again in another cache."""
    source: str
    side: int
    """Of the square, pixels; that of the genuine face is cut with the same side (``squares.square_of``)."""
    native: int
    """The square's side in the file."""
    offset: int
    """In ``pixels.bin``: (side, side, 3) uint8 RGB, and for a swap (side, side) uint8, its mask."""
    sha256: str
    recipe: dict[str, Any]


class FakeMaker:
    """Makes fakes of the genuine faces of a split.

    Args:
        cache: as built by ``data.build_cache``.
        indices: the split's samples; fakes among them are passed over.
        makers: name -> a function from (H, W, 3) uint8 RGB to its copy; drawn with equal odds.
        seed: of all draws.
    """

    def __init__(
        self, cache: Cache, indices: np.ndarray, makers: Mapping[str, Callable[[np.ndarray], np.ndarray]], seed: int
    ) -> None:
        self._cache, self._makers, self._seed = cache, dict(makers), seed
        self._members: dict[str, list[int]] = defaultdict(list)
        for index in indices.tolist():
            sample, box = cache.samples[index], cache.detection(index).box
            large = min(box.width, box.height) >= _LEAST_FACE
            if sample.label == "real" and large and cache.mesh(index) is not None:
                self._members[sample.source].append(index)
        self._sources = sorted(self._members)
        if not self._sources:
            raise ValueError(f"no genuine face of {_LEAST_FACE} pixels with landmarks: nothing to make fakes of")
        weights = np.array([min(_SHARE_CAP, len(self._members[source])) for source in self._sources], np.float64)
        self._odds = weights / weights.sum()

    def make(self, number: int) -> tuple[dict[str, Any], np.ndarray, np.ndarray | None]:
        """Fake ``number``: its row but for offset and SHA-256, its (S, S, 3) uint8 pixels and, of a swap, its (S, S) uint8
        mask."""
        rng = np.random.default_rng((self._seed, number))
        maker = str(rng.choice(list(self._makers)))
        while True:
            source = str(rng.choice(self._sources, p=self._odds))
            index = int(rng.choice(self._members[source]))
            native = native_side(self._cache, index)
            side = self._side(native, rng)
            crop = square_of(self._cache, index, side)
            mesh = mesh_in_crop(self._cache.mesh(index), crop, _UPRIGHT_DEG)
            if mesh is not None:
                break
        row = {"number": number, "maker": maker, "index": index, "path": self._cache.samples[index].path,
               "source": source, "side": side, "native": native}  # fmt: skip
        if rng.random() >= _SWAPS:
            return row | {"kind": "copy", "recipe": {}}, self._makers[maker](crop.rgb), None
        engine = draw_engine(rng)
        donor, donor_mesh, of = (crop.rgb, mesh, index) if rng.random() < _SAME_PERSON else self._donor(index, rng)
        rgb, mask = engine_swap(crop.rgb, mesh, donor, donor_mesh, self._makers[maker], engine, rng)
        recipe = asdict(engine) | {"donor": self._cache.samples[of].path}
        return row | {"kind": "swap", "recipe": recipe}, rgb, np.rint(mask * 255).astype(np.uint8)

    def _side(self, native: int, rng: np.random.Generator) -> int:
        """Mostly the file's own; even, as the DCT of ``align`` needs it."""
        draw = rng.random()
        ratio = 1.0 if draw < 0.55 else float(rng.uniform(0.6, 1.0) if draw < 0.9 else rng.uniform(1.0, 1.3))
        return min(_MOST_SIDE, max(96, round(native * ratio))) // 2 * 2

    def _donor(self, index: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
        """A face held like that of ``index``, of any source: the best of a few draws."""
        wanted = pose(self._mesh(index))
        others = [int(rng.choice(self._members[str(rng.choice(self._sources, p=self._odds))])) for _ in range(_DONORS)]
        others.sort(key=lambda other: float(np.abs(pose(self._mesh(other)) - wanted).sum()))
        for other in others:
            crop = square_of(self._cache, other)
            mesh = mesh_in_crop(self._cache.mesh(other), crop, _UPRIGHT_DEG)
            if other != index and mesh is not None:
                return crop.rgb, mesh, other
        crop = square_of(self._cache, index)
        return crop.rgb, mesh_in_crop(self._mesh(index), crop, 180.0), index  # type: ignore[return-value]

    def _mesh(self, index: int) -> np.ndarray:
        mesh = self._cache.mesh(index)
        if mesh is None:
            raise ValueError(f"sample {index} has no landmarks")
        return mesh


def make_fakes(maker: FakeMaker, out: Path, count: int) -> None:
    """Fill ``out`` up to ``count`` fakes; what an earlier call made stays."""
    out.mkdir(parents=True, exist_ok=True)
    index, pixels = out / "index.jsonl", out / "pixels.bin"
    done = 0
    end = 0
    if index.exists():
        # A row that was cut short by a kill, and pixels without a row, are made again.
        lines = index.read_text(encoding="utf-8").split("\n")[:-1]
        index.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        rows = [json.loads(line) for line in lines]
        done = len(rows)
        end = max((row["offset"] + _bytes(row) for row in rows), default=0)
        with open(pixels, "r+b") as file:
            file.truncate(end)
    with open(pixels, "ab") as data, open(index, "a", encoding="utf-8") as listing:
        for number in range(done, count):
            row, rgb, mask = maker.make(number)
            content = rgb.tobytes() + (b"" if mask is None else mask.tobytes())
            data.write(content)
            data.flush()
            listing.write(json.dumps(row | {"offset": end, "sha256": hashlib.sha256(content).hexdigest()}) + "\n")
            listing.flush()
            end += len(content)


def _bytes(row: Mapping[str, Any]) -> int:
    return int(row["side"]) ** 2 * (4 if row["kind"] == "swap" else 3)


class FakeStore:
    """The fakes of a folder that ``make_fakes`` fills, maybe still.

    Args:
        folder: with ``index.jsonl`` and ``pixels.bin``.
        cache: of the genuine faces, from which the fakes were made.

    Raises:
        ValueError: the cache is another one than that of the fakes.
    """

    def __init__(self, folder: Path, cache: Cache) -> None:
        self._folder, self._cache = folder, cache
        self.fakes: list[Fake] = []
        self.refresh()

    def refresh(self) -> None:
        """Take up what was made since."""
        lines = (self._folder / "index.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
        for line in lines[len(self.fakes) :]:
            fake = Fake(**json.loads(line))
            if self._cache.samples[fake.index].path != fake.path:
                raise ValueError(
                    f"{self._folder}: fake {fake.number} is of {fake.path}, which stands elsewhere in this cache"
                )
            self.fakes.append(fake)
        self._pixels = np.memmap(self._folder / "pixels.bin", np.uint8, "r")

    def pair(self, fake: Fake) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """The genuine square, the fake, both (S, S, 3) uint8 RGB, and a swap's mask, (S, S) float32 in [0, 1]."""
        area = fake.side**2
        rgb = np.array(self._pixels[fake.offset : fake.offset + 3 * area]).reshape(fake.side, fake.side, 3)
        genuine = square_of(self._cache, fake.index, fake.side).rgb
        if fake.kind != "swap":
            return genuine, rgb, None
        mask = np.array(self._pixels[fake.offset + 3 * area : fake.offset + 4 * area])
        return genuine, rgb, mask.reshape(fake.side, fake.side).astype(np.float32) / 255

    def region(self, fake: Fake, region: str, rng: np.random.Generator) -> np.ndarray | None:
        """A region of the face as ``blend.region_mask`` fills it, (S, S) float32; None where the face is tilted."""
        mesh = self.mesh(fake)
        return None if mesh is None else region_mask(mesh, region, (fake.side, fake.side), rng)

    def mesh(self, fake: Fake) -> np.ndarray | None:
        """(478, 2) float32 landmarks in pixels of the square."""
        return mesh_in_crop(self._cache.mesh(fake.index), square_of(self._cache, fake.index, fake.side), _UPRIGHT_DEG)
