"""The pictures of a report, drawn and encoded for the page and for files."""

from __future__ import annotations

from detector.drawing import overlay, timeline
from detector.media import images as media
from detector.records import Appearance, FaceResult, Manifest, Report
from detector.report.page import Pictures
from detector.report.page_cards import FacePictures

__all__ = ["QUALITY", "pictures_of"]

QUALITY = 90
"""JPEG quality of pictures for display."""


def pictures_of(found: Report, manifest: Manifest) -> Pictures:
    """Everything that ``page.result`` shows of a report."""
    seconds = found.input.duration_s or 0.0
    faces = tuple(
        _face_pictures(face) if face.over_time is None else _person_pictures(face, face.over_time, manifest, seconds)
        for face in found.faces
    )
    return Pictures(
        # The page draws the boxes itself, so that numbers and lines stay readable when a large photo is shown on a phone.
        photo=None
        if found.preview is None or found.preview.rgb is None
        else media.encode_jpeg(found.preview.rgb, QUALITY),
        faces=faces,
        legend=media.encode_png(overlay.legend_layer(320, 14))
        if any(face.towards_fake or face.moments for face in faces)
        else None,
    )


def _face_pictures(face: FaceResult) -> FacePictures:
    # The crop is shown exactly as it was scored; the maps may be smaller files, as a crowd has many.
    crop = face.crop.rgb
    if face.heatmap is None:
        return FacePictures(media.encode_png(crop))
    return FacePictures(
        media.encode_png(crop),
        media.encode_png(overlay.heat_layer(face.heatmap.towards_fake)),
        media.encode_png(overlay.heat_layer(face.heatmap.towards_real)),
    )


def _person_pictures(face: FaceResult, seen: Appearance, manifest: Manifest, seconds: float) -> FacePictures:
    spec = manifest.models.get(seen.scored_by)
    moments = tuple(
        (
            media.encode_png(moment.crop.rgb),
            None if moment.heatmap is None else media.encode_png(overlay.heat_layer(moment.heatmap.towards_fake)),
        )
        for moment in seen.moments
    )
    drawn = timeline.timeline(seen, spec.bands if spec else None, seconds)
    return FacePictures(media.encode_png(face.crop.rgb), timeline=media.encode_png(drawn), moments=moments)
