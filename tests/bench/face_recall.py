"""Measure how many faces ``FaceFinder`` finds, how many it invents, and how long it takes. Not a test.

    python tests/bench/face_recall.py --data ../shared/data [--pictures 12] [--tight 200] [--json faces.json]

Four measurements, all seeded:

- groups: known faces of 40 to 400 px pasted into 4000 x 3000 pictures with an uneven background;
- turned: one face a picture, turned by -45 to 45 degrees;
- tight: single-face crops as data sets ship them, found if there is a face of at least a sixth of the picture;
- empty: pictures without faces (textures, objects, noise, and the surroundings of faces with the face cut away).

A face's true place is what the finder itself says on the source picture, where the face is large and alone, so a face
that is never found anywhere does not count against it; ``tight`` has no such blind spot.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from detector.faces.finder import FaceFinder  # noqa: E402
from detector.records import Box, Detection, Frame  # noqa: E402

UInt8Image = NDArray[np.uint8]
GROUP_SIZE = (4000, 3000)
BUCKETS = ((40, 60), (60, 100), (100, 200), (200, 400))
ANGLES = tuple(range(-45, 46, 15))
CONTEXT_SOURCES = ("lfw", "frl_london", "web_portraits", "youtube_faces")
EMPTY_PICTURES = (
    "brick",
    "cat",
    "cell",
    "chelsea",
    "clock",
    "coffee",
    "coins",
    "colorwheel",
    "grass",
    "gravel",
    "horse",
    "hubble_deep_field",
    "immunohistochemistry",
    "microaneurysms",
    "moon",
    "page",
    "retina",
    "rocket",
    "text",
)
MATCH_IOU = 0.4


@dataclass(frozen=True)
class Sample:
    """A known face with the picture around it."""

    rgb: UInt8Image
    box: Box
    source: str


def read_rgb(path: Path) -> UInt8Image:
    """The data sets' own small JPEGs; files of users go through ``detector.media.images``."""
    bgr = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if bgr is None:
        raise FileNotFoundError(path)
    rgb: UInt8Image = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
    return rgb


def rows_by_source(data: Path) -> dict[str, list[dict[str, str]]]:
    """Rows of ``faces.tsv``, per source."""
    rows: dict[str, list[dict[str, str]]] = defaultdict(list)
    with (data / "faces.tsv").open(newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t"):
            rows[row["source"]].append(row)
    return rows


def known_faces(finder: FaceFinder, data: Path, per_source: int, rng: np.random.Generator) -> list[Sample]:
    """Source pictures in which exactly one face was found, with its place."""
    samples = []
    rows = rows_by_source(data)
    for source in CONTEXT_SOURCES:
        if source not in rows:
            continue
        for index in rng.permutation(len(rows[source]))[:per_source]:
            rgb = read_rgb(data / rows[source][index]["path"])
            found = finder.find(Frame(rgb))
            if len(found) == 1:
                samples.append(Sample(rgb, found[0].box, source))
    return samples


def background(width: int, height: int, rng: np.random.Generator) -> UInt8Image:
    """Slow colour changes, a texture and some noise."""
    colours = rng.uniform(30, 225, (4, 5, 3)).astype(np.float32)
    slow = cv2.resize(colours, (width, height), interpolation=cv2.INTER_CUBIC)
    name = ("grass", "gravel", "brick", "coffee")[rng.integers(4)]
    texture = getattr(skimage.data, name)()
    texture = texture if texture.ndim == 3 else np.repeat(texture[:, :, None], 3, axis=2)
    texture = cv2.resize(texture, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    noise = rng.normal(0, 4, (height, width, 1)).astype(np.float32)
    mixed: UInt8Image = np.clip(0.6 * slow + 0.4 * texture + noise, 0, 255).astype(np.uint8)
    return mixed


def paste(canvas: UInt8Image, sample: Sample, x: float, y: float, side: float, angle: float) -> Box:
    """Paste a face, ``side`` px wide and turned clockwise, with its surroundings; returns its place."""
    scale = side / sample.box.width
    source = sample.rgb
    while scale < 0.5:
        source = cv2.resize(source, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        scale *= 2
    # The true ratio, since halving rounds odd sizes.
    ratio = source.shape[1] / sample.rgb.shape[1], source.shape[0] / sample.rgb.shape[0]
    center = sample.box.center[0] * ratio[0], sample.box.center[1] * ratio[1]
    scale = side / (sample.box.width * ratio[0])
    turn = cv2.getRotationMatrix2D(center, -angle, scale)
    turn[:, 2] += (x - center[0], y - center[1])
    # Within a square of 2.4 faces that turns with the face, and within the source picture.
    mask = np.zeros(source.shape[:2], np.uint8)
    reach = 1.2 * sample.box.width * ratio[0]
    height, width = source.shape[:2]
    left, top = max(1, round(center[0] - reach)), max(1, round(center[1] - reach))
    right, bottom = min(width - 1, round(center[0] + reach)), min(height - 1, round(center[1] + reach))
    mask[top:bottom, left:right] = 255
    size = canvas.shape[1], canvas.shape[0]
    pasted = cv2.warpAffine(source, turn, size, flags=cv2.INTER_CUBIC)
    weight = cv2.warpAffine(mask, turn, size, flags=cv2.INTER_LINEAR)
    inside = weight > 128
    canvas[inside] = pasted[inside]
    return Box(x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def matches(truth: list[Box], found: list[Detection]) -> list[bool]:
    """For every true face, whether a detection of its own was found."""
    free = list(found)
    hits = []
    for box in truth:
        best = max(free, key=lambda d: d.box.iou(box), default=None)
        hit = best is not None and best.box.iou(box) >= MATCH_IOU
        if hit:
            free = [d for d in free if d is not best]
        hits.append(hit)
    return hits


def timed(finder: FaceFinder, rgb: UInt8Image) -> tuple[list[Detection], float]:
    """Detections and milliseconds."""
    start = time.perf_counter()
    found = finder.find(Frame(rgb))
    return found, 1e3 * (time.perf_counter() - start)


def measure_groups(
    finder: FaceFinder, samples: list[Sample], pictures: int, rng: np.random.Generator, max_angle: float = 10.0
) -> dict[str, object]:
    """Recall per size of face, precision, and time, on large group pictures."""
    hits: dict[str, list[bool]] = {f"{low}-{high}": [] for low, high in BUCKETS}
    extra, correct, times, counts = 0, 0, [], []
    for _ in range(pictures):
        width, height = GROUP_SIZE
        canvas = background(width, height, rng)
        truth: list[Box] = []
        names: list[str] = []
        room: list[tuple[float, float, float]] = []
        for _try in range(200):
            if len(truth) == 16:
                break
            low, high = BUCKETS[len(truth) % len(BUCKETS)]
            side = float(rng.uniform(low, high))
            reach = 1.75 * side
            x, y = float(rng.uniform(reach, width - reach)), float(rng.uniform(reach, height - reach))
            if any(max(abs(x - ox), abs(y - oy)) < reach + other for ox, oy, other in room):
                continue
            room.append((x, y, reach))
            sample = samples[rng.integers(len(samples))]
            truth.append(paste(canvas, sample, x, y, side, float(rng.uniform(-max_angle, max_angle))))
            names.append(f"{low}-{high}")
        found, ms = timed(finder, canvas)
        result = matches(truth, found)
        for name, hit in zip(names, result, strict=True):
            hits[name].append(hit)
        correct += sum(result)
        extra += len(found) - int(sum(result))
        times.append(ms)
        counts.append(len(truth))
    return {
        "recall": {name: round(float(np.mean(values)), 4) for name, values in hits.items()},
        "n": {name: len(values) for name, values in hits.items()},
        "precision": round(correct / max(1, correct + extra), 4),
        "extra": extra,
        "ms_median": round(float(np.median(times)), 1),
        "ms_max": round(max(times), 1),
        "faces_per_picture": float(np.mean(counts)),
    }


def measure_turned(
    finder: FaceFinder, samples: list[Sample], per_angle: int, rng: np.random.Generator
) -> dict[str, object]:
    """Recall per angle, one face of 60 to 500 px in a 1200 x 900 picture."""
    recall, extra, times = {}, 0, []
    for angle in ANGLES:
        hits = []
        for _ in range(per_angle):
            canvas = background(1200, 900, rng)
            side = float(np.exp(rng.uniform(np.log(60), np.log(500))))
            reach = side * 0.75
            x, y = float(rng.uniform(reach, 1200 - reach)), float(rng.uniform(reach, 900 - reach))
            box = paste(canvas, samples[rng.integers(len(samples))], x, y, side, angle)
            found, ms = timed(finder, canvas)
            hit = matches([box], found)[0]
            hits.append(hit)
            extra += len(found) - hit
            times.append(ms)
        recall[str(angle)] = round(float(np.mean(hits)), 4)
    return {"recall": recall, "n": per_angle, "extra": int(extra), "ms_median": round(float(np.median(times)), 1)}


def measure_tight(finder: FaceFinder, data: Path, count: int, rng: np.random.Generator) -> dict[str, dict[str, object]]:
    """Share of the data sets' own pictures in which a face of at least a sixth of the longer side is found."""
    table: dict[str, dict[str, object]] = {}
    for source, rows in sorted(rows_by_source(data).items()):
        hits, several, times, missed = [], 0, [], []
        for index in rng.permutation(len(rows))[:count]:
            rgb = read_rgb(data / rows[index]["path"])
            found, ms = timed(finder, rgb)
            hit = any(d.box.width >= max(rgb.shape[:2]) / 6 for d in found)
            hits.append(hit)
            several += int(len(found) > 1)
            times.append(ms)
            if not hit:
                missed.append(rows[index]["path"])
        table[source] = {
            "recall": round(float(np.mean(hits)), 4),
            "n": len(hits),
            "several": several,
            "ms_median": round(float(np.median(times)), 1),
            "missed": missed,
        }
    return table


def empty_pictures(samples: list[Sample], rng: np.random.Generator) -> Iterator[tuple[str, UInt8Image]]:
    """Pictures without faces."""
    for name in EMPTY_PICTURES:
        picture = getattr(skimage.data, name)()
        if picture.dtype != np.uint8:
            picture = (255 * (picture / picture.max())).astype(np.uint8)
        colour = picture[:, :, :3] if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
        rgb = np.ascontiguousarray(colour)
        yield name, rgb
        yield f"{name} mirrored at 2000 px", cv2.resize(rgb[:, ::-1], (2000, round(2000 * rgb.shape[0] / rgb.shape[1])))
        side = min(rgb.shape[:2]) // 2
        top, left = (int(rng.integers(0, length - side)) for length in rgb.shape[:2])
        yield f"{name} part", np.ascontiguousarray(rgb[top : top + side, left : left + side])
    for level in (0, 8, 60, 128, 255):
        yield f"noise about {level}", np.clip(rng.normal(level, 12, (720, 960, 3)), 0, 255).astype(np.uint8)
    for cells in (4, 12, 40):
        coarse = rng.integers(0, 256, (cells, cells, 3)).astype(np.uint8)
        yield f"blobs {cells}", cv2.resize(coarse, (1000, 1000), interpolation=cv2.INTER_CUBIC)
    for number, sample in enumerate(samples[:: max(1, len(samples) // 100)]):
        # What lies beside or below the face: shoulders, hands, walls, other objects.
        height = sample.rgb.shape[0]
        box = sample.box
        parts = {
            "left": sample.rgb[:, : max(0, int(box.left - 0.3 * box.width))],
            "right": sample.rgb[:, int(box.right + 0.3 * box.width) :],
            "below": sample.rgb[min(height, int(box.bottom + 0.15 * box.height)) :],
        }
        name, part = max(parts.items(), key=lambda item: item[1].size)
        if min(part.shape[:2]) >= 48:
            yield f"{sample.source} {number} {name}", np.ascontiguousarray(part)


def measure_empty(finder: FaceFinder, samples: list[Sample], rng: np.random.Generator) -> dict[str, object]:
    """False alarms on pictures without faces."""
    alarms, count, times = {}, 0, []
    for name, rgb in empty_pictures(samples, rng):
        found, ms = timed(finder, rgb)
        times.append(ms)
        count += 1
        if found:
            alarms[name] = [round(d.score, 3) for d in found]
    median = round(float(np.median(times)), 1)
    return {"pictures": count, "with_alarm": len(alarms), "alarms": alarms, "ms_median": median}


def measure_speed(finder: FaceFinder, samples: list[Sample], rng: np.random.Generator) -> dict[str, float]:
    """Median milliseconds for a 1-megapixel portrait and a 24-megapixel group of eight: by the wall, and of processor time.

    Processor time is the fairer figure on a machine that has other work.
    """
    portrait = background(1200, 833, rng)
    paste(portrait, samples[0], 600, 420, 400, 0)
    group = background(6000, 4000, rng)
    for number in range(8):
        paste(group, samples[number % len(samples)], 700 + 1500 * (number % 4), 1300 + 1500 * (number // 4), 300, 0)
    speed = {}
    for name, rgb, times in (("portrait_1mp", portrait, 15), ("group_24mp", group, 5)):
        wall, processor = [], []
        for _ in range(times):
            before = time.process_time()
            wall.append(timed(finder, rgb)[1])
            processor.append(1e3 * (time.process_time() - before))
        speed[f"{name}_ms"] = round(float(np.median(wall)), 1)
        speed[f"{name}_processor_ms"] = round(float(np.median(processor)), 1)
    return speed


def main() -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(description="Recall, precision and speed of detector.faces.FaceFinder.")
    parser.add_argument("--data", type=Path, required=True, help="folder with faces.tsv")
    parser.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder with the two .tflite files")
    parser.add_argument("--pictures", type=int, default=12, help="group pictures")
    parser.add_argument("--turned", type=int, default=60, help="pictures for each angle")
    parser.add_argument("--tight", type=int, default=200, help="pictures for each source")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()

    short = options.weights / "blaze_face_short_range.tflite"
    full = options.weights / "blaze_face_full_range_sparse.tflite"
    with FaceFinder(short, full) as finder:
        samples = known_faces(finder, options.data, 150, np.random.default_rng(1))
        figures: dict[str, object] = {"known_faces": len(samples)}
        figures["speed"] = measure_speed(finder, samples, np.random.default_rng(2))
        figures["groups"] = measure_groups(finder, samples, options.pictures, np.random.default_rng(3))
        rng = np.random.default_rng(4)
        figures["groups_tilted_to_45"] = measure_groups(finder, samples, options.pictures, rng, max_angle=45.0)
        figures["turned"] = measure_turned(finder, samples, options.turned, np.random.default_rng(5))
        figures["empty"] = measure_empty(finder, samples, np.random.default_rng(6))
        figures["tight"] = measure_tight(finder, options.data, options.tight, np.random.default_rng(7))
    for name, value in figures.items():
        if isinstance(value, dict):
            print(name)
            for key, inner in value.items():
                print(f"  {key:22} {inner}")
        else:
            print(f"{name:24} {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
