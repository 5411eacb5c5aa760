"""The detector: loaded once, then used for one file after another; ``photo`` and ``clip`` hold the two pipelines."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from detector.errors import DetectorClosed, WeightsNotFound
from detector.faces.finder import FindsFaces
from detector.media.clip_kinds import is_clip
from detector.media.inputs import Source, as_file
from detector.models.loading import LoadedModel, LoadedVideoModel, load_models, open_finder
from detector.origin.provenance import read_provenance
from detector.pipeline.annotation import annotate
from detector.pipeline.clip import analyze_clip
from detector.pipeline.engine import Engine
from detector.pipeline.live import LiveSessions
from detector.pipeline.photo import analyze_photo
from detector.records import AnalysisOptions, LiveSnapshot, Manifest, ModelInfo, Progress, Report, Watcher
from detector.runtime import memory
from detector.sentences import Sentence
from detector.weights.store import WeightStore

__all__ = ["Detector", "load_detector"]


class Detector:
    """Analyses files. A context manager; one may be shared between threads, which then take turns.

    After ``close`` every method but ``close`` raises ``DetectorClosed``.

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
        self._engine = Engine(manifest, finder, dict(models), dict(video_models or {}))
        self._live = LiveSessions(self._engine)
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the face finder; no analysis may follow."""
        if not self._closed:
            self._closed = True
            self._engine.finder.close()

    def wait(self) -> None:
        """Return at once: the models are loaded."""
        self._opened()

    def warm_up(self) -> None:
        """Run every model once, so that the first user does not wait while its functions are compiled."""
        engine = self._opened()
        with engine.lock:
            for video in engine.video_models.values():
                if video.trunk_of is None:
                    size = video.spec.crop.size
                    video.scorer.features(np.zeros((1, size, size, 3), np.uint8))
                video.scorer.fake_logit(np.zeros((1, video.scorer.width), np.float32), np.ones(1, np.bool_))
            for loaded in engine.models.values():
                size = loaded.spec.crop.size
                blank = np.zeros((1, size, size, 3), np.uint8)
                loaded.scorer.sides(blank)
                loaded.explainer.explain(blank)

    @property
    def manifest(self) -> Manifest:
        """Thresholds, gates and the default models."""
        return self._engine.manifest

    @property
    def models(self) -> Mapping[str, ModelInfo]:
        """The image models that can be asked for, by name."""
        return {name: loaded.info for name, loaded in self._opened().models.items()}

    @property
    def clip_models(self) -> tuple[str, ...]:
        """What can decide about a clip: video models, and image models whose mean over the frames has a rule."""
        return self._opened().clip_models

    def select(self, model: str | None = None) -> LoadedModel:
        """The model of that name, or the default one.

        Raises:
            UnknownModel: no such image model; the choices are listed.
        """
        return self._opened().image_model(model)

    def analyze(
        self,
        path: Source,
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
            path: the file; its bytes say what it is. In its place: the file's bytes, a file opened in binary mode, a
                ``PIL.Image.Image``, or (H, W, 3) uint8 RGB.
            model: name of the model that gives verdict and heatmaps; default that of the manifest.
            heatmaps: whether to compute them.
            name: of the file as the user knows it; default the base name of ``path``.
            progress: called with a stage, how much of it is done, and how much there is; for clips.
            cancelled: called often while a clip is analysed; once it returns True, the work stops.
            stability: whether each face is scored again after small changes, and its verdict taken back where it does not
                hold. The measured track record is that of the default.
            verdict_only: whether to leave out what no verdict rests on: the scores of the other models, and the test of a
                photo's hottest regions. The verdict is the same, sooner.

        Raises:
            UnknownModel: no such model.
            MediaError: the file cannot be read; ``UnsupportedMedia`` also for what is no file.
            ManifestInvalid: a clip, and the weights are for pictures only.
            Cancelled: ``cancelled`` returned True.
            DetectorClosed: ``close`` was called.
        """
        options = AnalysisOptions(model, heatmaps, stability, verdict_only)
        with as_file(path, name) as (file, shown):
            return self.analyze_as(file, options, shown, Watcher.of(progress, cancelled))

    def analyze_as(
        self, path: str | os.PathLike[str], options: AnalysisOptions, name: str | None, watcher: Watcher
    ) -> Report:
        """``analyze`` for those who have its arguments as records."""
        engine = self._opened()
        report = (
            analyze_clip(path, engine, options, watcher, name)
            if is_clip(path)
            else analyze_photo(path, engine, options, name)
        )
        # Last, and beside everything: what a file says about itself must not reach a score.
        origin = read_provenance(path, *(report.stored_size or (report.input.width, report.input.height)))
        return replace(report, provenance=origin, made_at=datetime.now(UTC).isoformat(timespec="seconds"))

    def annotate(
        self,
        path: str | os.PathLike[str],
        report: Report,
        target: str | os.PathLike[str],
        *,
        heat: bool = False,
        progress: Progress | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        """Write a clip with what its report says drawn into it, and with its own sound.

        Args:
            path: the clip that was analysed.
            report: as ``analyze`` returned it.
            target: the file to write, MP4.
            heat: whether the most suspicious moments show their heatmaps.
            progress: called with ``annotation.WRITING``, the frames done, and their number.
            cancelled: called before every frame.

        Raises:
            UnsupportedMedia: the report is that of a picture.
            MediaTooLarge: the clip is longer than ``annotation.MOST_SECONDS``.
            MediaError: the clip cannot be read any more.
            Cancelled: ``cancelled`` returned True; nothing is left behind.
            DetectorClosed: ``close`` was called.
            OSError: the file cannot be written.
        """
        self.annotate_as(path, report, target, heat, Watcher.of(progress, cancelled))

    def annotate_as(
        self,
        path: str | os.PathLike[str],
        report: Report,
        target: str | os.PathLike[str],
        heat: bool,
        watcher: Watcher,
    ) -> None:
        """``annotate`` for those who have its watcher as a record."""
        self._opened()
        annotate(path, report, target, watcher, heat=heat)

    def watch(self, session: str, frame: bytes, time_s: float) -> LiveSnapshot:
        """Look at the next frame of a camera.

        Args:
            session: name of the live check, which begins with its first frame; a few are remembered at a time.
            frame: a JPEG file.
            time_s: when it was taken, on any clock that does not go back.

        Returns:
            What is known of the followed face after this frame.

        Raises:
            ManifestInvalid: the weights have no rule for clips.
            MediaError: the frame cannot be decoded; the check goes on with the next.
            DetectorClosed: ``close`` was called.
        """
        self._opened()
        return self._live.update(session, frame, time_s)

    def end_watch(self, session: str) -> None:
        """Forget a live check, if there is one of that name.

        Raises:
            DetectorClosed: ``close`` was called.
        """
        self._opened()
        self._live.end(session)

    def _opened(self) -> Engine:
        if self._closed:
            raise DetectorClosed(Sentence("This detector was closed; load another one."))
        return self._engine


def load_detector(weights_dir: str | os.PathLike[str] | None = None) -> Detector:
    """Load every model of the manifest once, each file compared with its SHA-256 first. The process then frees memory sooner
    (``memory.limit_arenas``).

    Args:
        weights_dir: folder with ``manifest.json``; default the one that came with the package.

    Raises:
        WeightsError: the manifest or a file is missing, wrong or cannot be fetched; the sentence says which.
    """
    memory.limit_arenas()
    store = WeightStore(None if weights_dir is None else Path(weights_dir))
    manifest = store.manifest
    if not any(spec.kind == "image" for spec in manifest.models.values()):
        raise WeightsNotFound(
            f"The manifest in {store.folder} lists no image model; train one with `python -m train fit cnn`, "
            "or use the weights folder of a release."
        )
    models, video_models = load_models(manifest.models.values(), store)
    return Detector(manifest, open_finder(store), models, video_models)
