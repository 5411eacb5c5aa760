"""Names of layouts and splits. Imports nothing heavy, so that the command line can list them without loading a library."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Layout", "Scheme"]


class Layout(StrEnum):
    """How a folder of labelled files is laid out; ``published.READERS`` holds the reader of each."""

    FACES = "faces"
    CLIPS = "clips"
    FACES_AND_CLIPS = "faces-and-clips"
    FACEFORENSICS = "faceforensics"
    CELEB_DF = "celeb-df"
    DFDC = "dfdc"
    REAL_AND_FAKE = "real-and-fake"


class Scheme(StrEnum):
    """How ``splits.split`` divides the training subset."""

    CARVE = "carve"
    """About 8 % of each source's groups for validation; the test set is ``dev``."""
    PAPER_80_20 = "paper-80-20"
    PAPER_70_20_10 = "paper-70-20-10"
    RANDOM = "random"
    """Cuts through videos and people: for comparison only."""
