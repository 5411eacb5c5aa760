"""What following faces through a clip spares against searching every sampled frame whole, and what it changes.

    python -m tests.bench.following [--data FOLDER] [--clips 25] [--seed 1]

Both ways on the same decoded frames of a random choice of the clips of ``clips.tsv`` and of one made clip of 1080p: how many
frames have the very same boxes, how many faces either way finds, and the time of both. The shipped sampling is used.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.faces.finder import FaceFinder
from detector.faces.following import FaceFollower
from detector.media.clips import sample_by_rules
from detector.models.loading import open_finder
from detector.records import ClipRules, Detection, Frame
from detector.weights.store import WeightStore
from tests import ROOT
from tests.bench.inputs import make_clip
from train.data.samples import read_clips

__all__ = ["Compared", "compare", "main"]


@dataclass
class Compared:
    """Both ways on the frames of one or more clips."""

    frames: int = 0
    equal: int = 0
    """Frames in which both ways give the same boxes and scores."""
    whole_faces: int = 0
    followed_faces: int = 0
    whole_s: float = 0.0
    followed_s: float = 0.0

    def add(self, other: Compared) -> None:
        """Sum up."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    def __str__(self) -> str:
        return (
            f"{self.equal} of {self.frames} frames equal; faces {self.followed_faces} followed, {self.whole_faces} searched; "
            f"{1000 * self.followed_s / self.frames:.0f} and {1000 * self.whole_s / self.frames:.0f} ms a frame, "
            f"ratio {self.whole_s / self.followed_s:.2f}"
        )


def main(arguments: list[str] | None = None) -> int:
    """Compare and print; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.following", description=(__doc__ or "").split("\n\n")[0]
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data", help="folder with clips.tsv")
    parser.add_argument("--clips", type=int, default=25, help="how many, at random (default 25)")
    parser.add_argument("--seed", type=int, default=1, help="of the choice")
    options = parser.parse_args(arguments)
    store = WeightStore()
    rules = store.manifest.clips
    if rules is None:
        parser.error("the manifest has no rules for clips")
    every = [sample for subset in ("train", "dev") for sample in read_clips(options.data, subset)]
    order = np.random.default_rng(options.seed).permutation(len(every))[: options.clips]
    total = Compared()
    with open_finder(store) as finder:
        for sample in (every[index] for index in order):
            total.add(compare(finder, options.data / sample.path, rules))
        print(f"{len(order)} clips: {total}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            print(f"made, 1080p: {compare(finder, make_clip(Path(folder) / 'made.mp4', 10, 1080, group=60), rules)}")
    return 0


def compare(finder: FaceFinder, path: Path, rules: ClipRules) -> Compared:
    """Both ways on the frames of one clip, in turns frame by frame."""
    found = Compared()
    follower = FaceFollower(finder)
    for frame in _frames(path, rules):
        # Now one first, now the other: what the first has put into the processor's memory serves the second.
        ways: list[Callable[[Frame], list[Detection]]] = [finder.find, follower.find]
        results = {}
        for way in ways if found.frames % 2 else reversed(ways):
            start = time.perf_counter()
            results[way] = way(frame), time.perf_counter() - start
        (searched, searched_s), (followed, followed_s) = (results[way] for way in ways)
        equal = [(face.box, face.score) for face in searched] == [(face.box, face.score) for face in followed]
        found.add(Compared(1, int(equal), len(searched), len(followed), searched_s, followed_s))
    return found


def _frames(path: Path, rules: ClipRules) -> Iterator[Frame]:
    with sample_by_rules(path, rules) as clip:
        for stretch in clip:
            yield from stretch


if __name__ == "__main__":
    sys.exit(main())
