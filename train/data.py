"""Labelled faces on disk -> a cache that training and evaluation read.

Every picture goes once through ``detector.media`` and ``detector.faces``; the cache keeps the pixels around the face
(unchanged, not resized), the detection and the face mesh, so that ``detector.faces.crop_face`` cuts from the cached patch
the very bytes that it would cut from the picture.
"""

from __future__ import annotations

import csv
import json
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from detector.errors import DetectorError
from detector.faces import FaceFinder, crop_face
from detector.media import read_image
from detector.records import Box, CropSpec, Detection, Frame
from detector.weights import WeightStore
from train.landmarks import COUNT, Landmarker

__all__ = ["MOST_MARGIN", "Cache", "Sample", "build_cache", "crops_of", "read_table"]

_CONTEXT = 1.0
"""Context kept on each side of the face box, in face sides ..."""
MOST_MARGIN = 0.55
"""... which holds a crop of this margin however far it is turned; beyond it the patch would no longer stand for the picture."""


_COLUMNS = ("path", "label", "source", "method", "group", "subset")


@dataclass(frozen=True)
class Sample:
    """One row of ``faces.tsv`` or ``clips.tsv``, or one frame of a clip."""

    path: str
    label: str
    """"real" or "fake"."""
    source: str
    method: str
    group: str
    """Source video, person or photo: never cut by a split."""
    subset: str
    """"train" or "dev"."""
    time_s: float | None = None
    """Of a frame of a clip, seconds; None for a still picture, and for a clip before its frames are taken."""


def read_table(folder: Path, name: str = "faces.tsv") -> list[Sample]:
    """The rows of ``folder/faces.tsv`` (pictures) or ``folder/clips.tsv`` (videos), checked.

    Raises:
        ValueError: columns other than those of ``Sample``, a label or subset outside the known ones, or a (source, group)
            that stands in both subsets.
    """
    with open(folder / name, newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        if set(rows.fieldnames or ()) != set(_COLUMNS):
            raise ValueError(f"{folder}/{name}: expected the columns {', '.join(_COLUMNS)}, found {rows.fieldnames}")
        samples = [
            Sample(row["path"], row["label"], row["source"], row["method"], row["group"], row["subset"]) for row in rows
        ]
    return checked(samples, f"{folder}/{name}")


def checked(samples: list[Sample], where: str) -> list[Sample]:
    """The same samples, if their labels and subsets are known ones and no group stands in both subsets.

    Raises:
        ValueError: names ``where`` and the first row at fault.
    """
    subsets: dict[tuple[str, str], str] = {}
    for sample in samples:
        if sample.label not in ("real", "fake") or sample.subset not in ("train", "dev"):
            raise ValueError(f"{where}: unknown label or subset in {sample}")
        if subsets.setdefault((sample.source, sample.group), sample.subset) != sample.subset:
            raise ValueError(f"{where}: group {sample.group!r} of {sample.source} stands in both subsets")
    return samples


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


def build_cache(folder: Path, cache: Path, landmarker: Path | None, processes: int = 2) -> Cache:
    """Fill ``cache`` from ``folder/faces.tsv`` unless it is there already.

    Pictures that cannot be read and pictures without a face are left out, and counted per source on stderr.
    """
    if not (cache / "index.jsonl").exists():
        samples = read_table(folder)
        cache.mkdir(parents=True, exist_ok=True)
        context = multiprocessing.get_context("spawn")
        jobs = [(folder, cache / f"part{i}", landmarker, samples[i::processes]) for i in range(processes)]
        with context.Pool(processes) as pool:
            lost = sum(pool.starmap(_build_part, jobs), Counter())
        _join_parts(cache, [job[1] for job in jobs])
        for (source, reason), count in sorted(lost.items()):
            print(f"left out: {count} of {source}: {reason}", file=sys.stderr)
    return Cache(cache)


def _build_part(folder: Path, part: Path, landmarker: Path | None, samples: Sequence[Sample]) -> Counter:
    lost: Counter = Counter()
    store = WeightStore()
    short, full = (store.locate(store.manifest.face_detectors[key]).path for key in ("short_range", "full_range"))
    mesh_finder = Landmarker(landmarker) if landmarker else None
    offset = 0
    with (
        FaceFinder(short, full) as finder,
        open(part.with_suffix(".bin"), "wb") as pixels,
        open(part.with_suffix(".jsonl"), "w", encoding="utf-8") as index,
    ):
        for sample in samples:
            try:
                frame = read_image(folder / sample.path).frame
            except DetectorError:
                lost[sample.source, "not readable"] += 1
                continue
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
            index.write(json.dumps(asdict(entry)) + "\n")
    return lost


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
