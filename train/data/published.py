"""FaceForensics++, DFDC and Celeb-DF (v2) in the folders in which they are published -> the rows of a table.

A group is what no split may cut: here the source video and the people in it. Whatever a fake was made from is joined with it,
and so is whatever those are joined with in turn (connected components), since a face in a fake is a face of both.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from train.data.folders import read_real_and_fake
from train.data.names import Layout
from train.data.samples import Sample, checked, read_clips, read_table

__all__ = ["READERS", "read_celeb_df", "read_dfdc", "read_faceforensics", "read_samples"]

_COMPRESSIONS = ("raw", "c23", "c40")


class _Groups:
    """Connected components of names (union-find); a component is called by the least of its names."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def join(self, names: Iterable[str]) -> None:
        roots = [self.of(name) for name in names]
        for root in roots:
            self._above[root] = min(roots)

    def of(self, name: str) -> str:
        self._above.setdefault(name, name)
        while self._above[name] != name:
            self._above[name] = self._above[self._above[name]]
            name = self._above[name]
        return name


def read_faceforensics(folder: Path) -> list[Sample]:
    """FaceForensics++ (Rössler et al. 2019), with the DeepFakeDetection set (actors) where it is there.

    Layout: ``original_sequences/{youtube,actors}/{raw,c23,c40}/videos/*.mp4``,
    ``manipulated_sequences/METHOD/{raw,c23,c40}/videos/TARGET_SOURCE.mp4``, and the official ``train.json``, ``val.json`` and
    ``test.json`` (lists of pairs of video numbers) in the folder or in its ``splits``. Test videos become ``dev``; training
    and validation videos become ``train``, from which ``splits`` takes a validation part. The actors' videos
    (``01__scene.mp4``, fakes ``01_02__scene__KEY.mp4``) have no official split and are all ``train``, joined by actor.

    Raises:
        FileNotFoundError: a split file is missing, or there are no videos.
        ValueError: a video stands in no split.
    """
    groups = _Groups()
    subset_of: dict[str, str] = {}
    for name in ("train", "val", "test"):
        for pair in json.loads(_split_file(folder, f"{name}.json").read_text(encoding="utf-8")):
            groups.join(pair)
            subset_of |= dict.fromkeys(pair, "dev" if name == "test" else "train")
    rows: list[tuple[Path, str, list[str]]] = []
    for kind, label in (("original_sequences", "real"), ("manipulated_sequences", "fake")):
        for compression in _COMPRESSIONS:
            for path in sorted(folder.glob(f"{kind}/*/{compression}/videos/*.mp4")):
                actors = path.parents[2].name in ("actors", "DeepFakeDetection")
                numbers = path.stem.split("__")[0].split("_")
                people = [f"actor{number}" for number in numbers] if actors else numbers
                groups.join(people)
                rows.append((path, label, people))
    if not rows:
        raise FileNotFoundError(f"{folder}: no original_sequences/*/{{raw,c23,c40}}/videos/*.mp4")
    samples = []
    for path, label, people in rows:
        actors = people[0].startswith("actor")
        if not actors and people[0] not in subset_of:
            raise ValueError(f"{path}: video {people[0]} stands in none of train.json, val.json and test.json")
        family = "dfd" if actors else "ffpp"
        samples.append(
            Sample(
                path=path.relative_to(folder).as_posix(),
                label=label,
                source=f"{family}_{path.parents[1].name}",
                method=path.parents[2].name,
                group=f"{family}_{groups.of(people[0])}",
                subset="train" if actors else subset_of[people[0]],
            )
        )
    return _official(samples, "FaceForensics++")


def read_dfdc(folder: Path) -> list[Sample]:
    """The DeepFake Detection Challenge set (Dolhansky et al. 2020).

    Layout: ``dfdc_train_part_N/*.mp4`` (or other folders) with a ``metadata.json`` each: file name -> "label" ("REAL" or
    "FAKE"), "split" and, for fakes, "original". Its "train" is ``train``, any other split is ``dev``. People are not named,
    so that the group is the original video, and its dev figures flatter: actors recur.

    Raises:
        FileNotFoundError: no ``metadata.json``.
        ValueError: an unknown label, or a training fake without its original.
    """
    tables = sorted(folder.glob("**/metadata.json"))
    if not tables:
        raise FileNotFoundError(
            f"{folder}: no metadata.json in it or below it, such as dfdc_train_part_0/metadata.json"
        )
    samples, absent = [], 0
    for table in tables:
        for name, facts in sorted(json.loads(table.read_text(encoding="utf-8")).items()):
            label, subset = facts.get("label"), "train" if facts.get("split", "train") == "train" else "dev"
            if label not in ("REAL", "FAKE"):
                raise ValueError(f"{table}: {name} has the label {label!r}; expected REAL or FAKE")
            if label == "FAKE" and subset == "train" and not facts.get("original"):
                raise ValueError(f"{table}: {name} is FAKE and names no original, so its group is not known")
            path = table.parent / name
            if not path.exists():
                absent += 1
                continue
            samples.append(
                Sample(
                    path=path.relative_to(folder).as_posix(),
                    label=label.lower(),
                    source="dfdc",
                    method="unknown" if label == "FAKE" else "original",
                    group=Path(facts.get("original") or name).stem,
                    subset=subset,
                )
            )
    if absent:
        print(f"left out: {absent} of dfdc: in metadata.json, but not in the folder", file=sys.stderr)
    _tell_gaps_of_dfdc(folder, tables, samples)
    return _official(samples, "DFDC")


def _tell_gaps_of_dfdc(folder: Path, tables: Sequence[Path], samples: Sequence[Sample]) -> None:
    """Name the parts that no table describes, and count the fakes whose originals are not there."""
    described = {table.parent for table in tables}
    bare = Counter(clip.parent for clip in folder.glob("**/*.mp4") if clip.parent not in described)
    for place, count in sorted(bare.items()):
        shown = place.relative_to(folder).as_posix()
        print(f"left out: {count} of dfdc: no metadata.json in {shown}; copy it there", file=sys.stderr)
    originals = {Path(sample.path).stem for sample in samples if sample.label == "real"}
    alone = sum(sample.label == "fake" and sample.group not in originals for sample in samples)
    if alone:
        print(f"without their originals in the folder: {alone} fakes of dfdc; they are kept", file=sys.stderr)


def read_celeb_df(folder: Path) -> list[Sample]:
    """Celeb-DF v2 (Li et al. 2020).

    Layout: ``Celeb-real/idA_NNNN.mp4``, ``YouTube-real/NNNNN.mp4``, ``Celeb-synthesis/idA_idB_NNNN.mp4`` and
    ``List_of_testing_videos.txt`` with lines "1 YouTube-real/00170.mp4", where 1 means real. The list becomes ``dev``, the
    rest ``train``. The list was not drawn by person: training clips of people in it are left out, and counted.

    Raises:
        FileNotFoundError: the list is missing.
        ValueError: a line of the list contradicts the folder it names.
    """
    listed: set[str] = set()
    for line in (folder / "List_of_testing_videos.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        real, name = line.split(maxsplit=1)
        if (real == "1") != (not name.startswith("Celeb-synthesis")):
            raise ValueError(f"List_of_testing_videos.txt: {line!r} contradicts its folder; in this list 1 means real")
        listed.add(name.strip())
    groups = _Groups()
    rows = []
    for part, label in (("Celeb-real", "real"), ("YouTube-real", "real"), ("Celeb-synthesis", "fake")):
        for path in sorted((folder / part).glob("*.mp4")):
            people = [piece for piece in path.stem.split("_") if piece.startswith("id")] or [f"youtube{path.stem}"]
            groups.join(people)
            rows.append((f"{part}/{path.name}", label, part, people[0]))
    samples = [
        Sample(name, label, "celeb_df", part, f"celeb_{groups.of(person)}", "dev" if name in listed else "train")
        for name, label, part, person in rows
    ]
    return _official(samples, "Celeb-DF")


def _split_file(folder: Path, name: str) -> Path:
    for path in (folder / name, folder / "splits" / name):
        if path.exists():
            return path
    raise FileNotFoundError(
        f"{folder}: {name} is missing; put the official train.json, val.json and test.json (dataset/splits of "
        "github.com/ondyari/FaceForensics) into this folder or its splits/"
    )


def _official(samples: list[Sample], name: str) -> list[Sample]:
    """The samples without the training rows whose group stands in ``dev``: the official split wins, and no group is cut."""
    measured = {(sample.source, sample.group) for sample in samples if sample.subset == "dev"}
    kept = [s for s in samples if s.subset == "dev" or (s.source, s.group) not in measured]
    if len(kept) < len(samples):
        print(
            f"left out: {len(samples) - len(kept)} training clips of {name} share people with its test set",
            file=sys.stderr,
        )
    return checked(kept, name)


READERS: Mapping[Layout, tuple[str, Callable[[Path], list[Sample]]]] = MappingProxyType(
    {
        Layout.FACES: ("faces.tsv", read_table),
        Layout.CLIPS: ("clips.tsv", read_clips),
        Layout.FACES_AND_CLIPS: ("clips.tsv", lambda folder: read_table(folder) + read_clips(folder)),
        Layout.FACEFORENSICS: ("original_sequences", read_faceforensics),
        Layout.CELEB_DF: ("List_of_testing_videos.txt", read_celeb_df),
        Layout.DFDC: ("**/metadata.json", read_dfdc),
        Layout.REAL_AND_FAKE: ("real/*", read_real_and_fake),
    }
)
"""Layout -> the glob that identifies it, and its reader."""


def read_samples(folder: Path, layout: str | None = None) -> list[Sample]:
    """The rows of a data folder in any known layout.

    Args:
        folder: the data; paths of the rows are relative to it.
        layout: a ``Layout`` or its name; None for the first whose glob finds something.

    Raises:
        FileNotFoundError: no layout fits.
    """
    for name, (mark, reader) in READERS.items():
        if layout == name or (layout is None and next(folder.glob(mark), None) is not None):
            return reader(folder)
    marks = ", ".join(f"{name} ({mark})" for name, (mark, _) in READERS.items())
    raise FileNotFoundError(f"{folder}: holds none of the known layouts: {marks}")
