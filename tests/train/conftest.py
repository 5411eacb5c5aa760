"""Labelled clips that several tests of training read."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.clips import paste, write_clip

Rgb = NDArray[np.uint8]


@pytest.fixture(scope="session")
def clip_folder(astronaut: Rgb, hopper: Rgb, tmp_path_factory: pytest.TempPathFactory) -> Path:
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
