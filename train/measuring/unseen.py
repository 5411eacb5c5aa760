"""How well each kind of fake is distinguished from genuine faces, unseen kinds included.

A method of a source with genuine faces is measured against those; one of a source without, against the modern photographs of
all sources. Copies and swaps are measured against the very faces that they were made of.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from train.data.cache import Cache
from train.fakes.align import align
from train.fakes.bank import HELD_OUT
from train.fakes.copies import FakeStore
from train.fakes.pairs import UNSEEN_METHODS
from train.fakes.squares import native_side, resized, square_of
from train.fitting.engine import Network
from train.metrics import auc

__all__ = ["MODERN", "VIEWS", "by_method", "measure_quickly", "score_faces", "score_fakes"]

MODERN = (
    "ffhq_stylegan",
    "frl_london",
    "portraits_t2i",
    "stylegan2_portraits",
    "utkface",
    "web_phone",
    "web_portraits",
)
"""Sources of genuine photographs, as opposed to frames of videos."""
VIEWS = ("whole", "windows")
_SIZE = 224
_MARGIN = 0.25
_BATCH = 32
_QUICK = 700
_LEAST = 10
"""Faces of each label without which no AUC is given."""


def views_of(square: np.ndarray, size: int = _SIZE) -> tuple[np.ndarray, list[np.ndarray]]:
    """The whole square, shrunk, and its windows: the four corners at its own resolution, or the whole again where it is small.

    Args:
        square: (S, S, 3) uint8 RGB, cut with the margin of the shipped crop.
        size: of what the network sees, pixels.
    """
    side, whole = square.shape[0], resized(square, size)
    if side <= 1.1 * size:
        return whole, [whole]
    far = side - size
    corners = ((0, 0), (0, far), (far, 0), (far, far))
    return whole, [square[y : y + size, x : x + size] for y, x in corners]


@torch.no_grad()
def _fake_logits(graph: Network, crops: list[np.ndarray]) -> np.ndarray:
    graph.eval()
    parts = [
        -graph(torch.from_numpy(np.stack(crops[start : start + _BATCH]))).numpy()
        for start in range(0, len(crops), _BATCH)
    ]
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


def score_squares(graph: Network, squares: list[np.ndarray], size: int = _SIZE) -> dict[str, np.ndarray]:
    """View -> (N,) float32 log-odds of "fake" of each square; of windows their mean."""
    whole, windows, owner = [], [], []
    for row, square in enumerate(squares):
        one, several = views_of(square, size)
        whole.append(one)
        if len(several) > 1:
            windows += several
            owner += [row] * len(several)
    of_whole = _fake_logits(graph, whole)
    of_windows = of_whole.copy()
    scores, rows = _fake_logits(graph, windows), np.array(owner, np.int64)
    for row in set(owner):
        of_windows[row] = scores[rows == row].mean()
    return {"whole": of_whole, "windows": of_windows}


def score_faces(
    graph: Network, cache: Cache, indices: np.ndarray, size: int = _SIZE, at_once: int = 256
) -> dict[str, np.ndarray]:
    """View -> (N,) float32 log-odds of "fake" of faces of the cache."""
    parts = []
    for start in range(0, len(indices), at_once):
        some = indices[start : start + at_once].tolist()
        squares = [square_of(cache, i, native_side(cache, i, _MARGIN), _MARGIN).rgb for i in some]
        parts.append(score_squares(graph, squares, size))
    return {view: np.concatenate([part[view] for part in parts]) for view in VIEWS}


def score_fakes(graph: Network, store: FakeStore, most: int, size: int = _SIZE, seed: int = 3) -> list[dict[str, Any]]:
    """Rows of "maker", "kind" and, by view, the log-odds of the genuine face and of the fake made of it, as aligned pairs."""
    rng = np.random.default_rng(seed)
    rows, squares = [], []
    for fake in store.fakes[:most]:
        genuine, rgb, _ = store.pair(fake)
        if fake.kind == "copy":
            genuine, rgb = align(genuine, rgb, rng)
        # The squares hold the widest margin; the shipped crop has less context.
        kept = round(fake.side * (1 + 2 * _MARGIN) / 2.1)
        edge = (fake.side - kept) // 2
        part = np.s_[edge : edge + kept, edge : edge + kept]
        squares += [genuine[part], rgb[part]]
        rows.append({"maker": fake.maker, "kind": fake.kind})
    scores = score_squares(graph, squares, size)
    return [
        row | {view: (float(scores[view][2 * i]), float(scores[view][2 * i + 1])) for view in VIEWS}
        for i, row in enumerate(rows)
    ]


def by_method(cache: Cache, indices: np.ndarray, logits: np.ndarray) -> dict[str, dict[str, Any]]:
    """ "source/method" -> AUC with the numbers behind it, for every method of a fake, and "source/all".

    Args:
        cache: as built by ``data.build_cache``.
        indices: (N,) samples.
        logits: (N,) log-odds of "fake".
    """
    samples = [cache.samples[i] for i in indices.tolist()]
    fake = np.array([sample.label == "fake" for sample in samples])
    source = np.array([sample.source for sample in samples])
    method = np.array([sample.method for sample in samples])
    modern = np.isin(source, MODERN) & ~fake
    found: dict[str, dict[str, Any]] = {}
    for name in sorted(set(source[fake].tolist())):
        here = (source == name) & ~fake
        genuine = here if here.sum() >= _LEAST else modern
        for kind in ["all", *sorted(set(method[fake & (source == name)].tolist()))]:
            fakes = fake & (source == name) & ((method == kind) | (kind == "all"))
            if fakes.sum() >= _LEAST and genuine.sum() >= _LEAST:
                both = fakes | genuine
                found[f"{name}/{kind}"] = {
                    "auc": round(auc(fake[both], logits[both]), 3), "genuine": int(genuine.sum()), "fake": int(fakes.sum()),
                    "against": "its own source" if genuine is here else "modern photographs", "unseen": kind in UNSEEN_METHODS,
                }  # fmt: skip
    return found


def of_pairs(rows: list[dict[str, Any]], view: str) -> dict[str, dict[str, Any]]:
    """ "kind/maker" and "kind/all" -> AUC of the rows of ``score_fakes``."""
    found = {}
    for kind in sorted({row["kind"] for row in rows}):
        for maker in ["all", *sorted({row["maker"] for row in rows})]:
            scores = np.array([row[view] for row in rows if row["kind"] == kind and maker in ("all", row["maker"])])
            if len(scores) >= _LEAST:
                fake = np.repeat([False, True], len(scores))
                found[f"{kind}/{maker}"] = {"auc": round(auc(fake, scores.T.ravel()), 3), "pairs": len(scores),
                                            "unseen": HELD_OUT in maker}  # fmt: skip
    return found


def measure_quickly(
    graph: Network, cache: Cache, validation: np.ndarray, fakes: Path, size: int = _SIZE
) -> Mapping[str, Any]:
    """AUC of whole faces for the history of a training: a sample of the validation faces, by method, and made pairs."""
    chosen = np.random.default_rng(0).permutation(validation)[:_QUICK]
    cells = by_method(cache, chosen, score_faces(graph, cache, chosen, size)["whole"])
    row: dict[str, Any] = {"faces": {name: cell["auc"] for name, cell in cells.items()}}
    for part in ("validation", "unseen"):
        if (fakes / part / "index.jsonl").exists():
            rows = score_fakes(graph, FakeStore(fakes / part, cache), 120, size)
            row[part] = {name: cell["auc"] for name, cell in of_pairs(rows, "whole").items() if name.endswith("/all")}
    return row
