"""Crops a second of the paper's recipe: its augmentation, its network, and both as ``train.fitting.paper`` runs them.

python -m tests.bench.paper_speed
"""

from __future__ import annotations

import time

import numpy as np

from train.fitting.paper import augmentation, augmented_batches, compiled
from train.fitting.recipes import PaperRecipe

CROPS = 512


def main() -> None:
    """Print the three speeds."""
    recipe = PaperRecipe()
    rng = np.random.default_rng(0)
    crops = rng.integers(0, 256, (CROPS, recipe.size, recipe.size, 3), np.uint8)
    labels = rng.integers(0, 2, (CROPS, 1)).astype(np.float32)
    order = np.arange(CROPS)
    model = compiled(recipe)

    def batches(chosen: np.ndarray = order):  # type: ignore[no-untyped-def]
        return augmented_batches(crops, labels, chosen, recipe.batch, augmentation(0))

    model.fit(batches(order[:64]), epochs=1, shuffle=False, verbose=0)  # traces the graph
    started = time.monotonic()
    for _ in batches():
        pass
    print(f"augmentation alone: {CROPS / (time.monotonic() - started):.0f} crops/s")
    for name, given in (("network alone", {"x": crops, "y": labels}), ("both", {"x": batches()})):
        started = time.monotonic()
        model.fit(**given, epochs=1, batch_size=None if name == "both" else recipe.batch, shuffle=False, verbose=0)
        print(f"{name}: {CROPS / (time.monotonic() - started):.0f} crops/s")


if __name__ == "__main__":
    main()
