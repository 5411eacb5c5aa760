"""Clips in training: the table, the measures, sequences through the detector's own rooms, a head that learns."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from numpy.typing import NDArray

from detector.faces import FaceFinder
from detector.models import resnet
from detector.records import CropSpec
from detector.sequences import VideoScorer
from tests.clips import paste, write_clip
from tests.conftest import SHIPPED
from train.clips import HeadRecipe, Sequences, build_sequences, evaluate, fit_head, flicker, read_clips, with_trunk_of

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="module")
def folder(astronaut: Rgb, hopper: Rgb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four small clips of two people; those called fake are green."""
    root = tmp_path_factory.mktemp("clips")
    heads = {"collins": astronaut[10:270, 95:355], "hopper": hopper[20:360, 90:430]}
    rows = []
    for name, head in heads.items():
        small = cv2.resize(np.ascontiguousarray(head), (140, 140), interpolation=cv2.INTER_AREA)
        for label in ("real", "fake"):
            shown = small.copy()
            if label == "fake":
                shown[60:110, 45:95, 1] = 190

            def frames(shown: Rgb = shown) -> Iterator[Rgb]:
                for number in range(8):
                    canvas = np.full((180, 240, 3), 100, np.uint8)
                    paste(canvas, shown, 30 + 4 * number, 20)
                    yield canvas

            write_clip(root / f"{name}_{label}.mp4", frames())
            rows.append((f"{name}_{label}.mp4", label, "test", "tint" if label == "fake" else "real", name, "dev"))
    with open(root / "clips.tsv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter="\t")
        writer.writerow(("path", "label", "source", "method", "group", "subset"))
        writer.writerows(rows)
    return root


def test_a_group_in_both_subsets_is_refused(folder: Path, tmp_path: Path) -> None:
    assert [sample.label for sample in read_clips(folder, "dev")] == ["real", "fake"] * 2
    text = (folder / "clips.tsv").read_text(encoding="utf-8")
    (tmp_path / "clips.tsv").write_text(text.replace("hopper\tdev", "hopper\ttrain", 1), encoding="utf-8")
    with pytest.raises(ValueError, match="both subsets"):
        read_clips(tmp_path, "dev")


def test_an_evaluation_names_every_clip_and_measures_every_model(folder: Path, tiny_detector_for_clips) -> None:  # type: ignore[no-untyped-def]
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x14ftypisom\0\0\0\0isom")
    table = folder / "clips.tsv"
    text = table.read_text(encoding="utf-8")
    table.write_text(f"{text}broken.mp4\treal\ttest\treal\tbroken\tdev\n", encoding="utf-8")
    try:
        result = evaluate(tiny_detector_for_clips, folder, "dev")
    finally:
        table.write_text(text, encoding="utf-8")
    assert [row["path"] for row in result["clips"]][-1] == "broken.mp4"
    assert "damaged" in result["clips"][-1]["why"]
    assert set(result["models"]) == {"tiny"}
    pooled = result["models"]["tiny"]["pooled"]
    assert (pooled["genuine"], pooled["fake"]) == (2, 2)
    assert 0 <= pooled["auc_low"] <= pooled["auc"] <= pooled["auc_high"] <= 1


def test_sequences_are_cut_by_the_detectors_own_rooms(folder: Path) -> None:
    model = with_trunk_of(resnet(32), HeadRecipe(size=32))
    with FaceFinder(
        SHIPPED / "blaze_face_short_range.tflite", SHIPPED / "blaze_face_full_range_sparse.tflite"
    ) as finder:
        made = build_sequences(
            folder, read_clips(folder, "dev"), finder, VideoScorer(model), CropSpec(32, 0.25),
            places=6, pseudo_fakes=1, alter=flicker,
        )  # fmt: skip
    assert made.features.shape == (6, 6, 1024)
    assert made.present.any(axis=1).all()
    assert (made.features[~made.present] == 0).all()
    # Two genuine, two labelled fakes, and an altered copy of each genuine one, in the genuine one's group.
    assert made.fake.tolist() == [False, True, True, False, True, True]
    assert made.groups.tolist() == ["test/collins"] * 3 + ["test/hopper"] * 3
    assert not np.array_equal(made.features[0], made.features[1])


def test_flicker_alters_the_face_and_leaves_the_rim(astronaut: Rgb) -> None:
    crops = np.stack([astronaut[:128, :128]] * 4)
    altered = flicker(crops, np.random.default_rng(0))
    assert altered.dtype == np.uint8 and altered.shape == crops.shape
    assert np.array_equal(altered[:, :4], crops[:, :4])
    assert (altered[:, 50:80, 50:80] != crops[:, 50:80, 50:80]).any()
    assert not np.array_equal(altered[0], altered[1])


@pytest.mark.parametrize(("cell", "attention"), [("lstm", False), ("gru", True)])
def test_a_head_learns_what_only_time_shows_and_the_trunk_stays(cell: str, attention: bool) -> None:
    recipe = HeadRecipe(cell=cell, attention=attention, size=32, epochs=30, rate=5e-3, patience=30)
    model = with_trunk_of(resnet(32), recipe)
    before = [w.copy() for w in model.get_layer("frames").layer.get_weights()]
    rng = np.random.default_rng(0)
    fake = np.arange(80) % 2 == 0
    # Fakes swing from step to step, genuine ones are steady; the mean over time is the same.
    steady = np.repeat(rng.choice([-1.0, 1.0], (80, 1)), 8, axis=1)
    swinging = np.tile([1.0, -1.0], (80, 4)) * rng.choice([-1.0, 1.0], (80, 1))
    signal = np.where(fake[:, None], swinging, steady)
    features = (signal[..., None] + 0.05 * rng.normal(size=(80, 8, 1024))).astype(np.float32)
    present = rng.random((80, 8)) > 0.1
    sequences = Sequences(features, present, fake, np.array([f"g{i // 4}" for i in range(80)]))
    history = fit_head(model, sequences, recipe)
    assert max(row["validation_auc"] for row in history) > 0.9
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_layer("frames").layer.get_weights(), strict=True))
    assert isinstance(model, keras.Model)


def test_one_class_or_group_is_too_little() -> None:
    model = with_trunk_of(resnet(32), HeadRecipe(size=32))
    features, present = np.zeros((4, 3, 1024), np.float32), np.ones((4, 3), bool)
    only_real = Sequences(features, present, np.zeros(4, bool), np.array(list("abcd")))
    with pytest.raises(ValueError, match="both genuine and fake"):
        fit_head(model, only_real, HeadRecipe(size=32))
    with pytest.raises(ValueError, match="shapes do not fit"):
        Sequences(features, present[:, :2], np.zeros(4, bool), np.array(list("abcd")))
