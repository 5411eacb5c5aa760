"""Frozen records that pass between the stages. Shapes, dtypes, units and ranges are checked where a record is made.

Conventions that hold everywhere: pictures are RGB uint8 with axes (height, width, channel); boxes are in pixels of the
upright frame, x to the right and y down, right and bottom exclusive; angles are degrees, positive clockwise as seen; time
is seconds of the container's own clock; ``p_fake`` is in [0, 1], 1 meaning "looks altered or generated".
"""

from __future__ import annotations

from detector.records.arrays import FloatMap, UInt8Image
from detector.records.faces import Box, CropSpec, Detection, FaceCrop, FaceQuality, FaceTrack, Sighting
from detector.records.live import LiveSnapshot
from detector.records.manifest import (
    Bands,
    Calibration,
    ClipRules,
    FrameMean,
    HubPin,
    Manifest,
    ModelInfo,
    ModelSpec,
    QualityGates,
    SharedTrunk,
    ShortPart,
    ViewSpread,
    WeightFile,
)
from detector.records.media import ClipCounts, Frame, InputInfo, LoadedImage, MediaKind, Preview
from detector.records.options import AnalysisOptions, Progress, Watcher
from detector.records.origin import ContentCredentials, CredentialsState, FactKind, Provenance, ProvenanceFact
from detector.records.result import Appearance, FaceResult, Moment, Report, TimePoint
from detector.records.verdicts import (
    ErrorRate,
    Heatmap,
    KnownKind,
    Obstacle,
    RegionCheck,
    Rejection,
    Stability,
    Verdict,
)

__all__ = [
    "AnalysisOptions",
    "Appearance",
    "Bands",
    "Box",
    "Calibration",
    "ClipCounts",
    "ClipRules",
    "ContentCredentials",
    "CredentialsState",
    "CropSpec",
    "Detection",
    "ErrorRate",
    "FaceCrop",
    "FaceQuality",
    "FaceResult",
    "FaceTrack",
    "FactKind",
    "FloatMap",
    "Frame",
    "FrameMean",
    "Heatmap",
    "HubPin",
    "InputInfo",
    "KnownKind",
    "LiveSnapshot",
    "LoadedImage",
    "Manifest",
    "MediaKind",
    "ModelInfo",
    "ModelSpec",
    "Moment",
    "Obstacle",
    "Preview",
    "Progress",
    "Provenance",
    "ProvenanceFact",
    "QualityGates",
    "RegionCheck",
    "Rejection",
    "Report",
    "SharedTrunk",
    "ShortPart",
    "Sighting",
    "Stability",
    "TimePoint",
    "UInt8Image",
    "Verdict",
    "ViewSpread",
    "Watcher",
    "WeightFile",
]
