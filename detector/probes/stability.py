"""Does a score hold when the picture changes in ways that mean nothing to a person?

A face is cut again from its picture after JPEG at quality 70, at half the size, and a little tighter and to the side; its
mirror image is part of its score anyway, so the two halves of that score are views as well. Saving, shrinking and
cropping are what happens to a picture on its way through chats and networks: a verdict that changes with them rests on
chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from detector.drawing.overlay import shrink
from detector.faces.crops import crop_face
from detector.media.images import through_jpeg
from detector.records import Box, Calibration, CropSpec, Detection, FaceCrop, Frame, UInt8Image
from detector.verdict.calibration import calibrate

__all__ = ["CUT_VIEWS", "VIEWS", "VIEWS_VERSION", "changed_logits", "face_logit", "of_crop", "view_scores", "views"]

CUT_VIEWS = ("jpeg", "half_size", "shifted")
"""Views that are cut anew, in the order of ``views``."""
VIEWS = ("as_is", "mirrored", *CUT_VIEWS)
"""All views, in the order in which they are shown."""
VIEWS_VERSION = 2
"""Of what the views' scores mean; to be raised with it, so that stored scores are not taken for new ones."""

QUALITY = 70
"""Of the JPEG view, on libjpeg's scale."""
TIGHTER, ASIDE = 0.94, 0.04
"""Of the shifted view: side of its square, and how far its centre moves each way, in sides of the scored square."""
_AROUND = 0.1
"""Picture around the square that is changed along with it, in sides of the face: what is cut must not have an edge."""


def face_logit(sides: NDArray[np.float32]) -> float:
    """The one place where a face's logits become its score: the mean of the crop and its mirror image.

    Args:
        sides: (2,) fake logits of the crop and of its mirror image.

    Returns:
        Fake logit, uncalibrated.
    """
    return float(sides.mean())


def changed_logits(sides: NDArray[np.float32], changed: NDArray[np.float32]) -> NDArray[np.float32]:
    """What a face's logit becomes when its crop is changed, judged by the crop as it is: the change is taken to be the same
    in the mirror image, which spares half of the passes (``tests.bench.views`` measures what that does to the verdicts).

    Args:
        sides: (2,) fake logits of the crop and of its mirror image.
        changed: (N,) fake logits of changed crops, each as it is.

    Returns:
        (N,) fake logits, comparable with ``face_logit``.
    """
    logits: NDArray[np.float32] = np.float32(face_logit(sides)) + (changed - sides[0])
    return logits


def views(
    frame: Frame, detection: Detection, spec: CropSpec, names: Sequence[str] = CUT_VIEWS
) -> dict[str, UInt8Image]:
    """One face cut anew from its changed picture.

    Args:
        frame: the picture; only the part around the face is changed.
        detection: the face.
        spec: the model's crop.
        names: of the wanted ones of ``CUT_VIEWS``.

    Returns:
        By name a (size, size, 3) uint8 RGB crop, in the order of ``names``.
    """
    part, there = _around(frame, detection, spec)
    makers: Mapping[str, Callable[[], tuple[Frame, Detection]]] = {
        "jpeg": lambda: (Frame(through_jpeg(part.rgb, QUALITY)), there),
        "half_size": lambda: _halved(part, there),
        "shifted": lambda: (part, _aside(there, spec, min(part.rgb.shape[:2]))),
    }
    return {name: crop_face(*makers[name](), spec).rgb for name in names}


def of_crop(crop: FaceCrop, spec: CropSpec, names: Sequence[str] = CUT_VIEWS) -> dict[str, UInt8Image]:
    """The same from a crop alone, where the picture is gone: the crop is changed as it was scored."""
    size = crop.rgb.shape[0]
    inner = size / (1 + 2 * spec.margin)
    low, high = (size - inner) / 2, (size + inner) / 2
    # Level eyes: a crop is upright already.
    level = np.array([[0.35, 0.4], [0.65, 0.4], [0.5, 0.55], [0.5, 0.7], [0.2, 0.45], [0.8, 0.45]], np.float32) * size
    return views(Frame(crop.rgb), Detection(Box(low, low, high, high), level, 1.0), spec, names)


def view_scores(
    sides: NDArray[np.float32], cut: Mapping[str, float], calibration: Calibration, base: float | None = None
) -> Mapping[str, float]:
    """Calibrated score of every view of one face.

    Args:
        sides: (2,) fake logits of the scored crop and of its mirror image.
        cut: fake logits of those of ``CUT_VIEWS`` that were scored, each of the crop as it is.
        calibration: the model's.
        base: a logit that the views' distances from the score are added to; default the score's own, so that each view
            stands for itself.

    Returns:
        p_fake by view, the two sides first.
    """
    shift = 0.0 if base is None else base - face_logit(sides)
    changed = changed_logits(sides, np.array(list(cut.values()), np.float32))
    logits = dict(zip(("as_is", "mirrored", *cut), (*map(float, sides), *map(float, changed)), strict=True))
    # A dict, since a read-only view cannot pass between processes.
    return {name: calibrate(logit + shift, calibration) for name, logit in logits.items()}


def _around(frame: Frame, detection: Detection, spec: CropSpec) -> tuple[Frame, Detection]:
    """The part of the picture that holds every square a view may cut, and the face's place in it."""
    box = detection.box
    # A turned square reaches sqrt(2) as far as an upright one, and near the border it is moved by up to its margin.
    reach = max(box.width, box.height) * ((0.5 + spec.margin) * math.sqrt(2) + spec.margin + _AROUND) + 2
    x, y = box.center
    height, width = frame.rgb.shape[:2]
    # The square may have been moved inside the picture, so the part does too, and keeps its size.
    left = max(0, min(math.floor(x - reach), width - math.ceil(2 * reach)))
    top = max(0, min(math.floor(y - reach), height - math.ceil(2 * reach)))
    # Even, since a half is rounded to the even number: an odd step would move the square by a pixel.
    left, top = left - left % 2, top - top % 2
    right, bottom = min(width, left + math.ceil(2 * reach) + 1), min(height, top + math.ceil(2 * reach) + 1)
    part = np.ascontiguousarray(frame.rgb[top:bottom, left:right])
    return Frame(part), _moved(detection, by=(-left, -top))


def _halved(part: Frame, face: Detection) -> tuple[Frame, Detection]:
    half = Frame(shrink(part.rgb, max(1, max(part.rgb.shape[:2]) // 2)))
    height, width = half.rgb.shape[:2]
    return half, _moved(face, scale=(width / part.rgb.shape[1], height / part.rgb.shape[0]))


def _moved(
    detection: Detection, by: tuple[float, float] = (0.0, 0.0), scale: tuple[float, float] = (1.0, 1.0)
) -> Detection:
    box, (dx, dy), (sx, sy) = detection.box, by, scale
    moved = Box((box.left + dx) * sx, (box.top + dy) * sy, (box.right + dx) * sx, (box.bottom + dy) * sy)
    points = (detection.keypoints + np.array(by, np.float32)) * np.array(scale, np.float32)
    return Detection(moved, points.astype(np.float32), detection.score)


def _aside(detection: Detection, spec: CropSpec, picture_side: int) -> Detection:
    """A slightly smaller box, up and to the side; it also fits into ``picture_side`` pixels, which may have cut the square."""
    box = detection.box
    side = max(box.width, box.height)
    scale = TIGHTER * min(1.0, picture_side / (side * (1 + 2 * spec.margin)))
    x, y = box.center[0] + ASIDE * side, box.center[1] - ASIDE * side
    wide, high = box.width * scale / 2, box.height * scale / 2
    return Detection(Box(x - wide, y - high, x + wide, y + high), detection.keypoints, detection.score)
