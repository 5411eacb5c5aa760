"""Do changed crops need their mirror images? Verdicts and named regions with and without them.

    python -m tests.bench.views --cache DIR [--faces 220] [--model NAME]

``DIR`` is a cache as ``python -m train`` makes it; the faces are of its validation groups, as many fake as genuine. "With":
a changed crop is scored with its mirror image, and its mean compared with the face's. "Without": it is scored as it is, and
the change against the same crop unchanged is added to the face's score (``stability.changed_logits``). So with the views of
the stability test, and with the hidden places that decide whether a heatmap's hottest region is named.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from detector.faces.crops import crop_face
from detector.models.loading import LoadedModel, heatmaps_of, load_models
from detector.probes.regions import HiddenPlaces, hide_places, judge_region
from detector.probes.stability import CUT_VIEWS, changed_logits, face_logit, view_scores, views
from detector.records import ModelSpec, Verdict
from detector.verdict.calibration import calibrate
from detector.verdict.faces import judge_face, judge_stability
from detector.weights.store import WeightStore
from train.data.cache import Cache
from train.data.leakage import safe_split

__all__ = ["main"]

FLAGGED = {Verdict.SOME_SIGNS, Verdict.STRONG_SIGNS}
Change = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of the (2,) logits of a face and the (N, 2) of changed crops: what the changed crops add to the logit of the former."""
WAYS: dict[str, Change] = {
    "with mirror images": lambda sides, changed: changed.mean(axis=1) - sides.mean(),
    "without": lambda sides, changed: changed_logits(sides, changed[:, 0]) - sides.mean(),
}


@dataclass(frozen=True)
class Face:
    """Logits of everything that is tried with one face, each as it is and mirrored."""

    fake: bool
    sides: np.ndarray
    """(2,) of the scored crop."""
    cut: np.ndarray
    """(views, 2)."""
    places: HiddenPlaces | None
    hidden: np.ndarray
    """(places, 2)."""


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
    faces = list(_faces(load_models([spec], store)[0][spec.name], Cache(options.cache), options.faces))
    fake = np.array([face.fake for face in faces])
    print(f"{spec.name}: {fake.sum()} fake and {(~fake).sum()} genuine faces of the validation groups, in percent\n")
    print(
        "| changed crops | verdict changed | fake flagged | genuine flagged | genuine without clear signs | region named |"
    )
    print("|---|---|---|---|---|---|")
    for words, change in WAYS.items():
        before, after = zip(*(_verdicts(spec, face, change) for face in faces), strict=True)
        changed = np.array([one is not other for one, other in zip(before, after, strict=True)])
        flagged = np.array([verdict in FLAGGED for verdict in after])
        quiet = np.array([verdict is Verdict.NO_CLEAR_SIGNS for verdict in after])
        named = np.array([_named(spec, face, change) for face in faces])
        shares = (changed, flagged[fake], flagged[~fake], quiet[~fake], named)
        print(f"| {words} | {' | '.join(f'{100 * share.mean():.1f}' for share in shares)} |")
    agree = {
        "verdicts": [len({_verdicts(spec, face, change)[1] for change in WAYS.values()}) == 1 for face in faces],
        "named regions": [len({_named(spec, face, change) for change in WAYS.values()}) == 1 for face in faces],
    }
    print(f"\nBoth ways agree: {', '.join(f'{name} {100 * np.mean(same):.1f} %' for name, same in agree.items())}.")
    return 0


def _faces(model: LoadedModel, cache: Cache, count: int) -> Sequence[Face]:
    spec = model.spec
    validation = safe_split(cache, "carve").validation
    label = np.array([cache.samples[i].label == "fake" for i in validation])
    chance = np.random.default_rng(0)
    found = []
    for kind in (True, False):
        of_kind = validation[label == kind]
        for index in chance.choice(of_kind, min(count, len(of_kind)), replace=False):
            frame, detection = cache.frame(index), cache.detection(index)
            crop = crop_face(frame, detection, spec.crop)
            explained = model.explainer.explain(crop.rgb[np.newaxis])
            (heatmap,) = heatmaps_of(model, explained.towards_fake, explained.towards_real)
            places = hide_places(crop, heatmap)
            cut = list(views(frame, detection, spec.crop).values())
            sides = model.scorer.sides(np.stack([*cut, *([] if places is None else places.crops)]))
            found.append(Face(kind, explained.sides[0], sides[: len(cut)], places, sides[len(cut) :]))
    return found


def _verdicts(spec: ModelSpec, face: Face, change: Change) -> tuple[Verdict, Verdict]:
    """Before and after the stability test."""
    p_fake = calibrate(face_logit(face.sides), spec.calibration)
    verdict, reason = judge_face(p_fake, spec.bands)
    # ``view_scores`` asks for logits of crops as they are, and adds what lies between them and the face's own.
    cut = dict(zip(CUT_VIEWS, face.sides[0] + change(face.sides, face.cut), strict=True))
    scores = view_scores(face.sides, cut, spec.calibration)
    return verdict, judge_stability(verdict, reason, p_fake, scores, spec.bands)[0]


def _named(spec: ModelSpec, face: Face, change: Change) -> bool:
    if face.places is None:
        return False
    logits = face_logit(face.sides) + change(face.sides, face.hidden)
    hidden = [calibrate(float(logit), spec.calibration) for logit in logits]
    return judge_region(face.places, calibrate(face_logit(face.sides), spec.calibration), hidden).matters


if __name__ == "__main__":
    sys.exit(main())
