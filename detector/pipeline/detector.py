"""From a file to a Report. Here the way of a picture, all stages in the order in which they run:

read -> find faces -> crop -> quality gates -> score and explain, with small changes and hidden places -> calibrate ->
verdict -> Report

That of a clip is in ``clip``; which of them a file takes is told by its bytes.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

import numpy as np

from detector import __version__
from detector.errors import UnknownModel, WeightsNotFound
from detector.faces.finder import FindsFaces, crop_face
from detector.media.clips import is_clip
from detector.media.images import read_image
from detector.models.loading import (
    LoadedModel,
    LoadedVideoModel,
    check_contract,
    load_models,
    open_finder,
    stack,
)
from detector.origin.provenance import read_provenance
from detector.pipeline.clip import ClipTools, Progress, analyze_clip
from detector.pipeline.looks import FaceLook, look
from detector.probes.regions import judge_region
from detector.probes.stability import face_logit
from detector.records import (
    CropSpec,
    Detection,
    FaceCrop,
    FaceResult,
    Frame,
    LoadedImage,
    Manifest,
    ModelInfo,
    ModelSpec,
    Report,
    Verdict,
)
from detector.runtime import memory
from detector.sentences import Sentence
from detector.verdict.rules import LIMITS, calibrate, judge_face, judge_file, judge_quality, judge_stability
from detector.weights.store import WeightStore

__all__ = ["Detector", "LoadedModel", "LoadedVideoModel", "check_contract", "load_detector"]

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
        "av": ("av",),
        "c2pa": ("c2pa-python",),
    }
)
"""Libraries whose version can change a score or what is read of the origin, and the distributions each may come from."""


class Detector:
    """Analyses files. A context manager; one may be shared between threads, which then take turns.

    Args:
        manifest: thresholds, gates and the default model.
        finder: closed with the detector.
        models: image models by name, the manifest's default among them. All of them score every face.
        video_models: models of sequences by name; all of them score every person of a clip.
    """

    def __init__(
        self,
        manifest: Manifest,
        finder: FindsFaces,
        models: Mapping[str, LoadedModel],
        video_models: Mapping[str, LoadedVideoModel] | None = None,
    ) -> None:
        if manifest.default_image_model not in models:
            raise ValueError(
                f"Detector: the default model {manifest.default_image_model!r} is not among {list(models)}"
            )
        self.manifest = manifest
        self._finder = finder
        self._models = dict(models)
        self._video_models = dict(video_models or {})
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
            for video in self._video_models.values():
                if video.trunk_of is None:
                    size = video.spec.crop.size
                    video.scorer.features(np.zeros((1, size, size, 3), np.uint8))
                video.scorer.fake_logit(np.zeros((1, video.scorer.width), np.float32), np.ones(1, np.bool_))
            for loaded in self._models.values():
                size = loaded.spec.crop.size
                blank = np.zeros((1, size, size, 3), np.uint8)
                loaded.scorer.sides(blank)
                loaded.explainer.look(blank)

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
            raise UnknownModel(
                Sentence(
                    "There is no image model named {name!r}; choose one of: {known}.",
                    name=name,
                    known=", ".join(self._models),
                )
            )
        return self._models[name]

    @property
    def clip_models(self) -> tuple[str, ...]:
        """What can decide about a clip: video models, and image models whose mean over the frames has a rule."""
        rules = self.manifest.clips
        means = [name for name in self._models if rules is not None and name in rules.frame_mean]
        return (*self._video_models, *means)

    def analyze(
        self,
        path: str | os.PathLike[str],
        *,
        model: str | None = None,
        heatmaps: bool = True,
        name: str | None = None,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
        stability: bool = True,
        verdict_only: bool = False,
    ) -> Report:
        """Analyse every face of a picture, or every person of a clip.

        Args:
            path: the file; its bytes say what it is.
            model: name of the model that gives verdict and heatmaps; default that of the manifest.
            heatmaps: whether to compute them.
            name: of the file as the user knows it; default the base name of ``path``.
            progress: called with a stage, how much of it is done, and how much there is; for clips.
            cancelled: asked often while a clip is analysed; once it says True, the work stops.
            stability: whether each face is scored again after small changes, and its verdict taken back where it does not
                hold. The measured track record is that of the default.
            verdict_only: whether to leave out what no verdict rests on: the scores of the other models, and the test of a
                photo's hottest regions. The verdict is the same, sooner.

        Raises:
            UnknownModel: no such model.
            MediaError: the file cannot be read.
            ManifestInvalid: a clip, and the weights are for pictures only.
            Cancelled: ``cancelled`` said so.
        """
        if is_clip(path):
            tools = ClipTools(self.manifest, self._finder, self._models, self._video_models, self._versions, self._lock)
            report = analyze_clip(path, tools, model, heatmaps, name, progress, cancelled, stability, verdict_only)
            return _finished(report, path)
        selected = self.select(model)
        models = {selected.spec.name: selected} if verdict_only else self._models
        image = read_image(path, name)
        with self._lock:
            detections = self._finder.find(image.frame)
            cut = _cut(image.frame, detections, list(models.values()))
            crops = cut[selected.spec.crop]
            obstacles = [judge_quality(crop.quality, self.manifest.gates) for crop in crops]
            kept = [index for index, obstacle in enumerate(obstacles) if obstacle is None]
            looks = look(
                selected, image.frame, {index: crops[index] for index in kept}, heatmaps, stability, not verdict_only
            )
            scores = _scores(cut, selected, models, looks)
        faces = tuple(
            _judge(crop, obstacle, scores.get(index, {}), looks.get(index), selected.spec)
            for index, (crop, obstacle) in enumerate(zip(crops, obstacles, strict=True))
        )
        return _finished(self._report(image, faces, selected, heatmaps, stability, verdict_only), path)

    def _report(
        self,
        image: LoadedImage,
        faces: tuple[FaceResult, ...],
        selected: LoadedModel,
        heatmaps: bool,
        stability: bool,
        verdict_only: bool,
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
                "stability": stability,
                "verdict_only": verdict_only,
                "crop": asdict(spec.crop),
                "calibration": asdict(spec.calibration),
                "bands": asdict(spec.bands),
                "quality_gates": asdict(self.manifest.gates),
                "face_detectors": {key: file.sha256 for key, file in self.manifest.face_detectors.items()},
            },
        )


def load_detector(weights_dir: str | os.PathLike[str] | None = None) -> Detector:
    """Load every model of the manifest once, each file compared with its SHA-256 first. The process then frees memory sooner
    (``memory.few_stores``).

    Args:
        weights_dir: folder with ``manifest.json``; default ``weights/`` beside the package.

    Raises:
        WeightsError: the manifest or a file is missing, wrong or cannot be fetched; the sentence says which.
    """
    memory.few_stores()
    store = WeightStore(None if weights_dir is None else Path(weights_dir))
    manifest = store.manifest
    if not any(spec.kind == "image" for spec in manifest.models.values()):
        raise WeightsNotFound(
            f"The manifest in {store.folder} lists no image model; train one with `python -m train fit cnn`, "
            "or use the weights folder of a release."
        )
    models, video_models = load_models(manifest.models.values(), store)
    return Detector(manifest, open_finder(store), models, video_models)


def _cut(
    frame: Frame, detections: Sequence[Detection], models: Sequence[LoadedModel]
) -> dict[CropSpec, list[FaceCrop]]:
    """Every face cut once for each crop that some model wants; models that want the same one share it."""
    specs = {loaded.spec.crop for loaded in models}
    return {spec: [crop_face(frame, detection, spec) for detection in detections] for spec in specs}


def _scores(
    cut: Mapping[CropSpec, Sequence[FaceCrop]],
    selected: LoadedModel,
    models: Mapping[str, LoadedModel],
    looks: Mapping[int, FaceLook],
) -> dict[int, dict[str, float]]:
    """Calibrated p_fake by face and model: the deciding model's as it is, one call for all faces to each of the others."""
    scores: dict[int, dict[str, float]] = {index: {} for index in looks}
    for name, loaded in models.items() if looks else ():
        if loaded is selected:
            of_model = [seen.p_fake for seen in looks.values()]
        else:
            sides = loaded.scorer.sides(stack(cut[loaded.spec.crop], list(looks)))
            of_model = [calibrate(face_logit(each), loaded.spec.calibration) for each in sides]
        for index, p_fake in zip(looks, of_model, strict=True):
            scores[index][name] = p_fake
    return scores


def _judge(
    crop: FaceCrop,
    obstacle: str | None,
    scores: Mapping[str, float],
    seen: FaceLook | None,
    spec: ModelSpec,
) -> FaceResult:
    if obstacle is not None:
        return FaceResult(crop, Verdict.NOT_ANALYSED, obstacle, None)
    assert seen is not None, "a face without an obstacle was looked at"
    verdict: Verdict
    reason: str
    verdict, reason = judge_face(seen.p_fake, spec.bands, crop.quality.sharpness)
    stability = region = None
    if seen.views is not None:
        verdict, reason, stability = judge_stability(verdict, reason, seen.p_fake, seen.views, spec.bands)
    if seen.places is not None:
        region = judge_region(seen.places, seen.p_fake, seen.hidden)
    return FaceResult(crop, verdict, reason, seen.p_fake, scores, seen.heatmap, stability=stability, region=region)


def _finished(report: Report, path: str | os.PathLike[str]) -> Report:
    # Last, and beside everything: what a file says about itself must not reach a score.
    origin = read_provenance(path, report.input.width, report.input.height)
    return replace(report, provenance=origin, made_at=datetime.now(UTC).isoformat(timespec="seconds"))


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
