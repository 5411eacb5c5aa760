"""Does screening change a search for faces, and what does it spare?

    python -m tests.bench.screening [--data FOLDER] [--pictures 1000] [--large 200] [--seed 1]

Each picture is searched twice, with screening and by mediapipe alone: pictures of ``faces.tsv``, as many of every source and
subset, and large ones of 2000 x 1500 pixels into which some of them were pasted at random sizes. Prints how many searches found
the very same boxes, keypoints and scores, the processor time of both, and the largest difference between a score of the bare
model and mediapipe's for the same window.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from detector.faces import finder as finding
from detector.faces.geometry import Pyramid
from detector.faces.windows import search_windows
from detector.records import Detection, Frame
from detector.weights.store import WeightStore
from tests import ROOT
from tests.bench.face_recall import background, read_rgb
from train.data.cache import Sample, read_table

__all__ = ["main", "searching_everywhere", "without_screening"]

SIZE = (2000, 1500)
PASTED = 6
"""Pictures in a large one, at most."""


def main(arguments: list[str] | None = None) -> int:
    """Compare and print; returns 1 if any search differs."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.screening", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with faces.tsv")
    parser.add_argument("--pictures", type=int, default=1000, help="of the table (default 1000)")
    parser.add_argument("--large", type=int, default=200, help="large ones (default 200)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    options = parser.parse_args(arguments)
    store = WeightStore()
    files = [store.locate(store.manifest.face_detectors[key]).path for key in ("short_range", "full_range")]
    rng = np.random.default_rng(options.seed)
    chosen = _spread(read_table(options.data), options.pictures, rng)
    with finding.FaceFinder(*files) as finder:
        small = (read_rgb(options.data / sample.path) for sample in chosen)
        same = _compare("of the table", finder, small)
        same &= _compare("large", finder, (_large(options.data, chosen, rng) for _ in range(options.large)))
    eyes = finding._open_eyes(*files)
    gaps = [gap for _ in range(5) for gap in _gaps(eyes, _large(options.data, chosen, rng))]
    eyes.close()
    print(f"scores: {len(gaps)} of search windows, at most {max(gaps):.1g} apart")
    return 0 if same else 1


@contextmanager
def searching_everywhere() -> Iterator[None]:
    """Meanwhile mediapipe looks at every window, and at every place a second time."""
    before = finding.LEAST_SCREENED, finding.PLAIN
    finding.LEAST_SCREENED, finding.PLAIN = sys.maxsize, 0.0
    try:
        yield
    finally:
        finding.LEAST_SCREENED, finding.PLAIN = before


def without_screening(finder: finding.FaceFinder, frame: Frame) -> list[Detection]:
    """A search by mediapipe alone."""
    with searching_everywhere():
        return finder.find(frame)


def _spread(rows: Iterable[Sample], count: int, rng: np.random.Generator) -> list[Sample]:
    """About so many rows, as many of every source and subset as it has, up to an equal share."""
    parts: dict[tuple[str, str], list[Sample]] = defaultdict(list)
    for row in rows:
        parts[row.source, row.subset].append(row)
    share = -(-count // len(parts))
    return [part[index] for part in parts.values() for index in rng.permutation(len(part))[:share]]


def _compare(name: str, finder: finding.FaceFinder, pictures: Iterable[NDArray[np.uint8]]) -> bool:
    """Both ways on every picture, in turns; whether all are equal."""
    spent: dict[bool, list[float]] = {True: [], False: []}
    equal = faces = count = 0
    for count, rgb in enumerate(pictures, start=1):
        found = {}
        for screened in (True, False) if count % 2 else (False, True):
            start = time.process_time()
            found[screened] = finder.find(Frame(rgb)) if screened else without_screening(finder, Frame(rgb))
            spent[screened].append(time.process_time() - start)
        equal += _plain(found[True]) == _plain(found[False])
        faces += len(found[False])
    screened_ms, alone_ms = (1000 * float(np.median(spent[way])) for way in (True, False))
    print(
        f"{name}: {equal} of {count} searches equal, {faces} faces; processor time {screened_ms:.1f} ms screened, "
        f"{alone_ms:.1f} ms by mediapipe alone, ratio {alone_ms / screened_ms:.2f}",
        flush=True,
    )
    return equal == count


def _plain(found: list[Detection]) -> list[tuple[object, ...]]:
    return [(face.box, face.score, face.keypoints.tobytes()) for face in found]


def _large(data: Path, rows: list[Sample], rng: np.random.Generator) -> NDArray[np.uint8]:
    canvas = background(*SIZE, rng)
    for index in rng.integers(len(rows), size=rng.integers(PASTED + 1)):
        side = int(rng.uniform(80, 900))
        picture = cv2.resize(read_rgb(data / rows[index].path), (side, side), interpolation=cv2.INTER_AREA)
        left, top = (int(rng.integers(0, length - side)) for length in SIZE)
        canvas[top : top + side, left : left + side] = picture
    return canvas


def _gaps(eyes: finding._Eyes, rgb: NDArray[np.uint8]) -> Iterator[float]:
    """Differences of scores, window by window; both must see as many faces."""
    pyramid = Pyramid(rgb)
    for window in search_windows(rgb.shape[1], rgb.shape[0]):
        one = sorted(place.score for place in finding._screened(eyes, window, pyramid))
        other = sorted(place.score for place in finding._looked(eyes, window, pyramid))
        yield from (abs(a - b) for a, b in zip(one, other, strict=True))


if __name__ == "__main__":
    sys.exit(main())
