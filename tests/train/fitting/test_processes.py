"""Two processes on loopback train as one does: the same losses from fixed batches, and from the command itself."""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import subprocess
import sys
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="training extras are not installed (requirements-train.txt)")

from tests import ROOT
from tests.conftest import SHIPPED
from tests.support.faces_on_disk import textured, write_cache
from train.__main__ import main
from train.data.cache import Sample
from train.fitting.batches import own_pairs
from train.fitting.stream import pair_rng

SIZE, BATCH, STEPS = 64, 16, 5


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _losses(
    architecture: str, frozen: bool, out: Path, environment: dict[str, str]
) -> tuple[list[float], NDArray[np.float32]]:
    """The losses of a few steps and the first kernel after them, of this process's rows of fixed batches."""
    os.environ |= environment
    import keras
    import torch

    from detector.models.networks import build, load
    from train.fitting import processes, training
    from train.fitting.engine import KerasGraph
    from train.fitting.recipes import Recipe

    torch.set_num_threads(1)
    keras.utils.set_random_seed(4)
    torch.manual_seed(4)
    start = str(SHIPPED / f"{architecture}.weights.h5") if frozen else None
    # Untrained and with frozen norms, the network would answer nothing.
    model = build(architecture, SIZE) if start is None else load(architecture, SIZE, Path(start))
    model.trainable = True
    recipe = Recipe(
        architecture, SIZE, crops=BATCH * STEPS, batch=BATCH, warmup=1, rate=1e-4, start=start, frozen_norms=frozen
    )
    # In bfloat16 the order in which floats are added would show.
    exact = mock.patch.object(training, "mixed_precision", return_value=nullcontext())
    with exact, processes.joined():
        network = partial(KerasGraph, model, frozen_norms=frozen)
        run = training.Training(recipe, out, network, torch.device("cpu"), frozen_norms=frozen)
        rng = np.random.default_rng(1)
        labels = np.repeat(np.array([1, 0], np.float32), BATCH // 2)
        found = []
        for _ in range(STEPS):
            crops = rng.integers(0, 256, (BATCH, SIZE, SIZE, 3), np.uint8)
            mine = slice(processes.rank(), None, processes.count())
            found.append(run.take(crops[mine], labels[mine]))
    return found, run.average.write_back().get_weights()[0]


def _send(queue, *given) -> None:  # type: ignore[no-untyped-def]
    queue.put(_losses(*given))


@pytest.mark.slow
@pytest.mark.parametrize(("architecture", "frozen"), [("cnn", False), ("efficientnet", True)])
def test_two_processes_have_the_losses_of_one(architecture: str, frozen: bool, tmp_path: Path) -> None:
    """With batch statistics and dropout, and with frozen norms, whose rows pass in parts."""
    context = multiprocessing.get_context("spawn")
    results = []
    port = str(_free_port())
    for world in (1, 2):
        answers = context.Queue()
        jobs = []
        for rank in range(world):
            environment = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "RANK": str(rank), "WORLD_SIZE": str(world)}
            given = (answers, architecture, frozen, tmp_path, environment if world > 1 else {})
            jobs.append(context.Process(target=_send, args=given))
            jobs[-1].start()
        found = [answers.get(timeout=300) for _ in jobs]
        for job in jobs:
            job.join()
        results += found
    one, *both = results
    for losses, kernel in both:
        # PyTorch's own batch norm, which one process uses, is true to some 1e-4 of a logit in float32.
        np.testing.assert_allclose(losses, one[0], rtol=1e-4 if frozen else 3e-3)
        assert np.abs(kernel - one[1]).mean() < 1e-5
    assert len({round(loss, 3) for loss in one[0]}) > 1


@pytest.mark.slow
def test_the_command_by_torchrun_has_the_curve_of_one_process(tmp_path: Path) -> None:
    rows = [
        (
            Sample(f"{n}{label}.png", label, "s", "m", f"g{n}", "train"),
            textured(n, 120) // (1 if label == "real" else 2),
        )
        for n in range(16)
        for label in ("real", "fake")
    ]
    (tmp_path / "cache").mkdir()
    write_cache(tmp_path / "cache", rows)
    fit = ["fit", "cnn", "--cache", str(tmp_path / "cache"), "--size", "48", "--crops", "192", "--from-scratch",
           "--no-pseudo-fakes", "--threads", "1", "--device", "cpu"]  # fmt: skip
    assert main([*fit, "--out", str(tmp_path / "one")]) == 0
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-addr", "127.0.0.1",
              "--master-port", str(_free_port()), "-m", "train", *fit, "--out", str(tmp_path / "two")]  # fmt: skip
    subprocess.run(launch, check=True, cwd=ROOT, capture_output=True)
    histories = [(tmp_path / name / "history.jsonl").read_text().splitlines() for name in ("one", "two")]
    assert len(histories[0]) == len(histories[1]), "only the first process writes"
    for one, two in zip(*(map(json.loads, history) for history in histories), strict=True):
        assert (one["crops"], one["validation_auc"]) == (two["crops"], two["validation_auc"])
        assert two["loss"] == pytest.approx(one["loss"], abs=2e-3)


def test_an_empty_cache_is_not_filled_by_several_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert main(["fit", "cnn", "--data", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 2
    assert "python -m train leakage" in capsys.readouterr().err


def test_no_two_pairs_share_their_draws() -> None:
    drawn = [
        float(pair_rng(seed, number, pair).random()) for seed in (0, 7) for number in range(3) for pair in range(3)
    ]
    assert len(set(drawn)) == len(drawn)
    assert float(np.random.default_rng((7, 2)).random()) not in drawn, "an expert's batch draws its kind by this"


def test_an_odd_batch_is_refused() -> None:
    assert list(own_pairs(6)) == [0, 1, 2]
    with pytest.raises(ValueError, match="multiple of 2"):
        own_pairs(5)
