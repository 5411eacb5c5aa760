"""One training step of each image model: TensorFlow in float32 and bfloat16 against ``fitting.engine`` in the precision that
it chooses (bfloat16 where the processor multiplies it in hardware, else float32), also with frozen norms.

    python tests/bench/train_speed.py [--seconds 8]

Random input, batch 32, AdamW on both sides, warm-up first; prints crops a second. Needs requirements-train.txt.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
import torch

from detector.models.networks import build
from train.fitting.engine import KerasGraph
from train.fitting.recipes import Recipe
from train.fitting.training import train_step

BATCH = 32
SIZES = {"cnn": 240, "resnet": 224, "efficientnet": 224}


def tensorflow_step(architecture: str, policy: str) -> Callable[[], object]:
    keras.config.set_dtype_policy(policy)
    model = build(architecture, SIZES[architecture])
    keras.config.set_dtype_policy("float32")
    logits = keras.Model(model.input, model.get_layer("logit").output)
    optimizer = keras.optimizers.AdamW(1e-4)
    optimizer.build(model.trainable_variables)
    crops, labels = _data(architecture)
    x, y = tf.constant(crops), tf.constant(labels[:, None])

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(y, logits(x, training=True)))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    return lambda: step().numpy()


def engine_step(architecture: str, *, frozen_norms: bool = False) -> Callable[[], object]:
    graph = KerasGraph(build(architecture, SIZES[architecture]), frozen_norms=frozen_norms)
    optimizer = torch.optim.AdamW(graph.parameters(), 1e-4)
    crops, labels = _data(architecture)
    x, y = torch.from_numpy(crops), torch.from_numpy(labels)
    # Nothing is loaded from the start; a recipe with frozen norms has to name one.
    recipe = Recipe(architecture, SIZES[architecture], frozen_norms=frozen_norms, start="none.weights.h5")
    return lambda: train_step(graph, optimizer, x, y, None, recipe)


def _data(architecture: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    size = SIZES[architecture]
    crops = rng.integers(0, 256, (BATCH, size, size, 3), dtype=np.uint8)
    return crops, rng.integers(0, 2, BATCH).astype(np.float32)


def rate(step: Callable[[], object], seconds: float) -> float:
    for _ in range(3):
        step()
    started, steps = time.perf_counter(), 0
    while time.perf_counter() - started < seconds:
        step()
        steps += 1
    return steps * BATCH / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="per measurement")
    seconds = parser.parse_args().seconds
    torch.set_num_threads(os.cpu_count() or 1)
    print(
        f"TensorFlow {tf.__version__}, Keras {keras.__version__}, PyTorch {torch.__version__}, {os.cpu_count()} cores"
    )
    print("| model | TensorFlow float32 | TensorFlow bfloat16 | engine |\n|---|---|---|---|")
    for architecture in SIZES:
        rates = [
            rate(tensorflow_step(architecture, "float32"), seconds),
            rate(tensorflow_step(architecture, "mixed_bfloat16"), seconds),
            rate(engine_step(architecture), seconds),
            rate(engine_step(architecture, frozen_norms=True), seconds),
        ]
        print(f"| {architecture} | " + " | ".join(f"{value:.1f}" for value in rates) + " |", flush=True)


if __name__ == "__main__":
    main()
