"""Pairs for the generator expert: every fake beside a genuine partner of its source, framed and processed like it.

Three kinds, about a third each: copies by auto-encoders beside their originals; engine swaps and self-blends beside what they
were made of; labelled fakes beside a genuine face of their group or source. A batch holds either whole faces, shrunk to the
network's size, or windows of their own resolution.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np

from train.data.cache import Cache
from train.data.landmarks import mesh_in_crop
from train.fakes.align import align
from train.fakes.augment import draw_degradation
from train.fakes.blend import deform_mask, self_blend
from train.fakes.copies import Fake, FakeStore
from train.fakes.enhance import draw_enhancement
from train.fakes.equalise import equalise
from train.fakes.squares import native_side, resized, square_of, whole_and_window
from train.fakes.swap_engine import softened_elsewhere

__all__ = ["UNSEEN_METHODS", "ExpertMix", "ExpertPairs"]

UNSEEN_METHODS = frozenset({"FLUX1_dev", "FLUX1_schnell_or_SDXL", "StyleGAN2_inversion"})
"""Methods of labelled fakes that never train: the lines of the evaluation for generators that were not seen."""
_LABELLED: Mapping[str, float] = MappingProxyType(
    {"dfdc": 0.2, "ffpp_c23": 0.2, "portraits_t2i": 0.24, "ffhq_stylegan": 0.12, "stylegan2_portraits": 0.05,
     "ciplab": 0.09, "stargan_celeba": 0.05, "fomm": 0.05, "anitalker": 0.03, "omnihuman": 0.03}
)  # fmt: skip
"""How often a labelled pair is drawn from a source, beside ``_OTHER`` for each that is not named."""
_OTHER = 0.01
_STRICT = frozenset({"portraits_t2i", "stylegan2_portraits", "ffhq_stylegan", "anitalker", "fomm", "omnihuman"})
"""Collections whose photographs and fakes came by different ways (``equalise``)."""
_TALKING = ("eamm_mead", "edtalk", "grid_multi", "grid_s1", "lia_vox", "liveportrait_driving", "pcavs_voxceleb2",
            "spectre_lrs3_mead", "styletalk", "video_retalking")  # fmt: skip
_PARTNERS: Mapping[str, tuple[str, ...]] = MappingProxyType(dict.fromkeys(("anitalker", "fomm", "omnihuman"), _TALKING))
"""Sources of fakes only -> where their genuine partners come from: people who talk, filmed as closely."""
_UPRIGHT_DEG = 20.0
_SHARE_CAP = 300
_REGIONS = ("oval", "jaw_to_brows", "inner", "mouth", "eyes")


@dataclass(frozen=True)
class ExpertMix:
    """What the pairs are made of."""

    copies: float = 0.34
    swaps: float = 0.18
    self_blended: float = 0.14
    """The rest are labelled."""
    masked: float = 0.3
    """Share of copies that replace a region only."""
    strength: float = 0.4
    """Of the post-processing, see ``augment.draw_degradation``."""
    enhanced: float = 0.6
    """The same of ``enhance.draw_enhancement``."""


class ExpertPairs:
    """Draws pairs.

    Args:
        cache: as built by ``data.build_cache``.
        indices: samples of the training split; labelled fakes of ``UNSEEN_METHODS`` are passed over.
        fakes: of ``copies.make_fakes``, made of the same split.
        mix: composition.
    """

    def __init__(self, cache: Cache, indices: np.ndarray, fakes: Path, mix: ExpertMix) -> None:
        self._cache, self._mix = cache, mix
        self._store = FakeStore(fakes, cache)
        self._any = [i for i in indices.tolist() if cache.samples[i].method not in UNSEEN_METHODS]
        self._real: dict[str, list[int]] = defaultdict(list)
        self._fake: dict[str, list[int]] = defaultdict(list)
        self._of_group: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index in indices.tolist():
            sample = cache.samples[index]
            if sample.label == "real":
                self._real[sample.source].append(index)
                self._of_group[sample.source, sample.group].append(index)
            elif sample.method not in UNSEEN_METHODS:
                self._fake[sample.source].append(index)
        self._partners = {
            source: [name for name in _PARTNERS.get(source, (source,)) if self._real.get(name)] for source in self._fake
        }
        labelled = sorted(source for source, partners in self._partners.items() if partners)
        self._labelled = labelled, _shares([_LABELLED.get(source, _OTHER) for source in labelled])
        left = 1 - mix.copies - mix.swaps - mix.self_blended
        if left > 1e-6 and not labelled:
            raise ValueError("no source holds both genuine faces and labelled fakes that may train")
        genuine = sorted(self._real)
        self._genuine = genuine, _shares([min(_SHARE_CAP, len(self._real[source])) for source in genuine])
        self._sort()

    def refresh(self) -> None:
        """Take up fakes that were made since."""
        self._store.refresh()
        self._sort()

    def _sort(self) -> None:
        self._kinds: dict[str, dict[str, list[Fake]]] = {"copy": defaultdict(list), "swap": defaultdict(list)}
        for fake in self._store.fakes:
            self._kinds[fake.kind][fake.maker].append(fake)

    def pair(self, rng: np.random.Generator, size: int, *, window: bool) -> tuple[np.ndarray, np.ndarray]:
        """A genuine picture and a fake one, each (size, size, 3) uint8 RGB."""
        genuine, fake, _ = self._pair(rng, size, window=window, carry=False)
        return genuine, fake

    def masked_pair(
        self, rng: np.random.Generator, size: int, *, window: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        """The pair that ``pair`` would draw, and what was replaced in the fake: (size, size) uint8, 255 where all of the
        genuine picture is gone; None where nobody knows."""
        return self._pair(rng, size, window=window, carry=True)

    def _pair(
        self, rng: np.random.Generator, size: int, *, window: bool, carry: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        kind, mix = rng.random(), self._mix
        mask: np.ndarray | None
        if kind < mix.copies:
            genuine, fake, mask = self._copy(rng)
        elif kind < mix.copies + mix.swaps:
            genuine, fake, mask = self._swap(rng)
        elif kind < mix.copies + mix.swaps + mix.self_blended:
            genuine, fake, mask = self._self_blend(rng)
        else:
            (genuine, fake), mask = self._label(rng), None
        carried = carry and mask is not None
        if mask is not None and carried:
            # As a fourth channel it is framed with the fake.
            fake = np.dstack([fake, np.rint(255 * mask).astype(np.uint8)])
        genuine, fake = _framed(genuine, fake, rng)
        genuine, fake = whole_and_window(genuine, fake, size, rng, window=window)
        enhancement, after = draw_enhancement(rng, mix.enhanced), draw_degradation(rng, mix.strength)
        framed = None
        if carried:
            framed = np.ascontiguousarray(fake[:, ::-1, 3] if after.flip else fake[..., 3])
            fake = np.ascontiguousarray(fake[..., :3])
        return after.apply(enhancement.apply(genuine)), after.apply(enhancement.apply(fake)), framed

    def unlabelled(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        """A face of the training split, whatever its label, none of ``UNSEEN_METHODS``: as it is, and framed and processed
        anew; each (size, size, 3) uint8 RGB."""
        index = int(self._any[rng.integers(len(self._any))])
        square = square_of(self._cache, index).rgb
        side = square.shape[0]
        kept = round(side * 1.5 / 2.1)  # the context of the crop in use
        edge = (side - kept) // 2
        framed, _ = _framed(square, square, rng)
        after = draw_degradation(rng, 1.0)
        return resized(square[edge : edge + kept, edge : edge + kept], size), after.apply(resized(framed, size))

    def _drawn(self, kind: str, rng: np.random.Generator) -> Fake:
        """Every maker equally often."""
        makers = self._kinds[kind]
        members = makers[str(rng.choice(sorted(makers)))]
        return members[int(rng.integers(len(members)))]

    def _copy(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        fake = self._drawn("copy", rng)
        genuine, rgb, _ = self._store.pair(fake)
        mask = None
        if rng.random() < self._mix.masked:
            hard = self._store.region(fake, str(rng.choice(_REGIONS)), rng)
            mask = None if hard is None else deform_mask(hard, rng, 0.5 * fake.side)
        original, copy = align(genuine, rgb, rng, mask)
        return original, copy, np.ones(copy.shape[:2], np.float32) if mask is None else mask

    def _swap(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
        fake = self._drawn("swap", rng)
        genuine, rgb, mask = self._store.pair(fake)
        mesh = self._store.mesh(fake)
        # An engine's square holds a face of 1.25 times the mesh's height or so.
        ratio = 1.0 if mesh is None else fake.recipe["side"] / (1.25 * float(np.ptp(mesh, axis=0).max()))
        if mesh is not None and ratio < 1 and rng.random() < 0.5:
            genuine = softened_elsewhere(genuine, mesh, ratio, rng)
        return genuine, rgb, mask

    def _self_blend(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        while True:
            source = str(rng.choice(self._genuine[0], p=self._genuine[1]))
            index = int(rng.choice(self._real[source]))
            crop = square_of(self._cache, index)
            mesh = mesh_in_crop(self._cache.mesh(index), crop, _UPRIGHT_DEG)
            if mesh is not None:
                return crop.rgb, *self_blend(crop.rgb, mesh, rng)

    def _label(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        source = str(rng.choice(self._labelled[0], p=self._labelled[1]))
        index = int(rng.choice(self._fake[source]))
        partners = self._of_group.get((source, self._cache.samples[index].group))
        partner = int(rng.choice(partners or self._real[str(rng.choice(self._partners[source]))]))
        sides = native_side(self._cache, partner), native_side(self._cache, index)
        strict = source in _STRICT
        side = min(sides) if abs(sides[0] - sides[1]) > 0.03 * min(sides) or strict else sides[0]
        if strict and rng.random() < 0.7:
            side = max(96, round(side * float(rng.uniform(0.6, 0.95))))
        shift = (float(rng.normal(0, 0.03)), float(rng.normal(0, 0.03)))
        genuine = square_of(self._cache, partner, side, shift=shift).rgb
        fake = square_of(self._cache, index, side, shift=shift).rgb
        return equalise(genuine, fake, rng, strict=strict)


def _shares(weights: list[float]) -> np.ndarray:
    values = np.array(weights, np.float64)
    return values / values.sum() if len(values) else values


def _framed(genuine: np.ndarray, fake: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A square with less context, a little off the middle, the same part of both."""
    side = genuine.shape[0]
    # The squares hold a margin of .55 face sides; 1.1 to 2.1 face sides are left.
    kept = min(side, round(side * float(rng.uniform(0.62, 1.0))))
    middle = (side - kept) / 2
    left, top = (int(np.clip(middle + rng.normal(0, 0.03) * side, 0, side - kept)) for _ in range(2))
    part = np.s_[top : top + kept, left : left + kept]
    return genuine[part], fake[part]
