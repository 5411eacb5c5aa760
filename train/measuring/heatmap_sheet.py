"""A contact sheet of heatmaps for people to look at: so many faces of each verdict, with their lines and the page's sentence.

It answers what no figure does: whether a reader can tell "the whole face" from "the mouth" from "nothing stood out".
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from detector import Detector
from detector.drawing.heatmap import heatmap_on_crop
from detector.errors import MediaError
from detector.media.images import encode_png
from detector.records import FaceResult, Verdict
from detector.report.page_cards import seen_by_model
from train.data.samples import Sample, read_table

__all__ = ["VERDICTS", "collect", "draw_sheet", "write_sheet"]

VERDICTS = (Verdict.NO_CLEAR_SIGNS, Verdict.INCONCLUSIVE, Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS)
_SIDE, _LINES, _LETTERS, _LINE_PX = 256, 6, 36, 18
"""Of one picture: its side, pixels; the lines of text below it, letters of a line, and its height, pixels."""
_SEED = 20

Found = Mapping[Verdict, Sequence[tuple[Sample, FaceResult]]]


def write_sheet(detector: Detector, data: Path, out: Path, each: int, subset: str = "dev") -> Found:
    """Fill a sheet and write it as PNG.

    Args:
        detector: with the models to be looked at.
        data: folder with ``faces.tsv``.
        out: the file; it shows the data, so it goes where the data may go.
        each: pictures of each verdict, at most.
        subset: of the table, "dev" or "train".

    Returns:
        What the sheet shows.
    """
    samples = [sample for sample in read_table(data) if sample.subset == subset]
    found = collect(detector, data, samples, each)
    out.write_bytes(encode_png(draw_sheet(found)))
    return found


def collect(detector: Detector, data: Path, samples: Sequence[Sample], each: int) -> Found:
    """The first faces of each verdict, in an order drawn once for all; of each picture the face that decides."""
    found: dict[Verdict, list[tuple[Sample, FaceResult]]] = {verdict: [] for verdict in VERDICTS}
    for sample, face in _faces(detector, data, samples):
        if len(row := found.get(face.verdict, [])) < each and face.heatmap is not None:
            row.append((sample, face))
        if all(len(row) >= each for row in found.values()):
            break
    return found


def _faces(detector: Detector, data: Path, samples: Sequence[Sample]) -> Iterator[tuple[Sample, FaceResult]]:
    for index in np.random.default_rng(_SEED).permutation(len(samples)):
        sample = samples[index]
        try:
            report = detector.analyze(data / sample.path)
        except MediaError:
            continue
        if report.deciding is not None:
            yield sample, report.faces[report.deciding]


def draw_sheet(found: Found) -> np.ndarray:
    """(H, W, 3) uint8 RGB: a row a verdict, a column a face, its sentence below it."""
    columns = max((len(row) for row in found.values()), default=0)
    height = _SIDE + _LINES * _LINE_PX
    sheet = np.full((height * len(found), max(1, columns) * _SIDE, 3), 255, np.uint8)
    for top, row in zip(range(0, sheet.shape[0], height), found.values(), strict=True):
        for left, (sample, face) in zip(range(0, sheet.shape[1], _SIDE), row, strict=False):
            sheet[top : top + height, left : left + _SIDE] = _cell(sample, face)
    return sheet


def _cell(sample: Sample, face: FaceResult) -> np.ndarray:
    assert face.heatmap is not None and face.p_fake is not None
    picture = cv2.resize(face.crop.rgb, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
    picture = heatmap_on_crop(picture, face.heatmap.towards_fake, face.heatmap.towards_real)
    cell = np.full((_SIDE + _LINES * _LINE_PX, _SIDE, 3), 255, np.uint8)
    cell[:_SIDE] = picture
    head = f"{face.verdict.value} {100 * face.p_fake:.0f} ({sample.label}, {sample.source})"
    text = [*textwrap.wrap(head, _LETTERS), *textwrap.wrap(seen_by_model(face) or "(nothing is said)", _LETTERS)]
    for number, line in enumerate(text[:_LINES], start=1):
        place = (4, _SIDE + number * _LINE_PX - 4)
        cv2.putText(cell, line, place, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return cell
