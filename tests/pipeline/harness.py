"""Stand-ins for the stages of a photo's analysis: every step can be followed and counted, and no network runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from detector import Detector
from detector.models.gradcam import Explanation
from detector.models.loading import LoadedModel
from detector.records import (
    Bands,
    Box,
    Calibration,
    CropSpec,
    Detection,
    Frame,
    Manifest,
    ModelInfo,
    ModelSpec,
    QualityGates,
    WeightFile,
)

GATES = QualityGates(min_size_px=40, min_sharpness=0, min_brightness=0, max_brightness=255, max_abs_yaw=5)
BOXES = (Box(20, 30, 120, 130), Box(200, 40, 300, 140), Box(350, 60, 380, 90), Box(90, 200, 190, 300))
"""Three faces and one, the third, of 30 pixels, which is below the gate."""
KEPT = (0, 1, 3)


class Finder:
    """Finds faces at the given boxes; notices two threads at a time."""

    def __init__(self, boxes: Sequence[Box] = BOXES) -> None:
        self.boxes, self.closed, self._busy = boxes, False, threading.Lock()

    def find(self, frame: Frame, near: Sequence[Detection] | None = None) -> list[Detection]:
        assert self._busy.acquire(blocking=False), "two analyses at a time"
        time.sleep(0.002)
        self._busy.release()
        return [Detection(box, _keypoints(box), 0.9) for box in self.boxes]

    def close(self) -> None:
        self.closed = True


def _keypoints(box: Box) -> NDArray[np.float32]:
    """Level eyes and a nose in the middle of the box."""
    x, y = box.center
    w, h = box.width, box.height
    points = [(x - w / 5, y - h / 8), (x + w / 5, y - h / 8), (x, y), (x, y + h / 5), (x - w / 3, y), (x + w / 3, y)]
    return np.array(points, np.float32)


SIDE = 0.125
"""Half the distance between the logits of a crop and of its mirror image."""


class Scorer:
    """Scores each crop by its mean, and keeps what it was given."""

    def __init__(self, gain: float) -> None:
        self.gain = gain
        self.batches: list[NDArray[np.uint8]] = []

    def fake_logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = (self.gain * (crops.mean(axis=(1, 2, 3)) / 255 - 0.5)).astype(np.float32)
        return logits

    def sides(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        self.batches.append(crops)
        logits = self.fake_logits(crops)
        # A crop and its mirror image differ a little, and a score is their mean.
        return np.stack([logits - SIDE, logits + SIDE], axis=1)

    def unmirrored(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return self.sides(crops)[:, 0]

    def unmirrored_with_features(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.unmirrored(crops), crops.mean(axis=(1, 2)).astype(np.float32)


class Explainer:
    """Evidence that is the crop's own red and green, coarse, up to 2 logits; scores like ``Scorer``."""

    def __init__(self, gain: float = 8.0) -> None:
        self.batches: list[NDArray[np.uint8]] = []
        self._scorer = Scorer(gain)

    def explain(self, crops: NDArray[np.uint8]) -> Explanation:
        return Explanation(self._scorer.sides(crops), *self.evidence(crops), crops.mean(axis=(1, 2)).astype(np.float32))

    def evidence(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.batches.append(crops)
        coarse = crops[:, ::8, ::8].astype(np.float32) * np.float32(2 / 255)
        return coarse[..., 0], coarse[..., 1]


def model_spec(name: str, crop: CropSpec, bands: Bands, scale: float) -> ModelSpec:
    return ModelSpec(
        name=name,
        architecture="cnn",
        kind="image",
        file=WeightFile(f"{name}.weights.h5", 1, "0" * 64),
        crop=crop,
        calibration=Calibration(scale, 0.1),
        bands=bands,
        heatmap_full_scale=1.5,
        track_record=(),
        trained_with="",
        trained_at_commit="0" * 40,
    )


class Harness:
    """A detector of hand-made parts: models "a" (the default) and "twin" share a crop, "b" has its own."""

    def __init__(self, boxes: Sequence[Box] = BOXES, gain: float = 8.0) -> None:
        shared, own = CropSpec(32, 0.2), CropSpec(48, 0.0)
        specs = {
            "a": model_spec("a", shared, Bands(0.3, 0.7, 0.9), 1.0),
            "twin": model_spec("twin", replace(shared), Bands(0.3, 0.7, 0.9), 2.0),
            "b": model_spec("b", own, Bands(0.0, 0.0, None), 0.5),
        }
        self.finder = Finder(boxes)
        self.scorers = {name: Scorer(gain) for name in specs}
        self.explainers = {name: Explainer(gain) for name in specs}
        models = {
            name: LoadedModel(
                spec, ModelInfo(name, "cnn", "local", name * 8), self.scorers[name], self.explainers[name]
            )
            for name, spec in specs.items()
        }
        self.manifest = Manifest(models=specs, default_image_model="a", face_detectors={}, gates=GATES, hub=None)
        self.detector = Detector(self.manifest, self.finder, models)


def batches(harness: Harness) -> list[NDArray[np.uint8]]:
    """Everything that any model was given."""
    scored = [batch for scorer in harness.scorers.values() for batch in scorer.batches]
    return scored + [batch for explainer in harness.explainers.values() for batch in explainer.batches]
