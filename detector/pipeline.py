"""From a file to a Report: the one module that knows all the stages, in the order in which they run.

read -> find faces -> crop -> quality gates -> score -> calibrate -> Grad-CAM -> verdict -> Report
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from detector import __version__
from detector.errors import UnknownModel, WeightsCorrupt, WeightsNotFound
from detector.faces import FaceFinder, crop_face
from detector.gradcam import GradCam
from detector.media import read_image
from detector.models import Scorer, load
from detector.records import (
    CropSpec,
    Detection,
    FaceCrop,
    FaceResult,
    FloatMap,
    Frame,
    Heatmap,
    LoadedImage,
    Manifest,
    ModelInfo,
    ModelSpec,
    Report,
    Verdict,
)
from detector.verdict import LIMITS, calibrate, judge_face, judge_file, judge_quality
from detector.weights import WeightStore

__all__ = ["Detector", "LoadedModel", "check_contract", "load_detector"]

_LIBRARIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "tensorflow": ("tensorflow", "tensorflow-cpu"),
        "keras": ("keras",),
        "mediapipe": ("mediapipe",),
        # The module is cv2 in all of them; mediapipe brings the second.
        "opencv": (
            "opencv-python",
            "opencv-contrib-python",
            "opencv-python-headless",
            "opencv-contrib-python-headless",
        ),
        "pillow": ("pillow",),
        "numpy": ("numpy",),
    }
)
"""Libraries whose version can change a score, and the distributions each may come from."""


class FindsFaces(Protocol):
    """What is needed of ``faces.FaceFinder``."""

    def find(self, frame: Frame) -> list[Detection]: ...

    def close(self) -> None: ...


class Scores(Protocol):
    """What is needed of ``models.Scorer``."""

    def fake_logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...


class Explains(Protocol):
    """What is needed of ``gradcam.GradCam``."""

    def evidence(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...


@dataclass(frozen=True)
class LoadedModel:
    """An image model ready to score, with what the manifest says of it."""

    spec: ModelSpec
    info: ModelInfo
    scorer: Scores
    explainer: Explains


class Detector:
    """Analyses files. A context manager; one may be shared between threads, which then take turns.

    Args:
        manifest: thresholds, gates and the default model.
        finder: closed with the detector.
        models: image models by name, the manifest's default among them. All of them score every face.
    """

    def __init__(self, manifest: Manifest, finder: FindsFaces, models: Mapping[str, LoadedModel]) -> None:
        if manifest.default_image_model not in models:
            raise ValueError(
                f"Detector: the default model {manifest.default_image_model!r} is not among {list(models)}"
            )
        self.manifest = manifest
        self._finder = finder
        self._models = dict(models)
        self._versions = _versions()
        # Inference uses every core as it is; two at a time would only double the memory.
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the face finder; no analysis may follow."""
        self._finder.close()

    def warm_up(self) -> None:
        """Run every model once, so that the first user does not wait while its functions are compiled."""
        with self._lock:
            for loaded in self._models.values():
                size = loaded.spec.crop.size
                blank = np.zeros((1, size, size, 3), np.uint8)
                loaded.scorer.fake_logits(blank)
                loaded.explainer.evidence(blank)

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The image models that can be asked for, by name."""
        return {name: loaded.info for name, loaded in self._models.items()}

    def select(self, model: str | None = None) -> LoadedModel:
        """The model of that name, or the default one.

        Raises:
            UnknownModel: no such image model; the choices are listed.
        """
        name = self.manifest.default_image_model if model is None else model
        if name not in self._models:
            raise UnknownModel(f"There is no image model named {name!r}; choose one of: {', '.join(self._models)}.")
        return self._models[name]

    def analyze(
        self, path: str | os.PathLike[str], *, model: str | None = None, heatmaps: bool = True, name: str | None = None
    ) -> Report:
        """Analyse every face of a picture.

        Args:
            path: the file.
            model: name of the model that gives verdict and heatmaps; default that of the manifest.
            heatmaps: whether to compute them.
            name: of the file as the user knows it; default the base name of ``path``.

        Raises:
            UnknownModel: no such image model.
            MediaError: the file cannot be read.
        """
        selected = self.select(model)
        image = read_image(path, name)
        with self._lock:
            detections = self._finder.find(image.frame)
            cut = self._cut(image.frame, detections)
            crops = cut[selected.spec.crop]
            obstacles = [judge_quality(crop.quality, self.manifest.gates) for crop in crops]
            kept = [index for index, obstacle in enumerate(obstacles) if obstacle is None]
            scores = self._score(cut, kept)
            maps = _explain(selected, crops, kept) if heatmaps else {}
        faces = tuple(
            _judge(crop, obstacle, scores.get(index, {}), maps.get(index), selected.spec)
            for index, (crop, obstacle) in enumerate(zip(crops, obstacles, strict=True))
        )
        return self._report(image, faces, selected, heatmaps)

    def _cut(self, frame: Frame, detections: Sequence[Detection]) -> dict[CropSpec, list[FaceCrop]]:
        """Every face cut once for each crop that some model wants; models that want the same one share it."""
        specs = {loaded.spec.crop for loaded in self._models.values()}
        return {spec: [crop_face(frame, detection, spec) for detection in detections] for spec in specs}

    def _score(self, cut: Mapping[CropSpec, Sequence[FaceCrop]], kept: Sequence[int]) -> dict[int, dict[str, float]]:
        """Calibrated p_fake by face and model; one call per model for all faces."""
        scores: dict[int, dict[str, float]] = {index: {} for index in kept}
        if kept:
            for name, loaded in self._models.items():
                logits = loaded.scorer.fake_logits(_stack(cut[loaded.spec.crop], kept))
                for index, logit in zip(kept, logits, strict=True):
                    scores[index][name] = calibrate(float(logit), loaded.spec.calibration)
        return scores

    def _report(
        self, image: LoadedImage, faces: tuple[FaceResult, ...], selected: LoadedModel, heatmaps: bool
    ) -> Report:
        verdict, reason, p_fake, _ = judge_file(faces)
        spec = selected.spec
        return Report(
            input=image.info,
            verdict=verdict,
            reason=reason,
            p_fake=p_fake,
            faces=faces,
            model=selected.info,
            versions=self._versions,
            limits=LIMITS,
            frame=image.frame,
            options={
                "model": spec.name,
                "heatmaps": heatmaps,
                "crop": asdict(spec.crop),
                "calibration": asdict(spec.calibration),
                "bands": asdict(spec.bands),
                "quality_gates": asdict(self.manifest.gates),
                "face_detectors": {key: file.sha256 for key, file in self.manifest.face_detectors.items()},
            },
        )


def load_detector(weights_dir: str | os.PathLike[str] | None = None) -> Detector:
    """Load every image model of the manifest once, each file compared with its SHA-256 first.

    Args:
        weights_dir: folder with ``manifest.json``; default ``weights/`` beside the package.

    Raises:
        WeightsError: the manifest or a file is missing, wrong or cannot be fetched; the sentence says which.
    """
    store = WeightStore(None if weights_dir is None else Path(weights_dir))
    manifest = store.manifest
    specs = [spec for spec in manifest.models.values() if spec.kind == "image"]
    if not specs:
        raise WeightsNotFound(
            f"The manifest in {store.folder} lists no image model; train one with `python -m train fit cnn`, "
            "or use the weights folder of a release."
        )
    models = {spec.name: _load_model(spec, store) for spec in specs}
    detectors = [store.locate(manifest.face_detectors[key]).path for key in ("short_range", "full_range")]
    return Detector(manifest, FaceFinder(*detectors), models)


def check_contract(model: Any, spec: ModelSpec) -> None:
    """Compare what a model takes and gives with what the manifest promises.

    Args:
        model: a Keras model.
        spec: its entry in the manifest.

    Raises:
        WeightsCorrupt: it does not take (N, size, size, 3) uint8 crops of the manifest's size, or does not give (N, 1).
    """
    size = spec.crop.size
    wanted = ((None, size, size, 3), "uint8", (None, 1))
    found = (tuple(model.input_shape), str(model.inputs[0].dtype), tuple(model.output_shape))
    if found != wanted:
        raise WeightsCorrupt(
            f"The model {spec.name!r} takes {found[0]} {found[1]} and gives {found[2]}, but the manifest promises "
            f"{wanted[0]} {wanted[1]} and {wanted[2]}; use the manifest and the weights of one release."
        )


def _load_model(spec: ModelSpec, store: WeightStore) -> LoadedModel:
    located = store.locate(spec.file)
    model = load(spec.architecture, spec.crop.size, located.path)
    check_contract(model, spec)
    info = ModelInfo(spec.name, spec.architecture, located.revision, spec.file.sha256)
    return LoadedModel(spec, info, Scorer(model), GradCam(model))


def _stack(crops: Sequence[FaceCrop], kept: Sequence[int]) -> NDArray[np.uint8]:
    """(N, S, S, 3) uint8: the kept crops as one batch."""
    return np.stack([crops[index].rgb for index in kept])


def _explain(loaded: LoadedModel, crops: Sequence[FaceCrop], kept: Sequence[int]) -> dict[int, Heatmap]:
    """Heatmaps by face, of the crops that were scored, on the model's fixed scale."""
    if not kept:
        return {}
    towards_fake, towards_real = loaded.explainer.evidence(_stack(crops, kept))

    def share(evidence: FloatMap) -> FloatMap:
        scaled: FloatMap = np.clip(evidence / np.float32(loaded.spec.heatmap_full_scale), 0.0, 1.0)
        return scaled

    return {
        index: Heatmap(share(fake), share(real), loaded.spec.name)
        for index, fake, real in zip(kept, towards_fake, towards_real, strict=True)
    }


def _judge(
    crop: FaceCrop, obstacle: str | None, scores: Mapping[str, float], heatmap: Heatmap | None, spec: ModelSpec
) -> FaceResult:
    if obstacle is not None:
        return FaceResult(crop, Verdict.NOT_ANALYSED, obstacle, None)
    p_fake = scores[spec.name]
    verdict, reason = judge_face(p_fake, spec.bands)
    return FaceResult(crop, verdict, reason, p_fake, scores, heatmap)


def _versions() -> dict[str, str]:
    versions = {"detector": __version__, "python": platform.python_version()}
    for library, distributions in _LIBRARIES.items():
        for distribution in distributions:
            try:
                versions[library] = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                continue
            break
    return versions
