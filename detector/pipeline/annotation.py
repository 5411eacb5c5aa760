"""A clip's way back into a file: every frame with the boxes, numbers and scores of its people, in a clip that plays anywhere.

Faces were looked for in the sampled frames only; between two of them a box moves in a straight line, and where the face was
not found it is not drawn.
"""

from __future__ import annotations

import itertools
import os
from bisect import bisect_left
from dataclasses import replace

from detector.drawing.heatmap import heatmap_on_crop
from detector.drawing.overlay import boxes_on_frame, shrink
from detector.errors import MediaTooLarge, UnsupportedMedia
from detector.faces.direction import turned
from detector.media.clip_writer import ClipWriter
from detector.media.clips import sample_video
from detector.records import Appearance, Box, FaceResult, Moment, Report, TimePoint, UInt8Image, Verdict, Watcher
from detector.sentences import Sentence, of_hundred

__all__ = ["MOST_SECONDS", "TURNED", "WRITING", "annotate", "place_at"]

WRITING = "writing"
"""The stage of which progress is reported."""
TURNED = "turned_deg"
"""Of a report's options: degrees by which the clip was turned counter-clockwise for its faces to stand upright."""
MOST_SECONDS = 600.0
"""Length of a clip that is annotated; drawing and encoding take about as long as the clip."""
MOST_SIDE = 1280
"""Longer side of the annotated clip, pixels."""
HEAT_S = 0.25
"""Seconds around a moment in which its heatmap lies over the face."""


def annotate(
    path: str | os.PathLike[str],
    report: Report,
    target: str | os.PathLike[str],
    watcher: Watcher | None = None,
    *,
    heat: bool = False,
) -> None:
    """What ``Detector.annotate`` does; its arguments, and its errors but for ``DetectorClosed``."""
    watcher = watcher or Watcher()
    if report.input.kind != "video":
        raise UnsupportedMedia(
            Sentence("Only a video can be annotated as a video, and this is a picture; leave --annotated out.")
        )
    if (report.input.duration_s or 0.0) > MOST_SECONDS:
        raise MediaTooLarge(
            Sentence(
                "Only clips of up to {most:.0f} minutes are annotated; cut out the part that matters.",
                most=MOST_SECONDS / 60,
            )
        )
    quarters = int(str(report.options.get(TURNED, 0))) // 90
    width, height = report.input.width, report.input.height
    size = (height, width) if quarters % 2 else (width, height)
    with (
        sample_video(path, samples=None, name=report.input.name, cancelled=watcher.cancelled, size=size) as clip,
        # Sound is found by the container's clock.
        ClipWriter(
            target, report.input.fps or 25.0, None if clip.joins else path, clip.start_s, as_edited=clip.as_edited
        ) as out,
    ):
        for done, (frame,) in enumerate(clip, start=1):
            out.add(_drawn(turned(frame, quarters).rgb, frame.time_s or 0.0, report, heat), frame.time_s or 0.0)
            watcher.progress(WRITING, done, len(clip))


def place_at(seen: Appearance, time_s: float) -> TimePoint | None:
    """Where a person's face is at a time, with the score of the nearest frame that was looked at; None if it is not there.

    Args:
        seen: the person.
        time_s: seconds from the clip's beginning.
    """
    points = seen.points
    times = [point.time_s for point in points]
    after = bisect_left(times, time_s)
    if any(start < time_s < end for start, end in seen.gaps):
        return None
    if 0 < after < len(points):
        one, other = points[after - 1], points[after]
        share = (time_s - one.time_s) / (other.time_s - one.time_s)
        nearest = one if share < 0.5 else other
        return replace(nearest, time_s=time_s, box=_between(one.box, other.box, share))
    # Before the first and after the last frame, as long as no other frame would have been looked at.
    spacing = min((b - a for a, b in itertools.pairwise(times)), default=0.5)
    edge = points[0] if after == 0 else points[-1]
    return replace(edge, time_s=time_s) if abs(edge.time_s - time_s) <= spacing else None


def _between(one: Box, other: Box, share: float) -> Box:
    def mix(a: float, b: float) -> float:
        return a + share * (b - a)

    return Box(
        mix(one.left, other.left), mix(one.top, other.top), mix(one.right, other.right), mix(one.bottom, other.bottom)
    )


def _drawn(rgb: UInt8Image, time_s: float, report: Report, heat: bool) -> UInt8Image:
    boxes, labels, dashed = [], [], []
    for number, face in enumerate(report.faces, start=1):
        place = None if face.over_time is None else place_at(face.over_time, time_s)
        if place is None:
            continue
        boxes.append(place.box)
        labels.append(f"{number}" if place.p_fake is None else f"{number}: {of_hundred(place.p_fake)[0]}")
        dashed.append(face.verdict is Verdict.NOT_ANALYSED)
        if heat:
            rgb = _heated(rgb, face, time_s)
    side = min(MOST_SIDE, max(rgb.shape[:2]))
    return boxes_on_frame(rgb, boxes, labels, dashed=dashed, max_side=side) if boxes else shrink(rgb, side)


def _heated(rgb: UInt8Image, face: FaceResult, time_s: float) -> UInt8Image:
    """The frame with the heatmap of a moment that is now, on the square that was scored."""
    for moment in face.over_time.moments if face.over_time is not None else ():
        if moment.heatmap is not None and abs(moment.time_s - time_s) <= HEAT_S:
            return _laid(rgb, moment)
    return rgb


def _laid(rgb: UInt8Image, moment: Moment) -> UInt8Image:
    height, width = rgb.shape[:2]
    source = moment.crop.source
    left, top = max(0, round(source.left)), max(0, round(source.top))
    right, bottom = min(width, round(source.right)), min(height, round(source.bottom))
    if moment.heatmap is None or right - left < 2 or bottom - top < 2:
        return rgb
    laid = rgb.copy()
    laid[top:bottom, left:right] = heatmap_on_crop(
        laid[top:bottom, left:right], moment.heatmap.towards_fake, moment.heatmap.towards_real
    )
    return laid
