"""A group photo with three known faces, and a detector that "finds" them: the page is tested without any model."""

from __future__ import annotations

import hashlib
import io
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

import gradio as gr
import matplotlib
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

import app
from detector.drawing.preview import preview_of
from detector.errors import DamagedMedia, UnsupportedMedia
from detector.pipeline.analyser import Analyser
from detector.records import (
    Bands,
    Box,
    Calibration,
    CropSpec,
    Detection,
    ErrorRate,
    FaceCrop,
    FaceQuality,
    FaceResult,
    Heatmap,
    InputInfo,
    LiveSnapshot,
    Manifest,
    ModelInfo,
    ModelSpec,
    QualityGates,
    RegionCheck,
    Report,
    Stability,
    Verdict,
    WeightFile,
)
from detector.sentences import Sentence
from detector.verdict.faces import judge_face, judge_quality
from detector.verdict.files import LIMITS, judge_file

SIZE = 64
"""Side of the fake detector's crops, pixels."""
FACES = (Box(165, 55, 290, 200), Box(680, 80, 900, 340), Box(1190, 55, 1315, 200))
"""Where the faces stand in ``group_photo``, left to right."""
SCORES = (0.12, 0.83, 0.5)
VIEWS = ("as_is", "mirrored", "jpeg", "half_size", "shifted")
CHANGES = (0.01, -0.01, 0.02, -0.02, 0.0)
"""How far each view's score lies from the face's."""
REASON = Sentence("A reason.")
VERDICTS = (Verdict.NO_CLEAR_SIGNS, Verdict.STRONG_SIGNS, Verdict.INCONCLUSIVE)


def group_photo() -> NDArray[np.uint8]:
    """Eileen Collins (NASA) on both sides of Grace Hopper (US Navy), all public domain; (600, 1536, 3) uint8 RGB."""
    astronaut = skimage.data.astronaut()
    sample = Path(matplotlib.get_data_path()) / "sample_data" / "grace_hopper.jpg"
    with Image.open(sample) as picture:
        hopper = np.asarray(picture.convert("RGB"))[:600]
    canvas = np.full((600, 1536, 3), 96, np.uint8)
    canvas[:512, :512] = astronaut
    canvas[:, 512 : 512 + hopper.shape[1]] = hopper
    canvas[:512, 1024:] = astronaut[:, ::-1]
    return canvas


def jpeg(rgb: NDArray[np.uint8]) -> bytes:
    """(H, W, 3) uint8 RGB as a JPEG file."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=92)
    return out.getvalue()


def manifest(strong_from: float | None = 0.8) -> Manifest:
    """A manifest with two image models whose numbers are easy to recognise in a page."""
    bands = Bands(no_clear_signs_below=0.3, some_signs_from=0.7, strong_signs_from=strong_from)
    rates = (
        ErrorRate(Verdict.NO_CLEAR_SIGNS, 420, 90),
        ErrorRate(Verdict.INCONCLUSIVE, 60, 110),
        ErrorRate(Verdict.SOME_SIGNS, 15, 100),
        ErrorRate(Verdict.STRONG_SIGNS, 5, 200),
    )
    models = {
        name: ModelSpec(
            name=name,
            architecture=name,
            kind="image",
            file=WeightFile(f"{name}.weights.h5", 1, "0" * 64),
            crop=CropSpec(size=SIZE, margin=0.2),
            calibration=Calibration(),
            bands=bands,
            heatmap_full_scale=1.0,
            track_record=rates,
            trained_with="python -m train fit",
            trained_at_commit="0" * 40,
        )
        for name in ("resnet", "cnn")
    }
    gates = QualityGates(min_size_px=40, min_sharpness=12, min_brightness=20, max_brightness=240, max_abs_yaw=1.0)
    return Manifest(models=models, default_image_model="resnet", face_detectors={}, gates=gates, hub=None)


def as_sentence(text: str) -> Sentence:
    """The text as a reason, even where it holds braces."""
    return text if isinstance(text, Sentence) else Sentence("{text}", text=text)


def face(
    rgb: NDArray[np.uint8],
    box: Box,
    verdict: Verdict,
    p_fake: float | None,
    reason: str = REASON,
    heat: float = 0.9,
) -> FaceResult:
    """One face of a report, cut from ``rgb`` at ``box``; its heatmap has one hot corner of that strength."""
    x = np.linspace(box.left, box.right - 1, SIZE).astype(int)
    y = np.linspace(box.top, box.bottom - 1, SIZE).astype(int)
    detection = Detection(box, np.zeros((6, 2), np.float32), 0.9)
    crop = FaceCrop(rgb[y[:, None], x[None, :]], box, detection, FaceQuality(box.width, 80.0, 120.0, -7.0, 0.1))
    why = as_sentence(reason)
    if p_fake is None:
        return FaceResult(crop, verdict, why, None)
    hot, cold = np.zeros((7, 7), np.float32), np.zeros((7, 7), np.float32)
    hot[2:4, 1:4] = heat
    models = {"resnet": p_fake, "cnn": min(1.0, p_fake + 0.05)}
    moved = {view: min(1.0, max(0.0, p_fake + change)) for view, change in zip(VIEWS, CHANGES, strict=True)}
    check = RegionCheck("mouth", True, max(0.0, p_fake - 0.3), (p_fake, min(1.0, p_fake + 0.02)), p_fake >= 0.3)
    return FaceResult(
        crop, verdict, why, p_fake, models, Heatmap(hot, cold, "resnet"), None, Stability(moved, True), check
    )


def report(
    rgb: NDArray[np.uint8],
    faces: tuple[FaceResult, ...],
    verdict: Verdict,
    p_fake: float | None,
    name: str = "family.jpg",
    reason: str = REASON,
    notes: tuple[str, ...] = (),
) -> Report:
    """A report on ``rgb``."""
    info = InputInfo(name, "ab" * 32, "image", "JPEG", 12345, rgb.shape[1], rgb.shape[0], notes)
    model = ModelInfo("resnet", "resnet", "local", "cd" * 32)
    limits = ("A score is an estimate, not evidence.",)
    deciding = next((i for i, face in enumerate(faces) if (face.verdict, face.p_fake) == (verdict, p_fake)), None)
    versions = {"python": "3.11"}
    return Report(
        info,
        verdict,
        as_sentence(reason),
        p_fake,
        faces,
        model,
        versions,
        limits,
        preview_of(rgb),
        deciding=None if p_fake is None else deciding,
    )


def judged(rgb: NDArray[np.uint8], verdict: Verdict, p_fake: float | None, count: int = 1) -> Report:
    """A report with the reasons that the detector itself gives: so many faces of one kind."""
    bands = manifest().models["resnet"].bands
    box = Box(30, 20, 110, 100)
    if p_fake is None:
        gates = QualityGates(100, 12, 20, 240, 1.0)
        rejection = judge_quality(face(rgb, box, verdict, None).crop.quality, gates)
        assert rejection is not None
        reason = rejection.reason
    else:
        found, reason = judge_face(p_fake, bands)
        assert found is verdict
    faces = tuple(face(rgb, box, verdict, p_fake, reason) for _ in range(count))
    of_file, why, score, _ = judge_file(faces)
    made = report(
        rgb, faces, of_file, score, reason=why, notes=(Sentence("Transparent parts were filled with white."),)
    )
    return replace(made, limits=LIMITS)


@contextmanager
def serve(detector: Analyser, uploads: Path, feedback_to: Path | None = None) -> Iterator[gr.Blocks]:
    """The page on a free port of this computer, with the options it ships with and uploads in that folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(uploads))
        blocks = app.build_app(detector, feedback_to=feedback_to)
        blocks.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **app.launch_options())
        try:
            yield blocks
        finally:
            blocks.close()


KINDS = dict(zip(Verdict, (0.1, 0.5, 0.75, 0.95, None), strict=True))
"""A photo with the name of a verdict gets that verdict, with one face of this score."""


class Loaded:
    """What every stand-in for a detector has in common: it is ready, shows no models, draws nothing, and holds nothing."""

    models: Mapping[str, ModelInfo] = MappingProxyType({})
    clip_models: tuple[str, ...] = ()

    def annotate(self, path: Any, report: Report, target: Any, **options: Any) -> None:
        raise UnsupportedMedia(Sentence("This stand-in draws nothing."))

    def watch(self, session: str, frame: bytes, time_s: float) -> LiveSnapshot:
        raise UnsupportedMedia(Sentence("This stand-in watches nothing."))

    def end_watch(self, session: str) -> None:
        """There is nothing to forget."""

    def wait(self) -> None:
        """It is ready."""

    def close(self) -> None:
        """Nothing to release."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class FakeDetector(Loaded):
    """Answers like ``detector.Detector``: three faces in every picture, none in a small one, errors for the rest."""

    def __init__(self) -> None:
        self.manifest = manifest()
        self.seen: list[tuple[str, str | None, str | None, str]] = []
        """File, name, model and SHA-256 of every call."""
        self.hold = threading.Event()
        """Cleared by a test that wants an analysis to last."""
        self.hold.set()

    def analyze(
        self,
        path: Any,
        *,
        model: str | None = None,
        heatmaps: bool = True,
        name: str | None = None,
        progress: Callable[[str, int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
        stability: bool = True,
        verdict_only: bool = False,
    ) -> Report:
        data = Path(path).read_bytes()
        self.seen.append((str(path), name, model, hashlib.sha256(data).hexdigest()))
        self.hold.wait(20)
        if data == b"bug":
            raise RuntimeError("a fault in the program")
        if data.startswith(b"\xff\xd8") and not data.endswith(b"\xff\xd9"):
            raise DamagedMedia("The file is cut off. Use the original file.")
        if not data.startswith(b"\xff\xd8"):
            raise UnsupportedMedia("This is not a picture but a text file. Use a photo.")
        with Image.open(io.BytesIO(data)) as picture:
            rgb = np.asarray(picture.convert("RGB"))
        shown = name or Path(path).name
        if Path(shown).stem in KINDS:
            verdict = Verdict(Path(shown).stem)
            made = judged(rgb, verdict, KINDS[verdict])
            return replace(made, input=replace(made.input, name=shown))
        if rgb.shape[1] < FACES[-1].right:
            reason = Sentence("We found no face in this {file}, so there was nothing to check.", file=Sentence("photo"))
            return report(rgb, (), Verdict.NOT_ANALYSED, None, shown, reason)
        faces = tuple(face(rgb, *found) for found in zip(FACES, VERDICTS, SCORES, strict=True))
        return report(
            rgb, faces, Verdict.STRONG_SIGNS, max(SCORES), shown, Sentence("Face 2 of 3 decides, with the most signs.")
        )
