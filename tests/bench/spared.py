"""What screening and leaving out views spare of a verdict: each lever alone and both, as multiples of the floor.

    python -m tests.bench.spared [--weights FOLDER] [--rounds 5] [--clips]

One process, files as in ``tests.bench.speed``, all sides in turns: the verdict without either lever, with screening, with views
left out, with both, and the floor (decoding and one batched pass over the faces). Prints processor time, wall time, ratios to
the floor; on a machine with other work only the ratios of processor time mean anything. Views are left out only where the
weights have a spread (``python -m train views``).
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from detector import Detector, load_detector
from tests import ROOT
from tests.bench.compare import Timing, in_turns, ratio, too_busy
from tests.bench.inputs import make_clip, make_photo
from tests.bench.screening import searching_everywhere
from tests.bench.speed import Case, _crops, _floor

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print a table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.spared", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder (default weights/)")
    parser.add_argument("--rounds", type=int, default=5, help="in which each side is called twice (default 5)")
    parser.add_argument("--clips", action="store_true", help="10 s of 1080p as well")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if busy := too_busy():
        print(busy, file=sys.stderr)
    print("| file | side | processor ms | wall ms | processor / floor | wall / floor |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, load_detector(options.weights) as detector:
        detector.warm_up()
        whole = _scoring_all_views(detector)
        for case in _cases(Path(folder), options.clips):
            crops = _crops(case, detector)
            sides: dict[str, Callable[[], object]] = {
                "as before": _verdict(case, whole, screened=False),
                "screened": _verdict(case, whole, screened=True),
                "views left out": _verdict(case, detector, screened=False),
                "both": _verdict(case, detector, screened=True),
                "floor": _floor(case, detector, crops),
            }
            times = dict(zip(sides, in_turns(list(sides.values()), options.rounds), strict=True))
            for name, timing in times.items():
                print(_row(case.name, name, timing, times["floor"]), flush=True)
    return 0


def _row(file: str, side: str, timing: Timing, floor: Timing) -> str:
    cpu, wall = (1000 * float(np.median(each)) for each in (timing.cpu, timing.wall))
    shares = [f"{ratio(one, other)[0]:.2f}" for one, other in ((timing.cpu, floor.cpu), (timing.wall, floor.wall))]
    return f"| {file} | {side} | {cpu:.0f} | {wall:.0f} | {shares[0]} | {shares[1]} |"


def _cases(folder: Path, clips: bool) -> Iterator[Case]:
    for faces in (1, 3, 12):
        yield Case(f"photo of 1 MP, faces: {faces}", make_photo(folder / f"{faces}.jpg", faces, 1), faces)
    if clips:
        clip = make_clip(folder / "1080.mp4", 10, 1080, group=60)
        yield Case("clip, 10 s, 1080p", clip, 1, clip=True)


def _verdict(case: Case, detector: Detector, *, screened: bool) -> Callable[[], object]:
    def run() -> object:
        if screened:
            return detector.analyze(case.path, verdict_only=True)
        with searching_everywhere():
            return detector.analyze(case.path, verdict_only=True)

    return run


def _scoring_all_views(detector: Detector) -> Detector:
    """The same models, of which no spread of views is known; it shares the face finder and need not be closed."""
    engine = detector._opened()
    models = {name: replace(model, spec=replace(model.spec, spread=None)) for name, model in engine.models.items()}
    return Detector(engine.manifest, engine.finder, models, engine.video_models)


if __name__ == "__main__":
    sys.exit(main())
