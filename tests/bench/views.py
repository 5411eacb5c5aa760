"""Do the stability test's views need their mirror images? Verdicts with and without them.

    python -m tests.bench.views --cache DIR [--faces 220] [--model NAME]

``DIR`` is a cache as ``python -m train`` makes it; the faces are of its validation groups, as many fake as genuine. "With":
a changed crop is scored with its mirror image, and its mean compared with the face's. "Without": it is scored as it is, and
the change against the same crop unchanged is added to the face's score (``stability.changed_logits``).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from detector.faces import crop_face
from detector.loading import load_models
from detector.records import ModelSpec, Verdict
from detector.stability import face_logit, view_scores, views
from detector.verdict import calibrate, judge_face, judge_stability
from detector.weights import WeightStore
from train.data import Cache
from train.leakage import safe_split

__all__ = ["main"]

FLAGGED = {Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS}


def main(arguments: Sequence[str] | None = None) -> int:
    """Score, compare, print a table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.views", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--faces", type=int, default=220, help="of each class (default 220)")
    parser.add_argument("--model", help="image model (default: the one that decides)")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    store = WeightStore()
    spec = store.manifest.models[options.model or store.manifest.default_image_model]
    fake, sides = _sides(spec, store, Cache(options.cache), options.faces)
    print(f"{spec.name}: {fake.sum()} fake and {(~fake).sum()} genuine faces of the validation groups, in percent\n")
    print("| views | verdict changed | fake flagged | genuine flagged | fake without clear signs | genuine without |")
    print("|---|---|---|---|---|---|")
    for words, cut in (
        ("with mirror images", sides[:, 1:].mean(axis=2) - sides[:, 0].mean(axis=1, keepdims=True) + sides[:, :1, 0]),
        ("without", sides[:, 1:, 0]),
    ):
        # ``view_scores`` takes logits of crops as they are: a mean's change is put where it will add the same.
        before, after = zip(*(_verdicts(spec, *each) for each in zip(sides[:, 0], cut, strict=True)), strict=True)
        changed = np.array([one is not other for one, other in zip(before, after, strict=True)])
        flagged = np.array([verdict in FLAGGED for verdict in after])
        quiet = np.array([verdict is Verdict.NO_CLEAR_SIGNS for verdict in after])
        shares = (changed, flagged[fake], flagged[~fake], quiet[fake], quiet[~fake])
        print(f"| {words} | {' | '.join(f'{100 * share.mean():.1f}' for share in shares)} |")
    return 0


def _sides(spec: ModelSpec, store: WeightStore, cache: Cache, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(N,) whether each face is fake, and (N, 1 + views, 2) fake logits of it and its views, each as it is and mirrored."""
    validation = safe_split(cache, "carve").validation
    label = np.array([cache.samples[i].label == "fake" for i in validation])
    chance = np.random.default_rng(0)
    drawn = [
        chance.choice(validation[label == kind], min(count, (label == kind).sum()), False) for kind in (True, False)
    ]
    (model,) = load_models([spec], store)[0].values()
    found = []
    for index in np.concatenate(drawn):
        frame, detection = cache.frame(index), cache.detection(index)
        crops = [crop_face(frame, detection, spec.crop).rgb, *views(frame, detection, spec.crop)]
        found.append(model.scorer.sides(np.stack(crops)))
    return np.repeat([True, False], [len(each) for each in drawn]), np.stack(found)


def _verdicts(spec: ModelSpec, sides: np.ndarray, cut: np.ndarray) -> tuple[Verdict, Verdict]:
    """Before and after the stability test."""
    p_fake = calibrate(face_logit(sides), spec.calibration)
    verdict, reason = judge_face(p_fake, spec.bands)
    return verdict, judge_stability(verdict, reason, p_fake, view_scores(sides, cut, spec.calibration), spec.bands)[0]


if __name__ == "__main__":
    sys.exit(main())
