"""The pictures of a report, drawn and encoded for the page and for files."""

from __future__ import annotations

from detector.drawing import heatmap
from detector.media import images as media
from detector.records import FaceResult, Heatmap, Report
from detector.report.page import Pictures
from detector.report.page_cards import FacePictures

__all__ = ["QUALITY", "pictures_of"]

QUALITY = 90
"""JPEG quality of pictures for display."""


def pictures_of(found: Report) -> Pictures:
    """Everything that ``page.result`` shows of a report."""
    faces = tuple(map(_face_pictures, found.faces))
    with_heat = any(face.heat or any(heat for _, heat in face.moments) for face in faces)
    return Pictures(
        # The page draws the boxes itself, so that numbers and lines stay readable when a large photo is shown on a phone.
        photo=None
        if found.preview is None or found.preview.rgb is None
        else media.encode_jpeg(found.preview.rgb, QUALITY),
        faces=faces,
        legend=media.encode_png(heatmap.legend_layer()) if with_heat else None,
    )


def _face_pictures(face: FaceResult) -> FacePictures:
    # The crop is shown exactly as it was scored.
    crop = media.encode_png(face.crop.rgb)
    if face.over_time is None:
        return FacePictures(crop, _heat(face.heatmap))
    moments = tuple((media.encode_png(moment.crop.rgb), _heat(moment.heatmap)) for moment in face.over_time.moments)
    return FacePictures(crop, moments=moments)


def _heat(found: Heatmap | None) -> bytes | None:
    return None if found is None else media.encode_png(heatmap.heat_layer(found.towards_fake, found.towards_real))
