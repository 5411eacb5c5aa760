"""Weight files that are not what they say: refused with a sentence even where somebody put the right hash beside them."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from detector import load_detector
from detector.errors import WeightsCorrupt
from detector.models.networks import build

Make = Callable[[Path, Path], None]


def _cut(good: Path, path: Path) -> None:
    path.write_bytes(good.read_bytes()[: good.stat().st_size // 2])


def _page(good: Path, path: Path) -> None:
    path.write_bytes(b"<!DOCTYPE html><html>Sign in to the network</html>")


def _empty(good: Path, path: Path) -> None:
    path.write_bytes(b"")


@functools.cache
def _weights(architecture: str, size: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        build(architecture, size).save_weights(path := Path(folder) / "a.weights.h5")
        return path.read_bytes()


def _other_architecture(good: Path, path: Path) -> None:
    path.write_bytes(_weights("efficientnet", 32))


def _other_size(good: Path, path: Path) -> None:
    path.write_bytes(_weights("cnn", 64))


def _with_a_function(good: Path, path: Path) -> None:
    """A whole model whose layer carries code that would leave a trace if it ran."""
    trace = str(path.with_suffix(".ran"))
    inputs = keras.Input((32, 32, 3), dtype="uint8")
    leak = keras.layers.Lambda(lambda x, trace=trace: (open(trace, "w").close(), x)[1])  # type: ignore[func-returns-value]
    model = keras.Model(inputs, leak(inputs))
    whole = path.with_name("whole.keras")
    Path(trace).unlink(missing_ok=True)
    model.save(whole)
    Path(trace).unlink(missing_ok=True)
    shutil.move(whole, path)


def _changed(good: Path, path: Path, change: Callable[[Any, str], None]) -> None:
    shutil.copy(good, path)
    with h5py.File(path, "r+") as file:
        names: list[str] = []
        file.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        for name in names:
            change(file, name)


def _linked(good: Path, path: Path) -> None:
    def change(file: Any, name: str) -> None:
        del file[name]
        file[name] = h5py.ExternalLink(str(good), name)

    _changed(good, path, change)


def _no_numbers(good: Path, path: Path) -> None:
    _changed(good, path, lambda file, name: file[name].write_direct(np.full(file[name].shape, np.nan, np.float32)))


def _one_number(good: Path, path: Path) -> None:
    _changed(good, path, lambda file, name: file[name].write_direct(np.zeros(file[name].shape, np.float32)))


@pytest.mark.parametrize(
    "make", [_cut, _page, _empty, _other_architecture, _other_size, _with_a_function, _linked, _no_numbers, _one_number]
)
@pytest.mark.parametrize("hashed", [False, True], ids=["wrong hash", "hash of the wrong file"])
def test_it_is_refused_and_never_scores(make: Make, hashed: bool, tiny_weights: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_weights, tmp_path / "weights")
    path = folder / "tiny.weights.h5"
    path.unlink()
    make(tiny_weights / "tiny.weights.h5", path)
    if hashed:
        values = json.loads((folder / "manifest.json").read_text())
        entry = values["models"]["tiny"]["file"]
        entry |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        if not entry["bytes"]:
            pytest.skip("a manifest cannot name an empty file")
        (folder / "manifest.json").write_text(json.dumps(values))
    with pytest.raises(WeightsCorrupt) as caught:
        load_detector(folder)
    assert str(caught.value).endswith((".", "!"))
    assert not path.with_suffix(".ran").exists(), "no code ran"
