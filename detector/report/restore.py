"""A Report from its JSON: for those who kept reports, and want to draw, compare or evaluate them later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from detector.records import (
    Appearance,
    Box,
    ClipCounts,
    ContentCredentials,
    Detection,
    FaceCrop,
    FaceQuality,
    FaceResult,
    InputInfo,
    ModelInfo,
    Moment,
    Provenance,
    ProvenanceFact,
    RegionCheck,
    Report,
    Stability,
    TimePoint,
)
from detector.report.schema import (
    CredentialsJson,
    FaceJson,
    PersonJson,
    PhotoJson,
    ProvenanceJson,
    RegionJson,
    ReportJson,
    StabilityJson,
    VideoJson,
)
from detector.sentences import joined
from detector.validation import first_fault

__all__ = ["from_dict"]

_NO_PIXELS = np.zeros((1, 1, 3), np.uint8)
_NO_KEYPOINTS = np.full((6, 2), np.nan, np.float32)
_NO_BOX = Box(0.0, 0.0, 1.0, 1.0)


def from_dict(plain: Mapping[str, Any]) -> Report:
    """The report that ``to_dict`` gave as plain data; ``to_dict`` of it gives the same data again.

    What JSON does not carry comes back empty: the preview and the heatmaps are None; every crop is one black pixel, its
    source the face's box, and its keypoints are NaN; a person's box is known in the frame that is shown only, and is
    (0, 0, 1, 1) in the others; the samples of a person count the entries of the timeline; the name of a region that may not
    be named is ""; no obstacle is known. Sentences are English text without a template.

    Args:
        plain: as ``to_dict`` made it, or as ``json.loads`` read it.

    Raises:
        ValueError: it is not a report of this schema version, or that of a file that could not be read; the field is named.
    """
    if plain.get("error") is not None:
        raise ValueError("report: this file could not be read, so there is no result to restore; see its error")
    kind = PhotoJson if plain.get("clip") is None else VideoJson
    try:
        made = kind.model_validate_json(json.dumps(plain, allow_nan=False))
    except ValidationError as error:
        place, what = first_fault(error)
        raise ValueError(f"report: {place or 'the whole'} {what}") from error
    return _report(made)


def _report(made: ReportJson) -> Report:
    facts = dict(made.input) | {"notes": tuple(made.input.notes)}
    counts = None if made.clip is None else ClipCounts(**dict(made.clip))
    return Report(
        input=InputInfo(**facts),
        verdict=made.verdict,
        reason=joined(made.reason),
        p_fake=made.p_fake,
        faces=tuple(_face(face, counts) for face in made.faces),
        model=ModelInfo(**dict(made.model)),
        versions=made.versions,
        limits=tuple(made.limits),
        options=made.options,
        counts=counts,
        provenance=None if made.provenance is None else _provenance(made.provenance),
        made_at=made.made_at,
        deciding=_deciding(made),
    )


def _deciding(made: ReportJson) -> int | None:
    """Index of the first face with the file's verdict and score."""
    if made.p_fake is None:
        return None
    of_file = (made.verdict, made.p_fake)
    return next((index for index, face in enumerate(made.faces) if (face.verdict, face.p_fake) == of_file), None)


def _face(made: FaceJson, counts: ClipCounts | None) -> FaceResult:
    box = Box(**dict(made.box))
    crop = FaceCrop(
        rgb=_NO_PIXELS,
        source=box,
        detection=Detection(box, _NO_KEYPOINTS, made.detection_score),
        quality=FaceQuality(**dict(made.quality)),
    )
    stability = made.stability
    return FaceResult(
        crop=crop,
        verdict=made.verdict,
        reason=joined(made.reason),
        p_fake=made.p_fake,
        models=made.models,
        over_time=_over_time(made, crop, counts) if isinstance(made, PersonJson) and counts is not None else None,
        stability=None if stability is None else _stability(stability),
        region=None if made.region is None else _region(made.region),
    )


def _stability(made: StabilityJson) -> Stability:
    return Stability(made.scores, made.holds, skipped=tuple(made.skipped))


def _over_time(made: PersonJson, crop: FaceCrop, counts: ClipCounts) -> Appearance:
    box = crop.detection.box
    places = {point.t: place for place, point in enumerate(made.timeline)}
    return Appearance(
        points=tuple(
            TimePoint(point.t, point.p_fake, box if point.t == made.shown_s else _NO_BOX, place)
            for place, point in enumerate(made.timeline)
        ),
        gaps=tuple((gap.from_s, gap.to_s) for gap in made.gaps),
        moments=tuple(Moment(moment.t, moment.p_fake, crop, None, places.get(moment.t, 0)) for moment in made.moments),
        frames=counts.sampled,
        scored_by=made.scored_by,
        shown_s=made.shown_s,
        parts=tuple((part.from_s, part.to_s) for part in made.parts),
    )


def _region(made: RegionJson) -> RegionCheck:
    return RegionCheck(
        hottest=made.name or "",
        towards_fake=made.towards == "fake",
        hidden=made.hidden,
        elsewhere=tuple(made.elsewhere),
        matters=made.name is not None,
    )


def _provenance(made: ProvenanceJson) -> Provenance:
    facts = tuple(ProvenanceFact(**dict(fact)) for fact in made.facts)
    return Provenance(facts, None if made.credentials is None else _credentials(made.credentials), made.unread)


def _credentials(made: CredentialsJson) -> ContentCredentials:
    lists = {name: tuple(value) for name, value in made if isinstance(value, list)}
    return ContentCredentials(**{**dict(made), **lists})
