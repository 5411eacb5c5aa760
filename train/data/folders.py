"""A folder with ``real/`` and ``fake/``: labelled files without a table, as a newsroom may have them."""

from __future__ import annotations

from pathlib import Path

from train.data.samples import Sample, checked

__all__ = ["read_real_and_fake"]

_JOINT = "__"


def read_real_and_fake(folder: Path) -> list[Sample]:
    """The files of ``folder/real`` and ``folder/fake`` and of the folders in them, as rows of the subset "train".

    What must not be cut by a split, a person or an event, is named by a folder within ``real/`` and ``fake/``
    (``real/anna/1.jpg``) or by what stands before two underscores in the file's name (``real/anna__1.jpg``); without either a
    file stands for itself. The source is the folder's own name, the method "unknown".

    Raises:
        ValueError: one of the two folders holds no file.
    """
    samples = []
    for label in ("real", "fake"):
        place = folder / label
        files = sorted(path for path in place.rglob("*") if path.is_file() and not path.name.startswith("."))
        if not files:
            raise ValueError(f"{place} holds no file; put genuine faces into real/ and altered ones into fake/.")
        for path in files:
            inner = path.relative_to(place).parts[:-1]
            group = inner[0] if inner else path.stem.split(_JOINT)[0]
            name = path.relative_to(folder).as_posix()
            samples.append(Sample(name, label, folder.resolve().name, "unknown", group, "train"))
    return checked(samples, str(folder))
