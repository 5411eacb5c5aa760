"""Would a finer heatmap localise better? Maps of an earlier layer beside the shipped Grad-CAM, by the evaluation's own tests.

    python -m tests.bench.finer_maps --cache DIR [--layer block10_add] [--kinds self_blend swap mouth eyes]

The earlier layer of the default model has 14 x 14 places in place of 7 x 7. Its maps: the gradient times the features, place by
place (HiResCAM, Draelos and Carin 2020); the same of what is positive in the gradient (LayerCAM, Jiang et al. 2021); Grad-CAM;
and HiResCAM times the shipped map, enlarged. "ratio" is the heat in the altered region over that region's share of the crop;
"fall" is how much more the logit falls when the hottest region gets back its genuine pixels than when a random one does.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import keras
import numpy as np
import tensorflow as tf

from detector.models.gradcam import Explanation
from detector.models.loading import Explains, LoadedModel, load_models
from detector.models.networks import load
from detector.weights.store import WeightStore
from train.data.cache import Cache
from train.data.splits import carve_validation
from train.measuring.heatmaps import KINDS, alter, faces_of, measure

__all__ = ["main"]

_BATCH = 8
Maps = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Features and their gradients, (N, h, w, channels) each -> (N, h, w) evidence towards "real"."""


def _hires(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return np.asarray((features * gradients).sum(-1))


def _grad_cam(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return np.asarray((features * gradients.sum((1, 2), keepdims=True)).sum(-1))


def _layer_cam(features: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    # Of evidence towards "fake": the gradient that lowers the logit of "real".
    return -np.asarray((np.maximum(-gradients, 0) * features).sum(-1))


@dataclass(frozen=True)
class Finer:
    """Maps of an earlier layer, in the place of the shipped explainer."""

    network: keras.Model
    """Crops to the layer's features and the logit."""
    rest: keras.Model
    """Those features to the logit."""
    maps: Maps
    times: Explains | None = None
    """A coarser map that is multiplied in."""

    def evidence(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Towards "fake" and towards "real", as ``GradCam.evidence``."""
        real = np.concatenate([self._both_sides(crops[i : i + _BATCH]) for i in range(0, len(crops), _BATCH)])
        fake, real = np.maximum(-real, 0), np.maximum(real, 0)
        if self.times is not None:
            coarse, _ = self.times.evidence(crops)
            side = fake.shape[1]
            fake = fake * np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_LINEAR) for one in coarse])
        return fake, real

    def explain(self, crops: np.ndarray) -> Explanation:
        """Not asked for by the tests."""
        raise NotImplementedError

    def _both_sides(self, crops: np.ndarray) -> np.ndarray:
        plain, mirrored = self._maps(crops), self._maps(crops[:, :, ::-1])
        return np.asarray((plain + mirrored[:, :, ::-1]) / 2)

    def _maps(self, crops: np.ndarray) -> np.ndarray:
        features = self.network(crops, training=False)
        with tf.GradientTape() as tape:
            tape.watch(features)
            logit = self.rest(features, training=False)
        return np.asarray(self.maps(features.numpy(), tape.gradient(logit, features).numpy()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.finer_maps", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--cache", type=Path, required=True, help="as python -m train makes it, with landmarks")
    parser.add_argument("--layer", default="block10_add", help="of the default model (default block10_add)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["self_blend", "swap", "mouth", "eyes"])
    options = parser.parse_args(arguments)
    store = WeightStore()
    spec = store.manifest.models[store.manifest.default_image_model]
    loaded = load_models([spec], store)[0][spec.name]
    model = load(spec.architecture, spec.crop.size, store.locate(spec.file).path)
    features = model.get_layer(options.layer).output
    network, rest = keras.Model(model.input, features), keras.Model(features, model.get_layer("logit").output)
    ways: dict[str, LoadedModel] = {"shipped": loaded}
    for name, maps in (("HiResCAM", _hires), ("LayerCAM", _layer_cam), ("Grad-CAM", _grad_cam)):
        ways[f"{name}, {options.layer}"] = replace(loaded, explainer=Finer(network, rest, maps))
    ways["HiResCAM times shipped"] = replace(loaded, explainer=Finer(network, rest, _hires, times=loaded.explainer))

    cache = Cache(options.cache)
    faces = faces_of(cache, carve_validation(cache)[1], spec.crop)
    print("| altered | map | ratio (95 %) | fall (95 %) |\n|---|---|---|---|")
    for kind in options.kinds:
        altered = alter(faces, kind)
        for name, way in ways.items():
            row = measure(way, altered, kind)
            fall = row.get("deletion", {}).get("genuine")
            said = (
                ""
                if fall is None
                else "{difference:.2f} ({difference_low:.2f} to {difference_high:.2f})".format(**fall)
            )
            print(
                f"| {kind} | {name} | {row['ratio']} ({row['ratio_low']} to {row['ratio_high']}) | {said} |", flush=True
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
