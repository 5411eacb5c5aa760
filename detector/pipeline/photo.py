"""From a photo to a Report, all stages in the order in which they run.

read -> find faces -> crop -> quality gates -> score and explain, with small changes and hidden places -> verdict -> Report

``clip`` does the same for clips.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from detector.drawing.preview import preview_of
from detector.faces.crops import crop_face
from detector.faces.direction import as_turned, find_upright
from detector.faces.flatness import flat_share
from detector.media.pages import read_pages
from detector.models.loading import LoadedModel, stack
from detector.pipeline.engine import Engine
from detector.pipeline.evidence import FaceEvidence, gather_evidence
from detector.pipeline.series import most_telling
from detector.probes.regions import judge_region
from detector.probes.stability import face_logit
from detector.records import (
    AnalysisOptions,
    CropSpec,
    Detection,
    FaceCrop,
    FaceResult,
    Frame,
    LoadedImage,
    ModelSpec,
    Rejection,
    Report,
    Verdict,
)
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_face, judge_quality, judge_stability
from detector.verdict.files import LIMITS, judge_file, withhold_of_drawing

__all__ = ["analyze_photo", "report_on"]


def analyze_photo(
    path: str | os.PathLike[str], engine: Engine, options: AnalysisOptions, name: str | None = None
) -> Report:
    """Analyse every face of a photo, or of each picture of a file that holds several.

    Args:
        path: the file.
        engine: the loaded models.
        options: what is wanted.
        name: of the file as the user knows it; default the base name of ``path``.

    Raises:
        UnknownModel: no such image model; the file was not touched.
        MediaError: the file cannot be read.
    """
    deciding = engine.image_model(options.model)
    pages = read_pages(path, name)
    return most_telling(
        (report_on(page, engine, deciding, options) for page in pages), len(pages.chosen), len(pages.places)
    )


def report_on(image: LoadedImage, engine: Engine, deciding: LoadedModel, options: AnalysisOptions) -> Report:
    """The report on one picture that is read already.

    Args:
        image: the picture.
        engine: the loaded models.
        deciding: the one of them that decides.
        options: what is wanted.
    """
    models = {deciding.spec.name: deciding} if options.verdict_only else engine.models
    with engine.lock:
        frame, detections, quarters = find_upright(engine.finder, image.frame)
        cut = _cut(frame, detections, models.values())
        crops = cut[deciding.spec.crop]
        rejections = [judge_quality(crop.quality, engine.manifest.gates) for crop in crops]
        usable = {index: crops[index] for index, rejection in enumerate(rejections) if rejection is None}
        evidence = gather_evidence(deciding, frame, usable, options)
        scores = _scores(cut, deciding, models, evidence)
    faces = tuple(
        _judged(crop, rejection, scores.get(index, {}), evidence.get(index), deciding.spec)
        for index, (crop, rejection) in enumerate(zip(crops, rejections, strict=True))
    )
    verdict, reason, p_fake, decides = judge_file(faces, "image")
    return Report(
        input=as_turned(image.info, quarters),
        verdict=verdict,
        reason=reason,
        p_fake=p_fake,
        faces=faces,
        model=deciding.info,
        versions=engine.versions,
        limits=LIMITS,
        preview=preview_of(frame.rgb),
        options=_options(engine, deciding.spec, options),
        deciding=decides,
        stored_size=image.stored_size,
    )


def _cut(
    frame: Frame, detections: Sequence[Detection], models: Iterable[LoadedModel]
) -> dict[CropSpec, list[FaceCrop]]:
    """Every face cut once for each crop that some model wants; models that want the same one share it."""
    specs = {loaded.spec.crop for loaded in models}
    return {spec: [crop_face(frame, detection, spec) for detection in detections] for spec in specs}


def _scores(
    cut: Mapping[CropSpec, Sequence[FaceCrop]],
    deciding: LoadedModel,
    models: Mapping[str, LoadedModel],
    evidence: Mapping[int, FaceEvidence],
) -> dict[int, dict[str, float]]:
    """Calibrated p_fake by face and model: the deciding model's as it is, one call for all faces to each of the others."""
    scores: dict[int, dict[str, float]] = {index: {} for index in evidence}
    for name, loaded in models.items() if evidence else ():
        if loaded is deciding:
            of_model = [of_face.p_fake for of_face in evidence.values()]
        else:
            sides = loaded.scorer.sides(stack(cut[loaded.spec.crop], list(evidence)))
            of_model = [calibrate(face_logit(each), loaded.spec.calibration) for each in sides]
        for index, p_fake in zip(evidence, of_model, strict=True):
            scores[index][name] = p_fake
    return scores


def _judged(
    crop: FaceCrop,
    rejection: Rejection | None,
    scores: Mapping[str, float],
    evidence: FaceEvidence | None,
    spec: ModelSpec,
) -> FaceResult:
    if rejection is not None:
        return FaceResult(crop, Verdict.NOT_ANALYSED, rejection.reason, None, obstacle=rejection.obstacle)
    assert evidence is not None, "a face that passes the gates was scored"
    verdict, reason = judge_face(evidence.p_fake, spec.bands, crop.quality.sharpness)
    stability = region = None
    if evidence.views is not None:
        verdict, reason, stability = judge_stability(verdict, reason, evidence.p_fake, evidence.views, spec.bands)
        stability = replace(stability, skipped=evidence.skipped)
    if evidence.places is not None:
        region = judge_region(evidence.places, evidence.p_fake, evidence.hidden)
    face = FaceResult(
        crop, verdict, reason, evidence.p_fake, scores, evidence.heatmap, stability=stability, region=region
    )
    return withhold_of_drawing(face, flat_share(crop.rgb))


def _options(engine: Engine, spec: ModelSpec, options: AnalysisOptions) -> dict[str, Any]:
    """What was asked for, and the settings that were used."""
    return {
        "model": spec.name,
        "heatmaps": options.heatmaps,
        "stability": options.stability,
        "verdict_only": options.verdict_only,
        "crop": asdict(spec.crop),
        "calibration": asdict(spec.calibration),
        "bands": asdict(spec.bands),
        "view_spread": None if spec.spread is None else spec.spread.digest,
        "quality_gates": asdict(engine.manifest.gates),
        "face_detectors": {key: file.sha256 for key, file in engine.manifest.face_detectors.items()},
    }
