"""Labelled pictures and clips on disk -> a cache of faces that training and evaluation read.

Every picture, and every frame taken of a clip, goes once through ``detector.media`` and ``detector.faces``; the cache keeps
the pixels around the face (unchanged, not resized), the detection and the face mesh, so that ``crop_face``
cuts from the cached patch the very bytes that it would cut from the picture.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from detector.errors import DetectorError
from detector.faces.crops import crop_face
from detector.media.images import read_image
from detector.models.loading import open_finder
from detector.records import Box, CropSpec, Detection, Frame
from detector.weights.store import WeightStore
from train.data.clip_frames import CLIP_SUFFIXES, FramesOf, frames_of_clip
from train.data.landmarks import COUNT, Landmarker
from train.data.samples import Sample, read_table

__all__ = ["MOST_MARGIN", "Cache", "Sample", "build_cache", "crops_of", "read_table"]

_CONTEXT = 1.0
"""Context kept on each side of the face box, in face sides ..."""
MOST_MARGIN = 0.55
"""... which holds a crop of this margin however far it is turned; beyond it the patch would no longer stand for the picture."""


@dataclass(frozen=True)
class _Entry:
    """Where a cached patch lies and what was found in it."""

    sample: Sample
    offset: int
    shape: tuple[int, int, int]
    box: tuple[float, float, float, float]
    keypoints: list[list[float]]
    score: float
    mesh: list[list[float]] | None


class Cache:
    """Faces as cut from their pictures, read from disk on demand.

    Args:
        folder: as written by ``build_cache``.
    """

    def __init__(self, folder: Path) -> None:
        rows = [json.loads(line) for line in (folder / "index.jsonl").read_text(encoding="utf-8").splitlines()]
        self.samples = [Sample(**row["sample"]) for row in rows]
        self._pixels = np.memmap(folder / "pixels.bin", np.uint8, "r")
        self._offsets = [int(row["offset"]) for row in rows]
        self._shapes = [tuple(row["shape"]) for row in rows]
        self._detections = [
            Detection(box=Box(*row["box"]), keypoints=np.array(row["keypoints"], np.float32), score=row["score"])
            for row in rows
        ]
        self._meshes = np.load(folder / "meshes.npy", mmap_mode="r")

    def __len__(self) -> int:
        return len(self.samples)

    def frame(self, index: int) -> Frame:
        """The pixels around the face, (H, W, 3) uint8 RGB, at the picture's own resolution."""
        start, shape = self._offsets[index], self._shapes[index]
        return Frame(rgb=np.array(self._pixels[start : start + int(np.prod(shape))]).reshape(shape))

    def detection(self, index: int) -> Detection:
        """The face, in pixels of ``frame(index)``."""
        return self._detections[index]

    def mesh(self, index: int) -> np.ndarray | None:
        """(478, 2) float32 landmarks (x, y) in pixels of ``frame(index)``; None where no mesh could be laid."""
        mesh = np.array(self._meshes[index])
        return None if np.isnan(mesh).any() else mesh

    def fakes(self, indices: np.ndarray) -> np.ndarray:
        """(N,) bool of (N,) samples, True for a fake."""
        return np.array([self.samples[i].label == "fake" for i in indices.tolist()], np.bool_)

    def where(self, **wanted: str) -> np.ndarray:
        """Indices of the samples whose fields equal all the given ones, for example ``subset="dev"``."""
        hits = [i for i, s in enumerate(self.samples) if all(getattr(s, key) == value for key, value in wanted.items())]
        return np.array(hits, np.int64)


def crops_of(cache: Cache, indices: np.ndarray, spec: CropSpec) -> np.ndarray:
    """(N, size, size, 3) uint8 RGB: the crops that the shipped detector would score."""
    crops = np.empty((len(indices), spec.size, spec.size, 3), np.uint8)
    for row, index in enumerate(indices.tolist()):
        crops[row] = crop_face(cache.frame(index), cache.detection(index), spec).rgb
    return crops


def build_cache(
    folder: Path,
    cache: Path,
    landmarker: Path | None,
    processes: int = 2,
    *,
    samples: Sequence[Sample] | None = None,
    frames: int = 8,
    frames_of: FramesOf = frames_of_clip,
) -> Cache:
    """Fill ``cache`` from the pictures and clips of ``folder`` unless it is there already.

    What cannot be read, and pictures and frames without a face, are left out, and counted per source on stderr.

    Args:
        folder: holds the files.
        cache: folder to fill.
        landmarker: mediapipe's ``face_landmarker.task``; None for no meshes.
        processes: how many work at it; with 1 this one does.
        samples: the rows, for example of ``published.read_samples``; None for those of ``folder/faces.tsv``.
        frames: taken of each clip; each yields a face of its own, in the clip's group.
        frames_of: reads them; must be a function of a module, since it is handed to other processes.
    """
    if not (cache / "index.jsonl").exists():
        samples = read_table(folder) if samples is None else samples
        cache.mkdir(parents=True, exist_ok=True)
        reader = partial(_frames, frames=frames, frames_of=frames_of)
        jobs = [(folder, cache / f"part{i}", landmarker, samples[i::processes], reader) for i in range(processes)]
        if processes == 1:  # Another would only load all libraries again.
            lost = _build_part(*jobs[0])
        else:
            with multiprocessing.get_context("spawn").Pool(processes) as pool:
                lost = sum(pool.starmap(_build_part, jobs), Counter())
        _join_parts(cache, [job[1] for job in jobs])
        for (source, reason), count in sorted(lost.items()):
            print(f"left out: {count} of {source}: {reason}", file=sys.stderr)
    return Cache(cache)


def _frames(folder: Path, sample: Sample, frames: int, frames_of: FramesOf) -> Iterator[tuple[Sample, Frame]]:
    """The picture of a row, or frames of its clip, each with the row that will stand for it."""
    path = folder / sample.path
    if path.suffix.lower() not in CLIP_SUFFIXES:
        yield sample, read_image(path).frame
        return
    for frame in frames_of(path, frames):
        yield replace(sample, time_s=frame.time_s), frame


def _build_part(
    folder: Path, part: Path, landmarker: Path | None, samples: Sequence[Sample],
    reader: Callable[[Path, Sample], Iterator[tuple[Sample, Frame]]],
) -> Counter:  # fmt: skip
    lost: Counter = Counter()
    mesh_finder = Landmarker(landmarker) if landmarker else None
    offset = 0
    with (
        open_finder(WeightStore()) as finder,
        open(part.with_suffix(".bin"), "wb") as pixels,
        open(part.with_suffix(".jsonl"), "w", encoding="utf-8") as index,
    ):
        for row in samples:
            try:
                for sample, frame in reader(folder, row):
                    detection = _subject(finder.find(frame), frame)
                    if detection is None:
                        lost[sample.source, "no face found"] += 1
                        continue
                    patch, detection = _cut_context(frame, detection)
                    mesh = mesh_finder.find(patch) if mesh_finder else None
                    if mesh is not None and not _same_face(mesh, detection):
                        mesh = None
                    entry = _Entry(
                        sample=sample,
                        offset=offset,
                        shape=patch.shape,
                        box=(detection.box.left, detection.box.top, detection.box.right, detection.box.bottom),
                        keypoints=detection.keypoints.tolist(),
                        score=detection.score,
                        mesh=None if mesh is None else np.round(mesh, 2).tolist(),
                    )
                    pixels.write(patch.tobytes())
                    offset += patch.size
                    index.write(json.dumps(_as_row(entry)) + "\n")
            except DetectorError:
                lost[row.source, "not readable"] += 1
    return lost


def _as_row(entry: _Entry) -> dict[str, Any]:
    """As JSON; a still picture's row is what it was before there were clips."""
    row = asdict(entry)
    if entry.sample.time_s is None:
        del row["sample"]["time_s"]
    return row


def _subject(detections: Iterable[Detection], frame: Frame) -> Detection | None:
    """The face that a labelled crop is about: the largest, less so the farther it is from the middle."""
    middle_x, middle_y = frame.rgb.shape[1] / 2, frame.rgb.shape[0] / 2

    def weight(detection: Detection) -> float:
        x, y = detection.box.center
        return detection.box.width - 0.5 * float(np.hypot(x - middle_x, y - middle_y))

    return max(detections, key=weight, default=None)


def _cut_context(frame: Frame, detection: Detection) -> tuple[np.ndarray, Detection]:
    """The patch around the face and the same detection in the patch's pixels."""
    box, reach = detection.box, _CONTEXT * max(detection.box.width, detection.box.height)
    height, width = frame.rgb.shape[:2]
    left, top = max(0, int(box.left - reach)), max(0, int(box.top - reach))
    right, bottom = min(width, int(box.right + reach) + 1), min(height, int(box.bottom + reach) + 1)
    moved = Detection(
        box=Box(box.left - left, box.top - top, box.right - left, box.bottom - top),
        keypoints=detection.keypoints - np.array([left, top], np.float32),
        score=detection.score,
    )
    return np.ascontiguousarray(frame.rgb[top:bottom, left:right]), moved


def _same_face(mesh: np.ndarray, detection: Detection) -> bool:
    left, top = mesh.min(axis=0)
    right, bottom = mesh.max(axis=0)
    return mesh.shape == (COUNT, 2) and Box(left, top, right, bottom).iou(detection.box) > 0.4


def _join_parts(cache: Path, parts: Sequence[Path]) -> None:
    base = 0
    meshes = []
    with open(cache / "pixels.bin", "wb") as pixels, open(cache / "index.part", "w", encoding="utf-8") as index:
        for part in parts:
            with open(part.with_suffix(".bin"), "rb") as file:
                while block := file.read(1 << 24):
                    pixels.write(block)
            with open(part.with_suffix(".jsonl"), encoding="utf-8") as file:
                for line in file:
                    row = json.loads(line)
                    row["offset"] += base
                    mesh = row.pop("mesh")
                    meshes.append(
                        np.full((COUNT, 2), np.nan, np.float32) if mesh is None else np.array(mesh, np.float32)
                    )
                    index.write(json.dumps(row) + "\n")
            base = pixels.tell()
    np.save(cache / "meshes.npy", np.stack(meshes) if meshes else np.zeros((0, COUNT, 2), np.float32))
    # The index appears last and at once: a cache that was interrupted is built again, never half used.
    os.replace(cache / "index.part", cache / "index.jsonl")
    for part in parts:
        part.with_suffix(".bin").unlink()
        part.with_suffix(".jsonl").unlink()
