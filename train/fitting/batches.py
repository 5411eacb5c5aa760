"""Batches in which every fake meets a genuine face of the same source, made the same way.

A pair is one of: a genuine face and a labelled fake of the same source (of the same group where there is one); a genuine
face and its self-blended copy; a genuine face and a swap onto it. Both members get one draw of framing and one of
post-processing, so that source, size, sharpness, codec and tightness say nothing about the label.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from detector.faces.crops import crop_face
from detector.records import Box, CropSpec, FaceCrop
from train.data.cache import Cache
from train.data.landmarks import mesh_in_crop, pose
from train.fakes.augment import draw_degradation, high_pass
from train.fakes.blend import self_blend, swap
from train.fitting.recipes import Mix
from train.fitting.stream import pair_rng, stream

__all__ = ["Drawn", "PairMaker", "batches", "labels_of", "own_pairs"]

# How often a labelled pair is drawn from a source: large and varied sources more often than generated stills.
# Clips weigh little: many frames, but of few people.
_LABELLED_WEIGHT = {
    "dfdc": 0.42,
    "ffpp_c23": 0.36,
    "ffhq_stylegan": 0.12,
    "stylegan2_portraits": 0.05,
    "ffpp_c40": 0.06,
}
_GENUINE_WEIGHT = {"dfdc": 0.28, "ffpp_c23": 0.24, "lfw": 0.14, "youtube_faces": 0.1, "utkface": 0.08, "ffhq_stylegan": 0.06,
                   "frl_london": 0.03, "web_portraits": 0.03, "stylegan2_portraits": 0.04, "pcavs_voxceleb2": 0.03,
                   "ffpp_c40": 0.02, "styletalk": 0.02}  # fmt: skip
_OTHER_WEIGHT = 0.01
_DONORS = 12
"""Faces among which the one is chosen that a swap takes: chance alone mostly gives another pose and a clumsy swap."""
_TRIES = 200
"""Faces drawn for one pseudo-fake before the source counts as holding none that is upright enough."""


@dataclass(frozen=True)
class Drawn:
    """A batch with what the extras of ``recipes.Extras`` learn from beside its labels."""

    crops: np.ndarray
    """(N, S, S, 3) uint8 RGB, the first half genuine."""
    masks: np.ndarray | None = None
    """(N / 2, S, S) uint8 of the fakes: what was replaced. Of all zeros where ``known`` is False."""
    known: np.ndarray | None = None
    """(N / 2,) bool."""
    unlabelled: np.ndarray | None = None
    """(2, K, S, S, 3) uint8 RGB: faces as they are, and the same ones framed and processed anew."""


class PairMaker:
    """Draws pairs from a cache.

    Args:
        cache: as built by ``data.build_cache``.
        indices: the samples that may be used (a training split).
        spec: the crop that the model is made for.
        mix: composition.
    """

    def __init__(self, cache: Cache, indices: np.ndarray, spec: CropSpec, mix: Mix) -> None:
        self._cache, self._spec, self._mix = cache, spec, mix
        self._real: dict[str, list[int]] = defaultdict(list)
        self._fake: dict[str, list[int]] = defaultdict(list)
        self._real_of_group: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index in indices.tolist():
            sample = cache.samples[index]
            (self._real if sample.label == "real" else self._fake)[sample.source].append(index)
            if sample.label == "real":
                self._real_of_group[sample.source, sample.group].append(index)
        self._meshed = {
            source: [i for i in members if cache.mesh(i) is not None] for source, members in self._real.items()
        }
        self._labelled_sources = _weights([s for s in self._fake if self._real.get(s)], _LABELLED_WEIGHT)
        self._genuine_sources = _weights(
            [s for s, members in self._meshed.items() if len(members) > 1], _GENUINE_WEIGHT
        )
        if not self._genuine_sources[0] and not self._labelled_sources[0]:
            raise ValueError(
                "no source holds a genuine face and a fake, or genuine faces with landmarks: nothing to pair"
            )

    def pair(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """A genuine crop and a fake one, each (size, size, 3) uint8 RGB."""
        kind = rng.random()
        if self._labelled_sources[0] and (kind < self._mix.labelled or not self._genuine_sources[0]):
            real, fake, hard_jpeg = self._labelled(rng)
        else:
            real, fake = self._pseudo(rng, kind < self._mix.labelled + self._mix.self_blended)
            hard_jpeg = False
        after = draw_degradation(rng, self._mix.strength)
        if hard_jpeg and not after.qualities:
            after = replace(after, qualities=(int(rng.integers(40, 95)),))
        crops = after.apply(real), after.apply(fake)
        return (high_pass(crops[0]), high_pass(crops[1])) if self._mix.high_pass else crops

    def _labelled(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, bool]:
        source = str(rng.choice(self._labelled_sources[0], p=self._labelled_sources[1]))
        fake = int(rng.choice(self._fake[source]))
        originals = self._real_of_group.get((source, self._cache.samples[fake].group)) or self._real[source]
        spec, shift = self._view(rng)
        real_crop = self._crop(int(rng.choice(originals)), spec, shift)
        fake_crop = self._crop(fake, spec, shift)
        # Generated faces were saved once, photographs many times: one more JPEG for both hides the difference.
        return real_crop.rgb, fake_crop.rgb, "stylegan" in source

    def _pseudo(self, rng: np.random.Generator, self_blended: bool) -> tuple[np.ndarray, np.ndarray]:
        source = str(rng.choice(self._genuine_sources[0], p=self._genuine_sources[1]))
        for _ in range(_TRIES):
            index = int(rng.choice(self._meshed[source]))
            spec, shift = self._view(rng)
            crop = self._crop(index, spec, shift)
            mesh = self._mesh_in(crop, index)
            if mesh is None:
                continue
            if self_blended:
                return crop.rgb, self_blend(crop.rgb, mesh, rng)[0]
            other = self._donor(index, source, rng)
            other_crop = self._crop(other, spec, shift)
            other_mesh = self._mesh_in(other_crop, other)
            if other != index and other_mesh is not None:
                return crop.rgb, swap(crop.rgb, mesh, other_crop.rgb, other_mesh, rng)[0]
        raise ValueError(
            f"{_TRIES} genuine faces of {source} in a row were too tilted to be blended; leave the source out or turn its "
            "pictures upright"
        )

    def _donor(self, index: int, source: str, rng: np.random.Generator) -> int:
        """A face whose landmarks lie like those of ``index``, the best of a few draws (Li et al. 2020, section 3.3)."""
        drawn: list[int] = rng.choice(self._meshed[source], _DONORS).tolist()
        wanted = self._pose(index)
        return min(
            drawn, key=lambda other: np.inf if other == index else float(np.abs(self._pose(other) - wanted).sum())
        )

    def _pose(self, index: int) -> np.ndarray:
        mesh = self._cache.mesh(index)
        if mesh is None:
            raise ValueError(f"sample {index} has no landmarks")
        return pose(mesh)

    def _view(self, rng: np.random.Generator) -> tuple[CropSpec, tuple[float, float]]:
        margin = self._spec.margin
        if rng.random() > 0.3:
            margin = float(rng.uniform(self._mix.least_margin, self._mix.most_margin))
        shift = rng.normal(0, 0.03, 2)
        return replace(self._spec, margin=margin), (float(shift[0]), float(shift[1]))

    def _crop(self, index: int, spec: CropSpec, shift: tuple[float, float]) -> FaceCrop:
        detection = self._cache.detection(index)
        box = detection.box
        dx, dy = shift[0] * box.width, shift[1] * box.height
        moved = replace(detection, box=Box(box.left + dx, box.top + dy, box.right + dx, box.bottom + dy))
        return crop_face(self._cache.frame(index), moved, spec)

    def _mesh_in(self, crop: FaceCrop, index: int) -> np.ndarray | None:
        return mesh_in_crop(self._cache.mesh(index), crop, self._spec.upright_above_deg)


def _weights(sources: list[str], table: dict[str, float]) -> tuple[list[str], np.ndarray]:
    weights = np.array([table.get(source, _OTHER_WEIGHT) for source in sources], np.float64)
    return sources, weights / weights.sum() if sources else weights


def batches(
    cache: Path, indices: np.ndarray, spec: CropSpec, mix: Mix, batch: int, seed: int, workers: int, *, first: int = 0
) -> Generator[tuple[np.ndarray, np.ndarray], None, None]:
    """Endless batches from background processes; of several that train together, this process's rows of them.

    Args:
        cache: folder written by ``data.build_cache``.
        indices: samples of the training split.
        spec: the model's crop.
        mix: composition.
        batch: crops a batch, over all processes that train together: as many genuine ones as fakes for each of them.
        seed: of all draws.
        workers: processes that make batches; they do not change them.
        first: number of the first batch.

    Yields:
        (N, size, size, 3) uint8 RGB crops, first half genuine, row i the pair of row i + N / 2, and (N,) float32 labels, 1 =
        real. N is ``batch``, divided by the processes that train together.

    Raises:
        ValueError: ``batch`` cannot be divided so.
    """
    pairs = own_pairs(batch)
    labels = labels_of(len(pairs))
    start = partial(_maker, cache, indices, spec, mix, seed, pairs)
    with closing(stream(start, first, workers)) as made:
        for crops in made:
            yield crops, labels


def own_pairs(batch: int) -> range:
    """Which pairs of every batch this process makes: all of them, or every n-th where n processes train together.

    Raises:
        ValueError: ``batch`` does not hold equally many pairs for each.
    """
    from train.fitting import processes  # PyTorch, without which ``probe`` makes pairs

    if batch % (2 * processes.count()):
        raise ValueError(f"batch: expected a multiple of {2 * processes.count()}, got {batch}")
    return range(processes.rank(), batch // 2, processes.count())


def labels_of(pairs: int) -> np.ndarray:
    """(2 * pairs,) float32: ones for the genuine half, then zeros for the fakes."""
    return np.repeat(np.array([1, 0], np.float32), pairs)


def _maker(
    cache: Path, indices: np.ndarray, spec: CropSpec, mix: Mix, seed: int, pairs: range
) -> Callable[[int], np.ndarray]:
    maker = PairMaker(Cache(cache), indices, spec, mix)

    def make(number: int) -> np.ndarray:
        reals, fakes = zip(*(maker.pair(pair_rng(seed, number, pair)) for pair in pairs), strict=True)
        return np.stack([*reals, *fakes])

    return make
