"""Which way up a picture is: faces that lie on their side or stand on their head, in files that do not say so.

Turned copies are searched only where no face stands upright, so that an upright picture costs nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.faces.finder import FindsFaces
from detector.faces.geometry import roll_of
from detector.records import Detection, Frame, InputInfo
from detector.sentences import Sentence

__all__ = ["as_turned", "find_upright", "turned"]

_UPRIGHT_DEG = 45.0
"""Tilt up to which a face stands rather than lies."""
_OTHERS = (2, 1, 3)


def find_upright(finder: FindsFaces, frame: Frame) -> tuple[Frame, list[Detection], int]:
    """The picture turned so that its faces stand upright, these faces, and by how many quarters it was turned.

    Args:
        finder: looks for faces.
        frame: of any direction.

    Returns:
        The turned frame, faces in its pixels, and counter-clockwise quarters; 0 where a face stands upright as it is, and where
        none is found in any direction.
    """
    found = finder.find(frame)
    if any(abs(_tilt(face)) <= _UPRIGHT_DEG for face in found):
        return frame, found, 0
    best = (frame, found, 0)
    # The surest face says how it lies; without any, every direction is looked at.
    lying = [round(_tilt(max(found, key=lambda face: face.score)) / 90) % 4] if found else _OTHERS
    for quarters in lying:
        other = turned(frame, quarters)
        faces = finder.find(other)
        upright = [face for face in faces if abs(_tilt(face)) <= _UPRIGHT_DEG]
        if upright and (not best[2] or _surest(upright) > _surest(best[1])):
            best = other, faces, quarters
    return best


def turned(frame: Frame, quarters: int) -> Frame:
    """The frame turned counter-clockwise by so many quarters."""
    if quarters % 4 == 0:
        return frame
    return replace(frame, rgb=np.ascontiguousarray(np.rot90(frame.rgb, quarters)))


def as_turned(info: InputInfo, quarters: int) -> InputInfo:
    """The facts of a file whose picture or clip was turned counter-clockwise by so many quarters."""
    if not quarters:
        return info
    note = Sentence(
        "The face does not stand upright in the file, so it was turned by {degrees} degrees clockwise before it was looked "
        "at.",
        degrees=360 - 90 * quarters,
    )
    width, height = (info.height, info.width) if quarters % 2 else (info.width, info.height)
    return replace(info, width=width, height=height, notes=(*info.notes, note))


def _tilt(face: Detection) -> float:
    return roll_of(face.keypoints)


def _surest(faces: Sequence[Detection]) -> float:
    return max(face.score for face in faces)
