"""Stand-ins for the networks of a clip's analysis, which see colours in place of alterations, and a clip of two people."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from detector import Detector
from detector.faces.finder import FindsFaces
from detector.models.gradcam import Explanation
from detector.models.loading import LoadedModel, LoadedVideoModel
from detector.records import (
    Bands,
    Calibration,
    ClipRules,
    CropSpec,
    Detection,
    Frame,
    FrameMean,
    Manifest,
    MediaKind,
    ModelInfo,
    ModelSpec,
    QualityGates,
    WeightFile,
)

Rgb = NDArray[np.uint8]
FPS, SECONDS = 10, 12
ALTERED_S = (5.0, 8.0)
"""When one of the two people is altered."""
GATES = QualityGates(min_size_px=40, min_sharpness=0, min_brightness=0, max_brightness=255, max_abs_yaw=5)
RULES = ClipRules(24, 1, 4, 0.2, None, {"a": FrameMean(Calibration(2.0, 1.0), Bands(0.3, 0.6, 0.9), (), "by hand")})
SIDE = 0.125
"""Half the distance between the logits of a crop and of its mirror image."""


class GreenScorer:
    """Takes green for altered: +4 for a crop with a green patch, -4 for one without."""

    scored = 0
    """Crops that were passed to the scorer."""

    def fake_logits(self, crops: Rgb) -> NDArray[np.float32]:
        green = (crops[..., 1].astype(np.float32) - crops[..., 0]).reshape(len(crops), 8, 8, 8, 8)
        return np.where(green.mean(axis=(2, 4)).max(axis=(1, 2)) > 40, 4.0, -4.0).astype(np.float32)

    def sides(self, crops: Rgb) -> NDArray[np.float32]:
        # A crop and its mirror image differ a little, and a score is their mean.
        logits = self.fake_logits(crops)
        return np.stack([logits - SIDE, logits + SIDE], axis=1)

    def unmirrored(self, crops: Rgb) -> NDArray[np.float32]:
        return self.sides(crops)[:, 0]

    def unmirrored_with_features(self, crops: Rgb) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        return self.unmirrored(crops), np.asarray(crops.mean(axis=(1, 2)), np.float32)

    def evidence(self, crops: Rgb) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        shape = (len(crops), 4, 4)
        return np.full(shape, 0.25, np.float32), np.zeros(shape, np.float32)

    def explain(self, crops: Rgb) -> Explanation:
        self.scored += len(crops)
        return Explanation(self.sides(crops), *self.evidence(crops), np.asarray(crops.mean(axis=(1, 2)), np.float32))


class Memory:
    """A video model that returns a prescribed score and keeps its input."""

    width = 3

    def __init__(self, logit: float) -> None:
        self.logit = logit
        self.masks: list[NDArray[np.bool_]] = []
        self.trunk_runs = 0

    def features(self, crops: Rgb) -> NDArray[np.float32]:
        self.trunk_runs += 1
        return np.asarray(crops.mean(axis=(1, 2)), np.float32)

    def fake_logit(self, features: NDArray[np.float32], present: NDArray[np.bool_]) -> float:
        assert features.shape == (len(present), 3)
        assert (features[~present] == 0).all() and (features[present] > 0).all()
        self.masks.append(present)
        return self.logit


class Remembering:
    """A face finder that searches every frame once, however many tests analyse the clip."""

    def __init__(self, finder: FindsFaces) -> None:
        self._finder = finder
        self._found: dict[tuple[bytes, bytes | None], list[Detection]] = {}

    def find(self, frame: Frame, near: Sequence[Detection] | None = None) -> list[Detection]:
        around = None if near is None else b"".join(face.keypoints.tobytes() for face in near)
        key = hashlib.sha256(frame.rgb.tobytes()).digest(), around
        if key not in self._found:
            self._found[key] = self._finder.find(frame, near)
        return [*self._found[key]]

    def close(self) -> None:
        """The other finder stays open."""


def spec(name: str, kind: MediaKind = "image") -> ModelSpec:
    return ModelSpec(
        name=name,
        architecture="cnn" if kind == "image" else "resnet_lstm",
        kind=kind,
        file=WeightFile(f"{name}.weights.h5", 1, "0" * 64),
        crop=CropSpec(64, 0.25),
        calibration=Calibration(),
        bands=Bands(0.3, 0.6, None),
        heatmap_full_scale=1.0,
        track_record=(),
        trained_with="",
        trained_at_commit="0" * 40,
    )


def detector_of(
    finder: FindsFaces, rules: ClipRules | None = RULES, memory: Memory | None = None, trunk_of: str | None = None
) -> Detector:
    models = {"a": spec("a"), **({"seq": spec("seq", "video")} if memory else {})}
    manifest = Manifest(models, "a", {}, GATES, None, rules, "seq" if memory else None)
    scorer = GreenScorer()
    loaded = {"a": LoadedModel(models["a"], ModelInfo("a", "cnn", "local", "a" * 64), scorer, scorer)}
    video = {}
    if memory:
        info = ModelInfo("seq", "lstm", "local", "b" * 64)
        video["seq"] = LoadedVideoModel(models["seq"], info, memory, trunk_of)
    return Detector(manifest, finder, loaded, video)


def heads(astronaut: Rgb, hopper: Rgb, side: int = 180) -> tuple[Rgb, Rgb]:
    cut = astronaut[10:270, 95:355], hopper[20:360, 90:430]
    one, other = (cv2.resize(np.ascontiguousarray(c), (side, side), interpolation=cv2.INTER_AREA) for c in cut)
    return one, other
