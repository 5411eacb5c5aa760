"""What an analysis works with: models that are loaded once, the face finder, the thresholds. Shared by photos and clips."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace

from detector.errors import UnknownModel
from detector.faces.finder import FindsFaces
from detector.models.loading import LoadedModel, LoadedVideoModel
from detector.records import Manifest
from detector.runtime.versions import library_versions
from detector.sentences import Sentence

__all__ = ["Engine"]


@dataclass(frozen=True)
class Engine:
    """The loaded parts of a detector."""

    manifest: Manifest
    finder: FindsFaces
    models: Mapping[str, LoadedModel]
    """Image models by name."""
    video_models: Mapping[str, LoadedVideoModel]
    """Models of sequences by name."""
    versions: Mapping[str, str] = field(default_factory=library_versions)
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held for the whole of a photo, and while a model runs for a clip, so that a photo need not wait for the clip's end.
    Inference uses every core as it is; two at a time would only double the memory."""

    def image_model(self, name: str | None = None) -> LoadedModel:
        """The model of that name, or the default one.

        Raises:
            UnknownModel: no such image model; the choices are listed.
        """
        name = self.manifest.default_image_model if name is None else name
        if name not in self.models:
            raise UnknownModel(
                Sentence(
                    "There is no image model named {name!r}; choose one of: {known}.",
                    name=name,
                    known=", ".join(self.models),
                )
            )
        return self.models[name]

    @property
    def frame_means(self) -> tuple[str, ...]:
        """Image models whose mean over the frames of a clip has a rule in the manifest, by name."""
        rules = self.manifest.clips
        return tuple(name for name in self.models if rules is not None and name in rules.frame_mean)

    @property
    def clip_models(self) -> tuple[str, ...]:
        """What can decide about a clip: the video models, then the frame means."""
        return (*self.video_models, *self.frame_means)

    def only(self, names: Collection[str]) -> Engine:
        """The same with these models alone."""
        return replace(
            self,
            models={name: loaded for name, loaded in self.models.items() if name in names},
            video_models={name: loaded for name, loaded in self.video_models.items() if name in names},
        )
