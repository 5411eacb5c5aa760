"""Models as both pipelines use them: loaded, checked against the manifest, described by protocols."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.errors import WeightsCorrupt
from detector.faces.finder import FaceFinder
from detector.models.gradcam import Explanation, GradCam
from detector.models.inference import Network, Scorer
from detector.models.networks import TRUNK, load, load_head
from detector.models.sequences import VideoScorer
from detector.records import FaceCrop, FloatMap, Heatmap, ModelInfo, ModelSpec
from detector.weights.store import WeightStore

__all__ = [
    "LoadedModel",
    "LoadedVideoModel",
    "check_contract",
    "heatmaps_of",
    "load_models",
    "open_finder",
    "stack",
]


class Scores(Protocol):
    """The part of ``inference.Scorer`` that is used."""

    def fake_logits(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...

    def sides(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...

    def unmirrored(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...

    def unmirrored_with_features(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...


class Explains(Protocol):
    """The part of ``gradcam.GradCam`` that is used."""

    def evidence(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]: ...

    def explain(self, crops: NDArray[np.uint8]) -> Explanation: ...


class ScoresSequences(Protocol):
    """The part of ``sequences.VideoScorer`` that is used."""

    width: int

    def features(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]: ...

    def fake_logit(self, features: NDArray[np.float32], present: NDArray[np.bool_]) -> float: ...


@dataclass(frozen=True)
class LoadedModel:
    """An image model ready to score, with its entry in the manifest."""

    spec: ModelSpec
    info: ModelInfo
    scorer: Scores
    explainer: Explains


@dataclass(frozen=True)
class LoadedVideoModel:
    """A video model ready to score, with its entry in the manifest."""

    spec: ModelSpec
    info: ModelInfo
    scorer: ScoresSequences
    trunk_of: str | None = None
    """The image model that has the same trunk, weight for weight, and the same crop: what it pools are the features. None
    where there is none; the scorer's own trunk then makes them."""


def check_contract(model: Any, spec: ModelSpec) -> None:
    """Compare what a model takes and gives with what the manifest promises.

    Args:
        model: a Keras model.
        spec: its entry in the manifest.

    Raises:
        WeightsCorrupt: it does not take (N, size, size, 3) uint8 crops of the manifest's size, in time and with a mask for a
            video model, or does not give (N, 1).
    """
    size = spec.crop.size
    wanted: tuple[Any, str, Any] = ((None, size, size, 3), "uint8", (None, 1))
    shape: Any = tuple(model.inputs[0].shape)
    if spec.kind == "video":
        wanted = ([(None, None, size, size, 3), (None, None)], "uint8", (None, 1))
        shape = [tuple(each.shape) for each in model.inputs]
    found = (shape, str(model.inputs[0].dtype), tuple(model.output_shape))
    if found != wanted:
        raise WeightsCorrupt(
            f"The model {spec.name!r} takes {found[0]} {found[1]} and gives {found[2]}, but the manifest promises "
            f"{wanted[0]} {wanted[1]} and {wanted[2]}; use the manifest and the weights of one release."
        )


def load_models(
    specs: Iterable[ModelSpec], store: WeightStore
) -> tuple[dict[str, LoadedModel], dict[str, LoadedVideoModel]]:
    """Load models of the manifest, two at a time: image models and video models, by name, in the order of ``specs``.

    Two, since part of the work is outside Python, and each takes many times its file's size for a moment.

    Raises:
        WeightsError: a file is missing, wrong or cannot be fetched.
    """
    specs = list(specs)
    images = {spec.name: spec for spec in specs if spec.kind == "image"}
    # The largest first, while little else is held.
    largest_first = sorted(specs, key=lambda spec: -spec.file.bytes)
    with ThreadPoolExecutor(2, "load") as pool:
        loaded = dict(
            zip(
                (spec.name for spec in largest_first),
                pool.map(partial(_load, store=store, images=images), largest_first),
                strict=True,
            )
        )
    found = [loaded[spec.name] for spec in specs]
    return (
        {model.spec.name: model for model in found if isinstance(model, LoadedModel)},
        {model.spec.name: model for model in found if isinstance(model, LoadedVideoModel)},
    )


def open_finder(store: WeightStore) -> FaceFinder:
    """The face finder with the manifest's models; a context manager, or to be closed.

    Raises:
        WeightsError: a file is missing, wrong or cannot be fetched.
    """
    return FaceFinder(*(store.locate(store.manifest.face_detectors[key]).path for key in ("short_range", "full_range")))


def _load(spec: ModelSpec, store: WeightStore, images: Mapping[str, ModelSpec]) -> LoadedModel | LoadedVideoModel:
    located = store.locate(spec.file)
    info = ModelInfo(spec.name, spec.architecture, located.revision, spec.file.sha256)
    if (trunk_of := _with_the_same_trunk(spec, images)) is not None:
        head = load_head(spec.architecture, spec.crop.size, located.path)
        return LoadedVideoModel(spec, info, VideoScorer(head), trunk_of)
    model = load(spec.architecture, spec.crop.size, located.path)
    check_contract(model, spec)
    if spec.kind == "video":
        return LoadedVideoModel(spec, info, VideoScorer(model))
    network = Network(model)
    return LoadedModel(spec, info, Scorer(network), GradCam(network))


def _with_the_same_trunk(spec: ModelSpec, images: Mapping[str, ModelSpec]) -> str | None:
    """The image model among those that are loaded which makes the features of ``spec`` as well."""
    if spec.trunk is None or (image := images.get(spec.trunk.model)) is None:
        return None
    same = image.architecture == TRUNK and image.file.sha256 == spec.trunk.sha256 and image.crop == spec.crop
    return image.name if same else None


def stack(crops: Sequence[FaceCrop], kept: Sequence[int]) -> NDArray[np.uint8]:
    """(N, S, S, 3) uint8: the kept crops as one batch."""
    return np.stack([crops[index].rgb for index in kept])


def heatmaps_of(
    loaded: LoadedModel, towards_fake: NDArray[np.float32], towards_real: NDArray[np.float32]
) -> list[Heatmap]:
    """What the model's explainer found, (N, h, w) in logits, as heatmaps on the model's fixed scale."""

    def share(evidence: FloatMap) -> FloatMap:
        scaled: FloatMap = np.clip(evidence / np.float32(loaded.spec.heatmap_full_scale), 0.0, 1.0)
        return scaled

    return [
        Heatmap(share(fake), share(real), loaded.spec.name)
        for fake, real in zip(towards_fake, towards_real, strict=True)
    ]
