"""Who decides about a clip: a video model, or an image model's mean over the frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detector.errors import UnknownModel
from detector.models.loading import LoadedModel, LoadedVideoModel
from detector.models.networks import TRUNK
from detector.pipeline.engine import Engine
from detector.records import Bands, Calibration, ClipRules, ModelInfo
from detector.sentences import Sentence

__all__ = ["ClipDecision", "choose_decision"]


@dataclass(frozen=True)
class ClipDecision:
    """Who decides about a clip, and whose scores of single frames are shown beside."""

    name: str
    info: ModelInfo
    bands: Bands
    calibration: Calibration
    frame_model: LoadedModel
    """Scores and explains single frames."""
    pair: tuple[str, str] | None
    """A frame mean and the video model on the same trunk, which must not contradict each other."""

    def relevant(self, engine: Engine) -> set[str]:
        """Names of the models that decide, explain or must agree."""
        names = {self.name, self.frame_model.spec.name, *(self.pair or ())}
        return names | {video.trunk_of or "" for name, video in engine.video_models.items() if name in names}


def choose_decision(engine: Engine, rules: ClipRules, model: str | None) -> ClipDecision:
    """The video model or frame mean of that name, or the manifest's default.

    Raises:
        UnknownModel: no such model, or an image model without a rule for clips.
    """
    manifest, means = engine.manifest, engine.frame_means
    name = model or manifest.default_video_model or manifest.default_image_model
    if name in engine.video_models:
        video = engine.video_models[name]
        # The network on the same trunk explains it best, frame by frame.
        beside = _on_the_same_trunk(video, means, engine) or manifest.default_image_model
        pair = (beside, name) if beside in means else None
        return ClipDecision(name, video.info, video.spec.bands, video.spec.calibration, engine.models[beside], pair)
    if name in means:
        mean = rules.frame_mean[name]
        pairs = ((_on_the_same_trunk(video, means, engine), of) for of, video in engine.video_models.items())
        pair = next(((image, of) for image, of in pairs if image is not None), None)
        return ClipDecision(name, engine.models[name].info, mean.bands, mean.calibration, engine.models[name], pair)
    raise UnknownModel(
        Sentence(
            "There is no model named {name!r} that decides about clips; choose one of: {known}.",
            name=name,
            known=", ".join(engine.clip_models) or Sentence("none, the manifest has no rule for any"),
        )
    )


def _on_the_same_trunk(video: LoadedVideoModel, means: Sequence[str], engine: Engine) -> str | None:
    """The frame mean whose network has the video model's trunk: the one that the manifest names, else by architecture."""
    if video.spec.trunk is not None and video.spec.trunk.model in means:
        return video.spec.trunk.model
    return next((name for name in means if engine.models[name].spec.architecture == TRUNK), None)
