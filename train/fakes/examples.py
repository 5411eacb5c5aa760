"""The examples of the page: public-domain portraits, our own alterations of them, and what each of them is.

The portraits come out of installed packages, so nothing is fetched: Eileen Collins (NASA, in scikit-image), Grace Hopper (US
Navy, in matplotlib), and a cup of coffee (CC0, in scikit-image) for a picture without a face. ``blend`` alters them, exactly
as it alters faces in training, and ``retouch`` as no face of the training was altered, so the verdicts of the shipped models
on them are neither a test nor sure to be right.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from detector.drawing.overlay import shrink
from detector.media.clip_writer import ClipWriter
from detector.media.images import decode_image, encode_jpeg, encode_png
from train.data.landmarks import Landmarker
from train.fakes.blend import self_blend, swap
from train.fakes.retouch import retouch

__all__ = ["make_examples"]

QUALITY = 92
THUMBNAIL_SIDE = 220
THUMBNAIL_QUALITY = 80
MOST_BYTES = 3 * 1024 * 1024
"""Of the whole folder: it travels with the code."""
FPS, SECONDS = 24, 6.0
ALTERED_S = (2.0, 4.0)
"""The part of the second clip that is altered, seconds."""
VIEW = 400
"""Side of the window that moves over the portrait, pixels."""
SEEDS = {"blended": 3, "swapped": 5, "group": 11, "clip": 8}
"""Of the alterations' draws; chosen for a mask that covers much of the face, before any model had seen the results."""

NASA = "Portrait of astronaut Eileen Collins, NASA, public domain; from the package scikit-image (astronaut.png)"
NAVY = "Portrait of Rear Admiral Grace Hopper, US Navy, public domain; from the package matplotlib (grace_hopper.jpg)"
COFFEE = "Photo by Rachel Michetti, CC0; from the package scikit-image (coffee.png)"


def make_examples(out: Path, landmarker: Path) -> list[dict[str, Any]]:
    """Make every example, its thumbnail and mask, and ``examples.json``, which says what each is.

    Args:
        out: folder; files of the same names are replaced.
        landmarker: mediapipe's ``face_landmarker.task``.

    Returns:
        The entries of ``examples.json``: id, file, kind ("image" or "video"), truth ("genuine", "altered" or "no_face"),
        title, what, credit, thumbnail, mask (file or null), altered_s ([from, to] or null), sha256.

    Raises:
        ValueError: no face mesh could be laid on a portrait, or the folder is larger than it may be.
    """
    out.mkdir(parents=True, exist_ok=True)
    collins = _read("skimage", "data/astronaut.png")
    hopper = _read("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
    with Landmarker(landmarker) as finder:
        faces = _Portraits(collins, _mesh(finder, collins), hopper, _mesh(finder, hopper))
    made = [*_genuine(out, faces), *_altered(out, faces), _without_face(out), *_clips(out, faces)]
    (out / "examples.json").write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    size = sum(file.stat().st_size for file in out.iterdir())
    if size > MOST_BYTES:
        raise ValueError(f"The examples have {size} bytes, more than the {MOST_BYTES} that may travel with the code.")
    return made


@dataclass(frozen=True)
class _Portraits:
    """Both portraits, (H, W, 3) uint8 RGB, and their face meshes, (478, 2) float32 pixels (x, y)."""

    collins: np.ndarray
    collins_mesh: np.ndarray
    hopper: np.ndarray
    hopper_mesh: np.ndarray

    def collins_on_hopper(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The naval officer with the astronaut's face, and where it was altered: (H, W) float32 in [0, 1]."""
        draws = np.random.default_rng(seed)
        return swap(self.hopper, self.hopper_mesh, self.collins, self.collins_mesh, draws)

    def hopper_on_collins(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The astronaut with the naval officer's face, and where it was altered: (H, W) float32 in [0, 1]."""
        draws = np.random.default_rng(seed)
        return swap(self.collins, self.collins_mesh, self.hopper, self.hopper_mesh, draws)


def _genuine(out: Path, faces: _Portraits) -> list[dict[str, Any]]:
    return [
        _picture(
            out, "collins", faces.collins, "genuine", NASA, "Portrait of an astronaut",
            "An official portrait as it was published. We only saved it as JPEG.",
        ),
        _picture(
            out, "hopper", faces.hopper, "genuine", NAVY, "Portrait of a naval officer",
            "An official portrait as it was published. We only saved it as JPEG once more.",
        ),
    ]  # fmt: skip


def _altered(out: Path, faces: _Portraits) -> list[dict[str, Any]]:
    blended, blended_mask = self_blend(faces.collins, faces.collins_mesh, np.random.default_rng(SEEDS["blended"]))
    swapped, swapped_mask = faces.collins_on_hopper(SEEDS["swapped"])
    retouched, retouched_mask = retouch(faces.collins, faces.collins_mesh)
    other, other_mask = faces.collins_on_hopper(SEEDS["group"])
    group, left = _side_by_side(faces.collins, other)
    group_mask = np.zeros(group.shape[:2], np.float32)
    group_mask[:, left:] = other_mask[: group.shape[0]]
    return [
        _picture(
            out, "blended", blended, "altered", NASA, "A face blended with itself",
            "We blended the face of the astronaut with a slightly moved and recoloured copy of itself. The person is the "
            "same; the traces are those of a face that was put in.", blended_mask,
        ),
        _picture(
            out, "swapped", swapped, "altered", f"{NAVY}. {NASA}", "A swapped face",
            "We put the face of the astronaut on the head of the naval officer.", swapped_mask,
        ),
        _picture(
            out, "retouched", retouched, "altered", NASA, "A retouched portrait",
            "We made the eyes of the astronaut larger and her chin narrower, as a beauty filter does. Nothing was put in "
            "from another picture.", retouched_mask,
        ),
        _picture(
            out, "group", group, "altered", f"{NASA}. {NAVY}", "Two people, one of them altered",
            "We put both portraits side by side. The face on the left is untouched; on the right, the face of the "
            "astronaut replaces that of the naval officer.", group_mask,
        ),
    ]  # fmt: skip


def _without_face(out: Path) -> dict[str, Any]:
    return _picture(
        out, "coffee", _read("skimage", "data/coffee.png"), "no_face", COFFEE, "A photo without a face",
        "A cup of coffee. There is nothing here that could be checked.",
    )  # fmt: skip


def _clips(out: Path, faces: _Portraits) -> list[dict[str, Any]]:
    genuine = faces.collins
    altered, mask = faces.hopper_on_collins(SEEDS["clip"])
    return [
        _clip(
            out, "pan", "genuine", NASA, "A short video of a portrait",
            "The camera moves slowly over the portrait of the astronaut. Nothing was altered; it is a still picture that "
            "was made to move.", ((genuine, t) for t in _times()),
        ),
        _clip(
            out, "pan_altered", "altered", f"{NASA}. {NAVY}", "The same video, altered in the middle",
            "The same video, but from second 2 to second 4 the face of the naval officer is on the head of the "
            "astronaut.",
            ((altered if ALTERED_S[0] <= t < ALTERED_S[1] else genuine, t) for t in _times()), mask,
        ),
    ]  # fmt: skip


def _read(package: str, name: str) -> np.ndarray:
    """(H, W, 3) uint8 RGB of a picture that an installed package carries."""
    return decode_image(files(package).joinpath(name).read_bytes()).frame.rgb


def _mesh(finder: Landmarker, rgb: np.ndarray) -> np.ndarray:
    mesh = finder.find(rgb)
    if mesh is None:
        raise ValueError("No face mesh could be laid on a portrait.")
    return mesh


def _side_by_side(left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, int]:
    """Two pictures as one, cut to the height of the lower, and where the right one begins."""
    height = min(left.shape[0], right.shape[0])
    return np.concatenate([left[:height], right[:height]], axis=1), left.shape[1]


def _times() -> Iterator[float]:
    return (number / FPS for number in range(round(FPS * SECONDS)))


def _window(picture: np.ndarray, time_s: float) -> np.ndarray:
    """What the moving window shows: from the left to the right and a little upwards, slowly at both ends."""
    share = 0.5 - 0.5 * np.cos(np.pi * time_s / SECONDS)
    left = share * (picture.shape[1] - VIEW)
    top = (1 - share) * 30.0
    move = np.array([[1.0, 0.0, -left], [0.0, 1.0, -top]], np.float32)
    return np.asarray(cv2.warpAffine(picture, move, (VIEW, VIEW), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT))


def _picture(
    out: Path, name: str, rgb: np.ndarray, truth: str, credit: str, title: str, what: str, mask: np.ndarray | None = None
) -> dict[str, Any]:  # fmt: skip
    (out / f"{name}.jpg").write_bytes(encode_jpeg(rgb, QUALITY))
    return _entry(out, name, f"{name}.jpg", "image", truth, credit, title, what, rgb, mask)


def _clip(
    out: Path, name: str, truth: str, credit: str, title: str, what: str, frames: Iterator[tuple[np.ndarray, float]],
    mask: np.ndarray | None = None,
) -> dict[str, Any]:  # fmt: skip
    first = None
    with ClipWriter(out / f"{name}.mp4", FPS, quality=20) as clip:
        for picture, time_s in frames:
            view = _window(picture, time_s)
            # The thumbnail shows the middle, where the second clip is altered.
            first = view if time_s <= SECONDS / 2 else first
            clip.add(view, time_s)
    if first is None:
        raise ValueError(f"{name}: a clip without frames")
    if mask is not None:
        mask = _window(np.repeat((mask * 255).astype(np.uint8)[..., None], 3, 2), SECONDS / 2)[..., 0] / np.float32(255)
    entry = _entry(out, name, f"{name}.mp4", "video", truth, credit, title, what, first, mask)
    return entry | {"altered_s": list(ALTERED_S) if truth == "altered" else None}


def _entry(
    out: Path, name: str, file: str, kind: str, truth: str, credit: str, title: str, what: str, shown: np.ndarray,
    mask: np.ndarray | None,
) -> dict[str, Any]:  # fmt: skip
    (out / f"{name}.thumb.jpg").write_bytes(encode_jpeg(shrink(shown, THUMBNAIL_SIDE), THUMBNAIL_QUALITY))
    if mask is not None:
        grey = np.repeat(np.rint(255 * mask).astype(np.uint8)[..., None], 3, 2)
        (out / f"{name}.mask.png").write_bytes(encode_png(shrink(grey, THUMBNAIL_SIDE)))
    return {
        "id": name,
        "file": file,
        "kind": kind,
        "truth": truth,
        "title": title,
        "what": what,
        "credit": credit,
        "thumbnail": f"{name}.thumb.jpg",
        "mask": None if mask is None else f"{name}.mask.png",
        "altered_s": None,
        "sha256": hashlib.sha256((out / file).read_bytes()).hexdigest(),
    }
